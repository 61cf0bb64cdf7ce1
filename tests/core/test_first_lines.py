"""The first line, as people read it at night: each example of a cause, word for word, and the limits it keeps."""

from dataclasses import replace

import pytest

from check_autodiscover.core.model.observations import DnsStatus, Srv
from check_autodiscover.core.model.policy import ClientName, Method, Resolver
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.verdict.judge import judge
from tests.core import incidents
from tests.core.directories import asking, point
from tests.core.incidents import HOSTER, REMOTE, SRV, WEB, A, healthy, wildcard
from tests.core.judging import verdict
from tests.core.worlds import (
    AUTODISCOVER,
    DAY,
    DOMAIN,
    FOREIGN,
    NOW,
    PAGE,
    PASSWORD,
    SERVER,
    SRV_NAME,
    Site,
    World,
    certificate,
    status,
    survey_of,
)

LONGEST = 200


def line(report: Report) -> str:
    """The plugin's first line without performance data."""
    return f"AUTODISCOVER {report.state.value} - {report.domain}: {report.summary}"


def alone(world: World) -> World:
    """A world seen through its first view only."""
    return world.with_policy(views=world.policy.views[:1])


def captured_outside() -> World:
    return wildcard(healthy("srv"), FOREIGN, "outside").site(FOREIGN, Site(HOSTER, PAGE))


def moved_outside() -> World:
    world = healthy("host").zone(lambda zone: zone.with_(AUTODISCOVER, A, FOREIGN), "outside")
    return world.site(FOREIGN, Site(HOSTER, PAGE))


def web_site_outside() -> World:
    inside = "198.51.100.9"
    world = incidents.row_22("srv").zone(lambda zone: zone.with_(DOMAIN, A, inside), "inside")
    return world.site(inside, WEB)


def two_outlooks() -> World:
    """A directory that serves inside, and a web site that only the Outlook meets that asks DNS meanwhile."""
    world = incidents.row_22("srv").with_policy(clients=(ClientName.OUTLOOK_2013, ClientName.OUTLOOK_2010))
    return alone(asking(world, point(REMOTE)))


def blind_outside() -> World:
    world = healthy("host")
    inside, outside = world.policy.views
    outside = replace(outside, resolvers=(*outside.resolvers, Resolver("dns.example")))
    zones = {
        label: replace(world.zones["outside"], failing={"": status})
        for label, status in (("192.0.2.53", DnsStatus.TIMEOUT), ("dns.example", DnsStatus.REFUSED))
    }
    return replace(world.with_policy(views=(inside, outside)), resolvers=zones)


EXAMPLES = {
    "a catch-all": (
        captured_outside(),
        "AUTODISCOVER CRITICAL - contoso.com: outside, catch-all *.contoso.com answers autodiscover.contoso.com "
        "(198.51.100.80, certificate *.hoster.example): Outlook warns [dns-wildcard-captures-autodiscover]",
    ),
    "a record beside a single-name certificate": (
        incidents.row_1("srv"),
        "AUTODISCOVER CRITICAL - contoso.com: inside and outside, autodiscover.contoso.com has a record "
        "(203.0.113.10), certificate names only remote.contoso.com: Outlook warns [dns-unwanted-host-record]",
    ),
    "a record that moved": (
        moved_outside(),
        "AUTODISCOVER CRITICAL - contoso.com: outside, autodiscover.contoso.com is 198.51.100.80, not 203.0.113.10 "
        "(mail.contoso.com), certificate *.hoster.example: Outlook warns [dns-address-unexpected]",
    ),
    "a zone inside that hides the public one": (
        incidents.row_16("srv"),
        "AUTODISCOVER CRITICAL - contoso.com: inside, no SRV record _autodiscover._tcp.contoso.com "
        "(zone on 10.0.0.2 hides the public one): Outlook finds nothing [dns-srv-missing]",
    ),
    "a web site at the root": (
        web_site_outside(),
        "AUTODISCOVER CRITICAL - contoso.com: outside, web site https://contoso.com (198.51.100.7) has a certificate "
        "for www.contoso.com only: Outlook warns before it gets further [certificate-name-mismatch]",
    ),
    "a blind view": (
        blind_outside(),
        "AUTODISCOVER UNKNOWN - contoso.com: outside, no resolver answered (192.0.2.53 timeout, dns.example refused); "
        "inside OK [dns-lookup-failed]",
    ),
    "all is well": (
        healthy("srv"),
        "AUTODISCOVER OK - contoso.com: srv to remote.contoso.com, 4 clients configured inside and outside, "
        "certificate valid 61 d",
    ),
}


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_first_line_of_each_example_is_word_for_word(example: str) -> None:
    world, wanted = EXAMPLES[example]
    assert line(verdict(world)) == wanted


