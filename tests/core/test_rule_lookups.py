"""Rules about what could not be looked at: failed lookups, a domain that is gone, the deadline, no method found."""

from dataclasses import replace
from typing import Any

import pytest

from check_autodiscover.core.model.observations import Connect, DnsStatus, Exchange, HttpAnswer
from check_autodiscover.core.model.policy import Method, Resolver, Step
from check_autodiscover.core.model.states import State
from tests.core import incidents
from tests.core.incidents import HOSTER, REMOTE, SINGLE, A, auto, healthy, wildcard
from tests.core.judging import BOTH, Told, assert_told, rules_of, verdict
from tests.core.worlds import (
    APEX,
    AUTODISCOVER,
    CLOUD,
    DOMAIN,
    FOREIGN,
    PAGE,
    SERVER,
    SRV_NAME,
    Site,
    World,
    Zone,
    redirect,
)

LF, DU, DB, NR = "dns-lookup-failed", "dns-domain-unresolvable", "dns-dnssec-bogus", "dns-nxdomain-rewritten"
MU, TO, OR = "check-method-undetermined", "check-timed-out", "check-out-of-resources"
ND = "check-network-denied"
SECOND = "dns.example"


def failing(method: str, name: str, status: DnsStatus, *names: str) -> World:
    """The healthy world in which a name gets no answer; all of them for the empty name."""
    return healthy(method).zone(lambda zone: replace(zone, failing={name: status}), *names)


def two_resolvers(method: str, second: DnsStatus | None, first: DnsStatus | None = None) -> World:
    """An outside view of two resolvers, which fail as given."""
    world = healthy(method)
    inside, outside = world.policy.views
    outside = replace(outside, resolvers=(*outside.resolvers, Resolver(SECOND)))
    zones = {
        label: replace(world.zones["outside"], failing={"": status} if status else {})
        for label, status in ((outside.resolvers[0].label, first), (SECOND, second))
    }
    return replace(world.with_policy(views=(inside, outside)), resolvers=zones)


def zone(rule: str, severity: str, subject: str = DOMAIN, **more: Any) -> Told:
    return Told(rule, severity, "zone", subject, **more)


CATCH_ALL = wildcard(auto(healthy("none")), FOREIGN)

