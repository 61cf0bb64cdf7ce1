"""Rules about the SRV record: missing, or leading elsewhere, to nothing, to a wrong port, an alias, several hosts."""

from dataclasses import replace
from typing import Any

import pytest

from check_autodiscover.core.model.observations import DnsStatus, Srv
from check_autodiscover.core.model.policy import Expectations, Expected, Method, Step
from tests.core import incidents
from tests.core.incidents import HOSTER, MAIL, REMOTE, SRV, A, auto, healthy, with_srv
from tests.core.judging import Told, assert_told, rules_of, verdict
from tests.core.worlds import APEX, AUTODISCOVER, DOMAIN, FOREIGN, PAGE, SERVER, SRV_NAME, Site, World, certificate

SM, ST, SU, SP = "dns-srv-missing", "dns-srv-target-missing", "dns-srv-unexpected", "dns-srv-port"
SS, SA, SN, WS = "dns-srv-shadowed", "dns-srv-target-alias", "dns-srv-targets-several", "dns-wildcard-captures-srv"
RECORD = "_autodiscover._tcp.contoso.com. 3600 IN SRV 0 0 443 remote.contoso.com."
OTHER = "exchange.contoso.com"


def srv(rule: str, severity: str, subject: str = SRV_NAME, addresses: tuple[str, ...] = (), **more: Any) -> Told:
    """What is told at the SRV record."""
    return Told(rule, severity, "srv", subject, addresses, **more)


@pytest.mark.parametrize(
    ("expected", "port", "rules"),
    [
        (f"{REMOTE}:8443", 8443, set()),
        (f"{REMOTE}:8443", 443, {SU}),
        (f"{REMOTE}:443", 443, set()),
        (f"{REMOTE}:443", 8443, {SP}),
        (REMOTE, 443, set()),
        (REMOTE, 8443, {SP}),
    ],
)
def test_a_port_that_is_expected_is_part_of_what_is_expected(expected: str, port: int, rules: set[str]) -> None:
    world = healthy("srv").zone(lambda zone: zone.with_(SRV_NAME, SRV, Srv(0, 0, port, REMOTE)))
    report = verdict(expecting(world, Expected(expected)))
    assert rules_of(report) & {SU, SP} == rules


def expecting(world: World, *values: Expected) -> World:
    return world.with_policy(expect=Expectations(srv=values))


def elsewhere() -> World:
    """The SRV record leads to another name of our server, which its certificate names as well."""
    world = with_srv("srv", Srv(0, 0, 443, OTHER)).zone(lambda zone: zone.with_(OTHER, A, SERVER))
    return world.site(SERVER, Site(certificate(REMOTE, OTHER)))


def dangling() -> World:
    return with_srv("srv", Srv(0, 0, 443, OTHER)).zone(lambda zone: zone.with_(OTHER, "CNAME", "gone.contoso.com"))


def at_root() -> World:
    """Clients are served at the root domain already."""
    return healthy("srv").site(APEX, Site(certificate(DOMAIN, REMOTE, key="key of " + REMOTE)))


def without_srv(*names: str) -> World:
    return healthy("srv").zone(lambda zone: zone.without(SRV_NAME), *names)


