"""The numbers of a report and their two spellings: performance data and metrics.

One table of definitions; `measures_of` fills it from a judged Picture. What was not looked at has no number: `None`
is `U` in performance data and no series at all in metrics. Label sets depend on options only where performance data
is concerned.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from check_autodiscover.core.certificate import Certificate, kind, life_left, lifetime
from check_autodiscover.core.clients import Outcome
from check_autodiscover.core.finding import Endpoint
from check_autodiscover.core.meeting import Meeting, Reach
from check_autodiscover.core.picture import Picture, ViewPicture
from check_autodiscover.core.policy import Method
from check_autodiscover.core.records import Presence
from check_autodiscover.core.roles import CandidateRole
from check_autodiscover.core.state import State
from check_autodiscover.core.survey import DnsStatus

__all__ = ["METRICS", "Measure", "Tally", "measures_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number. `metric` and `perfdata` are its two names, empty where it has none of the kind.

    `value` is None where it was not looked at; `unit` is `s` or empty; the limits are in the unit, None for none.
    """

    perfdata: str = ""
    metric: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    value: float | None = None
    unit: str = ""
    warning: float | None = None
    critical: float | None = None
    minimum: float | None = None
    maximum: float | None = None

    @property
    def help(self) -> str:
        """The metric's help text."""
        return METRICS.get(self.metric, "")


METRICS = {
    "probe_success": "1 unless the verdict is CRITICAL or UNKNOWN.",
    "probe_duration_seconds": "Seconds that the probe took.",
    "probe_timeout_seconds": "Seconds that the probe was given.",
    "probe_ssl_earliest_cert_expiry": "Unix time at which the intended endpoint's first certificate expires.",
    "autodiscover_exit_code": "The plugin's exit code for the same verdict: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.",
    "autodiscover_state": "The verdict as a state set.",
    "autodiscover_findings": "Causes (roots) by severity.",
    "autodiscover_finding": "1 for each finding, roots and consequences.",
    "autodiscover_accepted_findings": "Findings that policy lowered to OK.",
    "autodiscover_certificate_not_after_timestamp_seconds": "End of the presented certificate's validity, Unix time.",
    "autodiscover_certificate_not_before_timestamp_seconds": "Start of the presented certificate's validity, Unix time.",
    "autodiscover_certificate_name_match": "1 if the presented certificate covers the name that clients contact.",
    "autodiscover_certificate_trusted": "1 if the presented certificate is trusted and in date.",
    "autodiscover_certificate_info": "1, with the presented certificate's identity as labels.",
    "autodiscover_endpoint_up": "1 if the address accepts the connection and, for https, a TLS session.",
    "autodiscover_http_status_code": "HTTP status of the Autodiscover path, the worst of its addresses.",
    "autodiscover_client_certificate_demanded": "1 if the endpoint asks for a client certificate.",
    "autodiscover_client_outcome": "How a judged client's walk ends, as a state set.",
    "autodiscover_view_up": "1 if the view's resolvers answered.",
    "autodiscover_resolver_up": "1 if the resolver answered every question it was asked.",
    "autodiscover_dns_addresses": "Addresses that the endpoint's name has in the view.",
    "autodiscover_dns_wildcard": "1 if a catch-all answers below the parent.",
    "autodiscover_dns_wildcard_captures": "1 if a catch-all answers for the endpoint's name.",
    "autodiscover_views_agree": "1 if judged clients fare alike in all views.",
    "autodiscover_probe_phase_duration_seconds": "Seconds that DNS questions and connections took, the slowest of each.",
    "autodiscover_domain_info": "1, with the effective and the declared method and the server as labels.",
    "autodiscover_last_probe_timestamp_seconds": "Unix time at which the probe ended.",
}
"""Every metric of a target, with its help text."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What the judgement adds to a Picture: the verdict, causes by severity, and the findings' series."""

    state: State
    causes: dict[State, int]
    findings: tuple[tuple[tuple[str, str], ...], ...]
    accepted: int
    disagree: bool


def measures_of(picture: Picture, tally: Tally) -> tuple[Measure, ...]:
    """All measures: first those of the performance data in its order, then the metrics."""
    return (*_performance(picture, tally), *_verdict(picture, tally), *_observed(picture, tally))


def _metric(name: str, value: float | None, **labels: str) -> Measure:
    return Measure(metric=name, value=value, labels=tuple(labels.items()))


def _performance(picture: Picture, tally: Tally) -> Iterator[Measure]:
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
    yield Measure(perfdata="drift", value=None, minimum=0)
    for view in picture.views:
        yield from _view_performance(picture, view)


