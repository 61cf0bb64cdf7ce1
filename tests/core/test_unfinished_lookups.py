"""Chains of aliases, and targets, of which a part could not be looked up: neither there nor absent."""

from dataclasses import replace

import pytest

from check_autodiscover.core.model.observations import AUTODISCOVER_PATH, Connect, DnsStatus, Handshake, Srv
from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.states import State
from tests.core.incidents import HOSTER, MULTI, REMOTE, SINGLE, SRV, A, auto, healthy
from tests.core.judging import Told, assert_told, rules_of, verdict
from tests.core.worlds import (
    APEX,
    AUTODISCOVER,
    CLOUD,
    DOMAIN,
    FOREIGN,
    PASSWORD,
    SERVER,
    SRV_NAME,
    Site,
    World,
    redirect,
)

ELSEWHERE = "mail.provider.example"
FAILING = (DnsStatus.TIMEOUT, DnsStatus.SERVFAIL, DnsStatus.REFUSED)
every_failure = pytest.mark.parametrize("status", FAILING)


def unanswered(world: World, name: str, status: DnsStatus) -> World:
    return world.zone(lambda zone: replace(zone, failing={name: status}))


def by_srv_alias() -> World:
    return healthy("srv").zone(lambda zone: zone.without(SRV_NAME).with_(SRV_NAME, "CNAME", ELSEWHERE))


def by_host_alias() -> World:
    world = healthy("host").zone(lambda zone: zone.without(AUTODISCOVER).with_(AUTODISCOVER, "CNAME", ELSEWHERE))
    return world.with_policy(servers=())


def by_srv_target() -> World:
    world = healthy("srv").zone(lambda zone: zone.without(SRV_NAME).with_(SRV_NAME, SRV, Srv(0, 0, 443, ELSEWHERE)))
    return world.with_policy(servers=())


def by_redirect() -> World:
    hop = redirect(f"https://{ELSEWHERE}{AUTODISCOVER_PATH}")
    leading = Site(http=Connect.CONNECTED, http_answer=hop)
    return healthy("host").with_policy(method=Method.REDIRECT, servers=()).site(SERVER, leading)


LEADING = {"SRV alias": by_srv_alias, "SRV target": by_srv_target, "host alias": by_host_alias, "redirect": by_redirect}
every_way = pytest.mark.parametrize("way", LEADING)


def outcomes(report: Report) -> set[str]:
    return {walk.outcome.value for walk in report.walks if walk.judged}


@every_way
@pytest.mark.parametrize("status", [DnsStatus.TIMEOUT, DnsStatus.SERVFAIL])
def test_a_name_elsewhere_without_an_answer_is_unknown_and_neither_fine_nor_absent(way: str, status: DnsStatus) -> None:
    report = verdict(unanswered(LEADING[way](), ELSEWHERE, status))
    assert report.state is State.UNKNOWN
    assert f"no answer for {ELSEWHERE}" in report.summary
    assert not {rule for rule in rules_of(report) if "missing" in rule or "invalid" in rule or "nothing" in rule}
    assert outcomes(report) == {"unknown"}


def test_an_answer_that_was_not_read_to_its_end_is_unknown_and_says_where_to_look() -> None:
    report = verdict(unanswered(healthy("srv"), REMOTE, DnsStatus.OVERSIZED))
    root = report.roots[0]
    assert (report.state, root.finding.rule) == (State.UNKNOWN, "dns-lookup-failed")
    assert "oversized answer" in root.message
    assert "more records, or longer names, than a client could use" in root.remedy


@every_way
def test_a_name_elsewhere_that_is_refused_is_a_note_as_who_answers_may_have_its_own_zones_alone(way: str) -> None:
    report = verdict(unanswered(LEADING[way](), ELSEWHERE, DnsStatus.REFUSED))
    assert (report.state, outcomes(report)) == (State.OK, {"unknown"})
    assert report.summary.endswith("how clients fare was not looked at")
    assert f"inside: {ELSEWHERE} was not looked up, as who is asked here answers for zones of its own alone" in (
        report.notes
    )


def test_a_name_of_the_domains_own_that_is_refused_is_a_fault_of_the_view() -> None:
    report = verdict(unanswered(healthy("srv"), REMOTE, DnsStatus.REFUSED))
    assert (report.state, rules_of(report) & {"dns-lookup-failed"}) == (State.UNKNOWN, {"dns-lookup-failed"})


@every_failure
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "auto"])
def test_what_lies_behind_microsofts_names_need_not_be_looked_up(status: DnsStatus, declared: bool) -> None:
    world = unanswered(healthy("exchange-online"), CLOUD, status)
    report = verdict(world if declared else auto(world))
    assert (report.state, outcomes(report)) == (State.OK, {"configured"})


@every_way
def test_an_alias_whose_end_the_deadline_took_is_no_absence(way: str) -> None:
    report = verdict(replace(unanswered(LEADING[way](), ELSEWHERE, DnsStatus.TIMEOUT), cut=(ELSEWHERE,)))
    assert not {rule for rule in rules_of(report) if "missing" in rule or "invalid" in rule}
    assert report.state is not State.OK


def test_a_target_that_fails_validation_is_its_own_fault_and_hides_no_other() -> None:
    """Without Autodiscover: a stranger at the host record asks for passwords, and the SRV target's zone is bogus."""
    world = healthy("host").with_policy(method=Method.NONE, servers=()).site(SERVER, Site(MULTI, PASSWORD))
    world = world.zone(lambda zone: replace(zone, bogus=(ELSEWHERE,)).with_(SRV_NAME, SRV, Srv(0, 0, 443, ELSEWHERE)))
    report = verdict(world)
    assert report.state is State.CRITICAL
    assert report.roots[0].finding.rule == "dns-unwanted-host-record"
    assert_told(world, Told("dns-dnssec-bogus", "WARNING", "srv", ELSEWHERE))


def test_a_domain_that_fails_validation_is_told_by_its_own_name_alone() -> None:
    world = healthy("srv").zone(lambda zone: replace(zone, bogus=(DOMAIN,)))
    assert_told(world, Told("dns-dnssec-bogus", "CRITICAL", "zone", DOMAIN))


def test_a_root_domain_that_accepts_and_says_nothing_is_slow_however_little_time_there_was() -> None:
    cut = healthy("srv").site(APEX, Site(HOSTER, handshake=Handshake.CUT_SHORT))
    report = verdict(cut)
    assert {item.finding.rule for item in report.roots if item.severity is not State.OK} == {"service-slow-candidate"}
    assert any(f"https://{DOMAIN}" in note and "not finished" in note for note in report.notes)


def test_what_the_deadline_took_is_told_where_it_changes_nothing() -> None:
    after = healthy("host").zone(
        lambda zone: zone.with_(REMOTE, A, FOREIGN).with_(SRV_NAME, SRV, Srv(0, 0, 443, REMOTE))
    )
    report = verdict(after.site(FOREIGN, Site(SINGLE, handshake=Handshake.CUT_SHORT)))
    assert report.state is State.OK
    assert any(f"https://{REMOTE}" in note and "not finished" in note for note in report.notes)
