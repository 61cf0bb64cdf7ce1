"""Rules about the record `autodiscover.D`: the catch-all, the unwanted, missing and wrong record, the wrong address."""

from dataclasses import replace
from typing import Any

import pytest

from check_autodiscover.core.model.observations import DnsStatus, RecordType, Srv
from check_autodiscover.core.model.policy import Expectations, Expected, Family, Method, Step
from check_autodiscover.core.model.states import State
from check_autodiscover.core.verdict.judge import judge
from tests.core import incidents
from tests.core.incidents import AAAA, HOSTER, MAIL, REDIRECT_HOST, REMOTE, A, declared, healthy, wildcard
from tests.core.judging import BOTH, Told, assert_told, rules_of, verdict
from tests.core.worlds import APEX, AUTODISCOVER, CLOUD, DOMAIN, FOREIGN, PAGE, SERVER, SRV_NAME, Site, World, survey_of

WC, WP = "dns-wildcard-captures-autodiscover", "dns-wildcard-present"
UH, HM, AL, AD = (
    "dns-unwanted-host-record",
    "dns-host-record-missing",
    "dns-alias-unexpected",
    "dns-address-unexpected",
)
NETWORK = "203.0.113.0/24"


def expecting(world: World, **values: Any) -> World:
    """A world with declared expectations."""
    return world.with_policy(expect=Expectations(**values))


def by_alias() -> World:
    """A catch-all that is an alias."""
    park = "park.hoster.example"
    world = healthy("srv").zone(lambda zone: zone.with_(f"*.{DOMAIN}", "CNAME", park).with_(park, A, FOREIGN))
    return world.site(FOREIGN, Site(HOSTER, PAGE))


def without_record(method: str, *names: str) -> World:
    return healthy(method).zone(lambda zone: zone.without(AUTODISCOVER), *names)


def addressed(method: str, *addresses: str) -> World:
    """The healthy world with other addresses at `autodiscover.D`, every one of which is our own server."""
    world = healthy(method).zone(lambda zone: zone.with_(AUTODISCOVER, A, *addresses))
    for address in addresses:
        world = world.site(address, world.sites[SERVER])
    return world


def host(rule: str, severity: str, addresses: tuple[str, ...] = (), **more: Any) -> Told:
    """What is told at the host record."""
    return Told(rule, severity, "autodiscover", AUTODISCOVER, addresses, **more)


ADDRESSES = (Expected(SERVER),)
WILD_ARGS = {"parent": DOMAIN, "where": FOREIGN, "certificate": "*.hoster.example", "declared": "", "hint": ""}

