"""What a result keeps for lists of many domains, and of the change that led to it."""

from dataclasses import replace

from autodiscover_exporter.results.result import Result, kept
from check_autodiscover.core.model.clients import Outcome
from check_autodiscover.core.model.report import Cause, Report
from check_autodiscover.core.model.states import State
from tests.core.incidents import healthy, row_1
from tests.core.judging import verdict

HEALTHY = verdict(healthy("srv"))
TRAPPED = verdict(row_1("srv"))


def _at(report: Report, ended: float) -> Report:
    return replace(report, survey=replace(report.survey, ended=ended))


def _kept(*reports: Report) -> Result:
    """What is kept of the last of these, a minute apart."""
    result: Result | None = None
    for minute, report in enumerate(reports):
        result = kept(_at(report, report.survey.ended + 60 * minute), "default", result)
    assert result
    return result


def test_a_result_outlines_its_causes_and_who_fares_worst() -> None:
    result = _kept(TRAPPED)
    assert result.causes[0].rule == "dns-unwanted-host-record"
    assert result.outcomes == (("inside", Outcome.WARNED), ("outside", Outcome.WARNED))
    assert _kept(HEALTHY).causes == ()


def test_a_cause_of_the_domains_own_name_is_placed_by_its_addresses() -> None:
    # So that the same parking page under many domains is one cause.
    (finding,) = {item.finding for item in TRAPPED.roots if item.finding.view == "outside"}
    assert finding.subject == "autodiscover.contoso.com"
    assert _kept(TRAPPED).causes[0] == Cause(finding.rule, ", ".join(finding.addresses))


def test_a_turn_tells_what_was_said_before_and_which_record_changed() -> None:
    turn = _kept(HEALTHY, TRAPPED).turn
    assert turn
    assert (turn.state, turn.summary, turn.at) == (State.OK, HEALTHY.summary, TRAPPED.survey.ended + 60)
    (change,) = (item for item in turn.changes if item.view == "inside" and item.subject == "autodiscover.contoso.com")
    assert (change.old, change.new != "") == ("", True)


def test_a_turn_is_kept_while_the_causes_stay() -> None:
    assert _kept(HEALTHY, TRAPPED, TRAPPED).turn == _kept(HEALTHY, TRAPPED).turn


def test_the_first_result_and_those_like_it_have_no_turn() -> None:
    assert _kept(TRAPPED).turn is None
    assert _kept(TRAPPED, TRAPPED).turn is None