RAISED = {
    "none anywhere": (
        without_srv(),
        srv(SM, "CRITICAL", args={"hiding": "", "refusal": "", "srv_record": RECORD}),
    ),
    "none inside": (
        without_srv("inside"),
        srv(SM, "CRITICAL", views=("inside",), args={"hiding": "zone on 10.0.0.2 hides the public one"}),
    ),
    "none outside": (
        without_srv("outside"),
        srv(SM, "CRITICAL", views=("outside",), args={"hiding": "another view has it"}),
    ),
    "none, and no server is named": (
        without_srv("inside").with_policy(servers=()),
        srv(SM, "CRITICAL", views=("inside",), args={"srv_record": RECORD}),
    ),
    "none, and nobody knows the server": (
        without_srv().with_policy(servers=()),
        srv(SM, "CRITICAL", args={"srv_record": RECORD.replace(REMOTE, "YOUR-SERVER")}),
    ),
    "target '.'": (
        incidents.row_19_dot("srv"),
        srv(SM, "CRITICAL", args={"refusal": "its target is '.', which says that the service is not offered"}),
    ),
    "target without the final dot": (
        incidents.row_19("srv"),
        srv(
            ST,
            "CRITICAL",
            f"{REMOTE}.{DOMAIN}",
            args={"hint": f"no dot after {REMOTE}", "owner": SRV_NAME, "srv_record": RECORD},
        ),
    ),
    "target without an address": (
        with_srv("srv", Srv(0, 0, 443, OTHER)),
        srv(ST, "CRITICAL", OTHER, args={"hint": ""}),
    ),
    "target is an alias of nothing": (dangling(), srv(ST, "CRITICAL", OTHER)),
    "target is not the server": (
        elsewhere(),
        srv(
            SU,
            "WARNING",
            OTHER,
            (SERVER,),
            args={"expected": REMOTE, "other_port": "", "names": "", "srv_record": RECORD},
        ),
    ),
    "target is not the server, nor in its certificate": (
        incidents.row_17("srv"),
        srv(SU, "CRITICAL", OTHER, (SERVER,), args={"names": REMOTE}),
    ),
    "target is not the declared one of a view": (
        expecting(healthy("srv"), Expected(OTHER, "inside")),
        srv(SU, "WARNING", REMOTE, (SERVER,), views=("inside",), args={"expected": OTHER}),
    ),
    "443, where another port is declared": (
        expecting(healthy("srv"), Expected(f"{REMOTE}:8443")),
        srv(
            SU,
            "WARNING",
            REMOTE,
            (SERVER,),
            args={
                "expected": f"{REMOTE}:8443",
                "other_port": "443",
                "srv_record": RECORD.replace("443", "8443"),
            },
        ),
    ),
    "port": (
        incidents.row_18("srv"),
        srv(SP, "CRITICAL", REMOTE, (SERVER,), args={"port": "8443", "owner": SRV_NAME}),
    ),
    "port of clients that do not mind": (
        incidents.row_18("srv").with_policy(clients=(incidents.healthy("srv").policy.clients[0],)),
        srv(SP, "WARNING", REMOTE, (SERVER,)),
    ),
    "target is an alias": (
        incidents.row_20("srv"),
        srv(SA, "WARNING", REMOTE, (SERVER,), args={"alias": "mail2.contoso.com"}),
    ),
    "several targets": (
        incidents.row_21("srv"),
        srv(SN, "WARNING", args={"targets": f"{REMOTE} and remote2.contoso.com", "first": REMOTE}),
    ),
    "several targets, one of them broken": (
        incidents.row_21_one_broken("srv"),
        srv(SN, "WARNING", cause="service-unreachable"),
    ),
    "a catch-all of SRV names": (
        incidents.row_11("srv"),
        srv(WS, "WARNING", args={"parent": f"_tcp.{DOMAIN}", "target": REMOTE}),
    ),
    "a catch-all of SRV names under another method": (incidents.row_11("host"), srv(WS, "OK")),
    "shadowed by a record": (
        incidents.row_1("srv"),
        srv(SS, "WARNING", cause="dns-unwanted-host-record", args={"shadow": f"the record {AUTODISCOVER}"}),
    ),
    "shadowed by a catch-all": (
        incidents.row_5("srv"),
        srv(SS, "WARNING", cause="dns-wildcard-captures-autodiscover"),
    ),
    "shadowed by the web site": (
        incidents.row_22("srv"),
        srv(SS, "WARNING", cause="certificate-name-mismatch", args={"shadow": f"https://{DOMAIN}"}),
    ),
    "shadowed by a root domain that serves": (at_root(), srv(SS, "WARNING", args={"declared": "yes"})),
    "shadowed by a root domain that serves, not declared": (auto(at_root()), srv(SS, "OK", args={"declared": ""})),
    "shadowed under another method": (incidents.row_4("host"), srv(SS, "OK")),
}


@pytest.mark.parametrize("case", RAISED)
def test_each_fault_of_the_srv_record_is_told_with_its_facts(case: str) -> None:
    assert_told(*RAISED[case])


def failing(world: World, name: str) -> World:
    return world.zone(lambda zone: replace(zone, failing={name: DnsStatus.TIMEOUT}))


