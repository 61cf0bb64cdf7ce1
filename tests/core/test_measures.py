"""The numbers of a report: which there are, what they say, and how many series a domain may cost."""

from collections import Counter
from dataclasses import replace

import pytest

from check_autodiscover.core.model.metrics import METRICS, Measure
from check_autodiscover.core.model.observations import Connect
from check_autodiscover.core.model.policy import ClientName, Expectations, LifeLeft, Thresholds, judgeable
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.states import State
from check_autodiscover.core.verdict.judge import judge
from tests.core import incidents
from tests.core.incidents import AAAA, REMOTE, SINGLE, A, healthy, served
from tests.core.judging import verdict
from tests.core.test_causes import all_worlds
from tests.core.worlds import (
    AUTODISCOVER,
    CLOUD,
    DAY,
    FOREIGN,
    NOW,
    SERVER,
    Site,
    World,
    certificate,
    redirect,
    survey_of,
)

MOST_SERIES = 120
"""Series of a domain with two views (contract section 2)."""


def series(report: Report) -> list[Measure]:
    """What reaches Prometheus: a metric that has a value."""
    return [item for item in report.measures if item.metric and item.value is not None]


def value(report: Report, metric: str, **labels: str) -> float | None:
    alike = [item for item in series(report) if item.metric == metric]
    found = [item.value for item in alike if labels.items() <= dict(item.labels).items()]
    assert len(found) <= 1, labels
    return found[0] if found else None


def perfdata(report: Report, label: str) -> Measure:
    return next(item for item in report.measures if item.perfdata == label)


@pytest.mark.parametrize("method", ["srv", "host", "exchange-online", "redirect", "none"])
def test_a_healthy_domain_costs_no_more_series_than_it_may(method: str) -> None:
    assert len(series(verdict(healthy(method)))) <= MOST_SERIES


def test_no_incident_costs_more_series_than_a_domain_may() -> None:
    most, summary = max((len(series(report)), report.summary) for report in map(verdict, all_worlds()))
    assert most <= MOST_SERIES, summary


def test_neither_does_a_domain_of_which_every_client_is_judged() -> None:
    clients = tuple(filter(judgeable, ClientName))
    for world in all_worlds():
        report = verdict(world.with_policy(clients=clients))
        judged = {
            dict(item.labels)["client"] for item in series(report) if item.metric == "autodiscover_client_outcome"
        }
        assert judged == {client.value for client in clients}
        assert len(series(report)) <= MOST_SERIES, report.summary


@pytest.mark.parametrize("method", ["srv", "host", "exchange-online"])
def test_neither_does_a_domain_with_a_baseline_and_no_cause_is_left_out(method: str) -> None:
    accepted = served(healthy(method))
    for world in all_worlds():
        report = verdict(world.since(accepted))
        assert len(series(report)) <= MOST_SERIES, report.summary
        told = [dict(item.labels) for item in series(report) if item.metric == "autodiscover_finding"]
        alarms = {item.finding.rule for item in report.roots if item.severity is not State.OK}
        assert alarms <= {each["rule"] for each in told if each["role"] == "root"}


def test_every_series_of_every_incident_stands_once_and_has_a_help_text() -> None:
    for world in all_worlds():
        measures = series(verdict(world))
        assert set(Counter((item.metric, item.labels) for item in measures).values()) == {1}
        assert all(METRICS[item.metric] == item.help != "" for item in measures)


def test_performance_data_are_the_same_labels_in_every_world_of_one_policy() -> None:
    policy = healthy("srv").policy
    labels = {
        tuple(item.perfdata for item in verdict(world.with_policy(**fields(policy))).measures if item.perfdata)
        for world in all_worlds()
        if not world.resolvers
    }
    assert labels == {
        (
            "time",
            "causes_critical",
            "causes_warning",
            "causes_unknown",
            "cert_left",
            "drift",
            *(f"{name}_{view}" for view in ("inside", "outside") for name in ("warned", "addr", "dns", "left")),
        )
    }