RAISED = {
    "nobody answers": (
        incidents.row_42("host"),
        zone(
            LF,
            "UNKNOWN",
            views=("outside",),
            args={"what": "no resolver answered", "resolvers": "192.0.2.53 timeout"},
        ),
    ),
    "nobody answers in the little time that there was": (
        failing("host", "", DnsStatus.CUT_SHORT, "outside").with_policy(timeout=1.0),
        zone(
            LF,
            "UNKNOWN",
            views=("outside",),
            args={"what": "no resolver answered", "resolvers": "192.0.2.53 silent for 0.6 s"},
        ),
    ),
    "nobody of two answers": (
        two_resolvers("host", DnsStatus.REFUSED, DnsStatus.TIMEOUT),
        zone(
            LF,
            "UNKNOWN",
            views=("outside",),
            args={"resolvers": "192.0.2.53 timeout, dns.example refused"},
        ),
    ),
    "one name is not answered": (
        failing("host", AUTODISCOVER, DnsStatus.SERVFAIL),
        zone(LF, "UNKNOWN", AUTODISCOVER, args={"what": f"no answer for {AUTODISCOVER}"}),
    ),
    "the SRV name is not answered": (
        failing("srv", SRV_NAME, DnsStatus.REFUSED, "inside"),
        zone(LF, "UNKNOWN", SRV_NAME, views=("inside",), args={"resolvers": "10.0.0.2 refused"}),
    ),
    "the SRV record's target is not answered": (
        failing("srv", REMOTE, DnsStatus.MALFORMED),
        zone(LF, "UNKNOWN", REMOTE, args={"resolvers": "10.0.0.2 malformed"}, views=("inside",)),
    ),
    "everything says SERVFAIL, even the control": (failing("host", "", DnsStatus.SERVFAIL), zone(LF, "UNKNOWN")),
    "the domain is gone": (
        healthy("host").zone(lambda _: Zone()),
        zone(DU, "CRITICAL", args={"state": "does not exist (NXDOMAIN)"}),
    ),
    "the domain is gone, without Autodiscover": (healthy("none").zone(lambda _: Zone()), zone(DU, "WARNING")),
    "the domain says SERVFAIL": (
        incidents.row_43("host"),
        zone(
            DU,
            "CRITICAL",
            views=("inside",),
            args={"state": "cannot be resolved (SERVFAIL from 10.0.0.2, which answers other questions)"},
        ),
    ),
    "a signature is wrong": (
        incidents.row_43_bogus("host"),
        zone(DB, "CRITICAL", views=("inside",), args={"resolvers": "10.0.0.2"}),
    ),
    "a signature is wrong, without Autodiscover": (incidents.row_43_bogus("none"), zone(DB, "WARNING")),
    "answers for names that cannot exist": (
        incidents.row_45("host"),
        Told(NR, "UNKNOWN", "zone", "10.0.0.2", (FOREIGN,), ("inside",), args={"resolvers": "10.0.0.2", "honest": ""}),
    ),
    "nothing to go by": (
        incidents.row_16_everywhere(),
        zone(MU, "UNKNOWN", views=("",), args={"found": f"no record at {AUTODISCOVER}, no SRV record"}),
    ),
    "a catch-all where nothing listens": (
        CATCH_ALL,
        zone(MU, "UNKNOWN", views=("",), args={"found": f"a catch-all *.{DOMAIN} at {AUTODISCOVER}, no SRV record"}),
    ),
    "a record that serves nothing": (
        auto(healthy("none")).zone(lambda each: each.with_(AUTODISCOVER, A, SERVER)),
        zone(
            MU,
            "UNKNOWN",
            views=("",),
            args={"found": f"a record that does not serve at {AUTODISCOVER}, no SRV record"},
        ),
    ),
    "the deadline before the intended endpoint": (
        incidents.row_48_before("srv"),
        Told(TO, "CRITICAL", "srv", REMOTE, args={"timeout": "10", "slow": SERVER}),
    ),
    "no file descriptor was left for the intended endpoint": (
        healthy("srv").site(SERVER, Site(incidents.SINGLE, https=Connect.EXHAUSTED)),
        Told(OR, "UNKNOWN", "srv", REMOTE, args={"slow": SERVER}),
    ),
    "no connection of the check was left for the intended endpoint": (
        healthy("srv").site(SERVER, Site(incidents.SINGLE, https=Connect.OVER_BUDGET)),
        Told(OR, "UNKNOWN", "srv", REMOTE, args={"slow": SERVER}),
    ),
    "the intended endpoint is where nothing is sent": (
        healthy("srv").site(SERVER, Site(incidents.SINGLE, https=Connect.DENIED)),
        Told(ND, "UNKNOWN", "srv", REMOTE, (SERVER,)),
    ),
    "whatever might be the endpoint is where nothing is sent": (
        auto(healthy("host")).with_policy(servers=()).site(SERVER, Site(incidents.MULTI, https=Connect.DENIED)),
        Told(ND, "UNKNOWN", "autodiscover", AUTODISCOVER, (SERVER,)),
    ),
    "the deadline before the lookup": (
        replace(healthy("host"), cut=(AUTODISCOVER,)),
        Told(TO, "CRITICAL", "autodiscover", AUTODISCOVER, args={"slow": f"DNS for {AUTODISCOVER}"}),
    ),
    "the deadline, graded by policy": (
        incidents.row_48_before("srv").with_policy(timeout_result=State.UNKNOWN, timeout=2.5),
        Told(TO, "UNKNOWN", "srv", REMOTE, args={"timeout": "2.5"}),
    ),
}


@pytest.mark.parametrize("case", RAISED)
def test_each_way_of_not_seeing_is_told_with_its_facts(case: str) -> None:
    world, told = RAISED[case]
    if told.views != ("inside",):
        assert_told(world, told)
        return
    report = verdict(world.with_policy(views=world.policy.views[:1]))
    assert_told(replace(world, policy=report.survey.policy), told)