def test_a_certificate_that_expires_is_told_with_whole_days_and_the_utc_day() -> None:
    world = healthy("srv").site(SERVER, Site(certificate(REMOTE, days=19.5)))
    assert line(judge(survey_of(world), NOW - DAY / 2)) == (
        "AUTODISCOVER WARNING - contoso.com: certificate of remote.contoso.com expires in 20 d, 2026-12-12 UTC "
        "[certificate-expiring]"
    )


OTHERS = {
    "one view names no view": (
        alone(incidents.row_1("srv")),
        "autodiscover.contoso.com has a record (203.0.113.10), certificate names only remote.contoso.com: "
        "Outlook warns [dns-unwanted-host-record]",
    ),
    "one client": (
        healthy("host").with_policy(clients=(ClientName.EWS,)),
        "host to autodiscover.contoso.com, 1 client configured inside and outside, certificate valid 61 d",
    ),
    "no Autodiscover": (healthy("none"), "no Autodiscover, as declared"),
    "Exchange Online": (
        healthy("exchange-online"),
        "exchange-online by alias, 4 clients configured inside and outside",
    ),
    "methods of two views": (
        healthy("host")
        .zone(lambda zone: zone.without(AUTODISCOVER).with_(SRV_NAME, SRV, Srv(0, 0, 443, incidents.MAIL)), "outside")
        .with_policy(methods=(("outside", Method.SRV),)),
        "host to autodiscover.contoso.com and srv to mail.contoso.com, 4 clients configured inside and outside, "
        "certificate valid 61 d",
    ),
    "EWS alone is hit": (
        incidents.row_18("srv"),
        "inside and outside, SRV record says port 8443, clients use 443 only: EWS clients find nothing [dns-srv-port]",
    ),
    "a password for a stranger": (
        alone(healthy("srv").site("198.51.100.7", Site(WEB.certificate, PASSWORD))),
        "https://contoso.com (198.51.100.7) is not the domain's server and asks for a password: "
        "Outlook gives a stranger the password [service-foreign-login]",
    ),
    "a certificate that expired": (
        incidents.row_25("srv"),
        "certificate of remote.contoso.com expired 2 d ago, 2026-11-20 UTC: Outlook warns [certificate-expired]",
    ),
    "nothing listens": (
        healthy("srv").site(SERVER, Site()),
        "inside and outside, no connection to https://remote.contoso.com (203.0.113.10: refused): "
        "Outlook finds nothing [service-unreachable]",
    ),
    "one Outlook of several is hit": (
        two_outlooks(),
        "web site https://contoso.com (198.51.100.7) has a certificate for www.contoso.com only: "
        "Outlook 2013 warns before it gets further [certificate-name-mismatch]",
    ),
    "the only Outlook that is judged is hit": (
        healthy("srv").site(SERVER, Site()).with_policy(clients=(ClientName.OUTLOOK_2010, ClientName.EWS)),
        "inside and outside, no connection to https://remote.contoso.com (203.0.113.10: refused): "
        "Outlook 2010 finds nothing [service-unreachable]",
    ),
    "a library alone is hit": (
        incidents.row_18("srv").with_policy(clients=(ClientName.EXCHANGELIB,)),
        "inside and outside, SRV record says port 8443, clients use 443 only: exchangelib finds nothing [dns-srv-port]",
    ),
    "one of several SRV targets is dead": (
        incidents.row_21_one_broken("srv"),
        "inside and outside, no connection to https://remote2.contoso.com (203.0.113.12: refused): "
        "clients that take remote2.contoso.com find nothing [service-unreachable]",
    ),
    "configured where none should be": (
        incidents.row_4("none"),
        "inside and outside, autodiscover.contoso.com has a record (203.0.113.10): "
        "Outlook is configured there [dns-unwanted-host-record]",
    ),
    "an alias that is wrong": (
        alone(incidents.row_35("exchange-online")),
        "autodiscover.contoso.com is 198.51.100.80, not an alias of autodiscover.outlook.com, "
        "certificate cdn.example: Outlook warns [dns-alias-unexpected]",
    ),
}


