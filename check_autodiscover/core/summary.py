"""The first line's sentence, and the notes on what was not looked at."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from check_autodiscover.core.address_order import in_order
from check_autodiscover.core.answers import asks_authority, delegated
from check_autodiscover.core.budget import MOST_CONNECTIONS, MOST_TO_ADDRESS, MOST_TO_HOST
from check_autodiscover.core.candidates import MAX_ADDRESSES, MAX_HOPS, MAX_TARGETS, questions
from check_autodiscover.core.certificate import life_left
from check_autodiscover.core.certificate_notes import certificate_notes
from check_autodiscover.core.client_notes import client_notes
from check_autodiscover.core.finding import Endpoint, Finding
from check_autodiscover.core.observations import Connect, DnsStatus
from check_autodiscover.core.picture import Picture, ViewPicture, fares_unknown
from check_autodiscover.core.policy import DAY, Method, Step
from check_autodiscover.core.records import Presence
from check_autodiscover.core.report import Judgement
from check_autodiscover.core.rules.catalogue import RULES
from check_autodiscover.core.rules.phrases import family_args, joined
from check_autodiscover.core.state import State
from check_autodiscover.core.survey import Survey
from check_autodiscover.core.unanswered import refused_elsewhere
from check_autodiscover.core.wording import effect_of, sentence_of

__all__ = ["notes_of", "summarize", "views_of"]


FIRST_LINE = 200
"""Characters of the plugin's first line before its performance data (contract section 1)."""


def summarize(picture: Picture, causes: Sequence[tuple[Judgement, ...]]) -> str:
    """What stands behind `domain: ` on the first line. `causes` are groups of roots, the gravest first.

    A sentence that is too long loses its middle: who is hit, the rule and the number of other causes stay.
    """
    faults = [group for group in causes if group[0].severity is not State.OK]
    if not faults:
        return _healthy(picture) + _accepted(picture, causes)
    # A view in which the same is no fault, as where policy skips the step, is not where it is wrong.
    gravest = tuple(item for item in faults[0] if item.severity is not State.OK)
    findings = [item.finding for item in gravest]
    where = views_of(picture, gravest)
    more = f" (+{len(faults) - 1} more)" if len(faults) > 1 else ""
    end = f"{_effect(picture, gravest)}{_others(picture, gravest, causes)} [{findings[0].rule}]{more}"
    start = f"AUTODISCOVER {gravest[0].severity.value} - {picture.survey.domain}: "
    room = FIRST_LINE - len(start) - len(end)
    return _fitting(picture, where, findings, room) + end


def _fitting(picture: Picture, where: str, findings: Sequence[Finding], room: int) -> str:
    """The most there is room for: without what was before, of differing views the first, no addresses; else cut."""
    whole = _merged(findings, joined)
    first = _merged(findings, _first_of)
    texts = [
        where + sentence_of(picture, whole),
        where + sentence_of(picture, whole, history=False),
        where + sentence_of(picture, first, history=False),
        where + sentence_of(picture, first, history=False, addresses=False),
    ]
    cut = f"{texts[-1][: max(0, room - 3)].rstrip()}..."
    return next((text for text in texts if len(text) <= room), cut)


def _first_of(values: Iterable[str]) -> str:
    first, *others = dict.fromkeys(values)
    return f"{first}, ..." if others else first


def _merged(findings: Sequence[Finding], put_together: Callable[[Iterable[str]], str]) -> Finding:
    """One finding that says what several say of their views: addresses and arguments of all."""
    first = findings[0]
    args = tuple((name, _together([item.arg(name) for item in findings], put_together)) for name, _ in first.args)
    return replace(first, args=args)


def _together(values: Sequence[str], put_together: Callable[[Iterable[str]], str]) -> str:
    given = [value for value in values if value]
    return put_together(given) if given else ""


def _effect(picture: Picture, group: Sequence[Judgement]) -> str:
    """What users meet, in the first view where they meet anything."""
    effects = (effect_of(picture, item.finding) for item in group)
    return next(filter(None, effects), "")


def views_of(picture: Picture, group: Sequence[Judgement]) -> str:
    """`inside and outside, `: which views a cause is about.

    Empty where there is one view only, and for a certificate that all views lead to.
    """
    names = [view.name for view in picture.views]
    concerned = [name for name in names if any(item.finding.view == name for item in group)]
    everywhere = len(concerned) == len(names)
    if len(names) == 1 or not concerned or (everywhere and _same_everywhere(group)):
        return ""
    return f"{joined(concerned)}, "