SILENT = {
    LF: {
        "all answer": healthy("host"),
        "one of two resolvers is dead": two_resolvers("host", DnsStatus.TIMEOUT),
        "the first of two resolvers is dead": two_resolvers("host", None, DnsStatus.TIMEOUT),
        "no data": incidents.row_16("srv"),
        "a name that only the reference needs": failing("host", incidents.MAIL, DnsStatus.TIMEOUT),
        "the deadline came first": replace(healthy("host"), cut=(AUTODISCOVER,)),
        "the domain is gone": healthy("host").zone(lambda _: Zone()),
    },
    DU: {
        "the domain is there": healthy("host"),
        "the domain has other records only": healthy("host").zone(lambda each: each.without(DOMAIN)),
        "nobody answers": incidents.row_42("host"),
        "the control question fails as well": failing("host", "", DnsStatus.SERVFAIL),
    },
    DB: {"signed well": healthy("host"), "SERVFAIL for another reason": incidents.row_43("host")},
    NR: {"honest": healthy("host"), "a catch-all of the domain's own": incidents.row_5("host")},
    MU: {
        "a method is found": auto(healthy("srv")),
        "a method is declared": incidents.row_16_everywhere().with_policy(method=Method.SRV),
        "a view is blind": incidents.blind(incidents.row_16_everywhere(), "outside"),
        "a client is warned": incidents.row_12_no_reference(),
        "the deadline came first": replace(incidents.row_16_everywhere(), cut=(AUTODISCOVER,)),
    },
    ND: {
        "nothing is denied": healthy("srv"),
        "the root domain is": healthy("srv").site(APEX, Site(https=Connect.DENIED)),
    },
    OR: {
        "sockets enough": healthy("srv"),
        "none for the root domain": healthy("srv").site(APEX, Site(https=Connect.EXHAUSTED)),
        "the deadline came first": incidents.row_48_before("srv"),
    },
    TO: {
        "in time": healthy("srv"),
        "only the root domain was late": incidents.row_48_after("srv"),
        "only what comes after was late": replace(incidents.row_17("host"), cut=("exchange.contoso.com",)),
        "a step that is skipped": replace(healthy("srv"), cut=("198.51.100.7",)).with_policy(skip_steps=(Step.ROOT,)),
    },
}


@pytest.mark.parametrize(("rule", "case"), [(rule, case) for rule, cases in SILENT.items() for case in cases])
def test_nothing_is_told_where_everything_was_seen(rule: str, case: str) -> None:
    assert rule not in rules_of(verdict(SILENT[rule][case]))


def test_a_dead_resolver_is_a_note_and_no_absence() -> None:
    report = verdict(two_resolvers("srv", None, DnsStatus.TIMEOUT))
    assert report.state is State.OK
    assert "outside: resolver 192.0.2.53 did not answer; the view's others did" in report.notes


FAILURES = [each for each in DnsStatus if not each.conclusive and each is not DnsStatus.DISBELIEVED]


@pytest.mark.parametrize("status", FAILURES)
def test_no_way_of_failing_is_ever_an_absence_or_fine(status: DnsStatus) -> None:
    report = verdict(failing("srv", "", status))
    assert report.state in (State.UNKNOWN, State.CRITICAL)
    assert not {rule for rule in rules_of(report) if "missing" in rule or "nothing" in rule}
    assert {walk.outcome.value for walk in report.walks if walk.judged} == {"unknown"}


@pytest.mark.parametrize("rule", [LF, DU, DB])
def test_nothing_that_depends_on_the_missing_answer_is_told_beside_it(rule: str) -> None:
    world = {LF: incidents.row_42, DU: incidents.row_43, DB: incidents.row_43_bogus}[rule]("srv")
    report = verdict(world)
    assert {item.finding.rule for item in report.roots if item.severity is not State.OK} == {rule}


def test_one_blind_view_does_not_hide_what_the_other_shows() -> None:
    report = verdict(incidents.row_42_other_critical("srv"))
    assert report.state is State.CRITICAL
    assert LF in {item.finding.rule for item in report.roots}


