"""The verdict on a real domain, before and after real changes, as a monitoring system reads it.

The domain, its servers and the changes are those of the scenarios that the rules cite.
"""

import sys

import pytest

from tests.stack.bind import DnsView
from tests.stack.certificates import DAYS_LEFT, SiteCertificate
from tests.stack.nginx import Behaviour, Site
from tests.stack.published import BY_HOST, BY_SRV, HOST_OK, SRV, SRV_OK, publish_by_host, views
from tests.stack.world import FOREIGN, INSIDE, OUTSIDE, SERVER_INSIDE, SERVER_OUTSIDE, World

WEBSITE = "127.0.4.7"
SILENT = "127.0.5.10"

AUTO = ("-S", "remote.contoso.test")


def _srv_views() -> tuple[DnsView, DnsView]:
    return views(
        inside=(f"remote A {SERVER_INSIDE}", SRV),
        outside=(f"remote A {SERVER_OUTSIDE}", f"@ A {WEBSITE}", SRV),
    )


def _publish_by_srv(world: World, *, days_left: int = DAYS_LEFT) -> SiteCertificate:
    """A single-name certificate (returned), an SRV record to its name, no host record, a healthy web site outside."""
    website = world.certificate("contoso.test", "www.contoso.test")
    world.serve(Site(WEBSITE, Behaviour.HOSTER, website), Site(WEBSITE, Behaviour.HOSTER))
    world.publish(*_srv_views())
    return world.serve_exchange("remote.contoso.test", days_left=days_left)


def _serve_hoster(world: World) -> None:
    world.serve(Site(FOREIGN, Behaviour.HOSTER, world.certificate("*.hoster.example")))


@pytest.mark.parametrize("options", [BY_SRV, AUTO], ids=["declared", "derived"])
def test_scenario_1_a_host_record_beside_a_single_name_certificate_is_critical_until_it_is_gone(
    world: World, options: tuple[str, ...]
) -> None:
    """Rows 1 and 6: the SRV record is right, and clients do not get that far."""
    _publish_by_srv(world)
    assert world.check(*options).told == SRV_OK
    world.update("outside", f"add autodiscover.contoso.test 60 A {SERVER_OUTSIDE}")
    drifted = world.check(*options)
    assert drifted.root == "dns-unwanted-host-record"
    assert drifted.told == (
        2,
        f"AUTODISCOVER CRITICAL - contoso.test: outside, autodiscover.contoso.test has a record ({SERVER_OUTSIDE}), "
        "certificate names only remote.contoso.test: Outlook warns [dns-unwanted-host-record]",
    )
    world.update("outside", "delete autodiscover.contoso.test A")
    assert world.check(*options).told == SRV_OK


def test_scenario_1_in_both_views_is_one_cause(world: World) -> None:
    _publish_by_srv(world)
    world.update("inside", f"add autodiscover.contoso.test 60 A {SERVER_INSIDE}")
    world.update("outside", f"add autodiscover.contoso.test 60 A {SERVER_OUTSIDE}")
    drifted = world.check(*BY_SRV)
    assert drifted.told == (
        2,
        "AUTODISCOVER CRITICAL - contoso.test: inside and outside, autodiscover.contoso.test has a record "
        f"({SERVER_INSIDE}, ...), certificate names only remote.contoso.test: Outlook warns "
        "[dns-unwanted-host-record]",
    )


def test_scenario_1_by_a_registrars_catch_all_to_a_foreign_tls_site_is_critical_until_it_is_gone(world: World) -> None:
    """Rows 2 and 3."""
    _publish_by_srv(world)
    _serve_hoster(world)
    world.update("outside", f"add *.contoso.test 60 A {FOREIGN}")
    captured = world.check(*BY_SRV)
    assert captured.root == "dns-wildcard-captures-autodiscover"
    assert captured.told == (
        2,
        "AUTODISCOVER CRITICAL - contoso.test: outside, catch-all *.contoso.test answers autodiscover.contoso.test "
        f"({FOREIGN}, certificate *.hoster.example): Outlook warns [dns-wildcard-captures-autodiscover]",
    )
    world.update("outside", "delete *.contoso.test A")
    assert world.check(*BY_SRV).told == SRV_OK