def _same_everywhere(group: Sequence[Judgement]) -> bool:
    rule = RULES[group[0].finding.rule]
    return rule.area == "certificate" and group[0].finding.endpoint is not Endpoint.ROOT


def _others(picture: Picture, group: Sequence[Judgement], causes: Sequence[Sequence[Judgement]]) -> str:
    """How the views fare that a failed lookup says nothing of."""
    if group[0].finding.rule != "dns-lookup-failed":
        return ""
    faulty = {item.finding.view for cause in causes for item in cause if item.severity is not State.OK}
    fine = [view.name for view in picture.views if view.name not in faulty and _fine(view)]
    return f"; {joined(fine)} OK" if fine else ""


def _fine(view: ViewPicture) -> bool:
    return all(walk.outcome.good for walk in view.walks if walk.judged)


def _accepted(picture: Picture, causes: Sequence[tuple[Judgement, ...]]) -> str:
    """What a severity of policy alone keeps from being a fault, so that nobody takes the domain for sound."""
    graded = {item.rule for item in picture.survey.policy.severities}
    rules = [group[0].finding.rule for group in causes if any(item.accepted is not None for item in group)]
    accepted = [rule for rule in dict.fromkeys(rules) if rule in graded]
    if not accepted:
        return ""
    return f", accepted: {accepted[0]}" + (f" and {len(accepted) - 1} more" if len(accepted) > 1 else "")


def _healthy(picture: Picture) -> str:
    """`srv to remote.contoso.com, 4 clients configured inside and outside, certificate valid 61 d`."""
    parts = [_published(picture), _configured(picture), _validity(picture)]
    return ", ".join(part for part in parts if part)


def _published(picture: Picture) -> str:
    return joined(_published_in(view) for view in picture.views)


def _published_in(view: ViewPicture) -> str:
    if view.method is Method.NONE:
        return "no Autodiscover, as declared"
    if view.method is Method.EXCHANGE_ONLINE:
        return "exchange-online by alias"
    targets = [item.name for item in view.intended if item.hop or view.method is not Method.REDIRECT]
    return f"{view.method.value} to {joined(targets)}" if targets else view.method.value


def _configured(picture: Picture) -> str:
    judged = {walk.client for view in picture.views for walk in view.walks if walk.judged}
    served = [view for view in picture.views if view.method is not Method.NONE and _fine(view)]
    if judged and not served and fares_unknown(picture.views):
        return "how clients fare was not looked at"
    if not judged or not served:
        return ""
    where = f" {joined(view.name for view in served)}" if len(picture.views) > 1 else ""
    return f"{len(judged)} client{'s' if len(judged) > 1 else ''} configured{where}"


def _validity(picture: Picture) -> str:
    left = [
        life_left(meeting.certificate, picture.now)
        for view in picture.views
        for candidate in view.intended
        for meeting in view.scene.met[candidate]
        if meeting.certificate is not None
    ]
    return f"certificate valid {int(min(left) // DAY)} d" if left else ""


def notes_of(picture: Picture) -> tuple[str, ...]:
    """What was not looked at, each in a sentence."""
    return tuple(dict.fromkeys(_notes(picture)))


def _notes(picture: Picture) -> Iterator[str]:
    policy = picture.survey.policy
    if len(picture.views) == 1:
        resolvers = joined(resolver.label for resolver in policy.views[0].resolvers)
        yield f"one view only, answered by {resolvers}: inside and outside were not compared (--view)"
    if not policy.servers:
        yield "no server named (--server): its certificate is no reference, a stranger is told by its answers only"
    (_, family), (_, only) = family_args(policy)
    if only:
        yield f"only {family} was asked for ({only}): clients may have both families, and meet what was not looked at"
    for server in policy.servers:
        if server not in picture.references.names:
            kind = f" for {family}" if family else ""
            yield f"--server {server} has no address{kind} in any view: it is not taken for the server (a misspelling?)"
    if picture.references.names and not picture.references.certificates:
        yield "the certificate of the --server hosts could not be read: certificate-foreign was not judged"
    yield from _directory_notes(picture)
    yield from client_notes(picture)
    yield from certificate_notes(picture)
    yield from _untried_servers(picture.survey)
    yield from _over_budget(picture.survey)
    for view in picture.views:
        if picture.baseline is not None and picture.baseline.view(view.name) is None:
            yield f"{view.name}: nothing of this view was accepted, so its drift was not judged (baseline accept)"
        yield from _view_notes(picture, view)