RAISED = {
    "captured, users are warned": (incidents.row_5("srv"), host(WC, "CRITICAL", (FOREIGN,), args=WILD_ARGS)),
    "captured, nothing listens": (
        incidents.row_6("srv"),
        host(WC, "WARNING", (FOREIGN,), args={**WILD_ARGS, "certificate": ""}),
    ),
    "captured without Autodiscover, users are warned": (
        incidents.row_5("none"),
        host(WC, "WARNING", (FOREIGN,), args={**WILD_ARGS, "hint": ""}),
    ),
    "captured without Autodiscover, nothing listens": (incidents.row_6("none"), host(WC, "OK", (FOREIGN,))),
    "captured without Autodiscover, users are configured": (incidents.row_8("none"), host(WC, "CRITICAL", (SERVER,))),
    "captured as declared": (
        declared(incidents.row_8("host")),
        host(WC, "OK", (SERVER,), args={"declared": "yes", "certificate": ""}),
    ),
    "captured as declared with its star": (
        expecting(incidents.row_8("host"), wildcards=(Expected("*.contoso.com"),)),
        host(WC, "OK", (SERVER,), args={"declared": "yes"}),
    ),
    "captured as declared for the other view": (
        expecting(incidents.row_8("host"), wildcards=(Expected(DOMAIN, "outside"),)).with_policy(
            views=incidents.row_8("host").policy.views[:1]
        ),
        host(WC, "WARNING", (SERVER,), views=("inside",), args={"declared": ""}),
    ),
    "captured as declared, but broken": (
        declared(incidents.row_5("host")),
        host(WC, "CRITICAL", (FOREIGN,), args={"declared": ""}),
    ),
    "captured in one view": (
        wildcard(healthy("srv"), FOREIGN, "outside").site(FOREIGN, Site(HOSTER, PAGE)),
        host(WC, "CRITICAL", (FOREIGN,), views=("outside",)),
    ),
    "captured by an alias": (by_alias(), host(WC, "CRITICAL", (FOREIGN,), args=WILD_ARGS)),
    "a catch-all beside a tombstone": (
        incidents.row_9("srv"),
        Told(WP, "WARNING", "zone", "*.contoso.com", (FOREIGN,), args={"protected": AUTODISCOVER, "where": FOREIGN}),
    ),
    "a catch-all beside the intended record": (
        incidents.row_9("host"),
        Told(WP, "OK", "zone", "*.contoso.com", (FOREIGN,)),
    ),
    "a record of the own server": (
        incidents.row_1("srv"),
        host(UH, "CRITICAL", (SERVER,), args={"names": REMOTE, "certificate": "", "alias": "", "srv_record": ""}),
    ),
    "a record of the own server and no SRV record": (
        incidents.row_2("srv"),
        host(
            UH,
            "CRITICAL",
            (SERVER,),
            args={"srv_record": "_autodiscover._tcp.contoso.com. 3600 IN SRV 0 0 443 remote.contoso.com."},
        ),
    ),
    "a record where nothing listens": (
        incidents.row_3("srv"),
        host(UH, "WARNING", ("203.0.113.11",), args={"names": "", "certificate": ""}),
    ),
    "a record of a stranger": (
        incidents.row_12("srv"),
        host(UH, "CRITICAL", (FOREIGN,), args={"names": "", "certificate": "*.hoster.example"}),
    ),
    "an alias to the cloud": (
        incidents.row_36("srv"),
        host(UH, "CRITICAL", ("52.97.0.1",), args={"where": CLOUD, "alias": CLOUD}),
    ),
    "a record without Autodiscover": (incidents.row_1("none"), host(UH, "CRITICAL", (SERVER,))),
    "a record that serves in place of a redirect": (incidents.row_4("redirect"), host(UH, "WARNING", (SERVER,))),
    "no host record": (
        without_record("host"),
        host(HM, "CRITICAL", args={"wanted": f"{AUTODISCOVER}. 3600 IN CNAME {MAIL}.", "hiding": ""}),
    ),
    "no host record inside": (
        without_record("host", "inside"),
        host(HM, "CRITICAL", views=("inside",), args={"hiding": "zone on 10.0.0.2 hides the public one"}),
    ),
    "no host record outside": (
        without_record("host", "outside"),
        host(HM, "CRITICAL", views=("outside",), args={"hiding": "another view has it", "inside_only": ""}),
    ),
    "no cloud alias": (
        without_record("exchange-online"),
        host(HM, "CRITICAL", args={"wanted": f"{AUTODISCOVER}. 3600 IN CNAME {CLOUD}."}),
    ),
    "no cloud alias inside": (
        without_record("exchange-online", "inside"),
        host(HM, "WARNING", views=("inside",), args={"inside_only": "yes"}),
    ),
    "no cloud alias outside": (
        without_record("exchange-online", "outside"),
        host(HM, "CRITICAL", views=("outside",), args={"inside_only": ""}),
    ),
    "no record to redirect": (without_record("redirect"), host(HM, "CRITICAL")),
    "a catch-all in place of the host record": (
        incidents.row_5("host"),
        host(HM, "CRITICAL", cause=WC, args={"hiding": "", "inside_only": ""}),
    ),
    "an address in place of the cloud alias": (
        incidents.row_35("exchange-online"),
        host(
            AL,
            "CRITICAL",
            (FOREIGN,),
            args={
                "found": FOREIGN,
                "expected": f"an alias of {CLOUD}",
                "wanted": f"{AUTODISCOVER}. 3600 IN CNAME {CLOUD}.",
                "certificate": "cdn.example",
            },
        ),
    ),
    "a cloud alias in place of the host record": (
        incidents.row_36("host"),
        host(AL, "CRITICAL", ("52.97.0.1",), args={"found": f"an alias of {CLOUD}"}),
    ),
    "another alias than declared": (
        expecting(healthy("exchange-online"), aliases=(Expected("autodiscover.partner.example"),)),
        host(AL, "WARNING", ("52.97.0.1",), args={"expected": "of autodiscover.partner.example"}),
    ),
    "another alias than declared for one view": (
        expecting(healthy("exchange-online"), aliases=(Expected("autodiscover.partner.example", "inside"),)),
        host(AL, "WARNING", ("52.97.0.1",), views=("inside",)),
    ),
    "an address that is not the server's": (
        incidents.row_12("host"),
        host(
            AD,
            "CRITICAL",
            (FOREIGN,),
            args={"where": FOREIGN, "expected": f"{SERVER} ({MAIL})", "certificate": "*.hoster.example"},
        ),
    ),
    "an address outside the declared set": (
        incidents.row_14_expected(),
        host(AD, "CRITICAL", (FOREIGN,), args={"where": FOREIGN, "expected": SERVER}),
    ),
    "an address outside the declared network, well served": (
        expecting(addressed("host", "192.0.2.10"), addresses=(Expected(NETWORK),)),
        host(AD, "WARNING", ("192.0.2.10",), args={"expected": NETWORK, "certificate": ""}),
    ),
    "a declared address is missing": (
        expecting(healthy("host"), addresses=(Expected(SERVER), Expected("203.0.113.99"))),
        host(AD, "WARNING", ("203.0.113.99",), args={"missing": "yes", "where": "203.0.113.99"}),
    ),
    "an address declared for one view": (
        expecting(healthy("host"), addresses=(Expected("192.168.16.2", "inside"), Expected(SERVER, "outside"))),
        host(AD, "WARNING", (SERVER,), views=("inside",), args={"expected": "192.168.16.2"}),
    ),
    "the address of an SRV target": (
        expecting(healthy("srv"), addresses=(Expected("203.0.113.99"),)),
        Told(AD, "WARNING", "srv", REMOTE, (SERVER,), args={"expected": "203.0.113.99"}),
    ),
    "the address of the redirecting host": (
        expecting(healthy("redirect"), addresses=(Expected("203.0.113.99"),)),
        host(AD, "WARNING", (REDIRECT_HOST,)),
    ),
}


