"""What the XML of an Autodiscover answer says: settings, a redirect or an error (MS-OXDSCLI 2.2.4).

`http_answer` reads with it what a server gives away without a login; few do, so that it is imported at need. The text
is hostile: expat reads it piece by piece, a document type (and with it every entity of its own) ends it, nothing
outside is fetched, and what is kept is bounded. The caller bounds the length.
"""

from dataclasses import dataclass
from pyexpat import ExpatError, ParserCreate
from types import MappingProxyType

__all__ = ["MAX_DEPTH", "MAX_TEXT", "XmlAnswer", "read_xml"]

MAX_TEXT = 2048
"""Characters of one element that are kept."""

MAX_DEPTH = 32
"""Elements within one another; an answer has seven."""

_SCHEMAS = "http://schemas.microsoft.com/exchange/autodiscover/"


@dataclass(frozen=True, slots=True)
class XmlAnswer:
    """The parts of an answer that decide where a client goes, empty where it has none. `action` is in lower case."""

    action: str = ""
    redirect_url: str = ""
    redirect_address: str = ""
    error_code: str = ""
    message: str = ""

    @property
    def redirect_domain(self) -> str:
        """The mail domain of the address that the client is sent on to, as it is spelt there."""
        return self.redirect_address.rpartition("@")[2].strip()


class _Refused(Exception):
    """A construct that no answer has."""


_FIELDS = MappingProxyType(
    {
        "Account/Action": "action",
        "Account/RedirectUrl": "redirect_url",
        "Account/RedirectAddr": "redirect_address",
        "Error/ErrorCode": "error_code",
        "Error/Message": "message",
    }
)
"""By parent and element: the field that it fills."""

_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class _Reader:
    """One document, element by element."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.found: dict[str, str] = {}
        self.is_answer = False

    def start(self, tag: str, _attributes: object) -> None:
        namespace, _, name = tag.rpartition(" ")
        if not self.path:
            self.is_answer = name == "Autodiscover" and namespace.lower().startswith(_SCHEMAS)
            if not self.is_answer:
                raise _Refused("another document")
        if len(self.path) >= MAX_DEPTH:
            raise _Refused("elements within elements without end")
        self.path.append(name)

    def end(self, _tag: str) -> None:
        self.path.pop()

    def text(self, data: str) -> None:
        field = _FIELDS.get("/".join(self.path[-2:]))
        if field is not None:
            self.found[field] = (self.found.get(field, "") + data)[:MAX_TEXT]


def _refuse(*_what: object) -> None:
    raise _Refused("a document type")


def read_xml(octets: bytes) -> XmlAnswer | None:
    """What the beginning of a document says, None for what is no Autodiscover answer or breaks the rules of XML."""
    reader = _Reader()
    wide = octets.startswith(_UTF_16_MARKS)
    # A mark says more than the declaration, which servers copy from elsewhere.
    parser = ParserCreate("utf-8" if wide else None, " ")
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(octets.decode("utf-16", "ignore").encode() if wide else octets, False)
    except (ExpatError, _Refused, LookupError, ValueError):
        return None
    found = {name: value.strip() for name, value in reader.found.items()}
    if not reader.is_answer:
        return None
    return XmlAnswer(**{**found, "action": found.get("action", "").lower()})
