"""Rules that say what could not be looked at: `dns-lookup-failed`, `dns-domain-unresolvable`, `check-*`."""

from collections.abc import Iterator

from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment, failures, place_of, unvalidated
from check_autodiscover.core.analysis.contacts import EndpointState, Reach
from check_autodiscover.core.analysis.endpoints import Candidate, autodiscover_name
from check_autodiscover.core.analysis.lookups import Failure, Presence
from check_autodiscover.core.analysis.plan import CONTROL
from check_autodiscover.core.analysis.replies import AnswerClass
from check_autodiscover.core.model.finding import Endpoint, Finding
from check_autodiscover.core.model.observations import Connect, DnsQuestion, DnsStatus, EndpointQuestion, RecordType
from check_autodiscover.core.model.policy import Method, Step
from check_autodiscover.core.rules.phrases import joined

__all__ = ["judge_denied", "judge_lookups", "judge_method", "judge_time"]


def judge_lookups(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """Whether the view's resolvers answered, and whether the domain exists at all."""
    yield from _judge_rewriting(picture, view)
    bogus = _bogus(picture, view)
    yield from bogus
    if any(finding.endpoint is Endpoint.ZONE for finding in bogus):
        return
    gone = _domain_state(picture, view)
    if gone:
        yield Finding(
            rule="dns-domain-unresolvable",
            view=view.name,
            endpoint=Endpoint.ZONE,
            subject=picture.survey.domain,
            args=(("state", gone),),
        )
        return
    unsigned = {finding.subject for finding in bogus}
    unanswered = tuple(item for item in failures(picture.survey, view) if item.name not in unsigned)
    # Where nobody is believed, `dns-nxdomain-rewritten` has said so.
    if any(status is not DnsStatus.DISBELIEVED for failure in unanswered for _, status in _reasons_of(failure)):
        yield _lookup_failed(picture, view, unanswered)


def _reasons_of(failure: Failure) -> tuple[tuple[str, DnsStatus], ...]:
    """How each resolver failed; one that answered, and is not believed, counts as such."""
    return tuple((label, DnsStatus.DISBELIEVED if status.conclusive else status) for label, status in failure.reasons)


def _judge_rewriting(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """`dns-nxdomain-rewritten`, for the resolvers of a view that give addresses to a name under `.invalid`."""
    survey, resolvers = picture.survey, view.scene.view.resolvers
    name = survey.invalid_name
    asked = {item.label: DnsQuestion(view.name, item.label, name, RecordType.A) for item in resolvers}
    answers = {label: survey.lookups.get(question) for label, question in asked.items()}
    lying = {label: answer for label, answer in answers.items() if answer is not None and answer.addresses}
    if lying:
        addresses = tuple(dict.fromkeys(address for answer in lying.values() for address in answer.addresses))
        yield Finding(
            rule="dns-nxdomain-rewritten",
            view=view.name,
            endpoint=Endpoint.ZONE,
            subject=joined(lying),
            addresses=addresses,
            args=(
                ("resolvers", joined(lying)),
                ("where", joined(addresses)),
                ("honest", joined(label for label in answers if label not in lying)),
            ),
        )


def _bogus(picture: Assessment, view: ViewAssessment) -> tuple[Finding, ...]:
    """`dns-dnssec-bogus`: a SERVFAIL that turns into an answer with checking disabled.

    What fails for the whole domain is told of it alone; else each name, at the place that it leads to.
    """
    found: dict[str, Finding] = {}
    for failure in failures(picture.survey, view):
        labels = unvalidated(picture.survey, view, failure)
        if labels and failure.name not in found:
            endpoint = place_of(picture.survey, view, failure)
            found[failure.name] = Finding(
                rule="dns-dnssec-bogus",
                view=view.name,
                endpoint=endpoint,
                subject=failure.name,
                args=(("resolvers", joined(labels)),),
            )
    whole = [finding for finding in found.values() if finding.endpoint is Endpoint.ZONE]
    return tuple(whole[:1] or found.values())


def _lookup_failed(picture: Assessment, view: ViewAssessment, unanswered: tuple[Failure, ...]) -> Finding:
    names = tuple(dict.fromkeys(failure.name for failure in unanswered))
    blind = view.scene.domain.presence is Presence.FAILED and view.scene.autodiscover.presence is Presence.FAILED
    reasons = {label: status for failure in unanswered for label, status in failure.reasons}
    unled = set(reasons.values()) == {DnsStatus.UNDELEGATED}
    return Finding(
        rule="dns-lookup-failed",
        view=view.name,
        endpoint=Endpoint.ZONE,
        subject=picture.survey.domain if blind else names[0],
        args=(
            ("what", _blindness(set(reasons.values())) if blind else f"no answer for {joined(names)}"),
            ("advice", _advice(_UNDELEGATED[1] if unled else joined(reasons), set(reasons.values()), names[0])),
            ("resolvers", _UNDELEGATED[0] if unled else _told(reasons)),
        ),
    )


def _advice(asked: str, statuses: set[DnsStatus], name: str) -> str:
    """How to find out more: a resolver that answers SERVFAIL is there, and one that answers too much has to be read."""
    if statuses == {DnsStatus.OVERSIZED}:
        return (
            f"See what {asked} answers: dig @{asked.split(' ')[0].rstrip(',')} {name}; it holds more records, or "
            "longer names, than a client could use."
        )
    if statuses == {DnsStatus.SERVFAIL}:
        return (
            f"See what keeps {asked} from an answer: dig @{asked.split(' ')[0].rstrip(',')} {name}; its log says more."
        )
    return (
        f"See that {asked} can be reached from here, and will answer this client; until then nothing is known about "
        "this view."
    )


def _told(reasons: dict[str, DnsStatus]) -> str:
    return ", ".join(f"{label} {status.value}" for label, status in reasons.items())


_UNDELEGATED = ("the parent zone's servers did not name them", "a server of the parent zone")
"""Why a view of the domain's own servers has nobody to ask, and who would have to be reached."""

_NO_REPLY = {DnsStatus.TIMEOUT, DnsStatus.UNREACHABLE, DnsStatus.REFUSED}


def _blindness(statuses: set[DnsStatus]) -> str:
    if statuses == {DnsStatus.UNDELEGATED}:
        return "the domain's own servers could not be found"
    return "no resolver answered" if statuses <= _NO_REPLY else "no resolver gave a usable answer"


def _domain_state(picture: Assessment, view: ViewAssessment) -> str:
    """Why the domain cannot be resolved although the resolvers work, else empty."""
    scene = view.scene
    if scene.domain.nxdomain and scene.domain.presence is Presence.ABSENT:
        return "does not exist (NXDOMAIN)"
    if scene.domain.presence is not Presence.FAILED:
        return ""
    survey = picture.survey
    for failure in scene.domain.failures:
        for label, status in failure.reasons:
            control = survey.lookups.get(DnsQuestion(view.name, label, *CONTROL))
            if status is DnsStatus.SERVFAIL and control is not None and control.status.conclusive:
                return f"cannot be resolved (SERVFAIL from {label}, which answers other questions)"
    return ""


def judge_time(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """Whether the deadline passed, or this host had no socket left, before the intended endpoint was judged.

    Other unfinished work is a note.
    """
    if (silent := _silent(picture, view)) is not None:
        yield silent
    elif waiting := tuple(dict.fromkeys(_waiting(picture, view))):
        awaited = [meeting.contact for candidate in _awaited(view) for meeting in view.scene.met[candidate]]
        lacks = [lack for contact in awaited if contact is not None and (lack := _LACKS.get(contact.connect))]
        subject = view.intended[0].name if view.intended else autodiscover_name(picture.survey.domain)
        yield Finding(
            rule="check-out-of-resources" if lacks else "check-timed-out",
            view=view.name,
            endpoint=view.intended[0].endpoint if view.intended else Endpoint.AUTODISCOVER,
            subject=subject,
            args=(
                ("timeout", f"{picture.survey.policy.timeout:g}"),
                ("slow", joined(waiting[:3])),
                *(lacks[0] if lacks else ()),
            ),
        )


def _silent(picture: Assessment, view: ViewAssessment) -> Finding | None:
    """`dns-lookup-failed`, where there was no time to see more than that the resolvers are silent."""
    survey = picture.survey
    asked = {question: answer for question, answer in survey.lookups.items() if question.view == view.name}
    if not asked or any(answer.status is not DnsStatus.CUT_SHORT for answer in asked.values()):
        return None
    waited = max(answer.seconds for answer in asked.values())
    if not waited:
        return None
    labels = tuple(dict.fromkeys(question.resolver for question in asked))
    return Finding(
        rule="dns-lookup-failed",
        view=view.name,
        endpoint=Endpoint.ZONE,
        subject=survey.domain,
        args=(
            ("what", _blindness({DnsStatus.TIMEOUT})),
            (
                "advice",
                f"{_advice(joined(labels), {DnsStatus.TIMEOUT}, survey.domain)} More time (-t) would tell more.",
            ),
            ("resolvers", f"{joined(labels)} silent for {waited:.1f} s"),
        ),
    )


def _waiting(picture: Assessment, view: ViewAssessment) -> Iterator[str]:
    """What the verdict on the intended endpoint still waited for when the deadline came."""
    scene, method = view.scene, view.method
    if scene.autodiscover.presence is Presence.PENDING:
        yield f"DNS for {scene.autodiscover.name}"
    if method in (Method.SRV, Method.UNDETERMINED) and scene.srv.presence is Presence.PENDING:
        yield f"DNS for {scene.srv.name}"
    for candidate in _awaited(view):
        met = scene.met[candidate]
        if candidate.resolution.unfinished:
            yield f"DNS for {candidate.name}"
        # One address that was not judged is enough: somebody will meet that one.
        yield from (meeting.address for meeting in met if _cut_short(picture, meeting))


def _awaited(view: ViewAssessment) -> tuple[Candidate, ...]:
    """The candidates without which there is no verdict: the intended ones, or all that might be."""
    if view.method is Method.UNDETERMINED:
        return tuple(item for item in view.scene.candidates if item.step is not None)
    return view.intended or tuple(item for item in view.scene.candidates if item.endpoint is Endpoint.AUTODISCOVER)


def _cut_short(picture: Assessment, meeting: EndpointState) -> bool:
    if meeting.reach is Reach.OPEN:
        return meeting.answer is AnswerClass.UNSEEN
    if meeting.reach is not Reach.UNSEEN:
        return False
    if meeting.contact is not None:
        cut = meeting.contact.connect is Connect.CUT_SHORT or meeting.contact.tls is not None
        return cut or meeting.contact.connect in _LACKS
    candidate = meeting.candidate
    question = EndpointQuestion(candidate.name, meeting.address, candidate.port, candidate.scheme, candidate.path)
    return question in picture.survey.unfinished


_LACKS = {
    Connect.EXHAUSTED: (
        ("lack", "this host ran out of file descriptors or memory"),
        (
            "advice",
            "Raise the limit of open files for the program that checks (ulimit -n; LimitNOFILE in its unit), or let it "
            "check fewer domains at a time.",
        ),
    ),
    Connect.OVER_BUDGET: (
        ("lack", "the connections that a check may make were spent"),
        (
            "advice",
            "See which name has so many addresses, SRV targets or redirects (-vv), and remove those that serve nobody.",
        ),
    ),
}
"""What was lacking where a place was not asked, and what is to be done about it."""


def judge_denied(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """Whether the intended endpoint is where nothing is sent for a domain that nobody declared."""
    for candidate in _awaited(view):
        denied = tuple(meeting.address for meeting in view.scene.met[candidate] if _denied(meeting))
        if denied:
            yield Finding(
                rule="check-network-denied",
                view=view.name,
                endpoint=candidate.endpoint,
                subject=candidate.name,
                addresses=denied,
                args=(("where", joined(denied)), ("domain", picture.survey.domain)),
            )


def _denied(meeting: EndpointState) -> bool:
    return meeting.contact is not None and meeting.contact.connect is Connect.DENIED


def judge_method(picture: Assessment) -> Iterator[Finding]:
    """Whether `auto` found anything to go by; said once, and not where something was not seen or a client is hit."""
    undetermined = [view for view in picture.views if view.method is Method.UNDETERMINED]
    if not undetermined or any(_explained(picture, view) for view in picture.views):
        return
    yield Finding(
        rule="check-method-undetermined",
        view="",
        endpoint=Endpoint.ZONE,
        subject=picture.survey.domain,
        args=(("found", "; ".join(dict.fromkeys(_found(view) for view in undetermined))),),
    )


def _explained(picture: Assessment, view: ViewAssessment) -> bool:
    unseen = (judge_lookups, judge_time, judge_denied)
    return any(True for judge in unseen for _ in judge(picture, view)) or any(
        item.judged and item.outcome.bad and item.at is not None for item in view.walks
    )


def _found(view: ViewAssessment) -> str:
    scene = view.scene
    record = "no record" if scene.autodiscover.presence is Presence.ABSENT else "a record that does not serve"
    if scene.captured:
        record = f"a catch-all *.{scene.catch_all.parent}"
    srv = "no SRV record" if scene.srv.presence is Presence.ABSENT else "an SRV record that does not serve"
    if scene.srv.not_offered:
        srv = "an SRV record that says the service is not offered"
    served = any(walk.judged and walk.at is Step.SCP and walk.outcome.good for walk in view.walks)
    alone = ", and the directory serves domain-joined clients alone" if served else ""
    return f"{record} at {scene.autodiscover.name}, {srv}{alone}"
