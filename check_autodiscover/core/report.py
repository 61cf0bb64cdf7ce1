"""The whole of what one run says: findings with their causes, walks, measures, verdict.

Front ends print a Report and decide nothing. `judge` (in `judge.py`) makes one from a Survey.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from check_autodiscover.core.clients import Walk
from check_autodiscover.core.finding import Finding
from check_autodiscover.core.measures import Measure
from check_autodiscover.core.policy import Method
from check_autodiscover.core.state import State
from check_autodiscover.core.survey import Survey

__all__ = ["Judgement", "MethodChoice", "Report", "Role", "grouped"]


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
