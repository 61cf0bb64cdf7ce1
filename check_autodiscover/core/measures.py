"""The numbers of a report, and their two spellings: performance data and metrics."""

from dataclasses import dataclass

__all__ = ["Measure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number. `value` is None where it was not looked at; `name` is the metric's, without a prefix of labels.

    `perfdata` is the label in the plugin's performance data, empty where it is a metric only; `metric` likewise.
    `unit` is `s` or empty. `warning` and `critical` are limits in the unit, None where there are none.
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
    help: str = ""
