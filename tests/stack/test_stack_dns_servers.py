"""Resolvers and authorities that fail, lie, lag or disagree, on real daemons; what the plugin makes of them.

Each test names its row of the failure-mode catalogue, or the incident.
"""

import pytest

from tests.stack.bind import DnsView, master_file
from tests.stack.certificates import DAYS_LEFT
from tests.stack.dnsdist import Fault, rewriting
from tests.stack.nginx import Behaviour, Site
from tests.stack.published import BY_HOST, BY_SRV, HOST_OK, SRV, SRV_OK, publish_by_host, publish_by_srv, views
from tests.stack.world import FOREIGN, INSIDE, OUTSIDE, SERVER_INSIDE, SERVER_OUTSIDE, World

OTHER = "127.0.6.53"
"""A resolver, or a name server, beside that of the outside view."""
THROUGH_OTHER = (f"inside={INSIDE}", f"outside={OTHER}")
OTHER_LAST = (f"inside={INSIDE}", f"outside={OUTSIDE},{OTHER}")
OTHER_FIRST = (f"inside={INSIDE}", f"outside={OTHER},{OUTSIDE}")

CRITICAL = "AUTODISCOVER CRITICAL - contoso.test: outside, "
WARNING = "AUTODISCOVER WARNING - contoso.test: outside, "
UNKNOWN = "AUTODISCOVER UNKNOWN - contoso.test: outside, "


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.DELAYED, Fault.TRUNCATED, Fault.LOSSY])
def test_a_network_that_delays_truncates_or_loses_half_of_all_datagrams_changes_no_verdict(
    world: World, fault: Fault
) -> None:
    """Row 63 is for what gets no answer at all."""
    publish_by_srv(world)
    world.disturb(OTHER, OUTSIDE, fault)
    assert world.check(*BY_SRV, "-t", "30", views=THROUGH_OTHER).told == SRV_OK


@pytest.mark.parametrize(("fault", "reason"), [(Fault.DROPPED, "timeout"), (Fault.REFUSED, "refused")])
def test_a_view_whose_resolver_drops_or_refuses_is_unknown_and_says_which_of_both(
    world: World, fault: Fault, reason: str
) -> None:
    """Row 63, incident 42."""
    publish_by_srv(world)
    world.disturb(OTHER, OUTSIDE, fault)
    blind = world.check(*BY_SRV, views=THROUGH_OTHER)
    assert blind.root == "dns-lookup-failed"
    assert blind.told == (
        3,
        f"{UNKNOWN}no resolver answered ({OTHER} {reason}); inside OK [dns-lookup-failed]",
    )


def test_a_resolver_with_a_dead_upstream_is_unknown(world: World) -> None:
    """Row 63."""
    publish_by_srv(world)
    world.cache(OTHER, "127.0.8.53")
    blind = world.check(*BY_SRV, views=THROUGH_OTHER)
    assert (blind.exit_code, blind.root) == (3, "dns-lookup-failed")


@pytest.mark.parametrize("order", [OTHER_FIRST, OTHER_LAST], ids=["first", "last"])
@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.REFUSED, None], ids=["drops", "refuses", "is down"])
def test_one_dead_resolver_of_two_changes_no_verdict_and_is_told_in_a_note(
    world: World, order: tuple[str, ...], fault: Fault | None
) -> None:
    """Row 63: it never turns into "no record"."""
    publish_by_srv(world)
    if fault is not None:
        world.disturb(OTHER, OUTSIDE, fault)
    beside = world.check(*BY_SRV, views=order)
    assert beside.told == SRV_OK
    assert f"Note: outside: resolver {OTHER} did not answer; the view's others did" in beside.output


def test_servfail_for_the_domain_beside_a_fine_control_is_critical(world: World) -> None:
    """Row 23, incident 43."""
    publish_by_srv(world)
    world.disturb(OTHER, OUTSIDE, Fault.SERVFAIL)
    failing = world.check(*BY_SRV, views=THROUGH_OTHER)
    assert failing.root == "dns-domain-unresolvable"
    assert failing.told == (
        2,
        f"{CRITICAL}contoso.test cannot be resolved (SERVFAIL from {OTHER}, which answers other questions) "
        "[dns-domain-unresolvable]",
    )


def test_a_domain_that_does_not_exist_is_critical(world: World) -> None:
    """Incident 43, the domain lapsed."""
    publish_by_srv(world)
    world.disturb(OTHER, OUTSIDE, Fault.LAPSED)
    lapsed = world.check(*BY_SRV, views=THROUGH_OTHER)
    assert lapsed.told == (
        2,
        f"{CRITICAL}contoso.test does not exist (NXDOMAIN): Outlook finds nothing [dns-domain-unresolvable]",
    )


