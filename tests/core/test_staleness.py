"""A report that is told too late: UNKNOWN, with what it was as a note, unless policy takes its age for no fault."""

from dataclasses import replace

import pytest

from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.states import SeverityOverride, State
from check_autodiscover.core.verdict.judge import as_of, judge
from check_autodiscover.output.text import render_first_line, render_performance_data, render_text
from tests.core import incidents
from tests.core.worlds import survey_of

INTERVAL = 300.0
RULE = "check-report-stale"


def trapped(*severities: SeverityOverride) -> Report:
    world = incidents.healthy("srv").with_policy(severities=severities)
    survey = replace(survey_of(world), started=1_700_000_000.0, ended=1_700_000_001.0)
    return judge(survey)


def told(report: Report, age: float) -> Report:
    return as_of(report, report.survey.ended + age, INTERVAL)


@pytest.mark.parametrize("age", [-60.0, 0.0, 300.0, 900.0])
def test_a_report_of_the_last_three_intervals_is_told_as_it_is(age: float) -> None:
    report = trapped()
    assert told(report, age) is report


def test_an_older_one_is_unknown_and_says_when_the_last_look_was_and_what_it_was() -> None:
    report = trapped()
    stale = told(report, 901.0)
    assert render_first_line(stale) == (
        "AUTODISCOVER UNKNOWN - contoso.com: not looked at since 2023-11-14 22:13 UTC, "
        f"for more than 3 intervals of 5 min [{RULE}]"
    )
    assert stale.notes == (f"at the last look it was {report.state.value}: {report.summary}",)
    assert [item.finding.rule for item in stale.judgements] == [RULE]
    assert "schedule.concurrency" in render_text(stale)


@pytest.mark.parametrize(("interval", "span"), [(90.0, "90 s"), (3600.0, "1 h"), (0.5, "0.5 s")])
def test_the_interval_is_told_in_the_unit_that_fits(interval: float, span: str) -> None:
    report = trapped()
    assert f"3 intervals of {span} [" in as_of(report, report.survey.ended + 1e6, interval).summary


def test_it_says_the_same_however_old_it_gets() -> None:
    report = trapped()
    assert render_text(told(report, 901.0), 3) == render_text(told(report, 90_000.0), 3)


def test_its_performance_data_has_the_same_labels_and_no_number_of_then() -> None:
    report = trapped()
    labels, stale = (
        [item.partition("=") for item in render_performance_data(each).split(" ")]
        for each in (report, told(report, 901.0))
    )
    assert [name for name, _, _ in labels] == [name for name, _, _ in stale]
    known = {name: value.partition(";")[0] for name, _, value in stale if not value.startswith("U")}
    assert known == {"causes_critical": "0", "causes_warning": "0", "causes_unknown": "1"}


def test_policy_may_grade_it_otherwise() -> None:
    stale = told(trapped(SeverityOverride(RULE, State.CRITICAL)), 901.0)
    assert (stale.state, stale.judgements[0].severity) == (State.CRITICAL, State.CRITICAL)


def test_what_policy_takes_for_no_fault_is_told_beside_the_report() -> None:
    report = trapped(SeverityOverride(RULE, State.OK, reason="CHG-1"))
    stale = told(report, 901.0)
    assert (stale.state, stale.summary, stale.measures) == (report.state, report.summary, report.measures)
    assert stale.judgements[:-1] == report.judgements
    assert (stale.judgements[-1].finding.rule, stale.judgements[-1].accepted) == (RULE, "CHG-1")
    ids = [item.id for item in stale.judgements]
    assert len(ids) == len(set(ids))