def _view_performance(picture: Picture, view: ViewPicture) -> Iterator[Measure]:
    walks = [walk for walk in view.walks if walk.judged]
    seen = [walk for walk in walks if walk.outcome is not Outcome.UNKNOWN]
    hit = (Outcome.WARNED, Outcome.WRONG_LOGIN, Outcome.WRONG_SETTINGS)
    warned = sum(walk.outcome in hit for walk in walks) if seen else None
    yield Measure(perfdata=f"warned_{view.name}", value=warned, minimum=0)
    known = [item for item in view.intended if item.resolution.presence in (Presence.PRESENT, Presence.ABSENT)]
    addresses = {address for item in known for address in item.resolution.addresses}
    absent = view.method is Method.SRV and view.scene.srv.presence is Presence.ABSENT
    yield Measure(perfdata=f"addr_{view.name}", value=len(addresses) if known or absent else None, minimum=0)
    yield Measure(perfdata=f"dns_{view.name}", value=_slowest_lookup(picture, view), unit="s", minimum=0)
    yield _life_left(picture, (view,), f"left_{view.name}")


def _slowest_lookup(picture: Picture, view: ViewPicture) -> float | None:
    seconds = [
        answer.seconds
        for question, answer in picture.survey.lookups.items()
        if question.view == view.name and answer.status.conclusive
    ]
    return round(max(seconds), 6) if seconds else None


def _life_left(picture: Picture, views: Sequence[ViewPicture], label: str) -> Measure:
    """The least life that the intended endpoint's certificates have left, with the thresholds of that certificate."""
    certificate = min(_intended_certificates(views), key=lambda item: item.not_after, default=None)
    if certificate is None:
        return Measure(perfdata=label, unit="s", minimum=0)
    thresholds, life = picture.survey.policy.thresholds, lifetime(certificate)
    return Measure(
        perfdata=label,
        value=max(0, int(life_left(certificate, picture.now))),
        unit="s",
        warning=thresholds.warning.for_lifetime(life),
        critical=thresholds.critical.for_lifetime(life),
        minimum=0,
        maximum=life,
    )


def _intended_certificates(views: Sequence[ViewPicture]) -> list[Certificate]:
    return [
        meeting.certificate
        for view in views
        for candidate in view.intended
        for meeting in view.scene.met[candidate]
        if meeting.certificate is not None
    ]


def _verdict(picture: Picture, tally: Tally) -> Iterator[Measure]:
    survey, state = picture.survey, tally.state
    yield _metric("probe_success", float(state in (State.OK, State.WARNING)))
    yield _metric("probe_timeout_seconds", survey.policy.timeout)
    expiry = min((item.not_after for item in _intended_certificates(picture.views)), default=None)
    yield _metric("probe_ssl_earliest_cert_expiry", expiry)
    yield _metric("autodiscover_exit_code", state.exit_code)
    for each in State:
        yield _metric("autodiscover_state", float(each is state), state=each.value.lower())
        yield _metric("autodiscover_findings", tally.causes.get(each, 0), severity=each.value.lower())
    for labels in tally.findings:
        yield Measure(metric="autodiscover_finding", value=1, labels=labels)
    yield _metric("autodiscover_accepted_findings", tally.accepted)
    yield _metric("autodiscover_last_probe_timestamp_seconds", survey.ended)
    methods = {view.method.value for view in picture.views}
    yield _metric(
        "autodiscover_domain_info",
        1,
        method=methods.pop() if len(methods) == 1 else "mixed",
        declared=survey.policy.method.value,
        server=survey.policy.servers[0] if survey.policy.servers else "",
    )
    looked = [view for view in picture.views if any(walk.outcome is not Outcome.UNKNOWN for walk in view.walks)]
    yield _metric("autodiscover_views_agree", None if len(looked) < 2 else float(not tally.disagree))


def _observed(picture: Picture, tally: Tally) -> Iterator[Measure]:
    yield from _phases(picture)
    for view in picture.views:
        yield from _dns(picture, view)
        yield from _clients(view)
        for endpoint in Endpoint:
            met = view.scene.at(endpoint)
            if met:
                yield from _endpoint(view, endpoint, met)


def _phases(picture: Picture) -> Iterator[Measure]:
    survey = picture.survey
    lookups = [answer.seconds for answer in survey.lookups.values()]
    contacts = [contact.seconds for contact in survey.contacts.values()]
    yield _metric("autodiscover_probe_phase_duration_seconds", max(lookups, default=None), phase="dns")
    yield _metric("autodiscover_probe_phase_duration_seconds", max(contacts, default=None), phase="connect")