def fields(policy: object) -> dict[str, object]:
    return {name: getattr(policy, name) for name in type(policy).__dataclass_fields__}  # type: ignore[attr-defined]  # a dataclass


def test_the_life_left_has_the_thresholds_of_its_certificate() -> None:
    left = perfdata(verdict(healthy("srv")), "cert_left")
    assert (left.value, left.unit) == (61 * DAY + 3600, "s")
    life = 90 * DAY + 3600
    assert (left.warning, left.critical, left.maximum) == (0.25 * life, 0.15 * life, life)


def test_what_was_not_seen_has_no_number() -> None:
    report = verdict(incidents.row_42("host"))
    for label in ("warned_outside", "addr_outside", "dns_outside", "left_outside"):
        assert perfdata(report, label).value is None
    assert value(report, "autodiscover_view_up", view="outside") == 0
    assert value(report, "autodiscover_dns_wildcard", view="outside") is None
    assert value(report, "autodiscover_dns_addresses", view="outside", endpoint="root") is None
    assert value(report, "autodiscover_dns_answer_hash", view="outside", endpoint="srv") is None
    assert value(report, "autodiscover_views_agree") is None


def test_a_family_that_this_host_lacks_has_no_series() -> None:
    world = healthy("srv").zone(lambda zone: zone.with_(REMOTE, AAAA, "2001:db8::10"))
    report = verdict(world.site("2001:db8::10", Site(SINGLE, https=Connect.NO_FAMILY)))
    assert value(report, "autodiscover_endpoint_up", endpoint="srv", view="inside", address="2001:db8::10") is None
    assert value(report, "autodiscover_endpoint_up", endpoint="srv", view="inside", address=SERVER) == 1


def test_a_bad_certificate_keeps_its_series() -> None:
    report = verdict(healthy("srv").site(SERVER, Site(certificate("www.contoso.com", days=-3))))
    labels = {"view": "inside", "endpoint": "srv", "address": SERVER}
    after = value(report, "autodiscover_certificate_not_after_timestamp_seconds", **labels)
    assert after == int(NOW - 3 * DAY + 3600)
    assert value(report, "autodiscover_certificate_name_match", **labels) == 0
    assert value(report, "autodiscover_certificate_trusted", **labels) == 0
    assert value(report, "probe_ssl_earliest_cert_expiry") == after


@pytest.mark.parametrize(("method", "endpoint"), [("srv", "root"), ("exchange-online", "root")])
def test_what_is_not_ours_has_no_address(method: str, endpoint: str) -> None:
    report = verdict(healthy(method))
    labels = [dict(item.labels) for item in series(report) if item.metric == "autodiscover_endpoint_up"]
    assert {each["address"] for each in labels if each["endpoint"] == endpoint} == {""}


def test_of_many_addresses_the_worst_is_told() -> None:
    addresses = [f"203.0.113.{index}" for index in range(10, 14)]
    world = healthy("srv").zone(lambda zone: zone.with_(REMOTE, A, *addresses))
    for address in addresses[:3]:
        world = world.site(address, Site(SINGLE))
    report = verdict(world)
    assert value(report, "autodiscover_endpoint_up", view="inside", endpoint="srv") == 0
    assert value(report, "autodiscover_dns_addresses", view="inside", endpoint="srv") == 4
    assert len(series(report)) <= MOST_SERIES


def test_a_server_that_clients_meet_anyhow_has_no_series_twice() -> None:
    assert "server" not in connected(healthy("srv"))
    assert "server" in connected(incidents.row_12("host"))


def test_what_a_redirect_leads_to_has_its_series_where_it_is_meant() -> None:
    assert connected(healthy("redirect")) == {"root", "autodiscover", "redirect"}
    report = verdict(healthy("redirect"))
    labels = {"view": "inside", "endpoint": "redirect", "address": SERVER}
    assert value(report, "autodiscover_certificate_name_match", **labels) == 1


