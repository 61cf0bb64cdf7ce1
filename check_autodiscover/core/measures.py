"""The numbers of a report and their two spellings: performance data and metrics.

One table of definitions. `judge` calls `measures_of` for what the verdict says, and `series` for what was observed.
What was not looked at has no number: `None` is `U` in performance data and no series at all in metrics. Label sets
depend on options only where performance data is concerned.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from check_autodiscover.core.answers import lookups_of
from check_autodiscover.core.certificate import Certificate, life_left, lifetime
from check_autodiscover.core.clients import Outcome, Walk
from check_autodiscover.core.picture import Picture, ViewPicture
from check_autodiscover.core.policy import Method
from check_autodiscover.core.records import Presence
from check_autodiscover.core.rules.catalogue import CATALOGUE
from check_autodiscover.core.state import State

__all__ = ["METRICS", "Measure", "Tally", "measures_of", "metric", "within_budget"]


class Measure(NamedTuple):
    """One number. `metric` and `perfdata` are its two names, empty where it has none of the kind.

    `value` is None where it was not looked at; `unit` is `s` or empty; the limits are in the unit, None for none.
    It is a tuple because a report has a hundred of them, and one is made in a third of the time.
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
    "autodiscover_certificate_not_after_timestamp_seconds": "End of the presented certificate's life, Unix time.",
    "autodiscover_certificate_not_before_timestamp_seconds": "Start of the presented certificate's life, Unix time.",
    "autodiscover_certificate_name_match": "1 if the presented certificate covers the name that clients contact.",
    "autodiscover_certificate_trusted": "1 if the presented certificate is trusted and in date.",
    "autodiscover_certificate_info": "1, with the presented certificate's identity as labels.",
    "autodiscover_endpoint_up": "1 if the address accepts the connection and, for https, a TLS session.",
    "autodiscover_http_status_code": "HTTP status of the Autodiscover path, the worst of its addresses.",
    "autodiscover_client_certificate_demanded": "1 if the endpoint asks for a client certificate.",
    "autodiscover_client_outcome": "1 for how a judged client's walk ends.",
    "autodiscover_view_up": "1 if the view's resolvers answered.",
    "autodiscover_resolver_up": "1 if the resolver answered every question it was asked.",
    "autodiscover_dns_addresses": "Addresses that the endpoint's name has in the view.",
    "autodiscover_dns_answer_hash": "CRC-32 of the answer's sorted data: equal where two probes see the same records.",
    "autodiscover_dns_wildcard": "1 if a catch-all answers below the parent.",
    "autodiscover_dns_wildcard_captures": "1 if a catch-all answers for the endpoint's name.",
    "autodiscover_views_agree": "1 if judged clients fare alike in all views.",
    "autodiscover_probe_phase_duration_seconds": "Seconds that the slowest DNS question and connection took.",
    "autodiscover_domain_info": "1, with the effective and the declared method and the server as labels.",
    "autodiscover_drift_changes": "Changes since the accepted baseline, by kind.",
    "autodiscover_baseline_timestamp_seconds": "Unix time at which the baseline was accepted.",
    "autodiscover_last_probe_timestamp_seconds": "Unix time at which the probe ended.",
}
"""Every metric of a target, with its help text."""


MAX_SERIES = 120
"""Series of a domain with two views (contract, the exporter's metrics)."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What the judgement adds to a Picture: the verdict, causes by severity, and the findings' series."""

    state: State
    causes: dict[State, int]
    findings: tuple[tuple[tuple[str, str], ...], ...]
    accepted: int
    disagree: bool


def measures_of(picture: Picture, tally: Tally) -> tuple[Measure, ...]:
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


def metric(name: str, value: float | None, **labels: str) -> Measure:
    """A number that stands in the metrics alone."""
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
    yield Measure(perfdata="drift", value=len(picture.changes) if picture.baseline else None, minimum=0)
    for view in picture.views:
        yield from _view_performance(picture, view)


def _view_performance(picture: Picture, view: ViewPicture) -> Iterator[Measure]:
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


def _slowest_lookup(picture: Picture, view: ViewPicture) -> float | None:
    asked = lookups_of(picture.survey, view.scene.view)
    seconds = [answer.seconds for _, answer in asked if answer.status.conclusive]
    return round(max(seconds), 6) if seconds else None


def _life_left(picture: Picture, views: Sequence[ViewPicture], label: str) -> Measure:
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


def _drift(picture: Picture) -> Iterator[Measure]:
    """The changes by kind, all kinds: none at all where no baseline was read."""
    if picture.baseline is None:
        return
    found = [change.kind.value for change in picture.changes]
    for kind in _DRIFT_KINDS:
        yield metric("autodiscover_drift_changes", found.count(kind), kind=kind)
    yield metric("autodiscover_baseline_timestamp_seconds", picture.baseline.accepted)
