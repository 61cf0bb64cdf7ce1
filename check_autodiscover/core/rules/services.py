"""Rules about what answers: at the intended endpoint, and at what clients meet before it; and what to do about it.

Autodiscover XML that is given without a login is read too: errors, and addresses of other mail domains.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from check_autodiscover.core.analysis.answer_xml import XmlAnswer
from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment
from check_autodiscover.core.analysis.contacts import EndpointState, Reach
from check_autodiscover.core.analysis.endpoints import MAX_REDIRECTS, Candidate
from check_autodiscover.core.analysis.replies import (
    AnswerClass,
    Demand,
    authentication_methods,
    decisive_answer,
    json_lives,
    refused_when_asked,
    xml_of,
)
from check_autodiscover.core.model.clients import Outcome
from check_autodiscover.core.model.finding import CandidateRole, Finding
from check_autodiscover.core.model.names import BadName, parse_domain
from check_autodiscover.core.model.observations import JSON_PATH, Connect, Contact, Exchange, HttpAnswer, Scheme
from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.model.urls import RedirectTarget
from check_autodiscover.core.rules.clients import unconcerned
from check_autodiscover.core.rules.phrases import joined

if TYPE_CHECKING:
    from check_autodiscover.core.analysis.replies import Sign

__all__ = [
    "FAULTS",
    "advice_on",
    "answer_words",
    "beside",
    "demand_words",
    "judge_contacted",
    "judge_services",
    "judge_strangers",
    "judge_xml",
    "misbehaviour",
    "page_sign",
    "redirect_words",
    "silence",
]

_WORDS = {
    AnswerClass.WEBSITE: "a web page",
    AnswerClass.NO_METHOD: "HTTP 401 that offers no way to log in",
    AnswerClass.BROKEN: "a broken connection",
    AnswerClass.SILENT: "silence",
    AnswerClass.EXCHANGE: "something else than a redirect",
    AnswerClass.SETTINGS: "something else than a redirect",
    AnswerClass.REDIRECT_ADDRESS: "something else than a redirect",
    AnswerClass.PASSWORD: "something else than a redirect",
}
"""The answers that are no status; a login or settings are told of where a redirect was due."""


_PROXY_FAILS = (
    "The proxy or load balancer in front of {name} cannot reach Exchange: see its log, and its health "
    "check of the server behind it."
)


_BY_STATUS = {
    502: _PROXY_FAILS,
    503: "Start MSExchangeAutodiscoverAppPool on {name}; if a load balancer answers, see why it has no server left.",
    504: _PROXY_FAILS,
}


_BY_ANSWER = {
    AnswerClass.FORBIDDEN: "Publish /autodiscover/* on the proxy or firewall in front of {name}, and check the "
    "virtual directory's access rules.",
    AnswerClass.NOT_FOUND: "Re-create the Autodiscover virtual directory on {name}, or publish its path.",
    AnswerClass.BUSY: "See why {name} has too much to do, or who asks it too often; it wants to be asked again later.",
    AnswerClass.FAILING: "Start MSExchangeAutodiscoverAppPool on {name}, and see its event log.",
    AnswerClass.NO_METHOD: "Enable Windows or Basic authentication on the Autodiscover virtual directory of {name}.",
    AnswerClass.BROKEN: "See why the connection to {name} is cut after the request: a firewall that filters by "
    "content or country, or the server's own log.",
}


_NO_HTTP = "something that is no HTTP/1.1"


_LISTENS = "See what listens there under the name {name}: what it says is not HTTP as clients understand it."


_OTHERWISE = "See the web server's log on {name} for /autodiscover/autodiscover.xml."


def answer_words(meeting: EndpointState) -> str:
    """What was answered, as it stands behind `answers with`."""
    if meeting.answer is AnswerClass.REDIRECT_ELSEWHERE:
        return f"a redirect to {_target(meeting.redirect)}, not to Autodiscover"
    answer = decisive_answer(meeting.contact.answers) if meeting.contact else None
    if answer is not None and answer.outcome is Exchange.MALFORMED:
        return _NO_HTTP
    if answer is not None and meeting.answer is AnswerClass.WEBSITE and answer.body.lstrip().startswith("<?xml"):
        return "XML that is no Autodiscover answer"
    if meeting.answer in _WORDS:
        return _WORDS[meeting.answer]
    return f"HTTP {_status(meeting)}{', come back later' if meeting.answer is AnswerClass.BUSY else _reason(meeting)}"


def redirect_words(meeting: EndpointState) -> str:
    """Why a redirect to Autodiscover is not followed any more."""
    if meeting.candidate.hop >= MAX_REDIRECTS:
        return f"a redirect again, after {MAX_REDIRECTS} of them"
    return f"a redirect back to {_target(meeting.redirect)}"


def demand_words(meeting: EndpointState) -> str:
    """How a demand for a client certificate, or the refusal of one, shows; in few words, as the first line is short."""
    if meeting.reach is Reach.NO_TLS:
        return "the TLS handshake is refused without one"
    match meeting.answer, page_sign(meeting):
        case AnswerClass.UNSEEN, _:
            return "it asks for one"
        case AnswerClass.BROKEN, _:
            return "the connection breaks off without one"
        case _, None:
            return f"HTTP {_status(meeting)} without one"
        case _, sign:
            status = str(_status(meeting))
            return f"HTTP {sign.code}" if sign.code.startswith(status) else f"HTTP {status}, {sign.code}"


def misbehaviour(meeting: EndpointState) -> str:
    """What a place does that should log in, as a verb."""
    if meeting.answer is AnswerClass.BROKEN:
        return "breaks off the connection"
    return f"answers {answer_words(meeting)}"


def advice_on(meeting: EndpointState) -> str:
    """What to do about an answer: what its page says of the reason stands before what its status suggests."""
    sign = page_sign(meeting)
    if answer_words(meeting) == _NO_HTTP:
        return _LISTENS.format(name=meeting.candidate.name)
    by_status = "" if meeting.answer is AnswerClass.BUSY else _BY_STATUS.get(_status(meeting))
    by_kind = by_status or _BY_ANSWER.get(meeting.answer, _OTHERWISE)
    return ((sign and sign.advice) or by_kind).format(name=meeting.candidate.name)


def beside(meeting: EndpointState) -> str:
    """What works beside a path that does not: the V2 service, which needs no login."""
    lives = meeting.contact is not None and json_lives(meeting.contact.answers)
    return JSON_PATH.rpartition("/")[2] if lives else ""


def page_sign(meeting: EndpointState) -> "Sign | None":
    """What the pages of a place say of their reason."""
    # A healthy service shows no error page.
    from check_autodiscover.core.analysis.replies import sign_of

    return sign_of(meeting.contact.answers) if meeting.contact else None


def _reason(meeting: EndpointState) -> str:
    sign = page_sign(meeting)
    return f" ({sign.code}: {sign.words})" if sign else ""


def _status(meeting: EndpointState) -> int:
    """The status that counts, 0 where there is none."""
    answer: HttpAnswer | None = decisive_answer(meeting.contact.answers) if meeting.contact else None
    return answer.status if answer else 0


def _target(target: RedirectTarget | None) -> str:
    if target is None:
        return "no usable URL"
    plain = "plain http, " if target.scheme is Scheme.HTTP else ""
    return f"{plain}{target.scheme.value}://{target.host}{target.path.partition('?')[0]}"


def judge_services(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """The service rules at intended candidates, `service-slow-candidate` at those before them and at skipped ones."""
    for candidate in (*view.scene.candidates, *view.scene.skipped):
        met = view.scene.met[candidate]
        if candidate.stray:
            expected = joined(picture.survey.policy.expect.redirects)
            yield _finding("service-redirect-invalid", view, candidate, met, stray=expected, stray_host=candidate.name)
        match view.role(candidate):
            case CandidateRole.INTENDED:
                yield from _judge_intended(view, candidate, met)
                yield from _judge_login(view, candidate, met)
                yield from _judge_xml(picture.survey.domain, view, candidate, met)
            case CandidateRole.BEFORE | CandidateRole.SKIPPED:
                yield from _judge_wait(view, candidate, met)
            case CandidateRole.AFTER if view.method is Method.NONE:
                yield from _judge_wait(view, candidate, met)
            case _:
                pass


def _finding(
    rule: str, view: ViewAssessment, candidate: Candidate, met: tuple[EndpointState, ...], **args: str
) -> Finding:
    return Finding(
        rule=rule,
        view=view.name,
        endpoint=candidate.endpoint,
        subject=candidate.name,
        addresses=tuple(meeting.address for meeting in met),
        args=(
            ("url", candidate.site),
            ("where", joined(meeting.address for meeting in met)),
            ("port", "443" if candidate.scheme is Scheme.HTTPS else "80"),
            *args.items(),
        ),
    )


def _judge_intended(view: ViewAssessment, candidate: Candidate, met: tuple[EndpointState, ...]) -> Iterator[Finding]:
    seen = tuple(item for item in met if item.reach is not Reach.UNSEEN)
    dead = tuple(item for item in seen if item.reach in (Reach.DEAD, Reach.SILENT))
    if dead and len(dead) == len([item for item in met if not item.untried]):
        yield _finding("service-unreachable", view, candidate, dead, reason=silence(dead[0]))
    yield from judge_contacted(view, candidate, met)


def judge_contacted(view: ViewAssessment, candidate: Candidate, met: tuple[EndpointState, ...]) -> Iterator[Finding]:
    """What is wrong at a place that clients are meant to use, somebody answering there."""
    seen = tuple(item for item in met if item.reach is not Reach.UNSEEN)
    dead = tuple(item for item in seen if item.reach in (Reach.DEAD, Reach.SILENT))
    if dead and len(dead) < len(seen):
        yield _finding("service-address-unreachable", view, candidate, dead, reason=silence(dead[0]))
    if candidate.hop and candidate.resolution.leads_nowhere and not candidate.cloud:
        yield _finding("service-redirect-invalid", view, candidate, (), nowhere="yes", stray_host="")
    yield from _judge_demands(view, candidate, seen)
    no_tls = tuple(item for item in seen if _fails_by_itself(item))
    if no_tls:
        yield _finding("service-tls-failed", view, candidate, no_tls, reason=_tls_trouble(no_tls[0]))
    yield from _judge_answers(view, candidate, tuple(item for item in seen if item.reach is Reach.OPEN))


def _fails_by_itself(meeting: EndpointState) -> bool:
    """Whether TLS failed for no reason that another rule tells: a demand, or a certificate that cannot be read."""
    return meeting.reach is Reach.NO_TLS and meeting.demand is Demand.NONE and meeting.unreadable is None


_DEMAND_RULES = {
    Demand.PROVEN: "service-client-certificate-demanded",
    Demand.SUSPECTED: "service-client-certificate-suspected",
}


def _judge_demands(view: ViewAssessment, candidate: Candidate, met: tuple[EndpointState, ...]) -> Iterator[Finding]:
    """`service-client-certificate-*`: what makes domain-joined clients fall back to DNS in Scenario 3."""
    for demand, rule in _DEMAND_RULES.items():
        items = tuple(item for item in met if item.demand is demand)
        if items:
            sign = page_sign(items[0])
            cure = advice_on(items[0]) if sign and sign.demand is demand and sign.advice else ""
            refused = sign.words if sign and sign.demand is Demand.SUSPECTED else ""
            brief = demand is Demand.PROVEN or refused
            words = demand_words(items[0]) if brief else misbehaviour(items[0])
            asked = "yes" if demand is Demand.SUSPECTED and _asked(items[0]) else ""
            yield _finding(rule, view, candidate, items, answer=words, cure=cure, refused=refused, asked=asked)


def _asked(meeting: EndpointState) -> bool:
    return meeting.contact is not None and refused_when_asked(meeting.contact)


def silence(meeting: EndpointState) -> str:
    """Why nothing was heard at an address, in words."""
    if meeting.contact is None:
        return "not seen"
    if meeting.contact.connect is not Connect.CONNECTED:
        return _CONNECT_WORDS[meeting.contact.connect]
    if meeting.contact.cut_short:
        return _CONNECT_WORDS[Connect.CUT_SHORT]
    return "accepts the connection and says nothing"


_CONNECT_WORDS = {
    Connect.TIMEOUT: "no answer",
    Connect.REFUSED: "refused",
    Connect.RESET: "reset",
    Connect.UNREACHABLE: "no route",
    Connect.NO_FAMILY: "not tried",
    Connect.CUT_SHORT: "no answer before the time limit",
    Connect.EXHAUSTED: "not tried",
    Connect.DENIED: "not tried",
    Connect.OVER_BUDGET: "not tried",
}


def _tls_trouble(meeting: EndpointState) -> str:
    match meeting.contact:
        case Contact(tls=tls) if tls is not None:
            return tls.detail or tls.handshake.value
        case _:
            return "no TLS"


_SERVES = frozenset(
    {
        AnswerClass.EXCHANGE,
        AnswerClass.SETTINGS,
        AnswerClass.PASSWORD,
        AnswerClass.REDIRECT_ADDRESS,
        AnswerClass.UNSEEN,
    }
)
"""The answers of a service, and none."""


_XML = (AnswerClass.SETTINGS, AnswerClass.REDIRECT_ADDRESS)


_ANSWER_RULES = {
    AnswerClass.REDIRECT_ELSEWHERE: "service-redirect-invalid",
    AnswerClass.NO_METHOD: "service-no-authentication",
}
"""The answers that have a rule of their own; the others are `service-broken`."""


def _judge_answers(view: ViewAssessment, candidate: Candidate, met: tuple[EndpointState, ...]) -> Iterator[Finding]:
    """`service-not-autodiscover` and `service-broken`, a finding for each kind of answer that is no service."""
    by_answer: dict[AnswerClass, list[EndpointState]] = {}
    for meeting in met:
        by_answer.setdefault(meeting.answer, []).append(meeting)
    for answer, items in by_answer.items():
        if items[0].demand is not Demand.NONE:
            continue
        rule = _answer_rule(view, candidate, items[0])
        if rule:
            words = redirect_words(items[0]) if answer is AnswerClass.REDIRECT else answer_words(items[0])
            advice = advice_on(items[0])
            busy = "yes" if answer is AnswerClass.BUSY else ""
            more = {"advice": advice, "beside": beside(items[0]), "busy": busy, "stray_host": ""}
            yield _finding(rule, view, candidate, tuple(items), answer=words, **more)


def _judge_login(view: ViewAssessment, candidate: Candidate, met: tuple[EndpointState, ...]) -> Iterator[Finding]:
    """`service-login-interrupted`: NTLM logs a connection in, and so cannot where each answer ends one (MS-NTHT)."""
    cut = tuple(item for item in met if item.exchange and _interrupts(item))
    if cut:
        yield _finding("service-login-interrupted", view, candidate, cut, methods=_offered(cut))


def _offered(met: tuple[EndpointState, ...]) -> str:
    logins = (decisive_answer(item.contact.answers) for item in met if item.contact)
    return joined(method for login in logins if login for method in authentication_methods(login))


def _interrupts(meeting: EndpointState) -> bool:
    login = decisive_answer(meeting.contact.answers) if meeting.contact else None
    if login is None or "close" not in [value.strip().lower() for value in login.header("connection")]:
        return False
    return set(authentication_methods(login)) <= {"Negotiate", "NTLM"}


def _judge_xml(
    domain: str, view: ViewAssessment, candidate: Candidate, met: tuple[EndpointState, ...]
) -> Iterator[Finding]:
    for meeting in met:
        if meeting.answer in _XML and candidate.scheme is Scheme.HTTPS:
            yield from judge_xml(domain, _finding("", view, candidate, (meeting,)), meeting)


def _answer_rule(view: ViewAssessment, candidate: Candidate, meeting: EndpointState) -> str:
    if meeting.answer is AnswerClass.WEBSITE:
        return "service-not-autodiscover"
    if meeting.answer is AnswerClass.REDIRECT:
        places = view.scene.candidates
        followed = any(item.hop == candidate.hop + 1 and item.endpoint is candidate.endpoint for item in places)
        return "" if followed else "service-redirect-loop"
    if candidate.scheme is Scheme.HTTP:
        named = view.method is Method.REDIRECT and meeting.answer is not AnswerClass.UNSEEN
        return _ANSWER_RULES.get(meeting.answer, "service-broken") if named else ""
    if meeting.answer not in _SERVES:
        return _ANSWER_RULES.get(meeting.answer, "service-broken")
    return ""


def _judge_wait(view: ViewAssessment, candidate: Candidate, met: tuple[EndpointState, ...]) -> Iterator[Finding]:
    slow = tuple(item for item in met if item.waited)
    if slow:
        yield _finding("service-slow-candidate", view, candidate, slow, reason=silence(slow[0]))


_STRANGERS = {
    Outcome.WRONG_LOGIN: "service-foreign-login",
    Outcome.WRONG_SETTINGS: "service-foreign-settings",
}


def judge_strangers(_picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """`service-foreign-login` and `-settings`: where a judged client's walk ended at a stranger."""
    found: dict[tuple[str, str], Finding] = {}
    for walk in view.walks:
        rule = _STRANGERS.get(walk.outcome, "") if walk.judged and not unconcerned(view, walk) else ""
        for candidate in view.scene.candidates if rule else ():
            if candidate.step is walk.at and candidate.url == walk.steps[-1].candidate:
                met = view.scene.met[candidate]
                found.setdefault((rule, candidate.url), _finding(rule, view, candidate, met))
    yield from found.values()


