"""Rules about who serves the domain's records: resolvers and authorities that disagree, stale answers, parents."""

from dataclasses import replace

import pytest

from check_autodiscover.core.model.observations import DnsStatus, EndpointQuestion, RecordType, Scheme, Srv, Variant
from check_autodiscover.core.model.policy import Resolver
from check_autodiscover.core.model.report import Role
from check_autodiscover.core.verdict.judge import judge
from tests.core import incidents
from tests.core.incidents import REMOTE, SRV, A, healthy, served
from tests.core.judging import Told, assert_told, rules_of, verdict
from tests.core.worlds import (
    AUTODISCOVER,
    CLOUD,
    DOMAIN,
    FOREIGN,
    PAGE,
    PASSWORD,
    SERVER,
    SRV_NAME,
    Site,
    World,
    Zone,
    certificate,
    survey_of,
)

SD, AI, ST = "dns-servers-disagree", "dns-authority-inconsistent", "dns-stale-answer"
IZ, PE = "dns-inside-zone-extra-records", "dns-parent-exposed"
SECOND = "192.0.2.54"


def beside(method: str, zone: Zone) -> World:
    """The outside view asks a second resolver, which serves another zone."""
    world = healthy(method)
    inside, outside = world.policy.views
    outside = replace(outside, resolvers=(*outside.resolvers, Resolver(SECOND)))
    return replace(world.with_policy(views=(inside, outside)), resolvers={SECOND: zone})


def outside(method: str) -> Zone:
    return healthy(method).zones["outside"]


def changed_at_one_server(*addresses: str) -> World:
    """One of the domain's own servers has other addresses at `autodiscover.D`."""
    world = served(healthy("host"))
    address = next(iter(world.resolvers))
    zone = world.resolvers[address].with_(AUTODISCOVER, A, *addresses)
    return replace(world, resolvers={**world.resolvers, address: zone})


def cached() -> World:
    """A resolver still answers with an address that the domain's own servers do not give any more."""
    world = served(healthy("host"))
    own = {address: zone.with_(AUTODISCOVER, A, "203.0.113.12") for address, zone in world.resolvers.items()}
    return replace(world, resolvers=own)


def dangling_alias() -> World:
    """The name is an alias of nothing, and all servers say so, the resolvers with NXDOMAIN."""
    return served(
        healthy("host").zone(lambda zone: zone.without(AUTODISCOVER).with_(AUTODISCOVER, "CNAME", "gone.example"))
    )


def hiding() -> World:
    world = healthy("host").zone(lambda zone: zone.with_(DOMAIN, RecordType.MX, "mx.contoso.com"), "outside")
    return world.zone(lambda zone: zone.with_(f"www.{DOMAIN}", A, FOREIGN), "outside")


def holding() -> World:
    world = hiding().zone(lambda zone: zone.with_(f"www.{DOMAIN}", A, SERVER), "inside")
    return world.zone(lambda zone: replace(zone, authoritative=True), "inside")