def test_a_catch_all_where_nothing_listens_is_a_warning_because_no_client_is_hit(world: World) -> None:
    _publish_by_srv(world)
    world.update("outside", f"add *.contoso.test 60 A {FOREIGN}")
    captured = world.check(*BY_SRV)
    assert captured.root == "dns-wildcard-captures-autodiscover"
    assert captured.told == (
        1,
        "AUTODISCOVER WARNING - contoso.test: outside, catch-all *.contoso.test answers autodiscover.contoso.test "
        f"({FOREIGN}) [dns-wildcard-captures-autodiscover]",
    )


def test_a_host_record_where_nothing_listens_is_a_warning_because_no_client_is_hit(world: World) -> None:
    _publish_by_srv(world)
    world.update("outside", f"add autodiscover.contoso.test 60 A {FOREIGN}")
    drifted = world.check(*BY_SRV)
    assert drifted.root == "dns-unwanted-host-record"
    assert drifted.told == (
        1,
        f"AUTODISCOVER WARNING - contoso.test: outside, autodiscover.contoso.test has a record ({FOREIGN}) "
        "[dns-unwanted-host-record]",
    )


@pytest.mark.parametrize("options", [BY_HOST, ("-S", "mail.contoso.test")], ids=["declared", "derived"])
def test_scenario_2_an_address_that_moved_to_a_foreign_tls_site_is_critical_until_it_is_back(
    world: World, options: tuple[str, ...]
) -> None:
    """Rows 18 and 19."""
    publish_by_host(world)
    _serve_hoster(world)
    assert world.check(*options).told == HOST_OK
    name = "autodiscover.contoso.test"
    world.update("outside", f"delete {name} A", f"add {name} 60 A {FOREIGN}")
    moved = world.check(*options)
    assert moved.root == "dns-address-unexpected"
    assert moved.told == (
        2,
        f"AUTODISCOVER CRITICAL - contoso.test: outside, autodiscover.contoso.test is {FOREIGN}, "
        f"not {SERVER_OUTSIDE} (mail.contoso.test), certificate *.hoster.example: Outlook warns "
        "[dns-address-unexpected]",
    )
    world.update("outside", f"delete {name} A", f"add {name} 60 A {SERVER_OUTSIDE}")
    assert world.check(*options).told == HOST_OK


def test_scenario_2_names_the_completely_different_certificate_as_a_consequence(world: World) -> None:
    """Row 18."""
    publish_by_host(world)
    _serve_hoster(world)
    world.update("outside", "delete autodiscover.contoso.test A", f"add autodiscover.contoso.test 60 A {FOREIGN}")
    below = world.check(*BY_HOST).output.partition("\n")[2]
    assert "certificate-foreign" in below
    assert "certificate-name-mismatch" in below


@pytest.mark.parametrize("options", [BY_SRV, AUTO], ids=["declared", "derived"])
def test_an_inside_zone_that_hides_the_srv_record_is_critical(world: World, options: tuple[str, ...]) -> None:
    """Rows 5 and 20."""
    _publish_by_srv(world)
    world.update("inside", "delete _autodiscover._tcp.contoso.test SRV")
    hidden = world.check(*options)
    assert hidden.root == "dns-srv-missing"
    assert hidden.told == (
        2,
        "AUTODISCOVER CRITICAL - contoso.test: inside, no SRV record _autodiscover._tcp.contoso.test "
        f"(zone on {INSIDE} hides the public one): Outlook finds nothing [dns-srv-missing]",
    )