def _dns(picture: Picture, view: ViewPicture) -> Iterator[Measure]:
    scene = view.scene
    answered: dict[str, bool] = {}
    for question, answer in picture.survey.lookups.items():
        if question.view == view.name and answer.status is not DnsStatus.CUT_SHORT and question.name:
            up = answer.status.conclusive or answer.status in (DnsStatus.SERVFAIL, DnsStatus.REFUSED)
            answered[question.resolver] = answered.get(question.resolver, True) and up
    yield _metric("autodiscover_view_up", float(any(answered.values())) if answered else None, view=view.name)
    for resolver, up in sorted(answered.items()):
        yield _metric("autodiscover_resolver_up", float(up), view=view.name, resolver=resolver)
    found = scene.catch_all.found
    yield _metric(
        "autodiscover_dns_wildcard", None if found is None else float(found), view=view.name, parent=picture.survey.domain
    )
    known = found is not None and scene.autodiscover.presence in (Presence.PRESENT, Presence.ABSENT)
    captured = float(scene.captured) if known else None
    yield _metric("autodiscover_dns_wildcard_captures", captured, view=view.name, endpoint="autodiscover")
    for endpoint in (Endpoint.ROOT, Endpoint.AUTODISCOVER, Endpoint.SRV, Endpoint.SERVER):
        names = [item for item in scene.candidates if item.endpoint is endpoint and not item.hop]
        known_names = [item for item in names if item.resolution.presence in (Presence.PRESENT, Presence.ABSENT)]
        count = len({address for item in known_names for address in item.resolution.addresses})
        yield _metric(
            "autodiscover_dns_addresses", count if known_names else None, view=view.name, endpoint=endpoint.value
        )


def _clients(view: ViewPicture) -> Iterator[Measure]:
    for walk in view.walks:
        if walk.judged:
            for outcome in Outcome:
                yield _metric(
                    "autodiscover_client_outcome",
                    float(outcome is walk.outcome),
                    view=view.name,
                    client=walk.client.value,
                    outcome=outcome.value,
                )


def _endpoint(view: ViewPicture, endpoint: Endpoint, met: tuple[Meeting, ...]) -> Iterator[Measure]:
    """The series of one endpoint: by address where it is our own, the worst of all under an empty address elsewhere."""
    own = view.role(met[0].candidate) in (CandidateRole.INTENDED, CandidateRole.REFERENCE)
    own = own and view.method is not Method.EXCHANGE_ONLINE and endpoint is not Endpoint.ROOT
    groups: dict[str, list[Meeting]] = {}
    for meeting in met:
        if meeting.reach is not Reach.UNSEEN:
            groups.setdefault(meeting.address if own else "", []).append(meeting)
    for address, items in sorted(groups.items()):
        yield from _address(view, endpoint, address, items)
    statuses = [answer.status for item in met if item.contact for answer in item.contact.answers if answer.status]
    labels = {"view": view.name, "endpoint": endpoint.value}
    yield _metric("autodiscover_http_status_code", max(statuses, default=None), **labels)
    asked = [item.contact.tls.client_certificate_requested for item in met if item.contact and item.contact.tls]
    yield _metric("autodiscover_client_certificate_demanded", float(any(asked)) if asked else None, **labels)


def _address(view: ViewPicture, endpoint: Endpoint, address: str, items: Sequence[Meeting]) -> Iterator[Measure]:
    labels = {"view": view.name, "endpoint": endpoint.value, "address": address}
    yield _metric("autodiscover_endpoint_up", float(all(item.connected for item in items)), **labels)
    presented = [(item, item.certificate) for item in items if item.certificate is not None]
    if not presented:
        return
    certificate = min((each for _, each in presented), key=lambda each: each.not_after)
    prefix = "autodiscover_certificate_"
    yield _metric(f"{prefix}not_after_timestamp_seconds", certificate.not_after, **labels)
    yield _metric(f"{prefix}not_before_timestamp_seconds", certificate.not_before, **labels)
    yield _metric(f"{prefix}name_match", float(all(item.name_fault is None for item, _ in presented)), **labels)
    yield _metric(f"{prefix}trusted", float(all(not item.faults for item, _ in presented)), **labels)
    yield _metric(
        f"{prefix}info",
        1,
        **labels,
        fingerprint_sha256=certificate.fingerprint,
        public_key_sha256=certificate.public_key,
        issuer=certificate.issuer_common_name or certificate.issuer_organization,
        kind=kind(certificate).value,
    )