@pytest.mark.parametrize("case", OTHERS)
def test_the_first_line_says_the_rest_as_plainly(case: str) -> None:
    world, wanted = OTHERS[case]
    assert world is not None
    assert verdict(world).summary == wanted


def test_an_address_goes_before_the_reason_does() -> None:
    refused = replace(status(403), body="403.16")
    summary = verdict(healthy("srv").site(SERVER, Site(certificate(REMOTE), refused))).summary
    assert f"https://{REMOTE} refuses its proxy's client certificate (HTTP 403.16)" in summary
    assert SERVER not in summary


def test_causes_are_counted_once_however_many_views_they_hit() -> None:
    assert verdict(incidents.row_2("srv")).summary.endswith("[dns-unwanted-host-record] (+1 more)")


def test_the_gravest_outcome_is_named_first_among_equals() -> None:
    world = incidents.row_25("srv").site("198.51.100.7", Site(WEB.certificate, PASSWORD))  # type: ignore[union-attr]  # this row has a world for every method
    assert verdict(world).roots[0].finding.rule == "service-foreign-login"


def test_an_outage_that_is_seen_does_not_hide_behind_a_blind_view() -> None:
    assert "dns-lookup-failed" not in verdict(incidents.row_42_other_critical("srv")).summary


LONG = "a-very-long-label-that-goes-on-and-on-up-to-its-limit-of-63"
LONG_NAME = ".".join((LONG,) * 4)[:240].rstrip(".-")


@pytest.mark.parametrize("method", ["srv", "host", "redirect", "exchange-online", "none", "auto"])
@pytest.mark.parametrize("row", ["row_1", "row_2", "row_5", "row_7", "row_12", "row_17", "row_19", "row_22", "row_38"])
def test_a_first_line_keeps_its_length_and_its_rule_in_every_incident(row: str, method: str) -> None:
    report = verdict(getattr(incidents, row)(method))
    assert len(line(report)) <= LONGEST
    if report.state.value != "OK":
        assert f"[{report.roots[0].finding.rule}]" in report.summary


def test_a_first_line_keeps_its_length_with_names_as_long_as_dns_allows() -> None:
    world = healthy("srv").zone(lambda zone: zone.with_(SRV_NAME, SRV, Srv(0, 0, 443, LONG_NAME)))
    world = world.zone(lambda zone: zone.with_(LONG_NAME, A, FOREIGN))
    world = world.site(FOREIGN, Site(certificate(*(f"{index}.{LONG_NAME}" for index in range(100)))))
    report = verdict(world)
    assert len(line(report)) <= LONGEST
    assert report.summary.endswith(": Outlook warns [dns-srv-unexpected]")


def test_a_first_line_has_no_time_that_was_measured() -> None:
    survey = survey_of(incidents.row_1("srv"))
    slower = replace(survey, started=survey.started - 5)
    assert judge(survey).summary == judge(slower).summary
