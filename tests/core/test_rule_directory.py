"""Rules about what Active Directory leads domain-joined clients to; rows 25, 32 and 33, and incident 47."""

from dataclasses import replace

import pytest

from check_autodiscover.core.model.observations import (
    Connect,
    ConnectionPoint,
    DirectoryAnswer,
    DirectoryStatus,
    VerifyError,
)
from check_autodiscover.core.model.policy import Directory, Expectations, Method, Step, ViewRole
from check_autodiscover.core.model.states import State
from check_autodiscover.output.details import details
from tests.core.directories import DC, URL, answer, asking, autodiscover_url, point
from tests.core.incidents import HOSTER, MAIL, MULTI, REMOTE, SINGLE, A, asks_for_a_certificate, healthy, row_1, row_47
from tests.core.judging import Told, assert_told, rules_of, verdict
from tests.core.test_directory import FIRST, HERE, two_servers
from tests.core.worlds import CLOUD, DOMAIN, SERVER, SRV_NAME, Site, World, certificate, status

DU, SM, SU = "directory-unavailable", "directory-scp-missing", "directory-scp-unexpected"
NM, SV = "directory-scp-name-mismatch", "directory-scp-unreachable"
EX1 = "ex1.contoso.com"
METHODS = ("srv", "host", "exchange-online", "redirect", "none", "auto")


def led_to(site: Site, method: str = "srv", host: str = EX1, server: str = "EX1") -> World:
    """A domain whose directory leads to a server of its own."""
    base = "srv" if method == "auto" else method
    world = healthy(base).zone(lambda zone: zone.with_(host, A, HERE)).site(HERE, site)
    world = asking(world, point(host, server=server))
    return world.with_policy(method=Method.AUTO) if method == "auto" else world


def nothing_in_dns() -> World:
    """Declared `srv`, and neither the record nor anything else in DNS."""
    return healthy("none").with_policy(method=Method.SRV, servers=())


def scenario_3() -> World:
    """The directory's URL demands a client certificate, and DNS has the record of Scenario 1."""
    world = row_1("srv").zone(lambda zone: zone.with_(EX1, A, HERE)).site(HERE, asks_for_a_certificate(FIRST))
    return asking(world, point(EX1))


def expecting(world: World, *hosts: str) -> World:
    return world.with_policy(expect=Expectations(scp=tuple(autodiscover_url(host).lower() for host in hosts)))


@pytest.mark.parametrize("port", ["", ":8443"])
@pytest.mark.parametrize(
    ("site", "rule"), [(Site(certificate("other.example")), NM), (Site(MULTI, https=Connect.REFUSED), SV)]
)
def test_a_port_in_the_directorys_url_changes_no_grade(site: Site, rule: str, port: str) -> None:
    world = led_to(site, host=EX1).zone(lambda zone: zone.without(SRV_NAME))
    report = verdict(asking(world, point(EX1 + port)))
    assert {item.severity for item in report.judgements if item.finding.rule == rule} == {State.CRITICAL}


def test_a_view_that_looks_from_outside_has_no_directory_whatever_it_is_called() -> None:
    inside, outside = healthy("srv").policy.views
    renamed = replace(outside, name="internet", declared_role=ViewRole.OUTSIDE)
    world = healthy("srv").with_policy(views=(inside, renamed))
    report = verdict(asking(replace(world, zones={**world.zones, "internet": world.zones["outside"]})))
    assert {item.finding.view for item in report.judgements if item.finding.rule == SM} == {"inside"}


