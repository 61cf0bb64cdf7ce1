"""What holds of every report, whatever resolvers and servers say."""

import json
from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from check_autodiscover.core.model.finding import Endpoint
from check_autodiscover.core.model.metrics import METRICS
from check_autodiscover.core.model.policy import Method, Step
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.states import SeverityOverride, State, worst
from check_autodiscover.core.model.survey import Survey, survey_from_json, survey_to_json
from check_autodiscover.core.verdict.grading import Graded, grade, link
from check_autodiscover.core.verdict.judge import assemble, findings_of, judge
from tests.core.arbitrary import policy_from, survey_from

SEEDS = st.integers(min_value=0, max_value=2**32 - 1)
CAPTURED = "dns-wildcard-captures-autodiscover"
SKIPPED = "the step is skipped by policy"
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def told(report: Report) -> object:
    """All that a report says; the survey it came from does not count."""
    return replace(report, survey=None)  # type: ignore[arg-type]  # nobody may look at it


def shuffled(survey: Survey, seed: int) -> Survey:
    """The same observations in another order."""
    random = Random(seed)
    lookups, contacts = list(survey.lookups.items()), list(survey.contacts.items())
    random.shuffle(lookups)
    random.shuffle(contacts)
    return replace(survey, lookups=dict(lookups), contacts=dict(contacts))


@QUICK
@given(SEEDS)
def test_whatever_is_observed_the_plan_ends_and_a_report_comes_out(seed: int) -> None:
    report = judge(survey_from(seed))
    assert report.summary
    assert all(item.message and item.remedy for item in report.judgements)


@QUICK
@given(SEEDS, SEEDS)
def test_the_order_of_observations_never_changes_a_report(seed: int, order: int) -> None:
    survey = survey_from(seed)
    assert told(judge(shuffled(survey, order))) == told(judge(survey))


@QUICK
@given(SEEDS)
def test_a_survey_that_went_through_json_gives_the_same_report(seed: int) -> None:
    survey = survey_from(seed)
    again = survey_from_json(json.loads(json.dumps(survey_to_json(survey))))
    assert again == survey
    assert told(judge(again)) == told(judge(survey))


@QUICK
@given(SEEDS)
def test_the_exit_code_is_that_of_the_gravest_root(seed: int) -> None:
    report = judge(survey_from(seed))
    assert report.state is worst(item.severity for item in report.roots)
    roots = {item.id: item.severity.gravity for item in report.roots}
    assert all(item.severity.gravity <= roots[item.caused_by] for item in report.judgements if item.caused_by)


@QUICK
@given(SEEDS)
def test_nothing_is_fine_while_a_judged_client_fares_badly(seed: int) -> None:
    report = judge(survey_from(seed))
    methods = {item.view: item.effective for item in report.methods}
    hit = [
        walk
        for walk in report.walks
        if walk.judged and walk.outcome.bad and not (methods[walk.view] is Method.NONE and walk.at in (None, Step.ROOT))
    ]
    # What stands at a skipped step excuses nobody's faring.
    accepted = any(item.accepted not in (None, SKIPPED) for item in report.judgements)
    assert not hit or accepted or report.state is not State.OK, report.walks


@QUICK
@given(SEEDS)
@example(5288)
def test_what_stands_at_a_skipped_step_alarms_nobody_and_explains_nothing_that_is_met(seed: int) -> None:
    survey = survey_from(seed)
    picture = assemble(survey, survey.ended)
    disabled = {view.name: {step.value for step in view.scene.disabled} for view in picture.views} | {"": set()}
    report = judge(survey)
    skipped = {
        item.id: item
        for item in report.judgements
        if item.finding.rule.startswith(("certificate-", "service-"))
        and item.finding.endpoint.value in disabled[item.finding.view]
    }
    assert {item.severity for item in skipped.values()} <= {State.OK}
    below = [item for item in report.judgements if item.caused_by in skipped]
    assert all(item.finding.endpoint.value in disabled[item.finding.view] for item in below)


@QUICK
@given(SEEDS)
def test_no_cause_lowers_a_graver_fault_that_it_explains(seed: int) -> None:
    survey = survey_from(seed)
    picture = assemble(survey, survey.ended)
    graded = [Graded(finding, grade(picture, finding)) for finding in findings_of(picture)]
    methods = {view.name: view.method for view in picture.views}
    for item, root in zip(graded, link(graded, methods), strict=True):
        above = graded[root] if root is not None else item
        tolerated = (
            item.finding.rule.startswith("client-")
            or (methods.get(item.finding.view) is Method.NONE and above.finding.rule == CAPTURED)
            or above.finding.endpoint is Endpoint.ROOT
            or above.finding.rule == "certificate-intercepted"
        )
        assert tolerated or item.grade.state.gravity <= above.grade.state.gravity, (item, above)


@QUICK
@given(SEEDS)
def test_the_findings_measures_agree_with_the_state(seed: int) -> None:
    report = judge(survey_from(seed))
    causes = {item.severity: 0 for item in report.roots} | Counter(group[0].severity for group in report.causes)
    values = {(item.metric, item.labels): item.value for item in report.measures if item.metric}
    for state in State:
        label = state.value.lower()
        assert values["autodiscover_findings", (("severity", label),)] == causes.get(state, 0)
        assert values["autodiscover_state", (("state", label),)] == (state is report.state)
    assert values["autodiscover_exit_code", ()] == report.state.exit_code
    assert values["probe_success", ()] == (report.state in (State.OK, State.WARNING))


@QUICK
@given(SEEDS)
def test_every_series_stands_once_and_is_in_the_table(seed: int) -> None:
    measures = judge(survey_from(seed)).measures
    series = Counter((item.metric, frozenset(item.labels)) for item in measures if item.metric)
    labels = Counter(item.perfdata for item in measures if item.perfdata)
    assert [key for key, count in (series | labels).items() if count > 1] == []
    assert {item.metric for item in measures if item.metric} <= set(METRICS)


@QUICK
@given(SEEDS, SEEDS, SEEDS)
def test_performance_data_depend_on_options_alone(options: int, one: int, other: int) -> None:
    policy = policy_from(Random(options))
    measures = [judge(survey_from(seed, policy)).measures for seed in (one, other)]
    labels = [[(item.perfdata, item.unit, item.minimum) for item in each if item.perfdata] for each in measures]
    assert labels[0] == labels[1]


@QUICK
@given(SEEDS)
def test_the_first_line_keeps_its_length(seed: int) -> None:
    report = judge(survey_from(seed))
    assert len(f"AUTODISCOVER {report.state.value} - {report.domain}: {report.summary}") <= 200


@QUICK
@given(SEEDS)
def test_what_policy_may_lower_can_always_be_lowered(seed: int) -> None:
    survey = survey_from(seed)
    report = judge(survey)
    lowered = tuple(SeverityOverride(item.finding.rule, State.OK) for item in report.roots)
    assert judge(replace(survey, policy=replace(survey.policy, severities=lowered))).state is State.OK


@pytest.mark.parametrize("seed", range(3))
def test_a_survey_depends_on_its_seed_alone(seed: int) -> None:
    assert survey_from(seed) == survey_from(seed)
