"""Rules about what answers: at the intended endpoint, and at what clients meet before it."""

from collections.abc import Iterator

from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment
from check_autodiscover.core.analysis.contacts import EndpointState, Reach
from check_autodiscover.core.analysis.endpoints import Candidate
from check_autodiscover.core.analysis.replies import (
    AnswerClass,
    Demand,
    authentication_methods,
    decisive_answer,
    refused_when_asked,
)
from check_autodiscover.core.model.clients import Outcome
from check_autodiscover.core.model.finding import CandidateRole, Finding
from check_autodiscover.core.model.observations import Connect, Contact, Scheme
from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.rules.phrases import joined
from check_autodiscover.core.rules.replies import (
    advice_on,
    answer_words,
    beside,
    demand_words,
    misbehaviour,
    page_sign,
    redirect_words,
)
from check_autodiscover.core.rules.walks import unconcerned

__all__ = ["judge_contacted", "judge_services", "judge_strangers", "silence"]


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
    given = tuple(meeting for meeting in met if meeting.answer in _XML and candidate.scheme is Scheme.HTTPS)
    if given:
        # Hardly any server gives XML without a login.
        from check_autodiscover.core.rules.xml_answers import judge_xml

        for meeting in given:
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
