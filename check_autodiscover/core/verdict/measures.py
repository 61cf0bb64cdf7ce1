"""The numbers of a report and their two spellings: performance data and metrics.

One table of definitions. `judge` calls `measures_of` for what the verdict says, and `series` for what was observed.
What was not looked at has no number: `None` is `U` in performance data and no series at all in metrics. Label sets
depend on options only where performance data is concerned.

The series of what was observed, view by view and endpoint by endpoint: metrics without performance data.

`judge` adds them to the measures of the verdict. What was not looked at has no series.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment
from check_autodiscover.core.analysis.contacts import EndpointState, Reach
from check_autodiscover.core.analysis.endpoints import Candidate
from check_autodiscover.core.analysis.lookups import Presence, Resolution, address_types, answer_of, lookups_of
from check_autodiscover.core.model.certificate import Certificate, kind, life_left, lifetime
from check_autodiscover.core.model.clients import Outcome, Walk
from check_autodiscover.core.model.finding import CandidateRole, Endpoint
from check_autodiscover.core.model.metrics import Measure, metric
from check_autodiscover.core.model.names import cloud_name, is_below
from check_autodiscover.core.model.observations import DnsStatus, RecordType
from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.model.states import State
from check_autodiscover.core.rules.catalogue import CATALOGUE

__all__ = ["Tally", "measures_of", "series_of", "within_budget"]

MAX_SERIES = 120
"""Series of a domain with two views (contract, the exporter's metrics)."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What the judgement adds to a Assessment: the verdict, causes by severity, and the findings' series."""

    state: State
    causes: dict[State, int]
    findings: tuple[tuple[tuple[str, str], ...], ...]
    accepted: int
    disagree: bool


def measures_of(picture: Assessment, tally: Tally) -> tuple[Measure, ...]:
    """The performance data in its order, then the metrics of the verdict."""
    return (*_performance(picture, tally), *_verdict(picture, tally))


def within_budget(measures: Sequence[Measure]) -> tuple[Measure, ...]:
    """These measures, at most MAX_SERIES of them metrics: notes go last, before them what follows from causes.

    A cause that alarms is never left out, and every finding stands in the text and in JSON.
    """
    excess = sum(bool(item.metric) and item.value is not None for item in measures) - MAX_SERIES
    if excess <= 0:
        return tuple(measures)
    spare = sorted(
        (item for item in measures if _importance(item) is not None), key=lambda item: _importance(item) or 0
    )
    dropped = spare[:excess]
    return tuple(item for item in measures if item not in dropped)


def _importance(item: Measure) -> int | None:
    """How late a finding's series is left out, None for what never is."""
    labels = dict(item.labels)
    if item.metric != "autodiscover_finding":
        return None
    if labels["role"] == "consequence":
        return 0 if labels["rule"].startswith("drift-") else 1
    return 2 if labels["severity"] == "ok" else None


def _performance(picture: Assessment, tally: Tally) -> Iterator[Measure]:
    survey = picture.survey
    took = max(0.0, survey.ended - survey.started)
    yield Measure(
        perfdata="time",
        metric="probe_duration_seconds",
        value=round(took, 3),
        unit="s",
        minimum=0,
        maximum=survey.policy.timeout,
    )
    for state in (State.CRITICAL, State.WARNING, State.UNKNOWN):
        label = f"causes_{state.value.lower()}"
        yield Measure(perfdata=label, value=tally.causes.get(state, 0), minimum=0)
    yield _life_left(picture, picture.views, "cert_left")
    yield Measure(perfdata="drift", value=len(picture.changes) if picture.baseline else None, minimum=0)
    for view in picture.views:
        yield from _view_performance(picture, view)


def _view_performance(picture: Assessment, view: ViewAssessment) -> Iterator[Measure]:
    walks = [walk for walk in view.walks if walk.judged]
    seen = [walk for walk in walks if walk.outcome is not Outcome.UNKNOWN]
    warned = sum(walk.outcome.harmful for walk in walks) if seen else None
    yield Measure(perfdata=f"warned_{view.name}", value=warned, minimum=0)
    known = [item for item in view.intended if item.resolution.presence in (Presence.PRESENT, Presence.ABSENT)]
    addresses = {address for item in known for address in item.resolution.addresses}
    absent = view.method is Method.SRV and view.scene.srv.presence is Presence.ABSENT
    yield Measure(perfdata=f"addr_{view.name}", value=len(addresses) if known or absent else None, minimum=0)
    yield Measure(perfdata=f"dns_{view.name}", value=_slowest_lookup(picture, view), unit="s", minimum=0)
    yield _life_left(picture, (view,), f"left_{view.name}")


def _slowest_lookup(picture: Assessment, view: ViewAssessment) -> float | None:
    asked = lookups_of(picture.survey, view.scene.view)
    seconds = [answer.seconds for _, answer in asked if answer.status.conclusive]
    return round(max(seconds), 6) if seconds else None


def _life_left(picture: Assessment, views: Sequence[ViewAssessment], label: str) -> Measure:
    """The least life that the intended endpoint's certificates have left, with the thresholds of that certificate."""
    certificate = min(_intended_certificates(views), key=lambda item: item.not_after, default=None)
    if certificate is None:
        return Measure(perfdata=label, unit="s", minimum=0)
    life = lifetime(certificate)
    warning, critical = picture.survey.policy.thresholds.for_lifetime(life)
    return Measure(
        perfdata=label,
        value=max(0, int(life_left(certificate, picture.now))),
        unit="s",
        warning=warning,
        critical=critical,
        minimum=0,
        maximum=life,
    )


def _intended_certificates(views: Sequence[ViewAssessment]) -> list[Certificate]:
    return [
        meeting.certificate
        for view in views
        for candidate in view.intended
        for meeting in view.scene.met[candidate]
        if meeting.certificate is not None
    ]


def _verdict(picture: Assessment, tally: Tally) -> Iterator[Measure]:
    survey, state = picture.survey, tally.state
    yield metric("probe_success", float(state in (State.OK, State.WARNING)))
    yield metric("probe_timeout_seconds", survey.policy.timeout)
    expiry = min((item.not_after for item in _intended_certificates(picture.views)), default=None)
    yield metric("probe_ssl_earliest_cert_expiry", expiry)
    yield metric("autodiscover_exit_code", state.exit_code)
    for each in State:
        yield metric("autodiscover_state", float(each is state), state=each.value.lower())
        yield metric("autodiscover_findings", tally.causes.get(each, 0), severity=each.value.lower())
    for labels in tally.findings:
        yield Measure(metric="autodiscover_finding", value=1, labels=labels)
    yield metric("autodiscover_accepted_findings", tally.accepted)
    yield metric("autodiscover_last_probe_timestamp_seconds", survey.ended)
    yield from _drift(picture)
    methods = {view.method.value for view in picture.views}
    declared = {survey.policy.declared_method(view.name).value for view in picture.views}
    yield metric(
        "autodiscover_domain_info",
        1,
        method=methods.pop() if len(methods) == 1 else "mixed",
        declared=declared.pop() if len(declared) == 1 else "mixed",
        server=survey.policy.servers[0] if survey.policy.servers else "",
    )
    looked = [view for view in picture.views if any(_seen(walk) for walk in view.walks)]
    yield metric("autodiscover_views_agree", None if len(looked) < 2 else float(not tally.disagree))


def _seen(walk: Walk) -> bool:
    return walk.judged and walk.outcome is not Outcome.UNKNOWN


_DRIFT_KINDS = tuple(
    rule.id.removeprefix("drift-") for rule in CATALOGUE if rule.area == "drift" and rule.id != "drift-baseline-missing"
)


def _drift(picture: Assessment) -> Iterator[Measure]:
    """The changes by kind, all kinds: none at all where no baseline was read."""
    if picture.baseline is None:
        return
    found = [change.kind.value for change in picture.changes]
    for drift in _DRIFT_KINDS:
        yield metric("autodiscover_drift_changes", found.count(drift), kind=drift)
    yield metric("autodiscover_baseline_timestamp_seconds", picture.baseline.accepted)


def series_of(picture: Assessment) -> Iterator[Measure]:
    """The metrics of what was observed: resolvers, records, connections, certificates, clients."""
    yield from _phases(picture)
    for view in picture.views:
        yield from _dns(picture, view)
        yield from _clients(view)
        at = {endpoint: view.scene.at(endpoint) for endpoint in Endpoint}
        for endpoint in Endpoint:
            met = _met(view, endpoint, at)
            if met:
                yield from _endpoint(picture, view, endpoint, met)


LISTED = 2
"""Addresses of an endpoint that have series of their own; of more the worst is told, under an empty address."""


def _met(
    view: ViewAssessment, endpoint: Endpoint, at: Mapping[Endpoint, tuple[EndpointState, ...]]
) -> tuple[EndpointState, ...]:
    """What is met at an endpoint; of a `--server` host and of redirects aside only what no other endpoint shows."""
    if not any(_aside(view, item) for item in at[endpoint]):
        return at[endpoint]
    others = (item for each in Endpoint if each not in (endpoint, Endpoint.SERVER) for item in at[each])
    shown = {_shown(item) for item in others if endpoint is Endpoint.SERVER or not item.candidate.hop}
    return tuple(item for item in at[endpoint] if not (_aside(view, item) and _shown(item) in shown))


def _aside(view: ViewAssessment, meeting: EndpointState) -> bool:
    role = view.role(meeting.candidate)
    return role is CandidateRole.REFERENCE or (meeting.candidate.hop > 0 and role is not CandidateRole.INTENDED)


def _shown(meeting: EndpointState) -> tuple[str, str]:
    return meeting.address, meeting.certificate.fingerprint if meeting.certificate else ""


def _phases(picture: Assessment) -> Iterator[Measure]:
    survey = picture.survey
    lookups = [answer.seconds for answer in survey.lookups.values()]
    contacts = [contact.seconds for contact in survey.contacts.values()]
    yield metric("autodiscover_probe_phase_duration_seconds", max(lookups, default=None), phase="dns")
    yield metric("autodiscover_probe_phase_duration_seconds", max(contacts, default=None), phase="connect")


def _dns(picture: Assessment, view: ViewAssessment) -> Iterator[Measure]:
    yield from _resolvers(picture, view)
    scene = view.scene
    for catch_all in (scene.catch_all, scene.srv_catch_all):
        told = None if catch_all.found is None else float(catch_all.found)
        yield metric("autodiscover_dns_wildcard", told, view=view.name, parent=catch_all.parent)
    known = scene.catch_all.found is not None and scene.autodiscover.presence in _KNOWN
    captured = float(scene.captured) if known else None
    yield metric("autodiscover_dns_wildcard_captures", captured, view=view.name, endpoint="autodiscover")
    yield from _addresses(view)
    yield from _hashes(picture, view)


_KNOWN = (Presence.PRESENT, Presence.ABSENT)

_UNASKED = (DnsStatus.CUT_SHORT, DnsStatus.EXHAUSTED, DnsStatus.DENIED)
"""What says nothing of a resolver."""


def _resolvers(picture: Assessment, view: ViewAssessment) -> Iterator[Measure]:
    answered: dict[str, bool] = {}
    for question, answer in lookups_of(picture.survey, view.scene.view):
        if answer.status not in _UNASKED and question.name:
            up = answer.status.conclusive or answer.status in (DnsStatus.SERVFAIL, DnsStatus.REFUSED)
            answered[question.resolver] = answered.get(question.resolver, True) and up
    known = answered or _is_undelegated(picture, view)
    yield metric("autodiscover_view_up", float(any(answered.values())) if known else None, view=view.name)
    for resolver, up in sorted(answered.items()):
        yield metric("autodiscover_resolver_up", float(up), view=view.name, resolver=resolver)


def _is_undelegated(picture: Assessment, view: ViewAssessment) -> bool:
    """Whether nobody could tell who the servers of a view are, so that it has none that could answer."""
    survey, type_ = picture.survey, address_types(picture.survey)[0]
    answer = answer_of(survey, view.scene.view, survey.domain, type_)
    return answer is not None and answer.status is DnsStatus.UNDELEGATED


def _addresses(view: ViewAssessment) -> Iterator[Measure]:
    for endpoint in (Endpoint.ROOT, Endpoint.AUTODISCOVER, Endpoint.SRV, Endpoint.SERVER):
        names = [item for item in view.scene.candidates if item.endpoint is endpoint and not item.hop]
        known = [item for item in names if item.resolution.presence in _KNOWN]
        count = len({address for item in known for address in item.resolution.addresses}) if known else None
        yield metric("autodiscover_dns_addresses", count, view=view.name, endpoint=endpoint.value)


def _hashes(picture: Assessment, view: ViewAssessment) -> Iterator[Measure]:
    survey, scene = picture.survey, view.scene
    for type_ in address_types(survey):
        answer = answer_of(survey, scene.view, scene.autodiscover.name, type_)
        value = _hash(_addressed(scene.autodiscover, type_)) if answer and answer.status.conclusive else None
        yield _hash_metric(view, Endpoint.AUTODISCOVER, type_, value)
    records = (f"{each.priority} {each.weight} {each.port} {each.target}" for each in scene.srv.records)
    value = _hash(records) if scene.srv.presence in _KNOWN else None
    yield _hash_metric(view, Endpoint.SRV, RecordType.SRV, value)


def _hash_metric(view: ViewAssessment, endpoint: Endpoint, type_: RecordType, value: float | None) -> Measure:
    return metric(
        "autodiscover_dns_answer_hash", value, view=view.name, endpoint=endpoint.value, type=type_.value.lower()
    )


def _addressed(resolution: Resolution, type_: RecordType) -> Iterator[str]:
    """The aliases and the addresses of one type; behind a name of Microsoft's cloud any address is right."""
    if cloud_name(resolution.names):
        yield from resolution.aliases[:1]
        return
    yield from resolution.aliases
    yield from (each for each in resolution.addresses if (":" in each) is (type_ is RecordType.AAAA))


def _hash(values: Iterable[str]) -> float:
    return float(crc32("\n".join(sorted(values)).encode()))


def _clients(view: ViewAssessment) -> Iterator[Measure]:
    for walk in view.walks:
        if walk.judged:
            # The outcome that holds and no zeros for the others: those alone would be half of a domain's series.
            labels = {"view": view.name, "client": walk.client.value, "outcome": walk.outcome.value}
            yield metric("autodiscover_client_outcome", 1, **labels)


def _endpoint(
    picture: Assessment, view: ViewAssessment, endpoint: Endpoint, met: tuple[EndpointState, ...]
) -> Iterator[Measure]:
    """The series of one endpoint: by address where it is our own, the worst of all under an empty address elsewhere."""
    ours = view.role(met[0].candidate) in (CandidateRole.INTENDED, CandidateRole.REFERENCE)
    ours = ours and view.method is not Method.EXCHANGE_ONLINE and endpoint is not Endpoint.ROOT
    own = {item.address for item in met if ours and not _foreign(picture, item.candidate)}
    listed = own if len(own) <= LISTED else set()
    groups: dict[str, list[EndpointState]] = {}
    for meeting in met:
        if meeting.reach is not Reach.UNSEEN:
            groups.setdefault(meeting.address if meeting.address in listed else "", []).append(meeting)
    for address, items in sorted(groups.items()):
        yield from _address(view, endpoint, address, items)
    statuses = [
        answer.status
        for item in met
        if item.contact
        for answer in item.contact.answers
        if answer.status and not answer.path
    ]
    labels = {"view": view.name, "endpoint": endpoint.value}
    yield metric("autodiscover_http_status_code", max(statuses, default=None), **labels)
    asked = [item.contact.tls.client_certificate_requested for item in met if item.contact and item.contact.tls]
    yield metric("autodiscover_client_certificate_demanded", float(any(asked)) if asked else None, **labels)


def _foreign(picture: Assessment, candidate: Candidate) -> bool:
    """Whether a redirect leads off our hosts: the `--server` hosts, and those that are expected or the domain's."""
    survey, name = picture.survey, candidate.name
    own = not candidate.stray if survey.policy.expect.redirects else is_below(name, survey.domain)
    return candidate.hop > 0 and not own and name not in survey.policy.servers


def _address(
    view: ViewAssessment, endpoint: Endpoint, address: str, items: Sequence[EndpointState]
) -> Iterator[Measure]:
    labels = {"view": view.name, "endpoint": endpoint.value, "address": address}
    yield metric("autodiscover_endpoint_up", float(all(item.connected for item in items)), **labels)
    presented = [(item, item.certificate) for item in items if item.certificate is not None]
    if not presented:
        return
    certificate = min((each for _, each in presented), key=lambda each: each.not_after)
    prefix = "autodiscover_certificate_"
    yield metric(f"{prefix}not_after_timestamp_seconds", certificate.not_after, **labels)
    yield metric(f"{prefix}not_before_timestamp_seconds", certificate.not_before, **labels)
    yield metric(f"{prefix}name_match", float(all(item.name_fault is None for item, _ in presented)), **labels)
    yield metric(f"{prefix}trusted", float(all(not item.faults for item, _ in presented)), **labels)
    yield metric(
        f"{prefix}info",
        1,
        **labels,
        fingerprint_sha256=certificate.fingerprint,
        public_key_sha256=certificate.public_key,
        issuer=certificate.issuer_common_name or certificate.issuer_organization,
        kind=kind(certificate).value,
    )
