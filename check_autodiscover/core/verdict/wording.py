"""Findings put into sentences: the last step, after grading and causes. Templates are the catalogue's.

What is worth a word about certificates that are in order: notes, which raise no alarm.

Notes about clients: what they may do beside what is seen, and how those fare that nobody judges.

`summary` puts them among the report's notes. None is a finding, so none can raise an alarm.

The first line's sentence, and the notes on what was not looked at.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment, fares_unknown, refused_elsewhere
from check_autodiscover.core.analysis.endpoints import MAX_ADDRESSES, MAX_HOPS, MAX_TARGETS, questions
from check_autodiscover.core.analysis.lookups import Presence, asks_authority, delegated
from check_autodiscover.core.analysis.plan import MOST_CONNECTIONS, MOST_TO_ADDRESS, MOST_TO_HOST
from check_autodiscover.core.model.addresses import in_order
from check_autodiscover.core.model.certificate import covers, life_left
from check_autodiscover.core.model.clients import CLIENTS, OUTCOMES, REGISTRY, Outcome, Walk
from check_autodiscover.core.model.finding import CandidateRole, Endpoint, Finding, intended_endpoints, role_of
from check_autodiscover.core.model.names import matches_dns_id
from check_autodiscover.core.model.observations import Connect, DnsStatus
from check_autodiscover.core.model.policy import DAY, ClientName, Method, Step
from check_autodiscover.core.model.report import Judgement
from check_autodiscover.core.model.states import State
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.core.rules.catalogue import RULES
from check_autodiscover.core.rules.clients import taken_target
from check_autodiscover.core.rules.phrases import date_of, family_args, joined
from check_autodiscover.core.verdict.grading import case_of, harm

if TYPE_CHECKING:
    from check_autodiscover.core.model.baseline import Change

__all__ = [
    "certificate_notes",
    "client_notes",
    "effect_of",
    "fill",
    "notes_of",
    "remedy_of",
    "sentence_of",
    "summarize",
    "views_of",
]

_OPTIONAL = re.compile(r"\[\[(.*?)\]\]")

_FIELD = re.compile(r"\{(\w+)\}")


def fill(template: str, values: dict[str, str], without: str = "") -> str:
    """A template with its fields filled in; a `[[part]]` goes when one of its fields is empty, or is `without`.

    Raises:
        KeyError: the template asks for a value that is not there: a defect of the catalogue or a rule.
    """

    def optional(match: re.Match[str]) -> str:
        part = match.group(1)
        return part if all(values[name] and name != without for name in _FIELD.findall(part)) else ""

    return _FIELD.sub(lambda match: values[match.group(1)], _OPTIONAL.sub(optional, template))


def _values(finding: Finding) -> dict[str, str]:
    return {"subject": finding.subject, "where": ", ".join(finding.addresses), **dict(finding.args)}


def sentence_of(picture: Assessment, finding: Finding, *, history: bool = True, addresses: bool = True) -> str:
    """What is so, in one sentence without view and effect.

    Where there is little room, without what stood there before (`history`) and without addresses that only add to it.
    """
    view = _view(picture, finding)
    case = case_of(finding, view.method if view else Method.UNDETERMINED)
    template = case.sentence if case and case.sentence else RULES[finding.rule].sentence
    sentence = fill(template, _values(finding), without="" if addresses else "where")
    return sentence + (_history(picture, finding) if history else "")


def _history(picture: Assessment, finding: Finding) -> str:
    """What stood there when the baseline was accepted, where that is otherwise."""
    if picture.baseline is None or RULES[finding.rule].area == "drift":
        return ""
    since = date_of(picture.baseline.accepted)
    for change in picture.changes:
        if change.view == finding.view and _is_history(change, finding):
            return f" (was {change.old} on {since})" if change.old else f" (new since {since})"
    return ""


def _is_history(change: "Change", finding: Finding) -> bool:
    """Whether a change is how what is found came about; a certificate says for itself what it lost."""
    match change.kind.value:
        case "wildcard-appeared":
            return finding.rule.startswith("dns-wildcard-") and change.subject == f"*.{_parent(finding)}"
        case "record":
            of_srv = change.detail == "SRV" and finding.rule.startswith("dns-srv-")
            return of_srv or (finding.rule in _RECORD_RULES and finding.subject == change.subject)
        case "certificate-replaced":
            here = (finding.endpoint, finding.subject) == (change.endpoint, change.subject)
            return here and finding.rule.startswith("certificate-") and not finding.arg("renewed")
    return False


_RECORD_RULES = frozenset(
    {
        "dns-address-unexpected",
        "dns-alias-unexpected",
        "dns-host-record-missing",
        "dns-srv-target-missing",
        "dns-unwanted-host-record",
        "service-unreachable",
    }
)


def _parent(finding: Finding) -> str:
    return finding.arg("parent") or finding.subject.removeprefix("*.")


def remedy_of(finding: Finding) -> str:
    """What to do about it."""
    rule = RULES[finding.rule]
    others = (case.remedy for case in rule.cases if case.remedy and finding.arg(case.arg))
    return fill(next(others, rule.remedy), _values(finding))


def _view(picture: Assessment, finding: Finding) -> ViewAssessment | None:
    return next((item for item in picture.views if item.name == finding.view), None)


_OUTLOOK = (ClientName.OUTLOOK_2016, ClientName.OUTLOOK_2013, ClientName.OUTLOOK_2010, ClientName.OUTLOOK_2007)

_EFFECTS = {
    Outcome.WRONG_LOGIN: "{who} {verb:gives} a stranger the password",
    Outcome.WRONG_SETTINGS: "{who} {verb:takes} a stranger's settings",
    Outcome.WARNED: "{who} {verb:warns}",
    Outcome.NOTHING: "{who} {verb:finds} nothing",
    Outcome.CONFIGURED: "{who} {verb:is} configured there",
    Outcome.ASKS_CONSENT: "{who} {verb:is} configured there",
}

_VERBS = {"gives": "give", "takes": "take", "warns": "warn", "finds": "find", "is": "are"}

_VERB = re.compile(r"\{verb:(\w+)\}")

_WITHOUT_EFFECT = frozenset({"certificate-expiring", "certificate-unexpected", "certificate-unreadable"})
"""Rules whose sentence says all, whoever else is hit at that place; and what clients make of it is not known."""


def effect_of(picture: Assessment, finding: Finding) -> str:
    """What users meet because of a finding, as `: Outlook warns`; empty where nobody is hit."""
    view = _view(picture, finding)
    if view is None or not RULES[finding.rule].level or finding.rule in _WITHOUT_EFFECT:
        return ""
    walks = harm(view, finding)
    if not walks:
        return ""
    outcome = min((walk.outcome for walk in walks), key=OUTCOMES.index)
    who, plural = _who(view, finding, tuple(walk for walk in walks if walk.outcome is outcome))
    text = _VERB.sub(lambda match: _VERBS[match.group(1)] if plural else match.group(1), _EFFECTS[outcome])
    before = outcome is Outcome.WARNED and finding.endpoint is Endpoint.ROOT
    early = before and role_of(view.method, finding.endpoint) is CandidateRole.BEFORE
    return f": {text.replace('{who}', who)}{' before it gets further' if early else ''}"


def _who(view: ViewAssessment, finding: Finding, walks: tuple[Walk, ...]) -> tuple[str, bool]:
    """Who is hit, and whether they are several.

    Those that take one of several SRV targets; Outlook, by its versions where not all that are judged are hit; or
    the other clients by what they use.
    """
    target = taken_target(view, finding.subject) if finding.endpoint is Endpoint.SRV else ""
    if target:
        return f"clients that take {target}", True
    hit = {walk.client for walk in walks}
    outlooks = [walk.client for walk in view.walks if walk.judged and walk.client in _OUTLOOK]
    if hit.intersection(outlooks):
        versions = [client.value.removeprefix("outlook-") for client in outlooks if client in hit]
        return "Outlook" if len(versions) == len(outlooks) > 1 else f"Outlook {joined(versions)}", False
    return ("EWS clients", True) if ClientName.EWS in hit else (ClientName.EXCHANGELIB.value, False)


def certificate_notes(picture: Assessment) -> Iterator[str]:
    """What holds of the certificates at the intended endpoints, and of what they are judged by, each in a sentence."""
    anchors = picture.survey.anchors
    if anchors and not any(anchor.startswith("system (") for anchor in anchors):
        yield (
            f"the system's trust anchors were left out (--no-system-trust): only {joined(anchors)} was trusted, and a "
            "public certificate counts as untrusted"
        )
    for view in picture.views:
        if view.method is not Method.EXCHANGE_ONLINE:
            yield from _wildcards(picture.survey.domain, view)


def _wildcards(domain: str, view: ViewAssessment) -> Iterator[str]:
    """Where a wildcard alone makes a certificate fit: it does not cover what it hangs from, and old clients mind it."""
    for candidate in view.intended:
        for certificate in (item.certificate for item in view.scene.met[candidate] if item.certificate):
            wildcard = next((name for name in certificate.dns_names if matches_dns_id(name, candidate.name)), "")
            if not wildcard or candidate.name in certificate.dns_names:
                continue
            if wildcard == f"*.{domain}" and not covers(certificate, domain):
                yield (
                    f"the certificate of {candidate.name} is for {wildcard}, which does not cover {domain} itself: "
                    f"keep port 443 of {domain} closed, or give it a certificate of its own"
                )
            yield (
                f"{candidate.name} is covered by {wildcard} alone: Outlook 2007 and Windows XP never stop asking for "
                f"the password, unless Set-OutlookProvider EXPR -CertPrincipalName msstd:{wildcard} is set"
            )


_PREMISES = (Method.SRV, Method.HOST, Method.REDIRECT)

_PANELS = ("cpanel", "webdisk")
"""Names that a hosting panel puts into the certificates it makes, and nobody else has a use for."""


def client_notes(picture: Assessment) -> Iterator[str]:
    """What is said of clients, each note in a sentence."""
    yield from _cloud_first(picture)
    yield from _skipped(picture)
    yield from _left_out(picture)
    for name in dict.fromkeys(name for view in picture.views for name in _panels(view)):
        domain = picture.survey.domain
        yield (
            f"the web site of {domain} has a hosting panel's certificate ({name}): its AutoSSL cannot prove "
            f"autodiscover.{domain}, which leads to Microsoft, and should leave that name out"
        )


def _cloud_first(picture: Assessment) -> Iterator[str]:
    views = [view for view in picture.views if Step.OFFICE365 not in view.scene.disabled]
    if ClientName.OUTLOOK_2016 not in picture.survey.policy.clients or not views:
        return
    mailbox = f", and open a mailbox there if the account has one ({REGISTRY[Step.OFFICE365]} keeps them here)"
    premises = any(view.method in _PREMISES for view in views)
    yield (
        "Microsoft 365 endpoints are never contacted: Outlook 2016 and later may ask them first"
        f"{mailbox if premises else ''}"
    )


def _skipped(picture: Assessment) -> Iterator[str]:
    views: dict[tuple[Step, ...], list[str]] = {}
    for view in picture.views:
        if view.scene.disabled:
            views.setdefault(view.scene.disabled, []).append(view.name)
    for steps, names in views.items():
        values = joined(REGISTRY[step] for step in steps)
        yield f"{joined(names)}: clients skip {joined(step.value for step in steps)}; one without {values} does not"


def _left_out(picture: Assessment) -> Iterator[str]:
    """Clients that find nothing though the judged ones are served: what those cannot do is why."""
    views: dict[tuple[str, str], list[str]] = {}
    for view in picture.views:
        judged = [walk for walk in view.walks if walk.judged]
        for walk in view.walks if judged and all(walk.outcome.good for walk in judged) else ():
            if walk.outcome is Outcome.NOTHING and not walk.judged and view.method is not Method.NONE:
                views.setdefault((walk.client.value, _reason(view, walk)), []).append(view.name)
    for (client, reason), names in views.items():
        where = f" {joined(names)}" if len(picture.views) > 1 else ""
        yield f"{client}, which is not judged, finds nothing{where}: {reason}"


def _reason(view: ViewAssessment, walk: Walk) -> str:
    steps = next(profile.steps for profile in CLIENTS if profile.name is walk.client)
    if view.method is Method.SRV and Step.SRV not in steps:
        return "it knows no SRV records, as later ones do (KB 940881)"
    intended = {endpoint.value for endpoint in intended_endpoints(view.method)}
    meant = [step.why for step in walk.steps if step.step.value in intended]
    return meant[-1] if meant else "no place answers it"


def _panels(view: ViewAssessment) -> Iterator[str]:
    if view.method is Method.EXCHANGE_ONLINE:
        for meeting in view.scene.at(Endpoint.ROOT):
            names = meeting.certificate.dns_names if meeting.certificate else ()
            yield from (name for name in names if name.startswith(tuple(f"{panel}." for panel in _PANELS)))


FIRST_LINE = 200
"""Characters of the plugin's first line before its performance data (contract section 1)."""


