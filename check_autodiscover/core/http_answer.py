"""What an HTTP answer to a request without credentials says about the service behind it.

Candidates, meetings and walks call `classify` and `redirect_of` on the answers of one connection. Bodies and headers
are hostile: nothing here parses XML, and every pattern takes time linear in what it reads.
"""

import re
from dataclasses import dataclass
from enum import Enum

from check_autodiscover.core.names import BadName, parse_host
from check_autodiscover.core.survey import EndpointQuestion, Exchange, HttpAnswer, Scheme

__all__ = [
    "AnswerClass",
    "RedirectTarget",
    "authentication_methods",
    "classify",
    "decisive_answer",
    "is_autodiscover_path",
    "redirect_of",
    "redirect_target",
]


class AnswerClass(Enum):
    """What stands behind a URL."""

    EXCHANGE = "exchange"
    """It wants a login as Exchange does."""
    SETTINGS = "settings"
    """Autodiscover XML without any login."""
    PASSWORD = "password"
    """It wants a password, and nothing shows that it is Exchange."""
    NO_METHOD = "no-method"
    """401 without a way to log in that any client knows."""
    REDIRECT = "redirect"
    """To an https URL of Autodiscover."""
    REDIRECT_ELSEWHERE = "redirect-elsewhere"
    WEBSITE = "website"
    """Success with anything but Autodiscover XML."""
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    """404, or any other refusal that says this is not the service."""
    FAILING = "failing"
    BUSY = "busy"
    """It asks to come back later: nothing is known."""
    BROKEN = "broken"
    """Reset, closed or no HTTP."""
    SILENT = "silent"
    UNSEEN = "unseen"
    """Nothing was observed, or the deadline came first."""


@dataclass(frozen=True, slots=True)
class RedirectTarget:
    """Where a redirect leads. `host` is A-labels, `port` None where the URL names none, `path` includes the query."""

    scheme: Scheme
    host: str
    port: int | None
    path: str


def classify(answers: tuple[HttpAnswer, ...], base: EndpointQuestion | None = None) -> AnswerClass:
    """What the answers of one connection say together. `base` is what was asked, for a Location without a host."""
    answer = decisive_answer(answers)
    return AnswerClass.UNSEEN if answer is None else _classify(answer, base)


def decisive_answer(answers: tuple[HttpAnswer, ...]) -> HttpAnswer | None:
    """The answer that counts: a healthy one, else an HTTP answer rather than none, else POST's, as Outlook makes it."""
    return min(
        answers, key=lambda answer: (_preference(_classify(answer, None)), answer.method != "POST"), default=None
    )


def redirect_of(answers: tuple[HttpAnswer, ...], base: EndpointQuestion | None = None) -> RedirectTarget | None:
    """Where the answer that counts leads, Autodiscover or not; None if it is no redirect, or one to no usable URL."""
    answer = decisive_answer(answers)
    return None if answer is None else redirect_target(answer, base)


def redirect_target(answer: HttpAnswer, base: EndpointQuestion | None = None) -> RedirectTarget | None:
    """The URL of a redirect's Location (RFC 9110 10.2.2, RFC 3986 5).

    None for no redirect, and for a Location that is no http(s) URL with a host name: IP addresses, backslashes,
    spaces and control characters included. Without `base` a Location without a host leads nowhere. A user and
    password in the URL are dropped.
    """
    location = next(iter(answer.header("location")), "").strip(" \t")
    if answer.outcome is not Exchange.ANSWERED or answer.status not in _REDIRECTS:
        return None
    return parse_url(location, base)


def parse_url(text: str, base: EndpointQuestion | None = None) -> RedirectTarget | None:
    """Where a URL leads that a server or a directory gives, by the rules of `redirect_target`."""
    parts = _URL_PARTS.fullmatch(text) if _URL_TEXT.fullmatch(text) else None
    if parts is None:
        return None
    scheme, authority, path, query = (parts[name] for name in ("scheme", "authority", "path", "query"))
    if authority is None:
        return _relative(path, query or "", base) if scheme is None and base else None
    schemes = {"https": Scheme.HTTPS, "http": Scheme.HTTP, None: base.scheme if base else None}
    return _absolute(schemes.get(scheme.lower() if scheme else None), authority, path, query or "")


def is_autodiscover_path(path: str) -> bool:
    """Whether clients follow a redirect to this path (EWS Managed API, AutodiscoverService: legacy path expression)."""
    return _AUTODISCOVER_PATH.fullmatch(path.partition("?")[0]) is not None


def authentication_methods(answer: HttpAnswer) -> tuple[str, ...]:
    """The schemes that WWW-Authenticate offers, in order, the known ones as their RFC spells them (RFC 9110 11.6.1)."""
    challenges = (
        challenge.strip()
        for value in answer.header("www-authenticate")
        for challenge in _QUOTED_STRING.sub('""', value).split(",")
    )
    schemes = (match[1] for challenge in challenges if (match := _SCHEME.match(challenge)))
    return tuple(dict.fromkeys(_SPELLING.get(scheme.lower(), scheme) for scheme in schemes))


_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SPELLING = {name.lower(): name for name in ("Negotiate", "NTLM", "Bearer", "Basic", "Digest", "Kerberos")}
_EXCHANGE_METHODS = frozenset({"Negotiate", "NTLM", "Bearer", "Kerberos"})
_PASSWORD_METHODS = frozenset({"Basic", "Digest"})
_EXCHANGE_HEADERS = frozenset(
    {
        "x-feserver",
        "x-beserver",
        "x-calculatedbetarget",
        "x-owa-version",
        "x-soap-enabled",
        "x-oauth-enabled",
        "x-wssecurity-enabled",
        "x-wssecurity-symmetrickey-enabled",
        "x-wssecurity-x509cert-enabled",
    }
)
"""Headers that only Exchange sends; the last five announce endpoints (EWS Managed API, AutodiscoverService)."""