def test_an_expired_certificate_at_the_server_is_critical(world: World) -> None:
    """Row 40."""
    certificate = _publish_by_srv(world, days_left=-5)
    expired = world.check(*BY_SRV)
    assert expired.root == "certificate-expired"
    assert expired.told == (
        2,
        "AUTODISCOVER CRITICAL - contoso.test: certificate of remote.contoso.test expired 4 d ago, "
        f"{certificate.ends:%Y-%m-%d} UTC: Outlook warns [certificate-expired]",
    )


def test_a_view_whose_resolver_was_killed_is_unknown_and_the_other_view_is_still_judged(world: World) -> None:
    """Row 63, incident 42."""
    world.serve_exchange("remote.contoso.test")
    inside, outside = _srv_views()
    world.publish(inside)
    killed = world.publish(outside)
    assert world.check(*BY_SRV).told == SRV_OK
    killed.daemon.kill()
    blind = world.check(*BY_SRV)
    assert blind.root == "dns-lookup-failed"
    assert blind.told == (
        3,
        f"AUTODISCOVER UNKNOWN - contoso.test: outside, no resolver answered ({OUTSIDE} unreachable); inside OK "
        "[dns-lookup-failed]",
    )


def test_a_critical_view_beside_a_blind_one_is_critical(world: World) -> None:
    world.serve_exchange("remote.contoso.test")
    inside, outside = _srv_views()
    world.publish(inside)
    world.publish(outside).daemon.kill()
    world.update("inside", f"add autodiscover.contoso.test 60 A {SERVER_INSIDE}")
    both = world.check(*BY_SRV)
    assert both.root == "dns-unwanted-host-record"
    assert both.told == (
        2,
        f"AUTODISCOVER CRITICAL - contoso.test: inside, autodiscover.contoso.test has a record ({SERVER_INSIDE}), "
        "certificate names only remote.contoso.test: Outlook warns [dns-unwanted-host-record] (+1 more)",
    )
    assert "dns-lookup-failed" in both.output


def test_the_run_ends_by_itself_when_the_intended_endpoint_stays_silent(world: World) -> None:
    _serve_silence(world)
    world.publish(
        *views(inside=(f"remote A {SILENT}", SRV), outside=(f"remote A {SILENT}", SRV)),
    )
    # The connection itself is given longer than the run, so that the run's own limit is what ends it.
    limits = ("-t", "3", "--connect-timeout", "5")
    late = world.check(*BY_SRV, *limits)
    assert late.root == "check-timed-out"
    assert late.told == (
        2,
        "AUTODISCOVER CRITICAL - contoso.test: inside and outside, the time limit of 3 s passed before "
        f"remote.contoso.test was judged (waiting for {SILENT}) [check-timed-out]",
    )
    stated = world.check(*BY_SRV, *limits, "--timeout-result", "unknown")
    assert (stated.exit_code, stated.root) == (3, "check-timed-out")


def test_a_hosted_domain_that_redirects_from_port_80_is_fine(world: World) -> None:
    exchange = world.certificate("exchange.hosting.test")
    world.serve(Site(FOREIGN, Behaviour.REDIRECT), Site(SERVER_OUTSIDE, Behaviour.EXCHANGE, exchange))
    root = (f"exchange.hosting.test. A {SERVER_OUTSIDE}",)
    records = (f"autodiscover A {FOREIGN}",)
    world.publish(
        DnsView("inside", INSIDE, records, beside=root),
        DnsView("outside", OUTSIDE, records, beside=root),
    )
    hosted = world.check("-m", "redirect", "-S", "exchange.hosting.test")
    assert hosted.told == (
        0,
        "AUTODISCOVER OK - contoso.test: redirect to exchange.hosting.test, 4 clients configured inside and outside, "
        f"certificate valid {DAYS_LEFT} d",
    )


SILENCE = f"""
import signal, socket
with socket.create_server(("{SILENT}", 443)):
    print("listens", flush=True)
    signal.pause()
"""


def _serve_silence(world: World) -> None:
    """A server that takes connections, by its backlog, and never says a word."""
    daemon = world.start(sys.executable, "-c", SILENCE, log="silence.log")
    daemon.wait_until(lambda: daemon.log.read_text() == "listens\n")