@pytest.mark.parametrize("case", RAISED)
def test_each_fault_of_the_host_record_is_told_with_its_facts(case: str) -> None:
    assert_told(*RAISED[case])


def failing(world: World, name: str) -> World:
    return world.zone(lambda zone: replace(zone, failing={name: DnsStatus.TIMEOUT}))


SILENT = {
    WC: {
        "no catch-all": healthy("host"),
        "a record beside it": incidents.row_9("host"),
        "a text record that stops it": incidents.row_9("srv"),
        "the look for it failed": failing(incidents.row_8("host"), f"xrandom.{DOMAIN}"),
    },
    WP: {"no catch-all": healthy("srv"), "it captures": incidents.row_5("srv")},
    UH: {
        "no record": healthy("srv"),
        "a text record": incidents.row_9("srv"),
        "the method is host": incidents.row_1("host"),
        "the method is exchange-online": incidents.row_1("exchange-online"),
        "captured by a catch-all": incidents.row_5("srv"),
        "a host that redirects only": healthy("redirect"),
        "the lookup failed": failing(healthy("srv"), AUTODISCOVER),
    },
    HM: {
        "a record": healthy("host"),
        "the method is srv": healthy("srv"),
        "the method is none": healthy("none"),
        "the lookup failed": failing(healthy("host"), AUTODISCOVER),
        "a catch-all that serves": incidents.row_8("host"),
    },
    AL: {
        "the cloud's alias": healthy("exchange-online"),
        "no alias is needed": healthy("host"),
        "the declared alias": expecting(healthy("exchange-online"), aliases=(Expected(CLOUD),)),
        "the record is unwanted altogether": expecting(incidents.row_1("srv"), aliases=(Expected(CLOUD),)),
    },
    AD: {
        "the server's address": healthy("host"),
        "another address with a valid certificate and Exchange": addressed("host", "192.0.2.10"),
        "the declared address": expecting(healthy("host"), addresses=ADDRESSES),
        "an address of a family that was not asked for": expecting(
            healthy("host"), addresses=(Expected(SERVER), Expected("2001:db8::10"))
        ).with_policy(families=(Family.IPV4,)),
        "an address of a family that was not answered": expecting(
            healthy("host").zone(lambda zone: replace(zone, silent=((AUTODISCOVER, AAAA),))),
            addresses=(Expected(SERVER), Expected("2001:db8::10")),
        ),
        "an address of the declared network": expecting(healthy("host"), addresses=(Expected(NETWORK),)),
        "a declared network without another address": expecting(
            healthy("host"), addresses=(Expected(SERVER), Expected("192.0.2.0/24"))
        ),
        "the declared addresses in another order": expecting(
            addressed("host", "203.0.113.12", SERVER), addresses=(Expected(SERVER), Expected("203.0.113.12"))
        ),
        "Microsoft's addresses": expecting(healthy("exchange-online"), addresses=ADDRESSES),
        "no server and nothing declared": incidents.row_12("host").with_policy(servers=()),
        "the method is none": expecting(healthy("none"), addresses=ADDRESSES),
        "IPv6 as it may be written": expecting(
            healthy("host").zone(lambda zone: zone.with_(AUTODISCOVER, AAAA, "2001:db8::10")),
            addresses=(Expected(SERVER), Expected("2001:0DB8:0::10")),
        ),
    },
}


