"""What a result says in outline, and what it said before: enough to list thousands of domains, and to tell of a change.

Used by `result` for what it keeps, and by the pages.
"""

from dataclasses import dataclass

from check_autodiscover.core.acceptance import accept
from check_autodiscover.core.baseline import Change
from check_autodiscover.core.clients import OUTCOMES, Outcome
from check_autodiscover.core.drift import compare_baselines
from check_autodiscover.core.finding import Finding
from check_autodiscover.core.judge import assemble
from check_autodiscover.core.report import Report
from check_autodiscover.core.state import State

__all__ = ["Cause", "Turn", "causes_of", "outcomes_of", "turn_of"]

MOST_CAUSES = 8
"""Causes that are kept of a domain; a page of all domains has room for the first."""

MOST_CHANGES = 12
"""Changes that are kept of a turn."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A root that alarms: its rule, and where it is. `place` is the name, or the addresses where the name is D's own.

    What many domains share, a server or a registrar's parking page, so has one place.
    """

    rule: str
    place: str


@dataclass(frozen=True, slots=True)
class Turn:
    """When the causes last became others (Unix seconds), what was said before, and what was seen to change then."""

    at: float
    state: State
    summary: str
    changes: tuple[Change, ...]


def causes_of(report: Report) -> tuple[Cause, ...]:
    """The causes that alarm, the gravest first."""
    roots = (item for group in report.causes for item in group[:1] if item.severity is not State.OK)
    found = (Cause(item.finding.rule, _place(report.domain, item.finding)) for item in roots)
    return tuple(dict.fromkeys(found))[:MOST_CAUSES]


def _place(domain: str, finding: Finding) -> str:
    own = finding.subject == domain or finding.subject.endswith(f".{domain}")
    return ", ".join(finding.addresses) if own and finding.addresses else finding.subject


def outcomes_of(report: Report) -> tuple[tuple[str, Outcome], ...]:
    """By view, how the judged client fares that fares worst."""
    found: dict[str, Outcome] = {}
    for walk in report.walks:
        if walk.judged:
            found[walk.view] = min(found.get(walk.view, walk.outcome), walk.outcome, key=OUTCOMES.index)
    return tuple(found.items())


def turn_of(report: Report, before: Report) -> Turn:
    """The turn that a report is after another, which said something else."""
    old, new = (accept(assemble(each.survey, each.survey.ended)) for each in (before, report))
    changes = compare_baselines(old, new)[:MOST_CHANGES]
    return Turn(report.survey.ended, before.state, before.summary, changes)