KNOWN = ("contoso.test", "remote.contoso.test", "ns.contoso.test")
REWRITTEN = f"resolver {OTHER} answers names that cannot exist ({FOREIGN}): it is not believed"


def test_the_only_resolver_that_rewrites_nxdomain_leaves_the_view_unknown(world: World) -> None:
    """Row 63, incident 45: its web site is no catch-all of the domain's."""
    publish_by_srv(world)
    world.disturb(OTHER, OUTSIDE, rewriting(FOREIGN, *KNOWN))
    rewritten = world.check(*BY_SRV, views=THROUGH_OTHER)
    assert rewritten.root == "dns-nxdomain-rewritten"
    assert rewritten.told == (3, f"{UNKNOWN}{REWRITTEN} [dns-nxdomain-rewritten]")


@pytest.mark.parametrize("order", [OTHER_FIRST, OTHER_LAST], ids=["first", "last"])
def test_a_resolver_that_rewrites_nxdomain_beside_an_honest_one_is_a_warning(
    world: World, order: tuple[str, ...]
) -> None:
    """Row 63, incident 45: the honest one is believed, in whichever order they stand."""
    publish_by_srv(world)
    world.disturb(OTHER, OUTSIDE, rewriting(FOREIGN, *KNOWN))
    beside = world.check(*BY_SRV, views=order)
    assert beside.root == "dns-nxdomain-rewritten"
    assert beside.told == (
        1,
        f"{WARNING}{REWRITTEN}, {OUTSIDE} is asked in its place [dns-nxdomain-rewritten]",
    )


def test_two_resolvers_of_a_view_that_disagree_are_a_warning_until_they_agree(world: World) -> None:
    """Row 21: half of the users find nothing."""
    publish_by_srv(world)
    world.serve_zone(OTHER, master_file(OUTSIDE, (f"remote A {SERVER_OUTSIDE}",)))
    apart = world.check(*BY_SRV, views=OTHER_LAST)
    assert apart.root == "dns-servers-disagree"
    assert apart.told == (
        1,
        f"{WARNING}resolvers disagree about _autodiscover._tcp.contoso.test ({OUTSIDE}: remote.contoso.test, "
        f"{OTHER}: no record) [dns-servers-disagree]",
    )


def test_a_resolver_that_denies_one_name_is_told_apart_from_the_zone(world: World) -> None:
    """Rows 20 and 21: a filter on the path says NXDOMAIN for a name that exists."""
    publish_by_host(world)
    world.disturb(OTHER, OUTSIDE, Fault.NO_SUCH_NAME)
    denied = world.check(*BY_HOST, views=OTHER_LAST)
    assert denied.root == "dns-servers-disagree"
    assert denied.told == (
        1,
        f"{WARNING}resolvers disagree about autodiscover.contoso.test ({OUTSIDE}: {SERVER_OUTSIDE}, "
        f"{OTHER}: no record) [dns-servers-disagree]",
    )


def publish_with_secondary(world: World) -> None:
    """Outside, the zone names a second server."""
    world.serve_exchange("remote.contoso.test")
    outside = (f"remote A {SERVER_OUTSIDE}", SRV, "@ NS ns2", f"ns2 A {OTHER}")
    world.publish(*views(inside=(f"remote A {SERVER_INSIDE}", SRV), outside=outside))


SERVERS = f"{WARNING}name servers of "


def test_a_lame_secondary_is_a_warning(world: World) -> None:
    """Row 21, incident 41."""
    publish_with_secondary(world)
    world.serve_zone(OTHER, "")
    lame = world.check(*BY_SRV)
    assert lame.root == "dns-authority-inconsistent"
    assert lame.told == (1, f"{SERVERS}contoso.test disagree ({OTHER}: refused) [dns-authority-inconsistent]")


def test_a_secondary_that_is_down_is_a_warning(world: World) -> None:
    """Row 21, incident 41."""
    publish_with_secondary(world)
    dead = world.check(*BY_SRV)
    assert dead.told == (1, f"{SERVERS}contoso.test disagree ({OTHER}: unreachable) [dns-authority-inconsistent]")


def test_a_secondary_without_the_srv_record_is_a_warning_though_the_view_answers_rightly(world: World) -> None:
    """Row 21: half of the resolvers in the world will learn the other answer."""
    publish_with_secondary(world)
    world.serve_zone(OTHER, master_file(OUTSIDE, (f"remote A {SERVER_OUTSIDE}",), serial=7))
    apart = world.check(*BY_SRV)
    assert apart.root == "dns-authority-inconsistent"
    assert apart.told == (
        1,
        f"{SERVERS}_autodiscover._tcp.contoso.test disagree ({OUTSIDE}: remote.contoso.test, {OTHER}: no record) "
        "[dns-authority-inconsistent]",
    )


