"""The whole of what one run says: findings with their causes, walks, measures, verdict.

Front ends print a Report and decide nothing. `judge` (in `judge.py`) makes one from a Survey.

A verdict in outline: its causes and how clients fare, enough to list thousands of domains.

The exporter keeps it of each domain, and `autodiscoverctl sweep` counts by it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from check_autodiscover.core.model.clients import OUTCOMES, Outcome, Walk
from check_autodiscover.core.model.finding import Finding
from check_autodiscover.core.model.metrics import Measure
from check_autodiscover.core.model.names import is_below
from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.model.states import State
from check_autodiscover.core.model.survey import Survey

__all__ = ["Cause", "Judgement", "MethodChoice", "Report", "Role", "causes_of", "grouped", "outcomes_of", "place_of"]


class Role(Enum):
    """Whether a finding explains others or is explained by one."""

    ROOT = "root"
    CONSEQUENCE = "consequence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A finding with its grade, its place in the forest of causes, and its words.

    `id` is unique in the report, `caused_by` the id of the root; `accepted` the policy's reason where policy
    lowered it to OK, else None; `expired` what policy had set until a day that is past, else None. `message` and
    `remedy` are one sentence each, not yet cleaned of hostile text.
    """

    id: str
    finding: Finding
    severity: State
    role: Role
    caused_by: str | None
    accepted: str | None
    message: str
    remedy: str
    expired: str | None = None


@dataclass(frozen=True, slots=True)
class MethodChoice:
    """The method a view was judged by, the one that was declared, and why `auto` chose it."""

    view: str
    declared: Method
    effective: Method
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The verdict on one domain. `summary` is the first line's text between `domain: ` and ` | `."""

    domain: str
    state: State
    summary: str
    methods: tuple[MethodChoice, ...]
    judgements: tuple[Judgement, ...]
    """Roots in the order of gravity, each followed by its consequences."""
    walks: tuple[Walk, ...]
    measures: tuple[Measure, ...]
    notes: tuple[str, ...]
    """What was not looked at, and other remarks that are no findings."""
    survey: Survey

    @property
    def causes(self) -> tuple[tuple[Judgement, ...], ...]:
        """The roots, those that are one cause in several views together: same rule, endpoint, subject, and accepted."""
        return grouped(self.roots)

    @property
    def roots(self) -> tuple[Judgement, ...]:
        """The causes alone, gravest first."""
        return tuple(item for item in self.judgements if item.role is Role.ROOT)


def grouped(judgements: Iterable[Judgement]) -> tuple[tuple[Judgement, ...], ...]:
    """Judgements that say the same of several views put together, in the order of their first."""
    groups: dict[tuple[str, str, str, bool], list[Judgement]] = {}
    for item in judgements:
        # What policy accepts in one view is no fault there, and none of another's.
        key = (item.finding.rule, item.finding.endpoint.value, item.finding.subject, item.severity is State.OK)
        groups.setdefault(key, []).append(item)
    return tuple(tuple(group) for group in groups.values())


MOST_CAUSES = 8
"""Causes that are kept of a domain; a page of all domains has room for the first."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A root that alarms: its rule, and where it is. `place` is the name, or the addresses where the name is D's own.

    What many domains share, a server or a registrar's parking page, so has one place.
    """

    rule: str
    place: str


def causes_of(report: Report) -> tuple[Cause, ...]:
    """The causes that alarm, the gravest first."""
    roots = (item for group in report.causes for item in group[:1] if item.severity is not State.OK)
    found = (Cause(item.finding.rule, place_of(report.domain, item.finding)) for item in roots)
    return tuple(dict.fromkeys(found))[:MOST_CAUSES]


def place_of(domain: str, finding: Finding) -> str:
    """Where a finding is: the name, or the addresses where the name is the domain's own."""
    own = is_below(finding.subject, domain)
    return ", ".join(finding.addresses) if own and finding.addresses else finding.subject


def outcomes_of(report: Report) -> tuple[tuple[str, Outcome], ...]:
    """By view, how the judged client fares that fares worst."""
    found: dict[str, Outcome] = {}
    for walk in report.walks:
        if walk.judged:
            found[walk.view] = min(found.get(walk.view, walk.outcome), walk.outcome, key=OUTCOMES.index)
    return tuple(found.items())