RAISED = {
    "a resolver that has no record": (
        beside("host", outside("host").without(AUTODISCOVER)),
        Told(
            SD,
            "WARNING",
            "autodiscover",
            AUTODISCOVER,
            views=("outside",),
            args={"told": f"192.0.2.53: {SERVER}, {SECOND}: no record"},
        ),
    ),
    "a resolver that has another SRV record": (
        beside("srv", outside("srv").with_(SRV_NAME, SRV, Srv(0, 0, 443, "x.example"))),
        Told(
            SD,
            "WARNING",
            "srv",
            SRV_NAME,
            views=("outside",),
            args={"told": f"192.0.2.53: {REMOTE}, {SECOND}: x.example"},
        ),
    ),
    "a resolver that fails for the domain": (
        beside("host", replace(outside("host"), failing={DOMAIN: DnsStatus.SERVFAIL})),
        Told(
            SD,
            "WARNING",
            "zone",
            DOMAIN,
            views=("outside",),
            args={"told": f"192.0.2.53: an answer, {SECOND}: SERVFAIL"},
        ),
    ),
    "a resolver that fails for the SRV record": (
        beside("srv", replace(outside("srv"), failing={SRV_NAME: DnsStatus.SERVFAIL})),
        Told(
            SD,
            "WARNING",
            "srv",
            SRV_NAME,
            views=("outside",),
            args={"told": f"192.0.2.53: {REMOTE}, {SECOND}: SERVFAIL"},
        ),
    ),
    "a resolver whose trust in the domain is broken": (
        beside("host", replace(outside("host"), bogus=(DOMAIN,))),
        Told(
            SD,
            "WARNING",
            "zone",
            DOMAIN,
            views=("outside",),
            args={"told": f"192.0.2.53: an answer, {SECOND}: SERVFAIL, as DNSSEC validation fails"},
        ),
    ),
    "a resolver that knows no such domain": (
        beside("host", Zone()),
        Told(
            SD,
            "WARNING",
            "zone",
            DOMAIN,
            views=("outside",),
            args={"told": f"192.0.2.53: an answer, {SECOND}: no record"},
        ),
    ),
    "a name server that has no address": (
        served(healthy("host")).zone(
            lambda zone: zone.with_(DOMAIN, RecordType.NS, "ns1.contoso.com", "ns2.contoso.com", "gone.example")
        ),
        Told(AI, "WARNING", "zone", DOMAIN, args={"told": "gone.example: has no address", "serial": ""}),
    ),
    "a resolver that disagrees, without Autodiscover": (
        beside("none", outside("none").with_(SRV_NAME, SRV, Srv(0, 0, 443, REMOTE))),
        Told(SD, "OK", "srv", SRV_NAME, views=("outside",)),
    ),
    "a lame server": (
        incidents.row_41("host"),
        Told(AI, "WARNING", "zone", DOMAIN, args={"told": "198.51.100.55: refused", "serial": ""}),
    ),
    "servers of two serials": (
        incidents.row_41_serial("host"),
        Told(AI, "OK", "zone", DOMAIN, args={"told": "198.51.100.54: serial 7, 198.51.100.55: serial 8"}),
    ),
    "an old answer in a cache": (
        cached(),
        Told(
            ST,
            "OK",
            "autodiscover",
            AUTODISCOVER,
            args={"cached": SERVER, "served": "203.0.113.12", "seconds": "300"},
        ),
    ),
    "an inside zone that hides": (
        hiding(),
        Told(
            IZ,
            "OK",
            "zone",
            DOMAIN,
            views=("inside",),
            args={"hidden": f"{DOMAIN} MX and www.{DOMAIN} A", "held": "", "server": "10.0.0.2"},
        ),
    ),
    "an inside zone that holds": (
        holding(),
        Told(IZ, "OK", "zone", DOMAIN, views=("inside",), args={"hidden": f"{DOMAIN} MX", "held": f"www.{DOMAIN} A"}),
    ),
}


@pytest.mark.parametrize("case", RAISED)
def test_each_disagreement_of_servers_is_told_with_its_facts(case: str) -> None:
    assert_told(*RAISED[case])


ROTATED = outside("host").with_(AUTODISCOVER, A, "203.0.113.12")
SILENT = {
    SD: {
        "one resolver": healthy("host"),
        "two that agree": beside("host", outside("host")),
        "no data here, no name there": beside("srv", outside("srv").with_(AUTODISCOVER, "TXT", "tombstone")),
        "other addresses with fit certificates": beside("host", ROTATED).site(
            "203.0.113.12", Site(certificate(incidents.MAIL, AUTODISCOVER))
        ),
        "a dead one": beside("host", replace(outside("host"), failing={"": DnsStatus.TIMEOUT})),
    },
    AI: {
        "all serve": served(healthy("host")),
        "nobody is known": healthy("host"),
        "other addresses": changed_at_one_server("203.0.113.12"),
    },
    ST: {
        "an alias that ends nowhere, everywhere": dangling_alias(),
        "as served": served(healthy("host")),
        "nobody is known": healthy("host"),
    },
    IZ: {
        "alike": healthy("host"),
        "one view": hiding().with_policy(views=healthy("host").policy.views[:1]),
        "only inside": healthy("host").zone(lambda zone: zone.with_(f"www.{DOMAIN}", A, SERVER), "inside"),
    },
    PE: {"no parents": healthy("host")},
}


