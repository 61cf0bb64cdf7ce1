"""Where an exporter is, from the URL of `--from-exporter`."""

import re

from check_autodiscover.bad_value import BadValue, quoted

__all__ = ["Place", "parse_place"]

_UNIX = "unix:"
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?(?P<prefix>/[!-~]*)?",
    re.IGNORECASE,
)
_PORTS = {"http": 80, "https": 443}


class Place:
    """An exporter's address. `socket` is a path, and `host` empty, where it listens on a UNIX socket.

    A plain class: to define a dataclass costs more than all that is done with this one.
    """

    __slots__ = ("host", "port", "prefix", "secure", "socket", "text")

    def __init__(self, text: str, *, secure: bool, host: str, port: int, prefix: str, socket: str = "") -> None:
        self.text = text
        self.secure = secure
        self.host = host
        self.port = port
        self.prefix = prefix
        self.socket = socket

    @property
    def authority(self) -> str:
        """The value of the header `Host` (RFC 9110 section 7.2)."""
        if self.socket:
            return "localhost"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_place(text: str) -> Place:
    """The place that `http(s)://HOST[:PORT][/PREFIX]` or `unix:PATH` names. Raises BadValue."""
    if text.startswith(_UNIX) and len(text) > len(_UNIX):
        return Place(text, secure=False, host="", port=0, prefix="", socket=text.removeprefix(_UNIX))
    if "@" in text:
        # Whatever stands before it would be shown by ps, and here.
        raise BadValue("user and password do not belong into the URL: put them into a file for --exporter-auth-file")
    match = _URL.fullmatch(text)
    port = int((match and match["port"]) or 0)
    if match is None or port > 65535 or set(match["prefix"] or "") & set("?#"):
        raise BadValue(f"{quoted(text)} is no exporter's URL: it is http(s)://HOST[:PORT][/PREFIX], or unix:PATH")
    scheme = match["scheme"].lower()
    return Place(
        text.rstrip("/"),
        secure=scheme == "https",
        host=match["host"].strip("[]"),
        port=port or _PORTS[scheme],
        prefix=(match["prefix"] or "").rstrip("/"),
    )
