"""What a panel of a dashboard is: tables of these are the dashboards, and the tests read them too."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from check_autodiscover.core.model.states import State

__all__ = ["BY_EXIT_CODE", "BY_LABEL", "COLOURS", "FILTER", "Kind", "Link", "Panel", "Query", "Row", "Scale", "Steps"]

FILTER = 'job=~"$job", instance=~"$instance"'
"""What every selector of every expression holds."""

Steps = tuple[tuple[float | None, str], ...]
"""Thresholds: each colour holds from its value on, the first from wherever values begin."""


class Kind(Enum):
    """How a panel shows its series."""

    NUMBERS = "stat"
    TABLE = "table"
    LINES = "timeseries"
    TIMELINE = "state-timeline"
    BARS = "bargauge"


class Scale(Enum):
    """The unit of a panel's values, as Grafana calls it."""

    COUNT = "short"
    SECONDS = "s"
    DAYS = "d"
    SHARE = "percentunit"
    RATE = "ops"
    TIME = "dateTimeAsIso"
    STATUS = "none"


COLOURS: Mapping[State, str] = {
    State.OK: "green",
    State.WARNING: "yellow",
    State.CRITICAL: "red",
    State.UNKNOWN: "purple",
}
"""The colour of each state."""

BY_EXIT_CODE = {str(state.exit_code): (state.value, colour) for state, colour in COLOURS.items()}
"""The names and colours of exit codes."""
BY_LABEL = {state.value.lower(): colour for state, colour in COLOURS.items()}
"""The colours of states and severities as labels spell them."""


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL expression and how its series are called. `{F}` in it is the filter; `now` asks for one moment alone."""

    expression: str
    legend: str = ""
    now: bool = False

    @property
    def text(self) -> str:
        """The expression that Grafana sends, with its variables in it."""
        return self.expression.replace("{F}", f"{{{FILTER}}}").replace("{F,", f"{{{FILTER},")


@dataclass(frozen=True, slots=True)
class Link:
    """Where a column's cells or a series lead; variables of Grafana stand in the URL."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel. `width` is in Grafana's 24 columns, `height` in its rows.

    `names` are texts for values (1 as "up"), `colours` those of series by their name. `columns` are the labels of a
    table, in their order, and `value` is the heading of its value, empty for a table without. `links` are by column;
    those of a panel that is no table are by the empty name.
    """

    title: str
    description: str
    kind: Kind
    queries: tuple[Query, ...]
    unit: Scale = Scale.COUNT
    width: int = 12
    height: int = 8
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)
    steps: Steps = ((None, "green"),)
    columns: tuple[str, ...] = ()
    value: str = ""
    links: Mapping[str, Link] = field(default_factory=dict)
    nothing: str = ""
    """What is said where there are no series, which then is good news."""
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Panels below a heading, from left to right."""

    title: str
    panels: tuple[Panel, ...]