HEALTHY = healthy("srv")
SILENT = {
    SM: {
        "the record is there": HEALTHY,
        "the method is host": healthy("host"),
        "the lookup failed": failing(HEALTHY, SRV_NAME),
        "the deadline came first": replace(HEALTHY, cut=(SRV_NAME,)),
    },
    ST: {
        "the target has an address": HEALTHY,
        "the method is host": incidents.row_19("host"),
        "the lookup failed": failing(HEALTHY, REMOTE),
    },
    SU: {
        "the target is the server": HEALTHY,
        "the target is declared": expecting(elsewhere(), Expected(OTHER)),
        "the target is declared with its port": expecting(elsewhere(), Expected(f"{OTHER}:443")),
        "one of the declared ports": expecting(HEALTHY, Expected(f"{REMOTE}:8443"), Expected(f"{REMOTE}:443")),
        "the declared port": expecting(incidents.row_18("srv"), Expected(f"{REMOTE}:8443")),
        "the port is told as such": expecting(incidents.row_18("srv"), Expected(f"{REMOTE}:443")),
        "nothing is expected": elsewhere().with_policy(servers=()),
        "the method is host": incidents.row_17("host"),
        "the target has no address anyhow": incidents.row_19("srv"),
    },
    SP: {
        "443": HEALTHY,
        "the port is declared": expecting(incidents.row_18("srv"), Expected(f"{REMOTE}:8443")),
        "the method is host": incidents.row_18("host"),
    },
    SA: {"no alias": HEALTHY, "the method is host": incidents.row_20("host"), "an alias of nothing": dangling()},
    SN: {
        "one target": HEALTHY,
        "one target twice": with_srv("srv", Srv(0, 0, 443, REMOTE), Srv(5, 0, 443, REMOTE)),
        "the method is host": incidents.row_21("host"),
    },
    WS: {
        "no catch-all": HEALTHY,
        "an alias without SRV data": incidents.row_10("srv"),
        "a catch-all of addresses": incidents.row_9("srv"),
    },
    SS: {
        "nothing is met before": HEALTHY,
        "there is no SRV record": incidents.row_2("srv"),
        "the method is none": incidents.row_1("none"),
        "the method is exchange-online": incidents.row_1("exchange-online"),
    },
}


@pytest.mark.parametrize(("rule", "case"), [(rule, case) for rule, cases in SILENT.items() for case in cases])
def test_nothing_is_told_where_a_rule_of_the_srv_record_does_not_hold(rule: str, case: str) -> None:
    assert rule not in rules_of(verdict(SILENT[rule][case]))


def test_a_catch_all_that_takes_the_srv_name_explains_why_there_is_no_record() -> None:
    world = without_srv().zone(
        lambda zone: zone.with_(f"*.{DOMAIN}", "CNAME", "park.example").with_("park.example", A, FOREIGN)
    )
    world = world.site(FOREIGN, Site(HOSTER, PAGE))
    assert_told(world, srv(SM, "CRITICAL", cause="dns-wildcard-captures-autodiscover"))


def test_a_catch_all_that_hits_nobody_does_not_hide_that_there_is_no_record() -> None:
    world = without_srv().zone(lambda zone: zone.with_(f"*.{DOMAIN}", A, FOREIGN))
    assert_told(world, srv(SM, "CRITICAL"))


def test_a_port_that_is_not_the_declared_one_is_told_beside_the_target() -> None:
    report = verdict(expecting(healthy("srv"), Expected(f"{REMOTE}:8443")))
    assert f"SRV record leads to {REMOTE}:443, not {REMOTE}:8443 [dns-srv-unexpected]" in report.summary


def test_a_target_of_a_dot_is_right_without_autodiscover() -> None:
    world = healthy("none").zone(lambda zone: zone.with_(SRV_NAME, SRV, Srv(0, 0, 0, "")))
    report = verdict(world)
    assert (report.state.value, rules_of(report)) == ("OK", set())


def test_methods_differ_by_view() -> None:
    world = incidents.row_40("host").zone(
        lambda zone: zone.without(AUTODISCOVER).with_(SRV_NAME, SRV, Srv(0, 0, 443, MAIL)), "outside"
    )
    report = verdict(world.with_policy(methods=(("outside", Method.SRV),)))
    assert report.state.value == "OK", report.summary
    assert [(each.view, each.effective.value) for each in report.methods] == [("inside", "host"), ("outside", "srv")]


def test_a_skipped_srv_step_leaves_clients_without_autodiscover() -> None:
    report = verdict(HEALTHY.with_policy(skip_steps=(Step.SRV,)))
    assert "client-finds-nothing" in rules_of(report)
    assert report.state.value == "CRITICAL"
