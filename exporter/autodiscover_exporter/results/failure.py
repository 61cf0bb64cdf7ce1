"""What is exposed of a probe that ended without a Report: that nothing is known, and that it is our fault.

Called by `result`. It says what the rule for such a failure says, in the shape that reports have.
"""

from autodiscover_exporter.own_metrics import ErrorReason
from check_autodiscover.core.finding import Endpoint
from check_autodiscover.core.measures import Measure
from check_autodiscover.core.report import Role
from check_autodiscover.core.state import State

__all__ = ["RULES", "failure_measures"]

RULES = {
    ErrorReason.OVERLOAD: "check-out-of-resources",
    ErrorReason.DEADLINE: "check-timed-out",
}
"""The rules of failures that are no bug of ours, and that the configuration is not to blame for."""


def failure_measures(reason: ErrorReason, seconds: float, timeout: float) -> tuple[Measure, ...]:
    """The measures of a probe that failed after so many seconds of those it had."""
    labels = (("rule", RULES.get(reason, "check-internal-error")), *_PLACE)
    return (
        Measure(metric="probe_success", value=0),
        Measure(metric="probe_duration_seconds", value=round(seconds, 3)),
        Measure(metric="probe_timeout_seconds", value=timeout),
        Measure(metric="autodiscover_exit_code", value=State.UNKNOWN.exit_code),
        *(_only_unknown("autodiscover_state", "state", state) for state in State),
        *(_only_unknown("autodiscover_findings", "severity", state) for state in State),
        Measure(metric="autodiscover_finding", labels=labels, value=1),
    )


def _only_unknown(metric: str, label: str, state: State) -> Measure:
    return Measure(metric=metric, labels=((label, state.value.lower()),), value=int(state is State.UNKNOWN))


_PLACE = (
    ("severity", State.UNKNOWN.value.lower()),
    ("role", Role.ROOT.value),
    ("view", ""),
    ("endpoint", Endpoint.ZONE.value),
)