@pytest.mark.parametrize(("rule", "case"), [(rule, case) for rule, cases in SILENT.items() for case in cases])
def test_nothing_is_told_where_servers_agree(rule: str, case: str) -> None:
    assert rule not in rules_of(verdict(SILENT[rule][case]))


PARENT = "example.com"
PARENTS_NAME = f"autodiscover.{PARENT}"
HOSTER = certificate("*.hoster.example")
BASIC = Site(HOSTER, PASSWORD)


def climbed(world: World, *addresses: str) -> World:
    """A world in which the parent's name leads to these addresses in both views."""
    return world.zone(lambda zone: zone.with_(PARENTS_NAME, A, *addresses))


def not_connected(world: World) -> World:
    return world.with_policy(views=tuple(replace(view, connect=False) for view in world.policy.views))


CLIMBED = {
    "nobody is there": (healthy("host"), None),
    "a name without a server": (climbed(healthy("host"), FOREIGN), "OK"),
    "a web site": (climbed(healthy("host"), FOREIGN).site(FOREIGN, Site(HOSTER, PAGE)), "OK"),
    "a login without clear text": (
        climbed(healthy("host"), FOREIGN).site(FOREIGN, Site(HOSTER)),
        "OK",
    ),
    "a password in clear text": (climbed(healthy("host"), FOREIGN).site(FOREIGN, BASIC), "WARNING"),
    "of a domain by srv": (climbed(healthy("srv"), FOREIGN).site(FOREIGN, BASIC), "WARNING"),
    "not connected to": (not_connected(climbed(healthy("host"), FOREIGN).site(FOREIGN, BASIC)), "OK"),
    "the server's own address": (
        climbed(healthy("host"), SERVER).site(SERVER, Site(incidents.MULTI, PASSWORD)),
        "OK",
    ),
    "the server's own key": (
        climbed(healthy("host"), FOREIGN).site(FOREIGN, Site(incidents.MULTI, PASSWORD)),
        "OK",
    ),
}


@pytest.mark.parametrize("case", CLIMBED)
def test_a_parent_whose_name_resolves_is_told_and_a_stranger_who_asks_for_passwords_there_alarms(case: str) -> None:
    """Row 62."""
    world, severity = CLIMBED[case]
    report = judge(survey_of(world, parents=(PARENT,)))
    told = [
        (item.finding.subject, item.severity.value, item.role) for item in report.judgements if item.finding.rule == PE
    ]
    assert told == ([(PARENTS_NAME, severity, Role.ROOT)] * 2 if severity else [])


def glances(world: World) -> list[EndpointQuestion]:
    contacts = survey_of(world, parents=(PARENT,)).contacts
    return [question for question in contacts if question.name == PARENTS_NAME]


def test_a_parents_server_is_met_once_whatever_the_views_and_its_addresses() -> None:
    """Row 62: it may be anybody's."""
    world = climbed(healthy("host"), FOREIGN, "198.51.100.81", "198.51.100.82").site(FOREIGN, BASIC)
    assert glances(world) == [EndpointQuestion(PARENTS_NAME, FOREIGN, 443, Scheme.HTTPS, variant=Variant.GLANCE)]


def test_a_parents_name_that_leads_to_microsoft_is_left_alone() -> None:
    """Row 62."""
    world = healthy("host").zone(lambda zone: zone.with_(PARENTS_NAME, "CNAME", CLOUD).with_(CLOUD, A, "52.97.0.1"))
    assert glances(world) == []


def test_a_parents_name_that_serves_the_domain_is_met_as_what_it_serves() -> None:
    """Row 62: the target of the SRV record is contacted as one, and by no second connection."""
    world = climbed(incidents.with_srv("srv", Srv(0, 0, 443, PARENTS_NAME)), SERVER)
    assert {question.variant for question in glances(world)} == {Variant.USUAL}
