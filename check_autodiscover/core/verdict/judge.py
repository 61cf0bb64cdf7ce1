"""From a Survey to a Report: assemble, find, grade, link, word. Pure; every front end calls `judge` and prints.

Judged again with the same `now`, a survey gives the same report.

A report that is told long after the look it is about: what was seen then says nothing of now.

Pure, as `judge` is: whoever keeps reports names the moment, and how often the domain was to be looked at.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from check_autodiscover.core.analysis.assessment import (
    Assessment,
    Choice,
    ViewAssessment,
    ViewFacts,
    choose_method,
    observe,
    references_of,
    walks_of,
)
from check_autodiscover.core.analysis.contacts import Known, intercepted
from check_autodiscover.core.model.clients import OUTCOMES
from check_autodiscover.core.model.finding import Endpoint, Finding
from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.model.report import Judgement, MethodChoice, Report, Role, grouped
from check_autodiscover.core.model.states import State, worst
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.core.rules.catalogue import RULES
from check_autodiscover.core.rules.certificates import judge_certificates, judge_interception
from check_autodiscover.core.rules.clients import judge_clients, judge_views
from check_autodiscover.core.rules.hosts import judge_addresses, judge_catch_all, judge_host_record, judge_suffixes
from check_autodiscover.core.rules.lookups import judge_denied, judge_lookups, judge_method, judge_time
from check_autodiscover.core.rules.phrases import date_of
from check_autodiscover.core.rules.services import judge_services, judge_strangers
from check_autodiscover.core.rules.srv import judge_shadow, judge_srv
from check_autodiscover.core.rules.zones import judge_parents, judge_resolvers, judge_servers, judge_zone_contents
from check_autodiscover.core.verdict.grading import RULE_ORDER, Grade, Graded, grade, harm, link, override_of, reason_of
from check_autodiscover.core.verdict.measures import Tally, measures_of, series_of, within_budget
from check_autodiscover.core.verdict.wording import effect_of, fill, notes_of, remedy_of, sentence_of, summarize

if TYPE_CHECKING:
    from check_autodiscover.core.model.baseline import Baseline, Change

__all__ = ["INTERVALS", "as_of", "assemble", "findings_of", "judge"]

_VIEW_JUDGES = (
    judge_lookups,
    judge_time,
    judge_denied,
    judge_catch_all,
    judge_host_record,
    judge_srv,
    judge_addresses,
    judge_services,
    judge_strangers,
    judge_certificates,
    judge_shadow,
    judge_resolvers,
    judge_servers,
    judge_zone_contents,
    judge_parents,
    judge_suffixes,
    judge_clients,
)

_BLIND_JUDGES = (judge_lookups, judge_resolvers, judge_clients)
"""What may still be said of a view in which the domain cannot be resolved at all."""

_GONE = frozenset({"dns-domain-unresolvable", "dns-dnssec-bogus"})

_WHOLE_JUDGES = (judge_method, judge_interception, judge_views)


def judge(survey: Survey, now: float | None = None) -> Report:
    """The verdict on a survey at `now` (Unix seconds), by default its own end."""
    picture = assemble(survey, survey.ended if now is None else now)
    graded = tuple(Graded(finding, grade(picture, finding)) for finding in findings_of(picture))
    judgements = _judgements(picture, graded)
    causes = grouped(item for item in judgements if item.role is Role.ROOT)
    state = worst(group[0].severity for group in causes)
    tally = Tally(
        state,
        {each: sum(group[0].severity is each for group in causes) for each in State},
        tuple(sorted({_series(item) for item in judgements})),
        sum(item.accepted is not None for item in judgements),
        any(item.finding.rule == "dns-views-disagree" for item in judgements),
    )
    return Report(
        domain=survey.domain,
        state=state,
        summary=summarize(picture, causes),
        methods=_methods(picture),
        judgements=judgements,
        walks=tuple(walk for view in picture.views for walk in view.walks),
        measures=within_budget((*measures_of(picture, tally), *series_of(picture))),
        notes=notes_of(picture),
        survey=survey,
    )


def assemble(survey: Survey, now: float) -> Assessment:
    """Everything the rules may look at. `now` is Unix seconds."""
    known: Known = {}
    scenes = tuple(observe(survey, view, now, known) for view in survey.policy.views)
    references = references_of(survey, scenes)
    declared = [survey.policy.declared_method(scene.view.name) for scene in scenes]
    baseline = _baseline(survey)
    undeclared = tuple(scene for scene, method in zip(scenes, declared, strict=True) if method is Method.AUTO)
    accepted = _accepted_method(baseline, undeclared) if baseline else None
    chosen = accepted or choose_method(survey, scenes, references) if Method.AUTO in declared else None
    views = []
    for scene, method in zip(scenes, declared, strict=True):
        effective = chosen.method if chosen and method is Method.AUTO else method
        views.append(ViewAssessment(scene, effective, walks_of(survey, scene, effective, references)))
    met = (meeting for scene in scenes for each in scene.met.values() for meeting in each)
    why = chosen.why if chosen else ""
    picture = Assessment(survey, now, references, tuple(views), why, intercepted(survey, met), baseline)
    return replace(picture, changes=_changes(picture, baseline)) if baseline else picture


def _baseline(survey: Survey) -> "Baseline | None":
    """What was accepted, if it was asked for and can be read."""
    if survey.baseline is None or not survey.baseline.text:
        return None
    # Most runs have no baseline, and its types take a while to define.
    from check_autodiscover.core.model.baseline import BaselineFormatError, read_baseline

    try:
        baseline = read_baseline(survey.baseline.text)
    except BaselineFormatError:
        return None
    return baseline if baseline.domain == survey.domain else None


def _accepted_method(baseline: "Baseline", scenes: tuple[ViewFacts, ...]) -> Choice | None:
    """The method that the baseline has for the first of these views that it knows, if it has found one."""
    for scene in scenes:
        view = baseline.view(scene.view.name)
        if view is not None and view.method is not Method.UNDETERMINED:
            return Choice(view.method, f"accepted on {date_of(baseline.accepted)}")
    return None


def _changes(picture: Assessment, baseline: "Baseline") -> "tuple[Change, ...]":
    from check_autodiscover.core.analysis.drift import accept, asked_of, compare_baselines

    return compare_baselines(asked_of(baseline, picture.survey.policy.families), accept(picture))


def findings_of(picture: Assessment) -> tuple[Finding, ...]:
    """All findings, in the order of views and rules."""
    return tuple(_findings(picture))


def _findings(picture: Assessment) -> Iterator[Finding]:
    for view in picture.views:
        gone = any(_is_gone(finding) for finding in judge_lookups(picture, view))
        for judge_view in _BLIND_JUDGES if gone else _VIEW_JUDGES:
            yield from judge_view(picture, view)
    for judge_whole in _WHOLE_JUDGES:
        yield from judge_whole(picture)
    if picture.survey.policy.directory is not None:
        yield from _directory_findings(picture)
    if picture.survey.baseline is not None or picture.survey.policy.expect.name_servers:
        from check_autodiscover.core.rules.drift import judge_drift

        yield from judge_drift(picture)


def _is_gone(finding: Finding) -> bool:
    """Whether the domain itself cannot be resolved, and not only a name that it leads to."""
    return finding.rule in _GONE and finding.endpoint is Endpoint.ZONE


def _directory_findings(picture: Assessment) -> Iterator[Finding]:
    # Few runs ask a directory, and the others need not wait for the module.
    from check_autodiscover.core.rules.directory import judge_directory, judge_reading

    yield from judge_reading(picture)
    for view in picture.views:
        yield from judge_directory(picture, view)


def _judgements(picture: Assessment, graded: tuple[Graded, ...]) -> tuple[Judgement, ...]:
    """All judgements in order: roots by gravity, each followed by its consequences."""
    roots = link(graded, {view.name: view.method for view in picture.views})
    order = sorted(
        (index for index, root in enumerate(roots) if root is None), key=lambda index: _rank(picture, graded[index])
    )
    judgements = []
    for number, root in enumerate(order, 1):
        judgements.append(_judgement(picture, graded[root], f"{number}", None, None))
        below = sorted(
            (index for index, above in enumerate(roots) if above == root),
            key=lambda index: (RULE_ORDER[graded[index].finding.rule], index),
        )
        judgements.extend(
            _judgement(picture, graded[index], f"{number}.{place}", f"{number}", graded[root])
            for place, index in enumerate(below, 1)
        )
    return tuple(judgements)


def _judgement(picture: Assessment, item: Graded, id_: str, cause: str | None, root: Graded | None) -> Judgement:
    return Judgement(
        id=id_,
        finding=item.finding,
        severity=item.grade.state if root is None else _capped(item.grade, root.grade),
        role=Role.ROOT if root is None else Role.CONSEQUENCE,
        caused_by=cause,
        accepted=item.grade.accepted,
        expired=item.grade.expired,
        message=sentence_of(picture, item.finding) + ("" if root else effect_of(picture, item.finding)),
        remedy=remedy_of(item.finding),
    )


def _capped(own: Grade, root: Grade) -> State:
    """A consequence never counts above its root."""
    return own.state if own.state.gravity <= root.state.gravity else root.state


def _rank(picture: Assessment, item: Graded) -> tuple[int, int, int, int]:
    """The order of roots: severity, worst outcome, rule, view."""
    view = _view_index(picture, item.finding.view)
    walks = harm(picture.views[view], item.finding)
    outcome = min((OUTCOMES.index(walk.outcome) for walk in walks), default=len(OUTCOMES))
    return -item.grade.state.gravity, outcome, RULE_ORDER[item.finding.rule], view


def _view_index(picture: Assessment, name: str) -> int:
    return next((index for index, view in enumerate(picture.views) if view.name == name), 0)


def _series(item: Judgement) -> tuple[tuple[str, str], ...]:
    return (
        ("rule", item.finding.rule),
        ("severity", item.severity.value.lower()),
        ("role", item.role.value),
        ("view", item.finding.view),
        ("endpoint", item.finding.endpoint.value),
    )


def _methods(picture: Assessment) -> tuple[MethodChoice, ...]:
    return tuple(
        MethodChoice(view.name, declared, view.method, picture.why if declared is Method.AUTO else "declared")
        for view in picture.views
        for declared in (picture.survey.policy.declared_method(view.name),)
    )


INTERVALS = 3
"""A look may be so many intervals old: one may fail, and the next be late."""

_RULE = "check-report-stale"


def as_of(report: Report, now: float, interval: float) -> Report:
    """What a report says at a moment (Unix seconds), if the domain was to be looked at every `interval` seconds.

    That is the report itself while it is young enough, and then `check-report-stale` in place of all that it found.
    """
    if now - report.survey.ended <= INTERVALS * interval:
        return report
    finding = Finding(
        rule=_RULE,
        view="",
        endpoint=Endpoint.ZONE,
        subject=report.domain,
        args=(("moment", _moment(report.survey.ended)), ("intervals", f"{INTERVALS} intervals of {_span(interval)}")),
    )
    override, expired = override_of(report.survey.policy, finding, now)
    state = override.state if override else State.UNKNOWN
    judgement = Judgement(
        id="1",
        finding=finding,
        severity=state,
        role=Role.ROOT,
        caused_by=None,
        accepted=reason_of(override) if override and state is State.OK else None,
        message=fill(RULES[_RULE].sentence, dict(finding.args)),
        remedy=remedy_of(finding),
        expired=expired,
    )
    return _accepted(report, judgement) if state is State.OK else _stale(report, judgement)


def _accepted(report: Report, judgement: Judgement) -> Report:
    """The report as it was, as policy takes its age for no fault; that it does is told."""
    last = 1 + len(report.roots)
    return replace(report, judgements=(*report.judgements, replace(judgement, id=str(last))))


def _stale(report: Report, judgement: Judgement) -> Report:
    """The one finding, and as a note what was so. No number of then is one of now."""
    counted = {f"causes_{state.value.lower()}": float(state is judgement.severity) for state in State}
    return replace(
        report,
        state=judgement.severity,
        summary=f"{judgement.message} [{_RULE}]",
        judgements=(judgement,),
        walks=(),
        measures=tuple(
            item._replace(value=counted.get(item.perfdata), metric="") for item in report.measures if item.perfdata
        ),
        notes=(f"at the last look it was {report.state.value}: {report.summary}",),
    )


def _moment(seconds: float) -> str:
    """Not how long ago: a line that tells another number at each check would be news each time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _span(seconds: float) -> str:
    """In the unit that it is a whole number of."""
    whole = next(((unit, word) for unit, word in ((3600, "h"), (60, "min")) if seconds % unit == 0), (1, "s"))
    return f"{seconds / whole[0]:g} {whole[1]}"
