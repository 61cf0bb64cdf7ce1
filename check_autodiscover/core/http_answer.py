"""What an HTTP answer to a request without credentials says about the service behind it.

Candidates, meetings and walks call `classify` and `redirect_of` on the answers of one connection. Bodies and headers
are hostile: every pattern takes time linear in what it reads, and XML is read by `answer_xml` alone.
"""

import re
from typing import TYPE_CHECKING

from check_autodiscover.core.closed_set import ClosedSet
from check_autodiscover.core.observations import EndpointQuestion, Exchange, HttpAnswer, Scheme
from check_autodiscover.core.url import RedirectTarget, parse_url

if TYPE_CHECKING:
    from check_autodiscover.core.answer_xml import XmlAnswer

__all__ = [
    "AUTHENTICATION_METHODS",
    "EXCHANGE_HEADERS",
    "AnswerClass",
    "authentication_methods",
    "classify",
    "decisive_answer",
    "is_autodiscover_path",
    "json_lives",
    "redirect_of",
    "redirect_target",
    "xml_of",
]


class AnswerClass(ClosedSet):
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
    REDIRECT_ADDRESS = "redirect-address"
    """To an address of another mail domain, where the client starts again (POX, Action redirectAddr)."""
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


def classify(answers: tuple[HttpAnswer, ...], base: EndpointQuestion | None = None) -> AnswerClass:
    """What the answers of one connection say together. `base` is what was asked, for a Location without a host.

    A V2 service beside it shows that who asks for a password is Exchange, or does as it does.
    """
    answer = decisive_answer(answers)
    if answer is None:
        return AnswerClass.UNSEEN
    kind = _classify(answer, base)
    return AnswerClass.EXCHANGE if kind is AnswerClass.PASSWORD and json_lives(answers) else kind


def decisive_answer(answers: tuple[HttpAnswer, ...]) -> HttpAnswer | None:
    """The answer that counts: a healthy one, else an HTTP answer rather than none, else POST's, as Outlook makes it.

    What another path than that of the question answers never counts.
    """
    asked = [answer for answer in answers if not answer.path]
    # A healthy service is asked once: there is nothing to choose from.
    if len(asked) < 2:
        return asked[0] if asked else None
    return min(asked, key=lambda answer: (_preference(_classify(answer, None)), answer.method != "POST"))


def json_lives(answers: tuple[HttpAnswer, ...]) -> bool:
    """Whether the V2 service (`autodiscover.json`) beside the path gave an answer of its own, an error included."""
    return any(answer.path and _JSON_ANSWER.match(answer.body) is not None for answer in answers)


def xml_of(answer: HttpAnswer) -> "XmlAnswer | None":
    """What the XML of an answer says; None for anything but a success with Autodiscover XML."""
    if answer.outcome is not Exchange.ANSWERED or answer.status != 200 or not _is_autodiscover_xml(answer.body):
        return None
    # Hardly any server gives XML without a login.
    from check_autodiscover.core.answer_xml import read_xml

    return read_xml(answer.body.encode("latin-1", "replace"))


def redirect_of(answers: tuple[HttpAnswer, ...], base: EndpointQuestion | None = None) -> RedirectTarget | None:
    """Where the answer that counts leads, Autodiscover or not; None if it is no redirect, or one to no usable URL."""
    answer = decisive_answer(answers)
    return None if answer is None else redirect_target(answer, base)


def redirect_target(answer: HttpAnswer, base: EndpointQuestion | None = None) -> RedirectTarget | None:
    """The URL of a redirect's Location (RFC 9110 10.2.2), or of the XML's RedirectUrl (MS-OXDSCLI 3.2.5).

    None for no redirect, and for one to no usable URL.
    """
    return parse_url(_location(answer), base)


def _location(answer: HttpAnswer) -> str:
    if answer.outcome is not Exchange.ANSWERED:
        return ""
    if answer.status in _REDIRECTS:
        return next(iter(answer.header("location")), "").strip(" \t")
    said = xml_of(answer)
    return said.redirect_url if said is not None and said.action == "redirecturl" else ""


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
AUTHENTICATION_METHODS = frozenset({"Negotiate", "NTLM", "Bearer", "Basic", "Digest", "Kerberos"})
"""The ways to log in that some client knows."""

_SPELLING = {name.lower(): name for name in AUTHENTICATION_METHODS}
_EXCHANGE_METHODS = frozenset({"Negotiate", "NTLM", "Bearer", "Kerberos"})
_PASSWORD_METHODS = frozenset({"Basic", "Digest"})
EXCHANGE_HEADERS = frozenset(
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
_AUTODISCOVER_PATH = re.compile(r"/autodiscover/(?:[^/]+/)*autodiscover\.xml", re.IGNORECASE)
_ROOT_ELEMENT = re.compile(r"\s*+(?:<\?xml[^?]{0,200}\?>\s*+)?<(?:[A-Za-z_][\w.-]{0,40}:)?Autodiscover(?=[\s>])")
_JSON_ANSWER = re.compile(r'\s*\{[^{}\[\]]{0,2000}?"(?:Protocol|ErrorCode)"\s*:\s*"', re.IGNORECASE)
"""A flat object with the keys of the V2 service; an error has ErrorCode in place of Protocol and Url."""

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
    said = xml_of(answer)
    if said is not None:
        return _classify_xml(answer, said, base)
    if answer.status == 401:
        return _classify_login(answer)
    if answer.status == 503 and answer.header("retry-after"):
        return AnswerClass.BUSY
    if _leads_on(answer, base):
        return AnswerClass.REDIRECT
    return _BY_STATUS.get(answer.status) or _BY_HUNDRED.get(answer.status // 100, AnswerClass.BROKEN)


def _leads_on(answer: HttpAnswer, base: EndpointQuestion | None) -> bool:
    target = redirect_target(answer, base)
    return target is not None and target.scheme is Scheme.HTTPS and is_autodiscover_path(target.path)


def _classify_xml(answer: HttpAnswer, said: "XmlAnswer", base: EndpointQuestion | None) -> AnswerClass:
    """What Autodiscover XML without a login is; an error, too, comes from a service that lives."""
    match said.action:
        case "redirecturl":
            return AnswerClass.REDIRECT if _leads_on(answer, base) else AnswerClass.REDIRECT_ELSEWHERE
        case "redirectaddr":
            return AnswerClass.REDIRECT_ADDRESS
        case _:
            return AnswerClass.SETTINGS


def _classify_login(answer: HttpAnswer) -> AnswerClass:
    methods = set(authentication_methods(answer))
    if methods & _EXCHANGE_METHODS:
        return AnswerClass.EXCHANGE
    if not methods & _PASSWORD_METHODS:
        return AnswerClass.NO_METHOD
    signs = EXCHANGE_HEADERS & {name for name, _ in answer.headers}
    return AnswerClass.EXCHANGE if signs else AnswerClass.PASSWORD


def _is_autodiscover_xml(body: str) -> bool:
    """Whether the root element is Autodiscover's, in an ASCII-compatible encoding or UTF-16."""
    head = body[:_HEAD]
    for mark in _BYTE_ORDER_MARKS:
        head = head.removeprefix(mark)
    head = head.replace("\0", "")
    return _ROOT_ELEMENT.match(head) is not None and _NAMESPACE in head.lower()
