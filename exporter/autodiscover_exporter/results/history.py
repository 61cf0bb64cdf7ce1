"""What a domain's verdict was before it came to other causes, and what was seen to change then.

Used by `result` for what it keeps, and by the pages.
"""

from dataclasses import dataclass

from check_autodiscover.core.acceptance import accept
from check_autodiscover.core.baseline import Change
from check_autodiscover.core.drift import compare_baselines
from check_autodiscover.core.judge import assemble
from check_autodiscover.core.report import Report
from check_autodiscover.core.state import State

__all__ = ["Turn", "turn_of"]

MOST_CHANGES = 12
"""Changes that are kept of a turn."""


@dataclass(frozen=True, slots=True)
class Turn:
    """When the causes last became others (Unix seconds), what was said before, and what was seen to change then."""

    at: float
    state: State
    summary: str
    changes: tuple[Change, ...]


def turn_of(report: Report, before: Report) -> Turn:
    """The turn that a report is after another, which said something else."""
    old, new = (accept(assemble(each.survey, each.survey.ended)) for each in (before, report))
    changes = compare_baselines(old, new)[:MOST_CHANGES]
    return Turn(report.survey.ended, before.state, before.summary, changes)