INSIDE = ("inside",)
RAISED = {
    "a directory that cannot be reached": (
        asking(healthy("srv"), more={DC: DirectoryAnswer(DirectoryStatus.UNREACHABLE, detail="Connection refused")}),
        Told(DU, "UNKNOWN", "scp", DC, views=("",), args={"detail": "Connection refused"}),
    ),
    "a directory that has nothing, and DNS that serves": (
        asking(healthy("srv")),
        Told(SM, "WARNING", "scp", DOMAIN, views=INSIDE, args={"host": REMOTE}),
    ),
    "a directory that has nothing, nor has DNS": (
        asking(nothing_in_dns()),
        Told(SM, "CRITICAL", "scp", DOMAIN, views=INSIDE),
    ),
    "no connection point of a domain in the cloud": (
        asking(healthy("exchange-online")),
        Told(SM, "OK", "scp", DOMAIN, views=INSIDE),
    ),
    "a URL that is not expected, though it serves": (
        expecting(led_to(FIRST), REMOTE),
        Told(SU, "WARNING", "scp", EX1, views=INSIDE, args={"point": "EX1", "url": autodiscover_url(EX1).lower()}),
    ),
    "a URL of the cloud, though the domain is published on premises": (
        asking(healthy("srv").zone(lambda zone: zone.with_(CLOUD, A, "52.97.0.1")), point(CLOUD)),
        Told(SU, "CRITICAL", "scp", CLOUD, views=INSIDE),
    ),
    "what is no URL for clients": (
        asking(healthy("srv"), ConnectionPoint("CN=EX1", (URL,), ("http://ex1/autodiscover/autodiscover.xml",))),
        Told(SU, "WARNING", "scp", "http://ex1/autodiscover/autodiscover.xml", views=INSIDE),
    ),
    "a new server's own name and certificate (incident 47)": (
        row_47("srv"),
        Told(NM, "CRITICAL", "scp", "ex2.contoso.com", ("192.0.2.22",), INSIDE, args={"point": "EX2"}),
    ),
    "a server without an address (row 33)": (
        asking(healthy("srv"), point("gone.contoso.local")),
        Told(SV, "WARNING", "scp", "gone.contoso.local", views=INSIDE, args={"reason": "the name has no address"}),
    ),
    "a server that is switched off, and DNS that leads nowhere (row 33)": (
        asking(nothing_in_dns().zone(lambda zone: zone.with_(EX1, A, HERE)), point(EX1)),
        Told(SV, "CRITICAL", "scp", EX1, (HERE,), INSIDE, args={"reason": "refused"}),
    ),
    "a demanded client certificate at the directory's URL (row 25)": (
        scenario_3(),
        Told("service-client-certificate-demanded", "CRITICAL", "scp", EX1, (HERE,), INSIDE),
    ),
    "a demanded client certificate at the directory's URL, and DNS that serves": (
        led_to(asks_for_a_certificate(FIRST)),
        Told("service-client-certificate-demanded", "WARNING", "scp", EX1, (HERE,), INSIDE),
    ),
    "an error at the directory's URL": (
        led_to(replace(FIRST, answer=status(500))),
        Told("service-broken", "WARNING", "scp", EX1, (HERE,), INSIDE),
    ),
    "a certificate at the directory's URL that nobody trusts": (
        led_to(replace(FIRST, errors=(VerifyError(19, 0),))),
        Told("certificate-untrusted", "CRITICAL", "scp", EX1, (HERE,), INSIDE),
    ),
    "a certificate at the directory's URL that runs out": (
        led_to(Site(certificate(EX1, days=20))),
        Told("certificate-expiring", "WARNING", "scp", EX1, (HERE,), INSIDE),
    ),
}

HEALTHY = led_to(FIRST)
SILENT = {
    DU: HEALTHY,
    SM: HEALTHY,
    SU: expecting(HEALTHY, EX1),
    NM: HEALTHY,
    SV: HEALTHY,
}


@pytest.mark.parametrize(("world", "told"), RAISED.values(), ids=RAISED)
def test_a_rule_says_what_it_found(world: World, told: Told) -> None:
    assert_told(world, told)


@pytest.mark.parametrize("rule", SILENT)
def test_a_rule_is_silent_where_all_is_well(rule: str) -> None:
    assert rule not in rules_of(verdict(SILENT[rule]))


@pytest.mark.parametrize("method", METHODS[:5])
def test_a_directory_that_leads_to_a_healthy_server_changes_no_verdict(method: str) -> None:
    report = verdict(led_to(FIRST, method))
    assert report.state is State.OK, report.summary


@pytest.mark.parametrize("method", METHODS)
def test_the_certificate_of_a_new_server_is_the_one_cause_whatever_the_method(method: str) -> None:
    report = verdict(row_47(method))
    assert [item.finding.rule for item in report.roots if item.severity is State.CRITICAL] == [NM], report.summary
    below = {item.finding.rule for item in report.judgements if item.caused_by == report.roots[0].id}
    assert {"client-warned", "certificate-self-signed"} <= below


def test_scenario_3_names_both_faults_and_logs_the_code_of_outlook() -> None:
    report = verdict(scenario_3())
    roots = {item.finding.rule for item in report.roots if item.severity is State.CRITICAL}
    assert roots == {"dns-unwanted-host-record", "service-client-certificate-demanded"}
    walk = next(item for item in report.walks if item.view == "inside")
    assert ("0x80072F0C", autodiscover_url(EX1).lower()) in [(step.code, step.candidate) for step in walk.steps]