def test_a_secondary_that_only_has_another_serial_is_told_and_alarms_nobody(world: World) -> None:
    """Row 21, incident 41."""
    publish_with_secondary(world)
    world.serve_zone(OTHER, master_file(OUTSIDE, (f"remote A {SERVER_OUTSIDE}", SRV), serial=2))
    lagging = world.check(*BY_SRV)
    assert lagging.told == SRV_OK
    assert f"({OUTSIDE}: serial 1, {OTHER}: serial 2)" in lagging.output


def test_a_secondary_that_never_got_the_zone_is_a_warning(world: World) -> None:
    """Row 21, incident 41: it knows that it should serve the zone, and nobody gives it to it."""
    publish_with_secondary(world)
    world.transfer_zone(OTHER, "127.0.8.53", served=False)
    lame = world.check(*BY_SRV)
    assert lame.root == "dns-authority-inconsistent"
    assert lame.told == (1, f"{SERVERS}contoso.test disagree ({OTHER}: servfail) [dns-authority-inconsistent]")


def test_a_secondary_is_fine_until_a_change_at_the_primary_does_not_reach_it(world: World) -> None:
    """Row 21: by real transfers between two makes of servers, and no more than a serial that is behind."""
    publish_with_secondary(world)
    world.transfer_zone(OTHER, OUTSIDE)
    assert world.check(*BY_SRV).told == SRV_OK
    world.update("outside", f"add www.contoso.test 60 A {FOREIGN}")
    behind = world.check(*BY_SRV)
    assert behind.told == SRV_OK
    assert f"({OUTSIDE}: serial 2, {OTHER}: serial 1)" in behind.output
    world.update("outside", f"add autodiscover.contoso.test 60 A {SERVER_OUTSIDE}")
    apart = world.check(*BY_SRV)
    assert apart.root == "dns-unwanted-host-record"
    assert (
        f"name servers of autodiscover.contoso.test disagree ({OUTSIDE}: {SERVER_OUTSIDE}, {OTHER}: no record)"
    ) in apart.output


def test_a_catch_all_is_the_same_from_any_server_of_a_consistent_zone(world: World) -> None:
    """Rows 2 and 3: BIND and Knot make the same of it."""
    world.serve(Site(FOREIGN, Behaviour.HOSTER, world.certificate("*.hoster.example")))
    world.serve_exchange("remote.contoso.test")
    outside = (f"remote A {SERVER_OUTSIDE}", SRV, f"* A {FOREIGN}", "@ NS ns2", f"ns2 A {OTHER}")
    world.publish(*views(inside=(f"remote A {SERVER_INSIDE}", SRV), outside=outside))
    world.serve_zone(OTHER, master_file(OUTSIDE, outside))
    captured = {
        world.check(*BY_SRV, views=(f"inside={INSIDE}", f"outside={server}")).told for server in (OUTSIDE, OTHER)
    }
    assert captured == {
        (
            2,
            f"{CRITICAL}catch-all *.contoso.test answers autodiscover.contoso.test "
            f"({FOREIGN}, certificate *.hoster.example): Outlook warns [dns-wildcard-captures-autodiscover]",
        )
    }


MOVED = "127.0.3.11"


def test_a_cache_that_still_holds_the_old_address_is_told_with_its_seconds_and_alarms_nobody(world: World) -> None:
    """Row 22."""
    publish_by_host(world)
    certificate = world.certificate("mail.contoso.test", "autodiscover.contoso.test")
    world.serve(Site(MOVED, Behaviour.EXCHANGE, certificate))
    world.cache(OTHER, OUTSIDE)
    assert world.check(*BY_HOST, views=THROUGH_OTHER).told == HOST_OK
    world.update(
        "outside",
        *(
            change
            for name in ("autodiscover.contoso.test", "mail.contoso.test")
            for change in (f"delete {name} A", f"add {name} 60 A {MOVED}")
        ),
    )
    stale = world.check(*BY_HOST, views=THROUGH_OTHER)
    assert stale.told == HOST_OK
    assert (
        f"outside: autodiscover.contoso.test is cached as {SERVER_OUTSIDE}, its own servers say {MOVED}: "
        "clients may see the old answer for "
    ) in stale.output
    assert "[dns-stale-answer]" in stale.output