def summarize(picture: Assessment, causes: Sequence[tuple[Judgement, ...]]) -> str:
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


def _fitting(picture: Assessment, where: str, findings: Sequence[Finding], room: int) -> str:
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


def _effect(picture: Assessment, group: Sequence[Judgement]) -> str:
    """What users meet, in the first view where they meet anything."""
    effects = (effect_of(picture, item.finding) for item in group)
    return next(filter(None, effects), "")


def views_of(picture: Assessment, group: Sequence[Judgement]) -> str:
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


def _others(picture: Assessment, group: Sequence[Judgement], causes: Sequence[Sequence[Judgement]]) -> str:
    """How the views fare that a failed lookup says nothing of."""
    if group[0].finding.rule != "dns-lookup-failed":
        return ""
    faulty = {item.finding.view for cause in causes for item in cause if item.severity is not State.OK}
    fine = [view.name for view in picture.views if view.name not in faulty and _fine(view)]
    return f"; {joined(fine)} OK" if fine else ""


def _fine(view: ViewAssessment) -> bool:
    return all(walk.outcome.good for walk in view.walks if walk.judged)


def _accepted(picture: Assessment, causes: Sequence[tuple[Judgement, ...]]) -> str:
    """What a severity of policy alone keeps from being a fault, so that nobody takes the domain for sound."""
    graded = {item.rule for item in picture.survey.policy.severities}
    rules = [group[0].finding.rule for group in causes if any(item.accepted is not None for item in group)]
    accepted = [rule for rule in dict.fromkeys(rules) if rule in graded]
    if not accepted:
        return ""
    return f", accepted: {accepted[0]}" + (f" and {len(accepted) - 1} more" if len(accepted) > 1 else "")


