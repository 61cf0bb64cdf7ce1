"""Reports made by hand, and probes that return them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from check_autodiscover.config.file import Module
from check_autodiscover.core.model.metrics import Measure
from check_autodiscover.core.model.policy import Method, Policy, Resolver, View
from check_autodiscover.core.model.report import MethodChoice, Report
from check_autodiscover.core.model.states import State
from check_autodiscover.core.model.survey import Survey

__all__ = ["HEALTHY", "HOSTILE", "TRAPPED", "Asked", "ScriptedProbe", "make_report"]

POLICY = Policy(
    views=(View("inside", (Resolver("192.0.2.53"),)), View("outside", (Resolver("198.51.100.53"),))), timeout=9.5
)


def make_report(state: State, summary: str, *measures: Measure) -> Report:
    return Report(
        domain="contoso.com",
        state=state,
        summary=summary,
        methods=(MethodChoice("inside", Method.SRV, Method.SRV, "declared"),),
        judgements=(),
        walks=(),
        measures=measures,
        notes=(),
        survey=Survey(domain="contoso.com", policy=POLICY, labels=(), started=1000.0, ended=1000.25),
    )


def gauge(metric: str, value: float | None, **labels: str) -> Measure:
    return Measure(metric=metric, value=value, labels=tuple(labels.items()))


HEALTHY = make_report(
    State.OK,
    "clients reach remote.contoso.com",
    gauge("probe_success", 1),
    gauge("autodiscover_view_up", 1, view="outside"),
    gauge("autodiscover_view_up", 1, view="inside"),
    gauge("autodiscover_exit_code", 0),
    gauge("probe_timeout_seconds", 9.5),
    Measure(metric="probe_duration_seconds", perfdata="time", value=0.25, unit="s"),
    gauge("autodiscover_dns_wildcard", None, view="inside", parent="contoso.com"),
    Measure(perfdata="causes_critical", value=0),
)

TRAPPED = make_report(
    State.CRITICAL,
    "an unwanted host record [dns-unwanted-host-record]",
    gauge("probe_success", 0),
    gauge("autodiscover_exit_code", 2),
    gauge(
        "autodiscover_finding",
        1,
        rule="dns-unwanted-host-record",
        severity="critical",
        role="root",
        view="outside",
        endpoint="autodiscover",
    ),
)

HOSTILE = make_report(
    State.WARNING,
    "somebody writes into labels",
    gauge(
        "autodiscover_certificate_info",
        1,
        issuer='x"} 1\nprobe_success 1\n# \u202e\\',
    ),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a probe was asked for."""

    domain: str
    module: Module
    timeout: float


@dataclass(slots=True)
class ScriptedProbe:
    """Returns what `answer` returns, and remembers what it was asked."""

    answer: Callable[[], Report]
    asked: list[Asked] = field(default_factory=list)

    async def __call__(self, domain: str, module: Module, timeout: float) -> Report:
        self.asked.append(Asked(domain, module, timeout))
        return self.answer()
