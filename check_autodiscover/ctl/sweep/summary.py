"""What a sweep prints of its results: rows as they come, or a table at the end.

What a sweep came to: how many domains of each state, and each cause with the domains that have it.
"""

import csv
import io
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from check_autodiscover.config.values import DEFAULT_VIEW
from check_autodiscover.core.model.names import is_below
from check_autodiscover.core.model.states import State
from check_autodiscover.ctl.sweep.results import KeptCause, Record, line_of
from check_autodiscover.output.terminal import sanitize
from check_autodiscover.output.text import joined_views

__all__ = ["CSV_HEAD", "Form", "Shared", "Tally", "render_head", "render_row", "render_table"]


@dataclass(slots=True)
class Shared:
    """A cause as the first domain had it, and all domains that share rule and place.

    `place` is empty where each has a name of its own to blame.
    """

    cause: KeptCause
    place: str
    severity: State
    domains: list[str] = field(default_factory=list)


class Tally:
    """Counts records."""

    def __init__(self) -> None:
        self._states: Counter[State] = Counter()
        self._shared: dict[tuple[str, str], Shared] = {}
        self.oldest = ""
        """When the first of them was begun, UTC as in ISO 8601; empty without any."""

    @property
    def states(self) -> Mapping[State, int]:
        """How many domains there are of each state; of others none."""
        return self._states

    @property
    def domains(self) -> int:
        """How many there are."""
        return self._states.total()

    @property
    def causes(self) -> list[Shared]:
        """The causes that alarm: the gravest first, of those the one that most domains have."""
        return sorted(self._shared.values(), key=_order)

    def add(self, record: Record) -> None:
        """Count one."""
        self._states[record.state] += 1
        self.oldest = min(self.oldest or record.started, record.started)
        for cause in record.causes:
            if cause.severity is not State.OK:
                self._share(cause, record.domain)

    def _share(self, cause: KeptCause, domain: str) -> None:
        # Five hundred names that nobody renewed are one matter to who reads it.
        place = "" if is_below(cause.place, domain) else cause.place
        shared = self._shared.setdefault((cause.rule, place), Shared(cause, place, cause.severity))
        if cause.severity.gravity > shared.severity.gravity:
            shared.severity = cause.severity
        if domain not in shared.domains[-1:]:
            shared.domains.append(domain)


def _order(shared: Shared) -> tuple[int, int, str, str]:
    return -shared.severity.gravity, -len(shared.domains), shared.cause.rule, shared.place


class Form(Enum):
    """How results are printed."""

    TABLE = "table"
    JSON_LINES = "jsonl"
    CSV = "csv"


CSV_HEAD = ("domain", "state", "exit_code", "causes", "summary", "remedy", "methods", "started", "duration_seconds")

MOST_CAUSES = 20
"""Causes that are shown unless all are wanted."""

MOST_DOMAINS = 10
"""Domains that are named of each, unless all are wanted."""

_WIDTH = 100

_INDENT = "    "

_STATES = (State.OK, State.WARNING, State.CRITICAL, State.UNKNOWN)


def render_row(form: Form, record: Record) -> str:
    """A record as a line of its form, with its line break; nothing of what is a table at the end."""
    match form:
        case Form.JSON_LINES:
            return line_of(record)
        case Form.CSV:
            return _csv_line(_cells(record))
        case Form.TABLE:
            return ""


def render_head(form: Form) -> str:
    """What stands above all rows, with its line break."""
    return _csv_line(CSV_HEAD) if form is Form.CSV else ""


def _cells(record: Record) -> tuple[str, ...]:
    alarming = [cause for cause in record.causes if cause.severity is not State.OK]
    return (
        record.domain,
        record.state.value,
        str(record.exit_code),
        " ".join(dict.fromkeys(cause.rule for cause in alarming)),
        record.summary,
        alarming[0].remedy if alarming else "",
        sanitize(" ".join(f"{view}={method}" for view, method in record.methods.items())),
        record.started,
        str(record.duration_seconds),
    )


def _csv_line(cells: Iterable[str]) -> str:
    """A line as RFC 4180 has it, but for the end of the line, which is this system's."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([_inert(cell) for cell in cells])
    return line.getvalue()


def _inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in tuple("=+-@\t\r") else cell


def render_table(tally: Tally, *, whole: bool = False, refused_lines: int = 0) -> str:
    """How many domains there are of each state, and each cause with those that have it; `whole` names all of them.

    `refused_lines` are those of the list that are no domain.
    """
    return "\n".join(_lines(tally, whole, refused_lines))


def _lines(tally: Tally, whole: bool, refused_lines: int) -> Iterator[str]:
    states = ", ".join(f"{tally.states[state]:,} {state.value}" for state in _STATES if tally.states[state])
    refused = f"; {_lines_are(refused_lines)} no domain" if refused_lines else ""
    yield (f"{_domains(tally.domains)}: {states}" if states else "no domain was looked at") + refused
    causes = tally.causes
    shown = causes if whole else causes[:MOST_CAUSES]
    for shared in shown:
        yield ""
        yield from _cause_lines(shared, whole)
    if len(causes) > len(shown):
        yield ""
        yield f"{len(causes) - len(shown):,} more causes; -v shows all"


def _cause_lines(shared: Shared, whole: bool) -> Iterator[str]:
    cause, domains = shared.cause, shared.domains
    place = f" at {sanitize(shared.place)}" if shared.place else ""
    alone = len(domains) == 1
    yield f"{shared.severity.value} {cause.rule}{place}: {domains[0] if alone else _domains(len(domains))}"
    if not alone:
        named = domains if whole else domains[:MOST_DOMAINS]
        rest = f" and {len(domains) - len(named):,} more" if len(named) < len(domains) else ""
        yield from _wrapped(f"{', '.join(named)}{rest}")
    message = f"{_views(cause.views)}{cause.message}"
    yield from _wrapped(message if alone else f"For example {domains[0]}: {message}")
    if cause.remedy:
        yield from _wrapped(f"Fix: {cause.remedy}")


def _views(views: tuple[str, ...]) -> str:
    """The views that a cause is about; the one that nobody named, and none, go without saying."""
    return "" if set(views) <= {"", DEFAULT_VIEW} else f"{sanitize(joined_views(views))}: "


def _wrapped(text: str) -> list[str]:
    lines = textwrap.wrap(text, _WIDTH - len(_INDENT), break_long_words=False, break_on_hyphens=False)
    return [f"{_INDENT}{line}" for line in lines]


def _domains(count: int) -> str:
    return "1 domain" if count == 1 else f"{count:,} domains"


def _lines_are(count: int) -> str:
    return "1 line is" if count == 1 else f"{count:,} lines are"
