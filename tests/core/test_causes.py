"""The forest of causes: which finding is the root of which, and what the order of levels promises."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from check_autodiscover.core.model.finding import Endpoint, Finding
from check_autodiscover.core.model.observations import DnsStatus
from check_autodiscover.core.model.policy import Expectations, Expected, Method, Resolver
from check_autodiscover.core.model.report import Report, Role
from check_autodiscover.core.model.states import State
from check_autodiscover.core.rules.catalogue import CATALOGUE, RULES
from check_autodiscover.core.verdict.grading import RULE_ORDER, Grade, Graded, link
from tests.core import incidents
from tests.core.incidents import healthy
from tests.core.judging import verdict
from tests.core.worlds import AUTODISCOVER, FOREIGN, SERVER, SRV_NAME, Site, World, certificate

SHORT = {
    "UH": "dns-unwanted-host-record",
    "HM": "dns-host-record-missing",
    "WC": "dns-wildcard-captures-autodiscover",
    "AD": "dns-address-unexpected",
    "SM": "dns-srv-missing",
    "SU": "dns-srv-unexpected",
    "ST": "dns-srv-target-missing",
    "SN": "dns-srv-targets-several",
    "SS": "dns-srv-shadowed",
    "VD": "dns-views-disagree",
    "NM": "certificate-name-mismatch",
    "CF": "certificate-foreign",
    "CX": "certificate-expired",
    "CD": "certificate-addresses-differ",
    "SV": "service-unreachable",
    "SB": "service-broken",
    "NA": "service-not-autodiscover",
    "FL": "service-foreign-login",
    "FS": "service-foreign-settings",
    "CW": "client-warned",
    "CN": "client-finds-nothing",
}

CONSEQUENCES = {
    "1 srv": (incidents.row_1("srv"), "UH", "NM SS CW"),
    "1 host": (incidents.row_1("host"), "NM", "CW SS"),
    "2 srv": (incidents.row_2("srv"), "UH", "NM CW"),
    "2 srv, the record": (incidents.row_2("srv"), "SM", "CN"),
    "3 host": (incidents.row_3("host"), "SV", "CN"),
    "4 srv": (incidents.row_4("srv"), "UH", "SS"),
    "5 srv": (incidents.row_5("srv"), "WC", "CF NM SS CW"),
    "5 host": (incidents.row_5("host"), "WC", "CF NM HM CW NA CN"),
    "6 host": (incidents.row_6("host"), "WC", "HM CN SV"),
    "7 srv": (incidents.row_7("srv"), "WC", "NM SS CW"),
    "12 host": (incidents.row_12("host"), "AD", "CF NM CW NA CN"),
    "13 host": (incidents.row_13("host"), "AD", "FL"),
    "14 host": (incidents.row_14("host"), "NM", "CD CW CF NA CN"),
    "16 srv": (incidents.row_16("srv"), "SM", "CN VD"),
    "17 srv": (incidents.row_17("srv"), "SU", "NM CW CN"),
    "19 srv": (incidents.row_19("srv"), "ST", "CN"),
    "21 srv": (incidents.row_21_one_broken("srv"), "SV", "CN SN"),
    "22 srv": (incidents.row_22("srv"), "NM", "SS CW"),
    "24 srv": (incidents.row_24("srv"), "FS", "SS"),
    "25 srv": (incidents.row_25("srv"), "CX", "CW CN"),
    "31 srv": (incidents.row_31("srv"), "SB", "CN"),
    "32 srv": (incidents.row_32("srv"), "NA", "CN"),
    "38 host": (incidents.row_38("host"), "NM", "CF CW NA"),
}


def below(report: Report, rule: str) -> set[str]:
    """The rules of the consequences of a root, over all views."""
    roots = {item.id for item in report.roots if item.finding.rule == rule}
    assert roots, report.summary
    return {item.finding.rule for item in report.judgements if item.caused_by in roots}


@pytest.mark.parametrize("case", CONSEQUENCES)
def test_each_incident_has_its_consequences_below_its_root(case: str) -> None:
    world, root, expected = CONSEQUENCES[case]
    assert world is not None
    report = verdict(world)
    assert below(report, SHORT[root]) == {SHORT[name] for name in expected.split()}
    alarms = {item.finding.rule for item in report.roots if item.severity is not State.OK}
    assert alarms == ({SHORT["UH"], SHORT["SM"]} if case.startswith("2 ") else {SHORT[root]})


def all_worlds() -> list[World]:
    makers = [getattr(incidents, name) for name in dir(incidents) if name.startswith("row_")]
    methods = ("srv", "host", "exchange-online", "redirect", "none", "auto")
    made: list[World | None] = []
    for maker in makers:
        if maker.__code__.co_argcount == 0:
            made.append(maker())
        elif maker.__name__ != "row_26":
            made.extend(maker(method) for method in methods)
    return [world for world in made if world is not None]


def test_every_report_is_a_forest_of_two_levels() -> None:
    for world in all_worlds():
        report = verdict(world)
        roots = {item.id: item for item in report.roots}
        assert len({item.id for item in report.judgements}) == len(report.judgements)
        for item in report.judgements:
            assert (item.caused_by is None) is (item.role is Role.ROOT)
            if item.caused_by is not None:
                assert item.severity.gravity <= roots[item.caused_by].severity.gravity


def test_every_verdict_is_that_of_its_gravest_root_and_the_first_line_names_it() -> None:
    for world in all_worlds():
        report = verdict(world)
        gravest = max((item.severity for item in report.roots), key=lambda state: state.gravity, default=State.OK)
        assert report.state is gravest
        if gravest is not State.OK:
            assert report.roots[0].severity is gravest
            assert f"[{report.roots[0].finding.rule}]" in report.summary


def expecting(world: World, *addresses: str, **more: Any) -> World:
    return world.with_policy(expect=Expectations(addresses=tuple(map(Expected, addresses)), **more))


def rewriting_beside_an_honest_one() -> World:
    world = incidents.row_25("host")
    assert world is not None
    inside, outside = world.policy.views
    inside = replace(inside, resolvers=(*inside.resolvers, Resolver("10.0.0.3")))
    liar = replace(world.zones["inside"], rewritten=FOREIGN)
    return replace(world.with_policy(views=(inside, outside)), resolvers={"10.0.0.3": liar})


EXPIRED = Site(certificate(incidents.MAIL, AUTODISCOVER, days=-3))
SHORT_LIVED = Site(certificate("*.contoso.com", days=5))

NOT_HIDDEN = {
    "a failed lookup of another name": (
        healthy("host").site(SERVER, EXPIRED).zone(lambda zone: replace(zone, failing={SRV_NAME: DnsStatus.TIMEOUT})),
        "dns-lookup-failed",
        "certificate-expired",
    ),
    "a resolver that is not believed": (
        rewriting_beside_an_honest_one(),
        "dns-nxdomain-rewritten",
        "certificate-expired",
    ),
    "an address that is missing": (
        expecting(healthy("host").site(SERVER, EXPIRED), SERVER, "203.0.113.99"),
        "dns-address-unexpected",
        "certificate-expired",
    ),
    "a wildcard that is declared": (
        incidents.declared(incidents.row_8("host").site(SERVER, SHORT_LIVED)),
        "dns-wildcard-captures-autodiscover",
        "certificate-expiring",
    ),
    "an address that serves well": (
        expecting(healthy("host"), "203.0.113.99", public_keys=("ab" * 32,)),
        "dns-address-unexpected",
        "certificate-unexpected",
    ),
}


@pytest.mark.parametrize("case", NOT_HIDDEN)
def test_what_hits_nobody_hides_no_graver_fault(case: str) -> None:
    world, lesser, graver = NOT_HIDDEN[case]
    report = verdict(world)
    roots = {item.finding.rule for item in report.roots}
    assert {lesser, graver} <= roots
    assert report.state is State.CRITICAL


def finding(rule: str, endpoint: Endpoint = Endpoint.AUTODISCOVER, view: str = "inside") -> Finding:
    return Finding(rule=rule, view=view, endpoint=endpoint, subject="autodiscover.contoso.com")


def linked(*findings: Finding, method: Method = Method.HOST) -> tuple[int | None, ...]:
    graded = [Graded(each, Grade(State.CRITICAL)) for each in findings]
    return link(graded, {"inside": method, "outside": method})


LEVELS = (
    "dns-wildcard-captures-autodiscover",
    "dns-host-record-missing",
    "dns-address-unexpected",
    "service-unreachable",
    "certificate-name-mismatch",
    "certificate-expired",
    "service-broken",
)


@pytest.mark.parametrize(("upper", "lower"), list(itertools.combinations(LEVELS, 2)))
def test_the_earlier_level_explains_the_later_at_the_same_place(upper: str, lower: str) -> None:
    assert linked(finding(upper), finding(lower)) == (None, 0)
    assert linked(finding(lower), finding(upper)) == (1, None)


@pytest.mark.parametrize(("upper", "lower"), list(itertools.combinations(LEVELS, 2)))
def test_faults_of_different_places_are_roots_of_their_own(upper: str, lower: str) -> None:
    assert linked(finding(upper), finding(lower, view="outside")) == (None, None)
    assert linked(finding(upper), finding(lower, Endpoint.SRV)) == (None, None)


INDEPENDENT = (
    "dns-wildcard-present",
    "dns-authority-inconsistent",
    "dns-inside-zone-extra-records",
    "dns-stale-answer",
    "dns-parent-exposed",
    "certificate-unreadable",
)


@pytest.mark.parametrize("rule", INDEPENDENT)
def test_some_findings_are_roots_whatever_else_is_found(rule: str) -> None:
    assert linked(finding("dns-lookup-failed", Endpoint.ZONE), finding(rule))[1] is None
    assert linked(finding("dns-wildcard-captures-autodiscover"), finding(rule))[1] is None


@pytest.mark.parametrize("rule", ["certificate-unexpected", "certificate-expiring"])
def test_some_faults_of_a_certificate_stand_beside_others_unless_the_name_does_not_match(rule: str) -> None:
    assert linked(finding("certificate-expired"), finding(rule)) == (None, None)
    assert linked(finding("certificate-name-mismatch"), finding(rule)) == (None, 0)


@pytest.mark.parametrize("rule", ["client-warned", "client-finds-nothing", "dns-views-disagree", "dns-srv-shadowed"])
def test_some_findings_are_roots_only_alone(rule: str) -> None:
    view = "" if rule == "dns-views-disagree" else "inside"
    assert linked(finding(rule, Endpoint.AUTODISCOVER, view)) == (None,)
    assert linked(finding("dns-unwanted-host-record"), finding(rule, Endpoint.AUTODISCOVER, view)) == (None, 0)


ROOTS_OF_THEIR_OWN = {
    rule.id
    for rule in CATALOGUE
    if rule.id.startswith(("directory-", "check-"))
    or rule.id
    in (
        "certificate-expiring",
        "certificate-intercepted",
        "certificate-unexpected",
        "certificate-unreadable",
        "certificate-weak",
        "client-asks-consent",
        "dns-authority-inconsistent",
        "dns-inside-zone-extra-records",
        "dns-lookup-failed",
        "dns-nxdomain-rewritten",
        "dns-parent-exposed",
        "dns-srv-target-alias",
        "dns-stale-answer",
        "dns-wildcard-present",
        "drift-baseline-missing",
        "service-redirect-address",
    )
}
"""What stands beside other causes at the same place, by the description of causes."""

AREAS_OF_FOLLOWERS = ("certificate", "client", "dns", "drift", "service")
FOLLOWERS = {
    rule.id
    for rule in CATALOGUE
    if not rule.level and rule.id not in ROOTS_OF_THEIR_OWN and rule.area in AREAS_OF_FOLLOWERS
}
"""What is a root only where nothing explains it: two of them have the same cause, or none."""


@pytest.mark.parametrize("one", [rule.id for rule in CATALOGUE])
def test_of_two_rules_that_meet_one_explains_the_other_unless_that_is_meant(one: str) -> None:
    def found(rule: str) -> Graded:
        return Graded(
            Finding(
                rule=rule, view="inside", endpoint=Endpoint.AUTODISCOVER, subject=AUTODISCOVER, addresses=(SERVER,)
            ),
            Grade(State.CRITICAL),
        )

    for other in RULES.keys() - {one}:
        roots = link((found(one), found(other)), {"inside": Method.HOST})
        if roots == (None, None):
            assert {one, other} & ROOTS_OF_THEIR_OWN or {one, other} <= FOLLOWERS, other


def test_no_order_of_findings_changes_who_explains_whom() -> None:
    names = (*LEVELS[:4], "client-warned", "certificate-foreign")
    for order in itertools.permutations(names):
        roots = linked(*(finding(name) for name in order))
        assert {order[root] for root in roots if root is not None} == {LEVELS[0]}


@pytest.mark.parametrize("rule", [rule.id for rule in CATALOGUE])
def test_no_finding_explains_itself_or_one_that_explains_it(rule: str) -> None:
    for other in RULES:
        roots = linked(finding(rule), finding(other))
        assert None in roots
    assert linked(finding(rule)) == (None,)


def test_the_order_of_rules_is_the_catalogues() -> None:
    assert list(RULE_ORDER) == [rule.id for rule in CATALOGUE]
    assert len(RULES) == len(CATALOGUE)
