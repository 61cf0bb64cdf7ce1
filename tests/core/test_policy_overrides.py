"""Severities of policy: by rule, view and endpoint, what they do to consequences, and how they are shown."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from check_autodiscover.core.model.policy import DAY, Method, View, ViewRole
from check_autodiscover.core.model.report import Report, Role
from check_autodiscover.core.model.states import SeverityOverride, State
from check_autodiscover.core.rules.catalogue import CATALOGUE
from check_autodiscover.core.verdict.judge import judge
from check_autodiscover.output.report_json import report_to_json
from check_autodiscover.output.text import render_text
from tests.core import incidents
from tests.core.judging import rules_of, verdict
from tests.core.worlds import NOW, SERVER, Site, World, survey_of

UH, NM = "dns-unwanted-host-record", "certificate-name-mismatch"


def graded(world: World, *overrides: SeverityOverride) -> Report:
    return verdict(world.with_policy(severities=overrides))


def override(
    state: State, rule: str = UH, view: str = "", endpoint: str = "", reason: str = "", until: str = ""
) -> SeverityOverride:
    return SeverityOverride(rule, state, view, endpoint, reason, until)


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
    assert accepted_findings(report) == 2


def test_no_override_makes_a_consequence_a_root() -> None:
    before, after = (graded(incidents.row_5("srv"), *given) for given in ((), (override(State.OK, NM),)))
    roles = [[(item.finding.rule, item.role) for item in report.judgements] for report in (before, after)]
    assert sorted(roles[0], key=str) == sorted(roles[1], key=str)
    assert (NM, Role.CONSEQUENCE) in roles[0]


@pytest.mark.parametrize("rule", [rule.id for rule in CATALOGUE])
def test_an_override_of_any_rule_is_harmless_where_the_rule_is_silent(rule: str) -> None:
    report = graded(incidents.healthy("host"), override(State.CRITICAL, rule))
    assert (report.state is State.OK) is (rule not in rules_of(report))


TODAY = datetime.fromtimestamp(NOW, UTC).date()
YESTERDAY, TOMORROW = (TODAY.fromordinal(TODAY.toordinal() + days).isoformat() for days in (-1, 1))


@pytest.mark.parametrize("day", [TODAY.isoformat(), TOMORROW, "9999-12-31"])
def test_an_acceptance_holds_to_the_end_of_its_day(day: str) -> None:
    report = graded(incidents.row_1("srv"), override(State.OK, reason="CHG-123", until=day))
    assert report.state is State.OK
    assert {item.accepted for item in report.roots if item.finding.rule == UH} == {f"CHG-123, until {day}"}
    assert {item.expired for item in report.judgements} == {None}


@pytest.mark.parametrize("day", [YESTERDAY, "1970-01-01", "0001-01-01"])
def test_past_its_day_an_acceptance_counts_no_more_and_the_finding_says_so(day: str) -> None:
    report = graded(incidents.row_1("srv"), override(State.OK, reason="CHG-123", until=day))
    assert report.state is State.CRITICAL
    told = [(item.accepted, item.expired) for item in report.roots if item.finding.rule == UH]
    assert set(told) == {(None, f"accepted until {day} (CHG-123): expired")}
    assert {item.expired for item in report.judgements if item.finding.rule != UH} == {None}
    assert accepted_findings(report) == 0


def test_the_moment_of_judging_decides_what_has_expired() -> None:
    survey = survey_of(incidents.row_1("srv").with_policy(severities=(override(State.OK, until=TOMORROW),)))
    midnight = (TODAY.toordinal() - datetime.fromtimestamp(0, UTC).date().toordinal() + 2) * DAY
    states = [judge(survey, now).state for now in (NOW, midnight - 1, midnight)]
    assert states == [State.OK, State.OK, State.CRITICAL]


def test_what_a_lapsed_override_had_lowered_to_is_named_though_it_was_no_acceptance() -> None:
    report = graded(incidents.row_1("srv"), override(State.WARNING, until=YESTERDAY))
    assert {item.expired for item in report.roots if item.finding.rule == UH} == {f"warning until {YESTERDAY}: expired"}


def test_an_override_below_an_expired_one_counts_again() -> None:
    report = graded(incidents.row_1("srv"), override(State.WARNING), override(State.OK, until=YESTERDAY))
    assert report.state is State.WARNING
    assert {item.expired for item in report.roots if item.finding.rule == UH} == {
        f"accepted until {YESTERDAY}: expired"
    }


def test_an_expired_override_below_one_that_counts_is_not_told() -> None:
    report = graded(incidents.row_1("srv"), override(State.OK, until=YESTERDAY), override(State.WARNING))
    assert {item.expired for item in report.judgements} == {None}


@pytest.mark.parametrize("day", ["tomorrow", "2027-02-30", "20270131", "2027-W04-7", "2027-1-31", " 2027-01-31"])
def test_a_day_that_is_none_is_refused(day: str) -> None:
    with pytest.raises(ValueError, match="is no day: it is YYYY-MM-DD"):
        override(State.OK, until=day)


def test_what_is_accepted_or_was_is_said_in_text_and_json() -> None:
    def told(until: str) -> tuple[str, dict[str, str]]:
        report = graded(incidents.row_1("srv"), override(State.OK, reason="CHG-123", until=until))
        found = next(item for item in report_to_json(report)["findings"] if item["rule"] == UH)
        line = next(line for line in render_text(report).splitlines()[1:] if UH in line)
        return line, {key: found[key] for key in ("severity", "accepted", "expired")}

    line, data = told(TOMORROW)
    assert line.startswith("OK ")
    assert line.endswith(f"[{UH}] accepted (CHG-123, until {TOMORROW})")
    assert data == {"severity": "OK", "accepted": f"CHG-123, until {TOMORROW}", "expired": None}
    line, data = told(YESTERDAY)
    assert line.startswith("CRITICAL ")
    assert line.endswith(f"[{UH}] accepted until {YESTERDAY} (CHG-123): expired")
    assert data == {
        "severity": "CRITICAL",
        "accepted": None,
        "expired": f"accepted until {YESTERDAY} (CHG-123): expired",
    }


def accepted_findings(report: Report) -> float | None:
    return next(item.value for item in report.measures if item.metric == "autodiscover_accepted_findings")


def with_role(world: World, **roles: ViewRole) -> World:
    """The world with the roles of its views declared."""
    views = tuple(replace(view, declared_role=roles.get(view.name)) for view in world.policy.views)
    return world.with_policy(views=views)


def test_a_view_has_the_role_of_its_name_unless_another_is_declared() -> None:
    roles = [View(name, ()).role for name in ("inside", "outside", "authoritative", "berlin", "other")]
    assert roles == [ViewRole.INSIDE, ViewRole.OUTSIDE, ViewRole.AUTHORITATIVE, ViewRole.OTHER, ViewRole.OTHER]
    assert View("berlin", (), declared_role=ViewRole.INSIDE).role is ViewRole.INSIDE


def test_only_an_inside_view_has_a_zone_that_hides_the_public_one() -> None:
    def hidden(world: World) -> bool:
        return any("hides the public one" in item.message for item in verdict(world).judgements)

    world = incidents.row_16("srv")
    assert hidden(world)
    assert not hidden(with_role(world, inside=ViewRole.OTHER))
    assert not hidden(with_role(world, inside=ViewRole.OUTSIDE, outside=ViewRole.INSIDE))


def test_the_first_line_does_not_pass_an_accepted_fault_off_as_a_sound_domain() -> None:
    accepted = graded(incidents.row_1("srv"), override(State.OK)).summary
    assert accepted.endswith(f", accepted: {UH}")
    assert "accepted" not in graded(incidents.healthy("srv"), override(State.OK)).summary
    both = graded(incidents.row_2("srv"), override(State.OK), override(State.OK, "dns-srv-missing"))
    assert both.state is State.OK
    assert both.summary.endswith(" and 1 more")


def test_methods_of_single_views_are_what_the_metric_says_was_declared() -> None:
    def declared(**policy: object) -> set[str]:
        report = verdict(incidents.healthy("srv").with_policy(**policy))
        infos = [dict(item.labels) for item in report.measures if item.metric == "autodiscover_domain_info"]
        return {labels["declared"] for labels in infos}

    both = (("inside", Method.SRV), ("outside", Method.SRV))
    assert declared(method=Method.AUTO, methods=both) == {"srv"}
    assert declared(method=Method.SRV, methods=(("inside", Method.HOST),)) == {"mixed"}
