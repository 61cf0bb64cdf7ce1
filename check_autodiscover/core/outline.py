"""A verdict in outline: its causes and how clients fare, enough to list thousands of domains.

The exporter keeps it of each domain, and `autodiscoverctl sweep` counts by it.
"""

from dataclasses import dataclass

from check_autodiscover.core.clients import OUTCOMES, Outcome
from check_autodiscover.core.finding import Finding
from check_autodiscover.core.names import is_below
from check_autodiscover.core.report import Report
from check_autodiscover.core.state import State

__all__ = ["Cause", "causes_of", "outcomes_of", "place_of"]

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