_UNTRIED = {
    Connect.NO_FAMILY: "this host lacks its address family",
    Connect.DENIED: "targets.deny_networks holds it back from domains that are not configured",
}


def _over_budget(survey: Survey) -> Iterator[str]:
    """What the connections that a check may make did not suffice for."""
    left = sum(contact.connect is Connect.OVER_BUDGET for contact in survey.contacts.values())
    if left:
        what = "connection was" if left == 1 else "connections were"
        yield (
            f"{left} more {what} wanted and not made: a check makes up to {MOST_CONNECTIONS}, "
            f"of them {MOST_TO_HOST} to a name and {MOST_TO_ADDRESS} to an address"
        )


def _untried_servers(survey: Survey) -> Iterator[str]:
    denied = {question.resolver for question, answer in survey.lookups.items() if answer.status is DnsStatus.DENIED}
    for server in in_order(denied):
        yield f"name server {server} was not asked: {_UNTRIED[Connect.DENIED]}"


def _directory_notes(picture: Picture) -> Iterator[str]:
    concerned = [view for view in picture.views if Step.SCP not in view.scene.disabled]
    if picture.survey.policy.directory is None:
        if concerned:
            yield "no directory was asked: domain-joined clients ask Active Directory first (--scp)"
    elif not picture.survey.directories:
        yield "no directory was asked: no view is that of clients within its reach"
    else:
        # Few runs ask a directory, and the others need not wait for the module.
        from check_autodiscover.core.directory import read_directory

        reading = read_directory(picture.survey)
        if reading.beyond:
            found = len(reading.urls) + reading.beyond
            yield f"{len(reading.urls)} of the {found} URLs of the directory were looked at, those that are taken first"


def _view_notes(picture: Picture, view: ViewPicture) -> Iterator[str]:
    if not view.scene.view.connect:
        yield f"{view.name}: its addresses were not connected to"
    if asks_authority(view.scene.view) and not delegated(picture.survey, view.scene.view):
        yield f"{view.name}: the parent zone's servers did not say which servers are the domain's"
    if view.scene.catch_all.found is None and view.scene.domain.presence is not Presence.FAILED:
        yield f"{view.name}: whether a catch-all exists could not be told"
    yield from _beyond(view)
    for name in refused_elsewhere(picture.survey, view):
        yield f"{view.name}: {name} was not looked up, as who is asked here answers for zones of its own alone"
    for failure in _dead_resolvers(picture, view):
        yield f"{view.name}: resolver {failure} did not answer; the view's others did"
    for met in view.scene.met.values():
        for meeting in met:
            if meeting.contact is not None and (reason := _UNTRIED.get(meeting.contact.connect)):
                yield f"{meeting.address} was not contacted: {reason}"
    yield from _unfinished(picture, view)


def _unfinished(picture: Picture, view: ViewPicture) -> Iterator[str]:
    """The candidates of which the time limit took something."""
    for candidate in view.scene.candidates:
        asked = any(question in picture.survey.unfinished for question in questions(candidate))
        contacts = (meeting.contact for meeting in view.scene.met[candidate])
        cut = any(contact is not None and contact.cut_short for contact in contacts)
        if asked or cut or candidate.resolution.unfinished:
            yield f"{view.name}: {candidate.url} was not finished before the time limit"


def _beyond(view: ViewPicture) -> Iterator[str]:
    """What there was more of than is looked at."""
    for candidate in view.scene.candidates:
        found = len(candidate.resolution.addresses)
        if candidate.addresses and found > MAX_ADDRESSES:
            yield f"{view.name}: {MAX_ADDRESSES} of the {found} addresses of {candidate.name} were contacted"
    ways = Counter((item.endpoint, item.srv, item.point) for item in view.scene.candidates if item.hop)
    for (endpoint, _, _), hops in ways.items():
        if hops >= MAX_HOPS:
            yield f"{view.name}: {MAX_HOPS} redirects were followed at the {endpoint.value} step, and no more"
    targets = {record.target for record in view.scene.srv.records}
    if len(targets) > MAX_TARGETS:
        yield f"{view.name}: {MAX_TARGETS} of the {len(targets)} SRV targets were looked at, those that are taken first"


def _dead_resolvers(picture: Picture, view: ViewPicture) -> Iterator[str]:
    answers = [(q.resolver, a) for q, a in picture.survey.lookups.items() if q.view == view.name]
    living = {resolver for resolver, answer in answers if answer.status.conclusive}
    for resolver in view.scene.view.resolvers:
        if living and resolver.label not in living and any(label == resolver.label for label, _ in answers):
            yield resolver.label