FAULTS = {
    "600": ("the request is invalid", "See why the server does not understand a request as Outlook makes it."),
    "601": (
        "no provider for what Outlook asks",
        "Enable the Outlook schema there: a server for phones alone answers so.",
    ),
    "603": ("internal error", "See the server's event log: it cannot look up users, in Active Directory or its own."),
}
"""Error codes that no mailbox can be the reason of (MS-OXDSCLI 2.2.4.1.1.3.2): their meaning, and what to do.

500, 501 and 602 are about the address, and the one that is asked about does not exist.
"""


def judge_xml(domain: str, bare: Finding, meeting: EndpointState) -> Iterator[Finding]:
    """What the XML met at an intended place deserves to be told; `bare` is a finding there without rule and words."""
    if meeting.contact is None:
        return
    for answer in meeting.contact.answers:
        said = xml_of(answer)
        if answer.method == "POST" and said is not None and said.error_code in FAULTS:
            meaning, advice = FAULTS[said.error_code]
            yield _told(bare, "service-xml-error", code=said.error_code, meaning=meaning, advice=advice)
    if meeting.answer is AnswerClass.REDIRECT_ADDRESS:
        decisive = decisive_answer(meeting.contact.answers)
        target = _domain(xml_of(decisive) if decisive else None)
        if target == domain:
            yield _told(bare, "service-redirect-loop", answer=f"a redirect to an address of {domain} itself")
        else:
            yield _told(bare, "service-redirect-address", target=target or "no usable address")


def _domain(said: XmlAnswer | None) -> str:
    """The mail domain that XML sends on to, empty where it is none."""
    try:
        return parse_domain(said.redirect_domain) if said else ""
    except BadName:
        return ""


def _told(bare: Finding, rule: str, **args: str) -> Finding:
    return replace(bare, rule=rule, args=(*bare.args, *args.items()))