def _healthy(picture: Assessment) -> str:
    """`srv to remote.contoso.com, 4 clients configured inside and outside, certificate valid 61 d`."""
    parts = [_published(picture), _configured(picture), _validity(picture)]
    return ", ".join(part for part in parts if part)


def _published(picture: Assessment) -> str:
    return joined(_published_in(view) for view in picture.views)


def _published_in(view: ViewAssessment) -> str:
    if view.method is Method.NONE:
        return "no Autodiscover, as declared"
    if view.method is Method.EXCHANGE_ONLINE:
        return "exchange-online by alias"
    targets = [item.name for item in view.intended if item.hop or view.method is not Method.REDIRECT]
    return f"{view.method.value} to {joined(targets)}" if targets else view.method.value


def _configured(picture: Assessment) -> str:
    judged = {walk.client for view in picture.views for walk in view.walks if walk.judged}
    served = [view for view in picture.views if view.method is not Method.NONE and _fine(view)]
    if judged and not served and fares_unknown(picture.views):
        return "how clients fare was not looked at"
    if not judged or not served:
        return ""
    where = f" {joined(view.name for view in served)}" if len(picture.views) > 1 else ""
    return f"{len(judged)} client{'s' if len(judged) > 1 else ''} configured{where}"


def _validity(picture: Assessment) -> str:
    left = [
        life_left(meeting.certificate, picture.now)
        for view in picture.views
        for candidate in view.intended
        for meeting in view.scene.met[candidate]
        if meeting.certificate is not None
    ]
    return f"certificate valid {int(min(left) // DAY)} d" if left else ""


