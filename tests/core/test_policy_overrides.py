"""Severities of policy: by rule, view and endpoint, what they do to consequences, and how they are shown."""

import pytest

from check_autodiscover.core.policy import SeverityOverride
from check_autodiscover.core.report import Report, Role
from check_autodiscover.core.rules.catalogue import CATALOGUE
from check_autodiscover.core.state import State
from tests.core import incidents
from tests.core.judging import rules_of, verdict
from tests.core.worlds import SERVER, Site, World

UH, NM = "dns-unwanted-host-record", "certificate-name-mismatch"


def graded(world: World, *overrides: SeverityOverride) -> Report:
    return verdict(world.with_policy(severities=overrides))


def override(state: State, rule: str = UH, view: str = "", endpoint: str = "", reason: str = "") -> SeverityOverride:
    return SeverityOverride(rule, state, view, endpoint, reason)


@pytest.mark.parametrize("state", list(State))
def test_an_override_sets_the_severity_of_a_root(state: State) -> None:
    report = graded(incidents.row_1("srv"), override(state))
    assert {item.severity for item in report.roots if item.finding.rule == UH} == {state}
    assert report.state is state


def test_lowering_a_root_lowers_its_whole_tree() -> None:
    report = graded(incidents.row_1("srv"), override(State.WARNING))
    assert report.state is State.WARNING
    assert {item.severity for item in report.judgements} <= {State.OK, State.WARNING}


def test_what_policy_lowers_to_ok_is_listed_and_marked_with_its_reason() -> None:
    report = graded(incidents.row_1("srv"), override(State.OK, reason="CHG-123"))
    assert report.state is State.OK
    assert {item.accepted for item in report.roots if item.finding.rule == UH} == {"CHG-123"}


def test_what_policy_lowers_without_a_reason_is_marked_all_the_same() -> None:
    report = graded(incidents.row_1("srv"), override(State.OK))
    assert {item.accepted for item in report.roots if item.finding.rule == UH} == {"by policy"}


def test_what_is_ok_anyhow_is_not_marked_as_accepted() -> None:
    report = graded(incidents.healthy("srv"), override(State.OK, "client-asks-consent"))
    assert {item.accepted for item in report.judgements} == {None}


@pytest.mark.parametrize("view", ["inside", "outside"])
def test_an_override_of_one_view_leaves_the_other(view: str) -> None:
    report = graded(incidents.row_1("srv"), override(State.OK, view=view))
    states = {item.finding.view: item.severity for item in report.roots if item.finding.rule == UH}
    other = ({"inside", "outside"} - {view}).pop()
    assert states == {view: State.OK, other: State.CRITICAL}
    assert report.state is State.CRITICAL


def test_an_override_of_one_endpoint_leaves_the_others() -> None:
    world = incidents.row_22("host").site(SERVER, Site(incidents.HOSTER))
    report = graded(world, override(State.OK, NM, endpoint="root"))
    states = {item.finding.endpoint.value: item.severity for item in report.roots if item.finding.rule == NM}
    assert (states["root"], states["autodiscover"]) == (State.OK, State.CRITICAL)


def test_the_last_override_that_fits_wins() -> None:
    report = graded(incidents.row_1("srv"), override(State.WARNING), override(State.UNKNOWN, view="inside"))
    states = {item.finding.view: item.severity for item in report.roots if item.finding.rule == UH}
    assert states == {"inside": State.UNKNOWN, "outside": State.WARNING}


def test_an_override_of_another_rule_changes_nothing() -> None:
    assert graded(incidents.row_1("srv"), override(State.OK, NM)).state is State.CRITICAL


def test_a_consequence_may_be_raised_only_as_far_as_its_root() -> None:
    report = graded(incidents.row_6("srv"), override(State.CRITICAL, "dns-srv-shadowed"))
    assert report.state is State.WARNING
    assert {item.severity for item in report.judgements if item.finding.rule == "dns-srv-shadowed"} == {State.WARNING}


@pytest.mark.parametrize("days", [20, 5])
def test_an_override_sets_both_defaults_of_a_rule(days: int) -> None:
    world = incidents.row_26("srv", days)
    assert world is not None
    assert graded(world, override(State.OK, "certificate-expiring")).state is State.OK


def test_an_accepted_wildcard_counts_as_accepted() -> None:
    report = verdict(incidents.declared(incidents.row_8("host")))
    assert {item.accepted for item in report.roots} == {"declared as an expected wildcard"}
    assert next(item.value for item in report.measures if item.metric == "autodiscover_accepted_findings") == 2


def test_no_override_makes_a_consequence_a_root() -> None:
    before, after = (graded(incidents.row_5("srv"), *given) for given in ((), (override(State.OK, NM),)))
    roles = [[(item.finding.rule, item.role) for item in report.judgements] for report in (before, after)]
    assert sorted(roles[0], key=str) == sorted(roles[1], key=str)
    assert (NM, Role.CONSEQUENCE) in roles[0]


@pytest.mark.parametrize("rule", [rule.id for rule in CATALOGUE])
def test_an_override_of_any_rule_is_harmless_where_the_rule_is_silent(rule: str) -> None:
    report = graded(incidents.healthy("host"), override(State.CRITICAL, rule))
    assert (report.state is State.OK) is (rule not in rules_of(report))