def connected(world: World) -> set[str]:
    """The endpoints that have series of a connection."""
    return {
        dict(item.labels)["endpoint"] for item in series(verdict(world)) if item.metric == "autodiscover_endpoint_up"
    }


def test_a_judged_client_has_the_one_outcome_that_holds() -> None:
    report = verdict(incidents.row_1("srv"))
    told = [dict(item.labels) for item in series(report) if item.metric == "autodiscover_client_outcome" and item.value]
    outcomes = {(each["view"], each["client"]): each["outcome"] for each in told}
    assert len(told) == len(outcomes) == 8
    assert outcomes["inside", "outlook-2016"] == "warned"
    assert outcomes["inside", "ews"] == "configured"


def hashes(world: World, view: str = "inside") -> dict[tuple[str, str], float | None]:
    return {
        (dict(item.labels)["endpoint"], dict(item.labels)["type"]): item.value
        for item in verdict(world).measures
        if item.metric == "autodiscover_dns_answer_hash" and dict(item.labels)["view"] == view
    }


def test_the_hash_of_an_answer_tells_records_apart_and_not_their_order() -> None:
    two = healthy("host").zone(lambda zone: zone.with_(AUTODISCOVER, A, SERVER, "203.0.113.11"))
    turned = healthy("host").zone(lambda zone: zone.with_(AUTODISCOVER, A, "203.0.113.11", SERVER))
    assert hashes(two) == hashes(turned) != hashes(healthy("host"))


def test_the_hash_of_an_answer_is_the_same_in_every_process_and_view() -> None:
    found = hashes(healthy("srv"))
    assert found == hashes(healthy("srv"), "outside")
    assert found == {("autodiscover", "a"): 0, ("autodiscover", "aaaa"): 0, ("srv", "srv"): 1611821191.0}


def test_the_hash_of_a_cloud_alias_does_not_follow_microsofts_addresses() -> None:
    moved = healthy("exchange-online").zone(lambda zone: zone.with_(CLOUD, A, "52.97.0.9"))
    assert hashes(moved) == hashes(healthy("exchange-online"))


def test_the_run_is_measured_by_its_own_clock() -> None:
    survey = survey_of(healthy("srv"))
    time = perfdata(judge(replace(survey, started=survey.ended - 2.5)), "time")
    assert (time.value, time.maximum) == (2.5, survey.policy.timeout)


@pytest.mark.parametrize(
    ("expected", "servers", "address"),
    [
        ((), (), ""),
        ((REMOTE,), (REMOTE,), ""),
        (("provider.example",), (), FOREIGN),
        ((), ("provider.example",), FOREIGN),
    ],
)
def test_where_a_redirect_leads_has_its_address_on_our_own_hosts_alone(
    expected: tuple[str, ...], servers: tuple[str, ...], address: str
) -> None:
    """A provider's addresses are its own affair, and come and go."""
    hop = redirect("https://provider.example/autodiscover/autodiscover.xml")
    world = healthy("redirect").zone(lambda zone: zone.with_("provider.example", A, FOREIGN))
    world = world.site(incidents.REDIRECT_HOST, Site(http=Connect.CONNECTED, http_answer=hop))
    world = world.site(FOREIGN, Site(certificate("provider.example")))
    report = verdict(world.with_policy(servers=servers, expect=Expectations(redirects=expected)))
    up = [dict(item.labels) for item in series(report) if item.metric == "autodiscover_endpoint_up"]
    assert {each["address"] for each in up if each["endpoint"] == "redirect"} == {incidents.REDIRECT_HOST, address}


def test_the_limits_of_a_certificates_life_stand_in_their_order_however_short_it_lives() -> None:
    single = certificate(REMOTE, days=13)
    short = replace(single, not_before=single.not_after - 47 * DAY)
    limits = Thresholds(LifeLeft(30 * DAY, 0.25), LifeLeft(14 * DAY))
    left = perfdata(verdict(healthy("srv").site(SERVER, Site(short)).with_policy(thresholds=limits)), "cert_left")
    assert (left.warning, left.critical) == (14 * DAY, 14 * DAY)