@pytest.mark.parametrize(("rule", "case"), [(rule, case) for rule, cases in SILENT.items() for case in cases])
def test_nothing_is_told_where_a_rule_of_the_host_record_does_not_hold(rule: str, case: str) -> None:
    assert rule not in rules_of(verdict(SILENT[rule][case]))


def test_a_catch_all_that_nobody_looked_for_is_a_note_and_no_finding() -> None:
    report = judge(survey_of(incidents.row_5("host"), labels=()))
    assert not {WC, WP} & rules_of(report)
    assert [note for note in report.notes if "whether a catch-all exists could not be told" in note]


def test_a_catch_all_of_every_view_hides_no_public_record() -> None:
    report = verdict(incidents.row_5("exchange-online"))
    told = {item.finding.view: item.severity.value for item in report.judgements if item.finding.rule == HM}
    assert told == dict.fromkeys(BOTH, "CRITICAL")


def test_a_skipped_step_is_no_candidate_for_the_address_rule() -> None:
    world = incidents.row_12("host").with_policy(skip_steps=(Step.AUTODISCOVER,))
    assert AD not in rules_of(verdict(world))


def test_a_missing_address_says_so_in_the_first_line() -> None:
    world = expecting(healthy("host"), addresses=(Expected(SERVER), Expected("203.0.113.99")))
    assert verdict(world).summary == f"inside and outside, {AUTODISCOVER} lacks the address 203.0.113.99 [{AD}]"


def test_the_apex_is_never_held_to_the_declared_addresses() -> None:
    report = verdict(expecting(healthy("host"), addresses=ADDRESSES))
    assert APEX not in {address for item in report.judgements for address in item.finding.addresses}


def test_an_unanswered_address_type_makes_no_absence() -> None:
    world = healthy("host").zone(lambda zone: zone.without(AUTODISCOVER).with_(AUTODISCOVER, RecordType.AAAA, "::1"))
    assert HM not in rules_of(verdict(world))


STOPS = {
    "srv": 'autodiscover.contoso.com. 3600 IN TXT "no autodiscover here"',
    "host": "autodiscover.contoso.com. 3600 IN CNAME mail.contoso.com.",
    "exchange-online": "autodiscover.contoso.com. 3600 IN CNAME autodiscover.outlook.com.",
}


