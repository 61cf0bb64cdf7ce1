"""The domain's own servers, found from a host whose resolver has a zone of the same name: by the parent's delegation.

Each test names its row of the failure-mode catalogue.
"""

import pytest

from tests.stack.bind import DnsView
from tests.stack.published import BY_HOST, BY_SRV, SRV, SRV_OK
from tests.stack.world import INSIDE, OUTSIDE, SERVER_INSIDE, SERVER_OUTSIDE, World

PARENT = "127.0.8.53"
"""Where the servers of `test` are asked, the zone above `contoso.test`."""

DELEGATION = f"""\
$TTL 60
@ SOA ns.nic.test. hostmaster.nic.test. 1 3600 600 86400 60
@ NS ns.nic
ns.nic A {PARENT}
contoso NS ns.contoso
ns.contoso A {OUTSIDE}
"""

ABOVE = ("test. NS ns.nic.test.", f"ns.nic.test. A {PARENT}")
"""What every resolver knows of the parent zone."""

OWN_SERVERS = (f"inside={INSIDE}", "outside=authoritative")


def publish(world: World, inside: tuple[str, ...], outside: tuple[str, ...]) -> None:
    world.publish(DnsView("inside", INSIDE, inside, ABOVE), DnsView("outside", OUTSIDE, outside))


@pytest.mark.parametrize("views", [OWN_SERVERS, ("outside=authoritative",)], ids=["compared", "alone"])
def test_the_outside_is_not_judged_by_a_zone_that_the_inside_has_of_it(world: World, views: tuple[str, ...]) -> None:
    """Row 1: the record stands outside only, and every resolver that this host can ask is inside."""
    world.serve_exchange("remote.contoso.test")
    world.serve_zone(PARENT, DELEGATION, origin="test")
    outside = (f"remote A {SERVER_OUTSIDE}", SRV, f"autodiscover A {SERVER_OUTSIDE}")
    publish(world, inside=(f"remote A {SERVER_INSIDE}", SRV), outside=outside)
    drifted = world.check(*BY_SRV, views=views, system_resolver=INSIDE)
    assert drifted.root == "dns-unwanted-host-record"
    assert drifted.exit_code == 2
    assert f"autodiscover.contoso.test has a record ({SERVER_OUTSIDE})" in drifted.first_line


def test_what_stands_outside_is_found_though_the_inside_lacks_it(world: World) -> None:
    """Row 20, seen from a host inside: the verdict on the outside is fine."""
    world.serve_exchange("mail.contoso.test", "autodiscover.contoso.test")
    world.serve_zone(PARENT, DELEGATION, origin="test")
    outside = (f"mail A {SERVER_OUTSIDE}", f"autodiscover A {SERVER_OUTSIDE}")
    publish(world, inside=(f"mail A {SERVER_INSIDE}",), outside=outside)
    hidden = world.check(*BY_HOST, views=OWN_SERVERS, system_resolver=INSIDE)
    assert hidden.told == (
        2,
        f"AUTODISCOVER CRITICAL - contoso.test: inside, no record autodiscover.contoso.test (zone on {INSIDE} hides "
        "the public one): Outlook finds nothing [dns-host-record-missing]",
    )


def test_two_views_that_are_both_right_are_fine(world: World) -> None:
    """Row 19."""
    world.serve_exchange("remote.contoso.test")
    world.serve_zone(PARENT, DELEGATION, origin="test")
    publish(world, (f"remote A {SERVER_INSIDE}", SRV), (f"remote A {SERVER_OUTSIDE}", SRV))
    assert world.check(*BY_SRV, views=OWN_SERVERS, system_resolver=INSIDE).told == SRV_OK


def test_an_outside_that_nobody_can_lead_to_is_unknown(world: World) -> None:
    """Row 63: the parent's servers are out of reach, and the inside's own zone is no witness."""
    world.serve_exchange("remote.contoso.test")
    publish(world, (f"remote A {SERVER_INSIDE}", SRV), (f"remote A {SERVER_OUTSIDE}", SRV))
    lost = world.check(*BY_SRV, views=OWN_SERVERS, system_resolver=INSIDE)
    assert lost.told == (
        3,
        "AUTODISCOVER UNKNOWN - contoso.test: outside, the domain's own servers could not be found (the parent zone's "
        "servers did not name them); inside OK [dns-lookup-failed]",
    )