_QUOTED_STRING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_SCHEME = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]{1,40})(?![A-Za-z0-9!#$%&'*+.^_`|~-]|\s*=)")
_URL_TEXT = re.compile(r"(?!.*\\)[\x21-\x7e]{1,2048}")
_URL_PARTS = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?://(?P<authority>[^/?#]*))?(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?:#.*)?"
)
_AUTHORITY = re.compile(r"(?:.*@)?(?P<host>[^@:]+)(?::(?P<port>[0-9]{0,5}))?")
_AUTODISCOVER_PATH = re.compile(r"/autodiscover/(?:[^/]+/)*autodiscover\.xml", re.IGNORECASE)
_ROOT_ELEMENT = re.compile(r"\s*(?:<\?xml[^?]{0,200}\?>)?\s*<(?:[A-Za-z_][\w.-]{0,40}:)?Autodiscover(?=[\s>])")
_NAMESPACE = "schemas.microsoft.com/exchange/autodiscover/"
_BYTE_ORDER_MARKS = ("\xef\xbb\xbf", "\xff\xfe", "\xfe\xff")
_HEAD = 4096

_BY_OUTCOME = {
    Exchange.SILENT: AnswerClass.SILENT,
    Exchange.RESET: AnswerClass.BROKEN,
    Exchange.CLOSED: AnswerClass.BROKEN,
    Exchange.MALFORMED: AnswerClass.BROKEN,
    Exchange.CUT_SHORT: AnswerClass.UNSEEN,
}
_BY_STATUS = {403: AnswerClass.FORBIDDEN, 405: AnswerClass.NOT_FOUND, 429: AnswerClass.BUSY, 501: AnswerClass.NOT_FOUND}
_BY_HUNDRED = {
    2: AnswerClass.WEBSITE,
    3: AnswerClass.REDIRECT_ELSEWHERE,
    4: AnswerClass.NOT_FOUND,
    5: AnswerClass.FAILING,
}
_PREFERENCES = {
    AnswerClass.EXCHANGE: 0,
    AnswerClass.SETTINGS: 1,
    AnswerClass.BROKEN: 3,
    AnswerClass.SILENT: 4,
    AnswerClass.UNSEEN: 5,
}


def _preference(answer_class: AnswerClass) -> int:
    return _PREFERENCES.get(answer_class, 2)


def _classify(answer: HttpAnswer, base: EndpointQuestion | None) -> AnswerClass:
    if answer.outcome is not Exchange.ANSWERED:
        return _BY_OUTCOME[answer.outcome]
    if answer.status == 200 and _is_autodiscover_xml(answer.body):
        return AnswerClass.SETTINGS
    if answer.status == 401:
        return _classify_login(answer)
    if answer.status == 503 and answer.header("retry-after"):
        return AnswerClass.BUSY
    target = redirect_target(answer, base)
    if target and target.scheme is Scheme.HTTPS and is_autodiscover_path(target.path):
        return AnswerClass.REDIRECT
    return _BY_STATUS.get(answer.status) or _BY_HUNDRED.get(answer.status // 100, AnswerClass.BROKEN)


def _classify_login(answer: HttpAnswer) -> AnswerClass:
    methods = set(authentication_methods(answer))
    if methods & _EXCHANGE_METHODS:
        return AnswerClass.EXCHANGE
    if not methods & _PASSWORD_METHODS:
        return AnswerClass.NO_METHOD
    signs = _EXCHANGE_HEADERS & {name for name, _ in answer.headers}
    return AnswerClass.EXCHANGE if signs else AnswerClass.PASSWORD


def _is_autodiscover_xml(body: str) -> bool:
    """Whether the root element is Autodiscover's, in an ASCII-compatible encoding or UTF-16."""
    head = body[:_HEAD]
    for mark in _BYTE_ORDER_MARKS:
        head = head.removeprefix(mark)
    head = head.replace("\0", "")
    return _ROOT_ELEMENT.match(head) is not None and _NAMESPACE in head.lower()


def _absolute(scheme: Scheme | None, authority: str, path: str, query: str) -> RedirectTarget | None:
    parts = _AUTHORITY.fullmatch(authority)
    if scheme is None or parts is None or int(parts["port"] or 0) > 65535:
        return None
    try:
        host = parse_host(parts["host"])
    except BadName:
        return None
    return RedirectTarget(
        scheme, host, int(parts["port"]) if parts["port"] else None, _without_dots(path or "/") + query
    )


def _relative(path: str, query: str, base: EndpointQuestion) -> RedirectTarget:
    """A Location on the server that was asked (RFC 3986 5.2.2)."""
    asked = base.path.partition("?")[0]
    whole = path if path.startswith("/") else f"{asked.rpartition('/')[0]}/{path}" if path else asked
    return RedirectTarget(base.scheme, base.name, base.port, _without_dots(whole) + query)


def _without_dots(path: str) -> str:
    """A path without its `.` and `..` segments (RFC 3986 5.2.4)."""
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    folder = kept and path.endswith(("/.", "/.."))
    return "/" + "/".join(kept) + ("/" if folder else "")