def test_an_unreadable_directory_never_counts_as_one_without_connection_points() -> None:
    for told in DirectoryStatus:
        if told is not DirectoryStatus.ANSWER:
            report = verdict(asking(healthy("srv"), more={DC: DirectoryAnswer(told)}))
            assert (report.state, {DU} & rules_of(report), {SM} & rules_of(report)) == (State.UNKNOWN, {DU}, set())


def test_what_dns_has_wrong_stays_critical_beside_a_directory_that_cannot_be_read() -> None:
    world = asking(row_1("srv"), more={DC: DirectoryAnswer(DirectoryStatus.SILENT)})
    report = verdict(world)
    assert (report.state, report.roots[0].finding.rule) == (State.CRITICAL, "dns-unwanted-host-record")


def test_one_fault_of_a_server_that_dns_and_the_directory_lead_to_is_told_once() -> None:
    for site in (Site(HOSTER), Site(), Site(SINGLE, errors=(VerifyError(19, 0),)), Site(SINGLE, answer=status(404))):
        report = verdict(asking(healthy("srv").site(SERVER, site), point(REMOTE)))
        inside = [item for item in report.roots if item.finding.view == "inside" and item.severity is not State.OK]
        assert [item.finding.endpoint.value for item in inside] == ["scp"], report.summary


def test_the_life_of_one_certificate_is_told_once() -> None:
    world = asking(healthy("srv").site(SERVER, Site(certificate(REMOTE, days=20))), point(REMOTE))
    told = [item.finding for item in verdict(world).judgements if item.finding.rule == "certificate-expiring"]
    assert {finding.endpoint.value for finding in told} == {"srv"}


def test_of_two_servers_the_broken_one_is_named_and_the_other_is_not() -> None:
    world = asking(two_servers(Site(), Site(HOSTER)), point(EX1), point("ex2.contoso.com", server="EX2"))
    told = {(item.finding.rule, item.finding.subject) for item in verdict(world).roots if item.finding.view == "inside"}
    assert {(SV, EX1), (NM, "ex2.contoso.com")} <= told


def test_a_step_that_policy_skips_is_told_and_alarms_nobody() -> None:
    for world in (row_47("srv"), asking(healthy("srv"))):
        report = verdict(world.with_policy(skip_steps=(Step.SCP,)))
        assert report.state is State.OK, report.summary
    assert DU not in rules_of(verdict(asking(healthy("srv"), more={}).with_policy(skip_steps=(Step.SCP,))))


def test_notes_say_whether_a_directory_was_asked() -> None:
    asked, unasked = verdict(HEALTHY), verdict(healthy("srv"))
    assert not any("no directory was asked" in note for note in asked.notes)
    assert any("no directory was asked" in note for note in unasked.notes)
    away = HEALTHY.with_policy(views=tuple(view for view in HEALTHY.policy.views if view.name == "outside"))
    assert "no directory was asked: no view is that of clients within its reach" in verdict(away).notes


def test_a_missing_expected_url_is_told_beside_those_that_are_there() -> None:
    world = expecting(HEALTHY, EX1, MAIL)
    told = [item.finding.arg("missing") for item in verdict(world).roots if item.finding.rule == SU]
    assert told == [autodiscover_url(MAIL).lower()]


def test_inside_may_be_served_by_the_directory_alone() -> None:
    world = led_to(Site(MULTI, replace(FIRST).answer), "none", host=MAIL)
    assert verdict(world).state is State.OK
    assert world.policy.directory == Directory(DC)
    assert world.directories == {DC: answer(point(MAIL))}


def test_where_nothing_but_the_directory_serves_that_is_said() -> None:
    world = (
        healthy("none").with_policy(method=Method.AUTO).zone(lambda zone: zone.with_(EX1, A, HERE)).site(HERE, FIRST)
    )
    report = verdict(asking(world, point(EX1)))
    root = next(item for item in report.roots if item.finding.rule == "check-method-undetermined")
    assert "the directory serves domain-joined clients alone" in root.message


def test_many_servers_in_the_directory_cost_no_more_series_than_a_domain_may() -> None:
    gone = [point(f"gone{number}.contoso.com", server=f"G{number}") for number in range(12)]
    report = verdict(asking(scenario_3(), point(EX1), *gone))
    assert len([item for item in report.measures if item.metric and item.value is not None]) <= 120


