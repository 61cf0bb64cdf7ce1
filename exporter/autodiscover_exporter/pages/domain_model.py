"""One domain's page as values: the first screen, then all that stands behind it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autodiscover_exporter.pages.certificates import Card, cards
from autodiscover_exporter.pages.comparison import Line, dns_answers
from autodiscover_exporter.pages.first_screen import FirstScreen, first_screen
from autodiscover_exporter.pages.templating import Verbatim
from autodiscover_exporter.results.result import Failure, Result
from check_autodiscover.core.judge import assemble
from check_autodiscover.core.report import Judgement, Report, Role
from check_autodiscover.core.staleness import as_of
from check_autodiscover.ladder import Rung, ladder
from check_autodiscover.render import render_log

__all__ = ["DomainModel", "Tree", "domain_model", "same_cause"]

MOST_OTHERS = 12
"""Other domains with the same cause that are named; the page of all domains has the rest."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A cause with what follows from it."""

    root: Judgement
    consequences: tuple[Judgement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainModel:
    """What the page of a domain shows of a result."""

    report: Report
    views: tuple[str, ...]
    first: FirstScreen
    rungs: tuple[Rung, ...]
    answers: tuple[Line, ...]
    cards: tuple[Card, ...]
    trees: tuple[Tree, ...]
    log: Verbatim


def domain_model(result: Result, now: float = 0.0, interval: float = math.inf) -> DomainModel:
    """What is shown of a result at `now`, in Unix seconds; judges its survey again, which takes some milliseconds.

    The domain was to be looked at every `interval` seconds: a result that is too old for that says nothing of now.
    """
    report = as_of(result.report(), now, interval)
    picture = assemble(report.survey, report.survey.ended)
    return DomainModel(
        report=report,
        views=tuple(view.name for view in picture.views),
        first=first_screen(report, picture, result.turn),
        rungs=ladder(picture.views),
        answers=dns_answers(picture),
        cards=cards(picture),
        trees=tuple(_trees(report.judgements)),
        log=Verbatim(render_log(report)),
    )


def _trees(judgements: Sequence[Judgement]) -> Iterable[Tree]:
    below: dict[str | None, list[Judgement]] = {}
    for item in judgements:
        below.setdefault(item.caused_by, []).append(item)
    return (Tree(item, tuple(below.get(item.id, ()))) for item in judgements if item.role is Role.ROOT)


def same_cause(result: Result, latest: Mapping[tuple[str, str], Result | Failure]) -> tuple[str, ...]:
    """The other domains whose gravest cause is this one's, by name."""
    if not result.causes:
        return ()
    cause = result.causes[0]
    found = {
        other.domain
        for other in latest.values()
        if isinstance(other, Result) and other.domain != result.domain and other.causes[:1] == (cause,)
    }
    return tuple(sorted(found))