def notes_of(picture: Assessment) -> tuple[str, ...]:
    """What was not looked at, each in a sentence."""
    return tuple(dict.fromkeys(_notes(picture)))


def _notes(picture: Assessment) -> Iterator[str]:
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


def _directory_notes(picture: Assessment) -> Iterator[str]:
    concerned = [view for view in picture.views if Step.SCP not in view.scene.disabled]
    if picture.survey.policy.directory is None:
        if concerned:
            yield "no directory was asked: domain-joined clients ask Active Directory first (--scp)"
    elif not picture.survey.directories:
        yield "no directory was asked: no view is that of clients within its reach"
    else:
        # Few runs ask a directory, and the others need not wait for the module.
        from check_autodiscover.core.analysis.directory import read_directory

        reading = read_directory(picture.survey)
        if reading.beyond:
            found = len(reading.urls) + reading.beyond
            yield f"{len(reading.urls)} of the {found} URLs of the directory were looked at, those that are taken first"


def _view_notes(picture: Assessment, view: ViewAssessment) -> Iterator[str]:
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


def _unfinished(picture: Assessment, view: ViewAssessment) -> Iterator[str]:
    """The candidates of which the time limit took something."""
    for candidate in view.scene.candidates:
        asked = any(question in picture.survey.unfinished for question in questions(candidate))
        contacts = (meeting.contact for meeting in view.scene.met[candidate])
        cut = any(contact is not None and contact.cut_short for contact in contacts)
        if asked or cut or candidate.resolution.unfinished:
            yield f"{view.name}: {candidate.url} was not finished before the time limit"


def _beyond(view: ViewAssessment) -> Iterator[str]:
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


def _dead_resolvers(picture: Assessment, view: ViewAssessment) -> Iterator[str]:
    answers = [(q.resolver, a) for q, a in picture.survey.lookups.items() if q.view == view.name]
    living = {resolver for resolver, answer in answers if answer.status.conclusive}
    for resolver in view.scene.view.resolvers:
        if living and resolver.label not in living and any(label == resolver.label for label, _ in answers):
            yield resolver.label
