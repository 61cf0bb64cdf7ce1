"""One domain's page as values: the first screen, then all that stands behind it.

First comes what an administrator needs at night and on a phone: cause, who is hit, fix, when it clears, what changed.
Everything is taken from the Report and the Assessment it was judged by; nothing is weighed here.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from autodiscover_exporter.pages.evidence import (
    Card,
    Line,
    Served,
    at_a_glance,
    cards,
    commands,
    dns_answers,
    ending,
    served,
)
from autodiscover_exporter.pages.templating import Verbatim, moment, span
from autodiscover_exporter.results.result import Failure, Result, Turn
from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment, fares_unknown
from check_autodiscover.core.model.baseline import Change
from check_autodiscover.core.model.clients import Outcome, Walk
from check_autodiscover.core.model.finding import Finding
from check_autodiscover.core.model.report import Judgement, Report, Role
from check_autodiscover.core.model.states import State
from check_autodiscover.core.rules.phrases import joined
from check_autodiscover.core.verdict.grading import harm
from check_autodiscover.core.verdict.judge import as_of, assemble
from check_autodiscover.output.steps import Rung, clients_of, ladder
from check_autodiscover.output.text import render_log, told_by_view

__all__ = [
    "Changed",
    "DomainModel",
    "FirstScreen",
    "Hit",
    "Proof",
    "Tree",
    "domain_model",
    "first_screen",
    "same_cause",
]

_CACHED = ("dns-", "drift-record", "drift-delegation", "drift-wildcard")
"""Rules whose fault resolvers remember."""

_BLIND = ("dns-lookup-failed", "dns-nxdomain-rewritten", "check-")
"""Rules that say we cannot see, which ends with the next look."""

_NOBODY = "No client that is judged here ends badly because of it."

_NOT_KNOWN = "Not known: what clients meet could not be seen."


@dataclass(frozen=True, slots=True)
class Hit:
    """Clients of one view that are hit alike."""

    view: str
    clients: str
    what: str


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing that is otherwise than it was, and since when that is known."""

    view: str
    what: str
    old: str
    new: str
    when: str


@dataclass(frozen=True, slots=True)
class Proof:
    """The commands that show the cause as one view sees it."""

    view: str
    commands: tuple[Verbatim, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstScreen:
    """The first screen of a domain's page, in the order in which it is read. `rule` is empty where all is well."""

    cause: str
    rule: str
    views: str
    more: int
    hit: tuple[Hit, ...]
    nobody: str
    """What is said where nobody is known to be hit."""
    fix: str
    clears: tuple[str, ...]
    changed: tuple[Changed, ...]
    glance: tuple[Line, ...]
    served: tuple[Served, ...]
    proof: tuple[Proof, ...]
    unseen: tuple[str, ...]


def first_screen(report: Report, picture: Assessment, turn: Turn | None) -> FirstScreen:
    """The first screen of a report, `picture` being what the same survey was judged by."""
    faults = [group for group in report.causes if group[0].severity is not State.OK]
    gravest = faults[0] if faults else ()
    concerned = _views(picture, gravest)
    findings = {item.finding.view: item.finding for item in gravest}
    about = [(view, findings.get(view.name) or gravest[0].finding) for view in concerned]
    return FirstScreen(
        cause=_told(gravest, "message") if gravest else report.summary,
        rule=gravest[0].finding.rule if gravest else "",
        views=joined(view.name for view in concerned),
        more=max(0, len(faults) - 1),
        hit=tuple(hit for view, finding in about for hit in _hit(view, finding)),
        nobody=_NOT_KNOWN if fares_unknown(concerned or picture.views) else _NOBODY,
        fix=_told(gravest, "remedy"),
        clears=tuple(dict.fromkeys(_clears(picture, about))),
        changed=_changed(report, picture, turn),
        glance=at_a_glance(picture),
        served=served(picture, concerned or picture.views, gravest[0].finding.endpoint if gravest else None),
        proof=tuple(proof for proof in _proofs(about) if proof.commands),
        unseen=report.notes,
    )


def _told(gravest: Sequence[Judgement], part: Literal["message", "remedy"]) -> str:
    """What a cause says, or what is to be done, in the words of all its views."""
    texts = {item.finding.view: getattr(item, part) for item in gravest}
    return told_by_view({view: text for view, text in texts.items() if text})


def _views(picture: Assessment, gravest: Sequence[Judgement]) -> list[ViewAssessment]:
    """The views that a cause is about, all for one that is about several."""
    if not gravest:
        return []
    names = {item.finding.view for item in gravest}
    return [view for view in picture.views if view.name in names or "" in names]


def _hit(view: ViewAssessment, finding: Finding) -> Iterator[Hit]:
    groups: dict[tuple[Outcome, str], list[Walk]] = {}
    for walk in harm(view, finding):
        groups.setdefault((walk.outcome, walk.at.value if walk.at else ""), []).append(walk)
    for (outcome, at), walks in groups.items():
        yield Hit(view.name, clients_of(walks), f"{ending(outcome)}{f' at the {at} step' if at else ''}")


def _clears(picture: Assessment, about: Iterable[tuple[ViewAssessment, Finding]]) -> Iterator[str]:
    for view, finding in about:
        if finding.rule.startswith(_BLIND):
            yield "With the next look, once there is something to be seen."
            continue
        if not finding.rule.startswith(_CACHED):
            yield "With the clients' next attempt once it is mended: no record has to run out first."
            continue
        ttls = _ttls(picture, view, finding)
        if ttls:
            longest = max(ttls)
            yield f"{view.name}: up to {span(longest)} after the zone is mended, by the TTL of {longest} s."
        else:
            yield f"{view.name}: when resolvers let go of what they hold; no TTL was seen."


def _ttls(picture: Assessment, view: ViewAssessment, finding: Finding) -> list[int]:
    """The TTLs, negative ones too, of what clients of a view are told of the name that a cause is about."""
    scene = view.scene
    wild = finding.subject.startswith("*.")
    names = {scene.autodiscover.name, scene.srv.name} if wild else {finding.subject}
    names |= {scene.srv.name} if "-srv" in finding.rule else set()
    return [
        answer.ttl
        for asked, answer in picture.survey.lookups.items()
        if asked.view == view.name and asked.name in names and answer.ttl is not None
    ]


def _changed(report: Report, picture: Assessment, turn: Turn | None) -> tuple[Changed, ...]:
    """What differs from the baseline; without one what changed when this process last saw the causes change."""
    if picture.baseline is not None:
        when = f"since {moment(picture.baseline.accepted)}, when it was accepted"
        return tuple(_change(change, when) for change in picture.changes)
    if turn is None:
        return ()
    now = f"{report.state.value}: {report.summary}"
    verdict = Changed("", "verdict", f"{turn.state.value}: {turn.summary}", now, moment(turn.at))
    return (verdict, *(_change(change, moment(turn.at)) for change in turn.changes))


def _change(change: Change, when: str) -> Changed:
    what = f"{change.subject} {change.detail}".strip()
    return Changed(change.view, what, change.old or "nothing", change.new or "nothing", when)


def _proofs(about: Iterable[tuple[ViewAssessment, Finding]]) -> Iterator[Proof]:
    for view, finding in about:
        yield Proof(view.name, commands(view, finding))


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