def test_the_details_say_how_each_directory_was_asked_and_what_it_said() -> None:
    world = asking(healthy("srv"), point("remote.contoso.com", site="London"))
    world = world.with_policy(directory=Directory(DC, user="svc@contoso.com", password_file="scp.pw"))
    lines = [line for line in details(verdict(world), 2) if line.startswith("Directory ")]
    assert lines == [
        f"Directory {DC} with a login: answered; CN=EX1,CN=Autodiscover,CN=Protocols has "
        f"{autodiscover_url('remote.contoso.com')}, {URL}, Site=London"
    ]


def test_a_warning_at_one_server_stands_below_its_own_fault_and_not_below_anothers() -> None:
    """The directory has a URL for each server: that EX1 is gone is not why clients are warned at EX99."""
    bad = led_to(Site(certificate("other.contoso.com")), host="e.contoso.com")
    report = verdict(asking(bad, point("gone.contoso.com"), point("e.contoso.com", server="EX99")))
    roots = {item.id: item.finding.rule for item in report.roots}
    below = {item.finding.rule: (roots[item.caused_by], item.severity) for item in report.judgements if item.caused_by}
    assert {NM, SV} <= set(roots.values())
    assert below["client-warned"] == (NM, State.CRITICAL)
    assert below["dns-views-disagree"][0] == NM


def test_every_url_of_a_directory_is_looked_at_whatever_its_server_is_called() -> None:
    """A foreign certificate at the last of nine servers hits whoever is led there."""
    bad = led_to(Site(certificate("other.contoso.com")), host="z.contoso.com")
    healthy_ones = [point(f"a{index}.contoso.com", server=f"EX{index}") for index in range(8)]
    for index in range(8):
        bad = bad.zone(lambda zone, index=index: zone.with_(f"a{index}.contoso.com", A, f"192.0.2.{100 + index}"))
        bad = bad.site(f"192.0.2.{100 + index}", Site(certificate(f"a{index}.contoso.com")))
    report = verdict(asking(bad, *healthy_ones, point("z.contoso.com", server="EX99")))
    assert [item.finding.subject for item in report.roots if item.finding.rule == NM] == ["z.contoso.com"]
    assert report.state is State.CRITICAL


def test_what_lies_beyond_the_urls_that_are_looked_at_is_said() -> None:
    points = [point(f"a{index:02}.contoso.com", server=f"EX{index}") for index in range(70)]
    notes = verdict(asking(healthy("srv"), *points)).notes
    assert "64 of the 70 URLs of the directory were looked at, those that are taken first" in notes


@pytest.mark.parametrize(("held", "root"), [((HERE,), None), ((), NM)])
def test_an_address_in_a_url_is_connected_to_and_judged_by_the_certificates_addresses(
    held: tuple[str, ...], root: str | None
) -> None:
    server = replace(certificate("mail.contoso.com"), ip_addresses=held)
    report = verdict(asking(healthy("srv").site(HERE, Site(server)), point(HERE)))
    told = [item.finding.rule for item in report.roots if item.severity is State.CRITICAL]
    assert told == ([root] if root else [])


def test_a_port_in_a_url_is_asked_and_told() -> None:
    urls = ConnectionPoint("CN=EX1,CN=Autodiscover", (URL,), (f"https://{REMOTE}:8443/autodiscover/autodiscover.xml",))
    report = verdict(asking(healthy("srv").site(SERVER, Site(SINGLE, https=Connect.REFUSED)), urls))
    dead = next(item for item in report.judgements if item.finding.rule == SV)
    assert f"leads to {REMOTE}:8443 (EX1)" in dead.message
    assert dead.remedy.startswith("If port 8443 is not meant, correct the URL.")
    assert {question.port for question in report.survey.contacts} >= {443, 8443}


def test_an_empty_url_is_called_so() -> None:
    empty = ConnectionPoint("CN=EX0,CN=Autodiscover", (URL,), (" ",))
    report = verdict(asking(healthy("srv"), empty))
    told = next(item for item in report.roots if item.finding.rule == SU)
    assert told.message.startswith("the directory gives an empty URL (EX0), and clients use https URLs")
    assert "-AutoDiscoverServiceInternalUri https://SERVER/autodiscover/autodiscover.xml" in told.remedy