@pytest.mark.parametrize("method", STOPS)
def test_the_record_that_stops_a_catch_all_is_the_one_that_the_method_needs_there(method: str) -> None:
    report = verdict(incidents.row_5(method))
    assert STOPS[method] in report.roots[0].remedy


def test_a_record_is_not_deleted_into_the_arms_of_a_catch_all() -> None:
    world = incidents.row_1("srv").zone(lambda zone: zone.with_(f"*.{DOMAIN}", A, FOREIGN))
    (unwanted, *_) = [item for item in verdict(world).roots if item.finding.rule == "dns-unwanted-host-record"]
    assert "as the catch-all *.contoso.com would take its place, publish there: " + STOPS["srv"] in unwanted.remedy


def test_a_catch_all_that_is_meant_and_kept_away_is_accepted() -> None:
    world = incidents.row_9("srv")
    declared_there = world.with_policy(expect=Expectations(wildcards=(Expected(DOMAIN),)))
    told = [item for item in verdict(declared_there).judgements if item.finding.rule == "dns-wildcard-present"]
    assert {(item.severity.value, item.accepted) for item in told} == {("OK", "declared as an expected wildcard")}


@pytest.mark.parametrize("captured", [True, False])
def test_a_dname_record_is_named_as_such_and_the_same_in_every_run(captured: bool) -> None:
    """RFC 6672: every name below the domain is an alias of the same name elsewhere."""
    renaming = healthy("srv").zone(lambda zone: zone.with_(f"xrandom.{DOMAIN}", "CNAME", "xrandom.fabrikam.test"))
    if captured:
        renaming = renaming.zone(lambda zone: zone.with_(AUTODISCOVER, "CNAME", "autodiscover.fabrikam.test"))
    rule = "dns-wildcard-captures-autodiscover" if captured else "dns-wildcard-present"
    told = [item for item in verdict(renaming).judgements if item.finding.rule == rule]
    assert told
    assert all("contoso.com. DNAME fabrikam.test." in item.remedy for item in told)
    assert all("xrandom" not in item.message for item in told)


def test_an_asterisk_below_the_domain_that_answers_srv_queries_is_told_where_it_stands() -> None:
    world = healthy("srv").zone(
        lambda zone: zone.without(SRV_NAME).with_(f"*.{DOMAIN}", RecordType.SRV, Srv(0, 0, 443, REMOTE))
    )
    (told, *_) = [item for item in verdict(world).judgements if item.finding.rule == "dns-wildcard-captures-srv"]
    assert "Remove the record *.contoso.com, and publish" in told.remedy


def test_a_record_that_the_certificate_does_not_allow_is_not_just_published() -> None:
    """With a certificate of one name the record alone would be Scenario 1."""
    world = healthy("srv").with_policy(method=Method.HOST)
    (remedy,) = {item.remedy for item in verdict(world).roots if item.finding.rule == HM}
    assert remedy.startswith(f"First reissue the certificate of {REMOTE} with {AUTODISCOVER}, which it lacks; or go by")
    assert f"IN SRV 0 0 443 {REMOTE}." in remedy
    allowed = healthy("host").zone(lambda zone: zone.without(AUTODISCOVER))
    assert {item.remedy.partition(":")[0] for item in verdict(allowed).roots if item.finding.rule == HM} == {"Publish"}


@pytest.mark.parametrize("method", ["host", "srv"])
def test_a_declared_catch_all_that_is_not_connected_to_alarms_nobody(method: str) -> None:
    world = declared(incidents.row_8(method))
    there, apart = world.policy.views
    elsewhere = world.zone(lambda zone: zone.with_(f"*.{DOMAIN}", A, "203.0.113.99"), apart.name)
    report = verdict(elsewhere.with_policy(views=(there, replace(apart, connect=False))))
    told = [item for item in report.judgements if item.finding.view == apart.name and item.severity is not State.OK]
    assert [item.finding.rule for item in told if item.finding.rule in (WC, HM)] == []