@pytest.mark.parametrize(
    ("method", "why"),
    [
        ("srv", "the SRV record leads to remote.contoso.com"),
        ("host", "autodiscover.contoso.com has a record and the certificate there covers it"),
        ("exchange-online", "autodiscover.contoso.com is an alias of autodiscover.outlook.com"),
        (
            "redirect",
            "http://autodiscover.contoso.com/autodiscover/autodiscover.xml redirects to remote.contoso.com",
        ),
    ],
)
def test_auto_finds_the_method_of_a_healthy_world_and_says_why(method: str, why: str) -> None:
    report = verdict(auto(healthy(method)))
    assert [(item.view, item.effective.value, item.why) for item in report.methods] == [
        (view, method, why) for view in BOTH
    ]


@pytest.mark.parametrize(
    ("world", "method"),
    [
        (incidents.row_1("auto"), Method.SRV),
        (incidents.row_2("auto"), Method.SRV),
        (incidents.row_2_multi_name(), Method.HOST),
        (incidents.row_4("auto"), Method.HOST),
        (incidents.row_7("auto"), Method.SRV),
        (incidents.row_8("auto"), Method.HOST),
        (incidents.row_12_no_reference(), Method.HOST),
        (incidents.row_13_no_reference(), Method.UNDETERMINED),
        (incidents.row_36("auto"), Method.EXCHANGE_ONLINE),
        (incidents.row_38("auto"), Method.REDIRECT),
        (CATCH_ALL.site(FOREIGN, Site(HOSTER, PAGE)), Method.HOST),
    ],
)
def test_auto_reads_the_customers_rules_backwards(world: World, method: Method) -> None:
    assert {item.effective for item in verdict(world).methods} == {method}


def test_a_redirect_to_microsofts_cloud_is_no_alias() -> None:
    """Exchange Online is found by the alias of the host record; a web server may send clients anywhere."""
    leading = redirect(f"https://{CLOUD}/autodiscover/autodiscover.xml")
    world = auto(healthy("host")).with_policy(servers=()).zone(lambda zone: zone.with_(CLOUD, A, "52.97.0.1"))
    report = verdict(world.site(SERVER, Site(incidents.MULTI, leading)))
    assert Method.EXCHANGE_ONLINE not in {choice.effective for choice in report.methods}


def test_a_catch_all_that_warns_a_domain_without_exchange_is_the_cause_and_has_the_way_out() -> None:
    report = verdict(CATCH_ALL.site(FOREIGN, Site(HOSTER, PAGE)).with_policy(views=CATCH_ALL.policy.views[:1]))
    assert report.state is State.CRITICAL
    assert "If nobody uses Outlook here: -m none." in report.roots[0].remedy


CUT_ANSWER = HttpAnswer("GET", Exchange.CUT_SHORT)


@pytest.mark.parametrize(
    "world",
    [
        healthy("srv").site(SERVER, Site(SINGLE, CUT_ANSWER)),
        replace(healthy("srv").zone(lambda each: each.with_(REMOTE, A, SERVER, FOREIGN)), cut=(FOREIGN,)),
    ],
    ids=["the answer did not come", "one of two addresses did not answer"],
)
def test_what_was_not_seen_to_its_end_is_never_ok(world: World) -> None:
    report = verdict(world)
    assert report.state is State.CRITICAL
    assert {item.finding.rule for item in report.roots if item.severity is State.CRITICAL} == {TO}
    assert verdict(world.with_policy(timeout_result=State.UNKNOWN)).state is State.UNKNOWN


def test_a_loop_of_aliases_is_the_cause_and_is_named() -> None:
    looping = healthy("host").zone(lambda zone: zone.without(AUTODISCOVER).with_(AUTODISCOVER, "CNAME", AUTODISCOVER))
    report = verdict(looping)
    assert report.summary.endswith("which has no address: Outlook finds nothing [dns-host-record-missing]")


def test_a_redirect_to_a_name_without_an_address_is_the_cause_and_is_named() -> None:
    report = verdict(healthy("redirect").zone(lambda zone: zone.without(REMOTE)))
    assert "the redirect leads to remote.contoso.com, which has no address" in report.summary


def test_a_misspelt_server_makes_no_stranger_of_the_real_one() -> None:
    report = verdict(healthy("srv").with_policy(servers=("remot.contoso.com",)))
    assert report.state is State.OK
    assert any("remot.contoso.com has no address" in note for note in report.notes)
