"""The DNS daemons themselves: what the tests of DNS in this folder rest on is so."""

import pytest

from tests.stack.bind import DnsView, master_file
from tests.stack.dnsdist import Fault, rewriting
from tests.stack.world import FOREIGN, OUTSIDE, SERVER_INSIDE, SERVER_OUTSIDE, World

OTHER = "127.0.6.53"
REMOTE = "remote.contoso.test"
VIEW = DnsView("outside", OUTSIDE, (f"remote A {SERVER_OUTSIDE}", f"* A {FOREIGN}"))
SIGNED = DnsView("outside", OUTSIDE, VIEW.records, signed=True)


def ask(world: World, server: str, name: str, *options: str) -> str:
    return world.namespace.run("dig", f"@{server}", "+time=2", "+tries=1", name, *options).stdout


def test_a_second_authority_says_something_else(world: World) -> None:
    world.publish(VIEW)
    world.serve_zone(OTHER, master_file(OUTSIDE, (f"remote A {SERVER_INSIDE}",), serial=7))
    assert SERVER_OUTSIDE in ask(world, OUTSIDE, REMOTE)
    answer = ask(world, OTHER, REMOTE, "+norecurse")
    assert SERVER_INSIDE in answer
    assert "flags: qr aa;" in answer
    assert " 7 3600 " in ask(world, OTHER, "contoso.test", "SOA", "+short")


def test_a_lame_server_refuses(world: World) -> None:
    world.serve_zone(OTHER, "")
    assert "status: REFUSED" in ask(world, OTHER, REMOTE, "+norecurse")


def test_a_secondary_serves_what_it_transferred_and_no_later_change(world: World) -> None:
    world.publish(VIEW)
    world.transfer_zone(OTHER, OUTSIDE)
    world.update("outside", f"delete {REMOTE} A")
    answer = ask(world, OTHER, REMOTE, "+norecurse")
    assert SERVER_OUTSIDE in answer
    assert "flags: qr aa;" in answer
    assert FOREIGN in ask(world, OTHER, "any.contoso.test", "+norecurse")


def test_a_secondary_without_a_primary_fails(world: World) -> None:
    world.transfer_zone(OTHER, "127.0.8.53", served=False)
    assert "status: SERVFAIL" in ask(world, OTHER, REMOTE, "+norecurse")


def test_a_resolver_caches_and_does_not_validate_without_an_anchor(world: World) -> None:
    world.publish(VIEW)
    world.cache(OTHER, OUTSIDE)
    assert SERVER_OUTSIDE in ask(world, OTHER, REMOTE)
    world.update("outside", f"delete {REMOTE} A")
    answer = ask(world, OTHER, REMOTE, "+dnssec")
    assert SERVER_OUTSIDE in answer
    assert "flags: qr rd ra;" in answer
    assert "status: NXDOMAIN" in ask(world, OTHER, "any.invalid")


def test_a_validating_resolver_vouches_for_a_signed_view_and_shows_what_its_wildcard_made(world: World) -> None:
    bind = world.publish(SIGNED)
    world.cache(OTHER, OUTSIDE, bind.trust_anchor(SIGNED))
    assert "flags: qr rd ra ad;" in ask(world, OTHER, REMOTE, "+dnssec")
    made = ask(world, OTHER, "any.contoso.test", "+dnssec")
    assert "flags: qr rd ra ad;" in made
    assert "RRSIG\tA 13 2 " in made


def test_a_validating_resolver_refuses_a_tampered_record_unless_checking_is_disabled(world: World) -> None:
    bind = world.publish(SIGNED)
    world.serve_zone(OTHER, bind.transfer(SIGNED).replace(f"A\t{SERVER_OUTSIDE}", f"A\t{FOREIGN}"))
    resolver = "127.0.6.54"
    world.cache(resolver, OTHER, bind.trust_anchor(SIGNED))
    assert "status: SERVFAIL" in ask(world, resolver, REMOTE)
    assert FOREIGN in ask(world, resolver, REMOTE, "+cdflag")
    assert "flags: qr rd ra ad;" in ask(world, resolver, "ns.contoso.test", "+dnssec")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.NONE, SERVER_OUTSIDE),
        (Fault.DELAYED, SERVER_OUTSIDE),
        (Fault.DROPPED, "no servers could be reached"),
        (Fault.REFUSED, "status: REFUSED"),
        (Fault.SERVFAIL, "status: SERVFAIL"),
        (Fault.TRUNCATED, "Truncated, retrying in TCP mode"),
        (Fault.LOSSY, "no servers could be reached"),
    ],
)
def test_a_fault_is_what_its_name_says(world: World, fault: Fault, said: str) -> None:
    world.publish(VIEW)
    world.disturb(OTHER, OUTSIDE, fault)
    assert said in ask(world, OTHER, REMOTE)


def test_every_second_datagram_is_lost(world: World) -> None:
    world.publish(VIEW)
    world.disturb(OTHER, OUTSIDE, Fault.LOSSY)
    arrived = [SERVER_OUTSIDE in ask(world, OTHER, REMOTE) for _ in range(4)]
    assert arrived == [False, True, False, True]


def test_a_rewriting_resolver_shows_its_site_for_what_does_not_exist(world: World) -> None:
    world.publish(VIEW)
    world.disturb(OTHER, OUTSIDE, rewriting(FOREIGN, REMOTE))
    assert FOREIGN in ask(world, OTHER, "any.invalid")
    assert SERVER_OUTSIDE in ask(world, OTHER, REMOTE)
    assert "status: NXDOMAIN" in ask(world, OTHER, "any.invalid", "SRV")


def test_a_denying_resolver_takes_one_name_away(world: World) -> None:
    world.publish(VIEW)
    world.disturb(OTHER, OUTSIDE, Fault.NO_SUCH_NAME)
    assert "status: NXDOMAIN" in ask(world, OTHER, "autodiscover.contoso.test")
    assert FOREIGN in ask(world, OTHER, "other.contoso.test")


@pytest.mark.parametrize("transport", ["+tls", "+https"])
def test_bind_takes_questions_over_tls_and_https(world: World, transport: str) -> None:
    world.publish(VIEW, certificate=world.certificate("dns.contoso.test"))
    anchor = f"+tls-ca={world.authority.anchor}"
    assert SERVER_OUTSIDE in ask(world, OUTSIDE, REMOTE, transport, anchor, "+tls-hostname=dns.contoso.test")
    assert "hostname mismatch" in ask(world, OUTSIDE, REMOTE, transport, anchor, "+tls-hostname=dns.example")
