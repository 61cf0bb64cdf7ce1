"""What HTTP answers to requests without credentials say: the service behind them, or a demand for a client certificate.

`classify` and `redirect_of` read the answers of one connection, `demand_of` all connections to a site: where a path
alone misbehaves it is experimented on (neighbouring paths, TLS 1.2 where IIS asks by renegotiation, post-handshake
authentication). Error pages tell their reason by the sub-statuses and codes that IIS, TMG and nginx print.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from check_autodiscover.core.model.observations import (
    AUTODISCOVER_PATH,
    Contact,
    EndpointQuestion,
    Exchange,
    Handshake,
    HttpAnswer,
    Scheme,
    Variant,
)
from check_autodiscover.core.model.states import ClosedSet
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.core.model.urls import RedirectTarget, is_autodiscover_path, parse_url

if TYPE_CHECKING:
    from check_autodiscover.core.analysis.answer_xml import XmlAnswer

__all__ = [
    "AUTHENTICATION_METHODS",
    "EXCHANGE_HEADERS",
    "NEIGHBOURS",
    "SIGNS",
    "AnswerClass",
    "Demand",
    "Sign",
    "authentication_methods",
    "classify",
    "decisive_answer",
    "demand_of",
    "experiment",
    "json_lives",
    "redirect_of",
    "redirect_target",
    "refused_when_asked",
    "sign_of",
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
    from check_autodiscover.core.analysis.answer_xml import read_xml

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


NEIGHBOURS = ("/", "/owa/")
"""Paths of the same site that a healthy Exchange answers with a redirect or a login."""


class Demand(Enum):
    """What is known of a demand for a client certificate."""

    NONE = "none"
    SUSPECTED = "suspected"
    """The path alone misbehaves as it does behind such a demand, or all are refused after a request for one."""
    PROVEN = "proven"


_MISBEHAVES = frozenset({AnswerClass.FORBIDDEN, AnswerClass.BROKEN, AnswerClass.FAILING})

_SAYS_SO = frozenset({400, 495, 496})
"""What nginx answers to a request without the certificate it asked for: a status of its own, and 400 to the client."""

_REFUSES = _SAYS_SO | {403}


def experiment(question: EndpointQuestion, contact: Contact | None) -> Iterator[EndpointQuestion]:
    """The further connections that a contact asks for: none unless the Autodiscover path misbehaves over TLS."""
    usual = question.variant is Variant.USUAL and question.path == AUTODISCOVER_PATH
    if not usual or question.scheme is Scheme.HTTP or contact is None or not _misbehaves(question, contact):
        return
    for path in NEIGHBOURS:
        yield EndpointQuestion(question.name, question.address, question.port, question.scheme, path)
    for variant in (Variant.TLS_1_2, Variant.POST_HANDSHAKE):
        yield EndpointQuestion(question.name, question.address, question.port, question.scheme, question.path, variant)


def _misbehaves(question: EndpointQuestion, contact: Contact) -> bool:
    if not _established(contact):
        return False
    return classify(contact.answers, question) in _MISBEHAVES


def demand_of(survey: Survey, question: EndpointQuestion) -> Demand:
    """Whether the site behind a question demands a client certificate, by all connections made to it."""
    contact = survey.contacts.get(question)
    if contact is None or contact.tls is None:
        return Demand.NONE
    further = [(each, survey.contacts.get(each)) for each in experiment(question, contact)]
    own = [seen for each, seen in further if each.path == question.path and seen is not None]
    beside = [(each, seen) for each, seen in further if each.path != question.path and seen is not None]
    alone = any(_behaves(each, seen) for each, seen in beside)
    only_here = any(_established(seen) and not _asks(seen) for _, seen in beside)
    if any(_proven(seen, alone, only_here) for seen in (contact, *own)):
        return Demand.PROVEN
    suspect = alone or refused_when_asked(contact) or _said(contact) is Demand.SUSPECTED
    return Demand.SUSPECTED if suspect else Demand.NONE


def refused_when_asked(contact: Contact) -> bool:
    """Whether 403 follows on a request for a certificate, which a server that lets nobody in without one may answer."""
    return _asks(contact) and any(answer.status == 403 for answer in contact.answers if not answer.path)


def _proven(contact: Contact, alone: bool, only_here: bool) -> bool:
    """By the exchange or its pages. `alone`: a neighbouring path works; `only_here`: there nobody asks."""
    return _asked_and_failed(contact, alone, only_here) or _said(contact) is Demand.PROVEN


def _said(contact: Contact) -> Demand:
    """What the pages of a connection say of client certificates; Apache's say nothing."""
    if not any(answer.status >= 400 and answer.body for answer in contact.answers):
        return Demand.NONE
    # A healthy service shows no error page.

    sign = sign_of(contact.answers)
    return sign.demand if sign else Demand.NONE


