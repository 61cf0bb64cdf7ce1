"""Steps that policy disables: no client takes them, and what is found there is told and alarms nobody."""

from dataclasses import replace

import pytest

from check_autodiscover.core.model.observations import Connect
from check_autodiscover.core.model.policy import Step
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.states import State
from tests.core import incidents
from tests.core.incidents import HOSTER, healthy
from tests.core.judging import BOTH, Told, assert_told, rules_of, verdict
from tests.core.worlds import APEX, AUTODISCOVER, DOMAIN, PAGE, SRV_NAME, Site, World, certificate

HOST_STEPS = (Step.AUTODISCOVER, Step.REDIRECT)
REASON = "the step is skipped by policy"


def skipping(world: World | None, *steps: Step) -> World:
    assert world is not None
    return world.with_policy(skip_steps=steps)


TOLD = {
    "row 58: a wrong certificate at the root": (
        skipping(incidents.row_22("srv"), Step.ROOT),
        Told("certificate-name-mismatch", "OK", "root", DOMAIN, (APEX,)),
    ),
    "a silent root": (
        skipping(healthy("srv").site(APEX, Site(certificate(DOMAIN), https=Connect.TIMEOUT)), Step.ROOT),
        Told("service-slow-candidate", "OK", "root", DOMAIN, (APEX,)),
    ),
    "an unwanted record, with its certificate": (
        skipping(incidents.row_1("srv"), *HOST_STEPS),
        Told("dns-unwanted-host-record", "OK", "autodiscover", AUTODISCOVER, ("203.0.113.10",)),
    ),
    "the certificate of an unwanted record": (
        skipping(incidents.row_1("srv"), *HOST_STEPS),
        Told(
            "certificate-name-mismatch",
            "OK",
            "autodiscover",
            AUTODISCOVER,
            ("203.0.113.10",),
            cause="dns-unwanted-host-record",
        ),
    ),
    "a catch-all": (
        skipping(incidents.row_5("srv"), *HOST_STEPS),
        Told("dns-wildcard-captures-autodiscover", "OK", "autodiscover", AUTODISCOVER, ("198.51.100.80",)),
    ),
    "no SRV record": (
        skipping(incidents.row_16_everywhere(), Step.SRV).with_policy(method=healthy("srv").policy.method),
        Told("dns-srv-missing", "OK", "srv", SRV_NAME),
    ),
    "an unwanted record whose http step is walked": (
        skipping(incidents.row_1("srv"), Step.AUTODISCOVER),
        Told("dns-unwanted-host-record", "WARNING", "autodiscover", AUTODISCOVER, ("203.0.113.10",)),
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_what_is_found_at_a_skipped_step_is_told_and_alarms_nobody(case: str) -> None:
    world, told = TOLD[case]
    assert_told(world, told)


def test_what_would_alarm_is_marked_as_accepted_with_the_reason() -> None:
    report = verdict(skipping(incidents.row_1("srv"), *HOST_STEPS))
    accepted = {item.finding.rule: item.accepted for item in report.judgements if item.accepted}
    assert accepted["dns-unwanted-host-record"] == REASON
    assert report.state.value == "OK", report.summary


def test_nobody_is_said_to_be_hit_by_what_nobody_meets() -> None:
    report = verdict(skipping(healthy("srv").zone(lambda zone: zone.without(SRV_NAME), "inside"), Step.SRV))
    (missing,) = (item.message for item in report.judgements if item.finding.rule == "dns-srv-missing")
    assert "Outlook" not in missing


def nothing_found(report: Report) -> list[tuple[str, str, str]]:
    return [
        (item.finding.view, item.severity.value, item.role.value)
        for item in report.judgements
        if item.finding.rule == "client-finds-nothing"
    ]


def test_a_skipped_fault_explains_nothing_that_clients_meet() -> None:
    report = verdict(skipping(healthy("srv").zone(lambda zone: zone.without(SRV_NAME)), Step.SRV))
    assert nothing_found(report) == [(view, "CRITICAL", "root") for view in BOTH]
    assert "(policy skips srv)" in report.summary
    assert report.roots[0].remedy.startswith("Allow srv again in policy")


def test_what_is_found_at_the_steps_that_are_left_alarms_as_ever() -> None:
    world = skipping(incidents.row_22("srv").site("203.0.113.10", Site(HOSTER, PAGE)), Step.ROOT)
    report = verdict(world)
    assert (report.state.value, report.roots[0].finding.endpoint.value) == ("CRITICAL", "srv")


def test_a_step_may_be_skipped_in_one_view_alone() -> None:
    world = incidents.row_22("srv")
    inside, outside = world.policy.views
    views = (replace(inside, skip_steps=(Step.ROOT,)), outside)
    report = verdict(world.with_policy(views=views))
    told = {
        item.finding.view: item.severity.value for item in report.judgements if item.finding.endpoint.value == "root"
    }
    assert told == {"inside": "OK", "outside": "CRITICAL"}
    assert report.summary.startswith("outside, web site https://contoso.com")
    (note,) = (note for note in report.notes if "skip" in note)
    assert note == "inside: clients skip root; one without ExcludeHttpsRootDomain does not"


def test_an_srv_record_is_not_shadowed_by_a_step_that_is_skipped() -> None:
    assert "dns-srv-shadowed" not in rules_of(verdict(skipping(incidents.row_4("srv"), *HOST_STEPS)))


def test_auto_goes_by_the_steps_that_are_left() -> None:
    world = skipping(incidents.row_4("auto"), *HOST_STEPS)
    assert {choice.effective.value for choice in verdict(world).methods} == {"srv"}


def test_what_is_never_contacted_is_no_note_where_nobody_asks_it() -> None:
    notes = verdict(skipping(healthy("srv"), Step.OFFICE365, Step.SCP)).notes
    assert [note for note in notes if "Microsoft" in note or "directory" in note] == []


def test_row_24_a_stranger_past_the_intended_step_alarms_where_policy_skips_that() -> None:
    world = skipping(incidents.row_36("host"), Step.AUTODISCOVER)
    report = verdict(world)
    assert {walk.outcome.value for walk in report.walks if walk.judged} == {"wrong-login"}
    assert report.summary.endswith("Outlook gives a stranger the password [service-foreign-login]")
    assert report.state is State.CRITICAL
    assert verdict(incidents.row_36("host")).summary.endswith("[dns-alias-unexpected]")