def test_a_cached_absence_is_critical_while_it_lasts_and_told_as_stale(world: World) -> None:
    """Row 22: the SRV record is there again, and clients do not see it until the negative answer has run out."""
    publish_by_srv(world)
    world.cache(OTHER, OUTSIDE)
    world.update("outside", "delete _autodiscover._tcp.contoso.test SRV")
    assert world.check(*BY_SRV, views=THROUGH_OTHER).root == "dns-srv-missing"
    world.update("outside", "add _autodiscover._tcp.contoso.test 60 SRV 0 0 443 remote.contoso.test.")
    stale = world.check(*BY_SRV, views=THROUGH_OTHER)
    assert (stale.exit_code, stale.root) == (2, "dns-srv-missing")
    assert "_autodiscover._tcp.contoso.test is cached as no record, its own servers say remote.contoso.test" in (
        stale.output
    )


SIGNED = DnsView("outside", OUTSIDE, (f"remote A {SERVER_OUTSIDE}", SRV), signed=True)
PLAIN = DnsView("inside", INSIDE, (f"remote A {SERVER_INSIDE}", SRV))


def test_a_signed_domain_is_fine_through_a_validating_resolver(world: World) -> None:
    """Row 23, as it should be."""
    world.serve_exchange("remote.contoso.test")
    bind = world.publish(PLAIN, SIGNED)
    world.cache(OTHER, OUTSIDE, bind.trust_anchor(SIGNED))
    assert world.check(*BY_SRV, views=THROUGH_OTHER).told == SRV_OK


def test_a_broken_signature_is_critical_through_a_validating_resolver(world: World) -> None:
    """Row 23, incident 43: one record was changed without signing the zone again."""
    world.serve_exchange("remote.contoso.test")
    bind = world.publish(PLAIN, SIGNED)
    tampered = "127.0.6.54"
    world.serve_zone(tampered, bind.transfer(SIGNED).replace("SRV\t0 0 443 ", "SRV\t1 0 443 "))
    world.cache(OTHER, tampered, bind.trust_anchor(SIGNED))
    bogus = world.check(*BY_SRV, views=THROUGH_OTHER)
    assert bogus.root == "dns-dnssec-bogus"
    assert bogus.told == (
        2,
        f"{CRITICAL}_autodiscover._tcp.contoso.test fails DNSSEC validation (SERVFAIL from {OTHER}, an answer "
        "with checking disabled) [dns-dnssec-bogus]",
    )


def test_a_catch_all_of_a_signed_zone_is_found_through_a_validating_resolver(world: World) -> None:
    """Rows 2 and 3: aggressive use of its proofs does not hide it."""
    world.serve(Site(FOREIGN, Behaviour.HOSTER, world.certificate("*.hoster.example")))
    world.serve_exchange("remote.contoso.test")
    signed = DnsView("outside", OUTSIDE, (*SIGNED.records, f"* A {FOREIGN}"), signed=True)
    bind = world.publish(PLAIN, signed)
    world.cache(OTHER, OUTSIDE, bind.trust_anchor(signed))
    captured = world.check(*BY_SRV, views=THROUGH_OTHER)
    assert captured.root == "dns-wildcard-captures-autodiscover"
    assert captured.told == (
        2,
        f"{CRITICAL}catch-all *.contoso.test answers autodiscover.contoso.test "
        f"({FOREIGN}, certificate *.hoster.example): Outlook warns [dns-wildcard-captures-autodiscover]",
    )


def test_a_record_of_its_own_with_the_address_of_the_catch_all_is_told_apart_where_the_zone_is_signed(
    world: World,
) -> None:
    """Rows 1 and 2: the addresses are the same, the labels of the signature are not."""
    world.serve(Site(FOREIGN, Behaviour.HOSTER, world.certificate("*.hoster.example")))
    world.serve_exchange("remote.contoso.test")
    own = (*SIGNED.records, f"* A {FOREIGN}", f"autodiscover A {FOREIGN}")
    world.publish(PLAIN, DnsView("outside", OUTSIDE, own, signed=True))
    assert world.check(*BY_SRV).root == "dns-unwanted-host-record"


MANY = tuple(f"autodiscover A 127.1.{number // 250}.{number % 250 + 1}" for number in range(1500))
"""24 KB of addresses, which come over TCP; BIND would refuse to load them."""


def test_a_name_of_a_thousand_and_a_half_addresses_is_no_failed_lookup(world: World) -> None:
    """Row 63, as it is not meant: what a server answers in full is no blindness of ours."""
    names = ("mail.contoso.test", "autodiscover.contoso.test")
    world.serve(Site("0.0.0.0", Behaviour.EXCHANGE, world.certificate(*names)))
    world.serve_zone(OTHER, master_file(OTHER, (f"mail A {SERVER_OUTSIDE}", *MANY)))
    assert world.check(*BY_HOST, views=(f"outside={OTHER}",)).told == (
        0,
        "AUTODISCOVER OK - contoso.test: host to autodiscover.contoso.test, 4 clients configured, "
        f"certificate valid {DAYS_LEFT} d",
    )