def _asked_and_failed(contact: Contact, alone: bool, only_here: bool) -> bool:
    """Whether the server asked for a certificate, and the exchange failed by that; to ask without need is no fault.

    One that asks everywhere, whatever the path, may refuse this one for another reason.
    """
    if contact.tls is None:
        return False
    alerts = " ".join((contact.tls.detail, *(answer.detail for answer in contact.answers))).lower()
    if "certificate required" in alerts:
        return True
    if not _asks(contact):
        return False
    if not _established(contact):
        return contact.tls.handshake in (Handshake.REJECTED, Handshake.RESET)
    here = tuple(answer for answer in contact.answers if not answer.path)
    broken = any(answer.outcome in (Exchange.RESET, Exchange.CLOSED) for answer in here)
    telling = _REFUSES if only_here else _SAYS_SO
    return (broken and (only_here or not alone)) or any(answer.status in telling for answer in here)


def _asks(contact: Contact) -> bool:
    return contact.tls is not None and contact.tls.client_certificate_requested


def _established(contact: Contact) -> bool:
    return contact.tls is not None and contact.tls.handshake is Handshake.ESTABLISHED


def _behaves(question: EndpointQuestion, contact: Contact) -> bool:
    """Whether a neighbouring path gives an answer at all that is neither refused nor a failure."""
    answered = any(answer.outcome is Exchange.ANSWERED for answer in contact.answers)
    return answered and classify(contact.answers, question) not in _MISBEHAVES


@dataclass(frozen=True, slots=True)
class Sign:
    """A text on the page of one of some statuses: `code` as messages name it, what it means, and what to do."""

    statuses: tuple[int, ...]
    pattern: str
    code: str
    words: str
    advice: str = ""
    demand: Demand = Demand.NONE
    """What it says of a demand for a client certificate. One that is not accepted is not ours, as we present none."""

    def stands_in(self, answer: HttpAnswer) -> bool:
        """Whether an answer's page has it."""
        return answer.status in self.statuses and re.search(self.pattern, answer.body, re.IGNORECASE) is not None


def _sub_status(number: str) -> str:
    return rf"(?<![\d.]){re.escape(number)}(?![\d.]*\d)"


_PRESENTED = "Look at the certificate that the proxy in front of {name} presents to it: "

SIGNS = (
    Sign(
        (403,),
        rf"{_sub_status('403.7')}|requires a client certificate|client certificate required",
        "403.7",
        "a client certificate is required",
        demand=Demand.PROVEN,
    ),
    Sign(
        (500,),
        r"0x80070032",
        "0x80070032",
        "it cannot ask for a client certificate under TLS 1.3",
        "TLS 1.3 has no renegotiation, so that even Accept fails; to ask in the first handshake (netsh http, "
        "clientcertnegotiation=enable) or to disable TLS 1.3 on the binding only hides it.",
        Demand.PROVEN,
    ),
    Sign(
        (400,),
        r"no required ssl certificate",
        "nginx",
        "no required SSL certificate was sent",
        demand=Demand.PROVEN,
    ),
    Sign(
        (403,),
        _sub_status("403.13"),
        "403.13",
        "the client certificate is revoked, or that cannot be checked",
        _PRESENTED + "renew it, and let the server reach the revocation list.",
        Demand.SUSPECTED,
    ),
    Sign(
        (403,),
        _sub_status("403.16"),
        "403.16",
        "the client certificate is not trusted",
        _PRESENTED + "its issuer belongs into the server's trusted roots, and nothing but roots stands there.",
        Demand.SUSPECTED,
    ),
    Sign(
        (403,),
        _sub_status("403.17"),
        "403.17",
        "the client certificate has expired or is not yet valid",
        _PRESENTED + "renew it, and check both clocks.",
        Demand.SUSPECTED,
    ),
    Sign(
        (400,),
        r"the ssl certificate error",
        "nginx",
        "the client certificate is not accepted",
        _PRESENTED + "it must be issued by what ssl_client_certificate names.",
        Demand.SUSPECTED,
    ),
    Sign(
        (403,),
        _sub_status("403.4"),
        "403.4",
        "SSL is required",
        "IIS wants https there and redirects nobody: publish a redirect on port 80 of {name}, or take Require SSL off "
        "its redirect site.",
    ),
    Sign((403,), _sub_status("403.5"), "403.5", "128-bit SSL is required"),
    Sign(
        (403,),
        _sub_status("403.6"),
        "403.6",
        "the client's address is rejected",
        "Allow the clients' addresses under IP Address and Domain Restrictions on {name}, Microsoft's for mobile "
        "clients among them.",
    ),
    Sign((403,), _sub_status("403.8"), "403.8", "access to the site is denied"),
    Sign(
        (500, 502),
        r"-2146893022|0x80090322",
        "-2146893022",
        "the proxy connects to a name that Exchange's certificate lacks",
        "On ISA or TMG let the publishing rule's To tab name a host that the certificate on the Exchange server has.",
    ),
)
"""Every sign, those that say more before those that say less."""


def sign_of(answers: Iterable[HttpAnswer]) -> Sign | None:
    """What the pages of some answers say, None where they say nothing that is known."""
    known = tuple(answers)
    return next((sign for sign in SIGNS for answer in known if sign.stands_in(answer)), None)
