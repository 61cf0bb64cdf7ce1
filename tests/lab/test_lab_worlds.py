"""The table of worlds holds together: names, zones, sites and rules that can exist."""

import re

import pytest

from check_autodiscover.core.model.states import State
from check_autodiscover.lab.servers import ZoneData
from check_autodiscover.lab.world import Behaviour, World
from check_autodiscover.lab.worlds import WORLDS, world_named

PINNED = frozenset(
    """
healthy-srv healthy-san healthy-wildcard-certificate healthy-prefix healthy-exchange-online healthy-redirect none-clean
scenario-1-host-record scenario-1-inside-only scenario-1-wildcard scenario-2-wrong-address scenario-2-outside-only
srv-missing srv-wrong-target srv-shadowed root-domain-trap expired expiring untrusted one-address-of-two nothing-there
resolver-dead
one-resolver-dead not-connected tombstone srv-catch-all wildcard-alias nxdomain-rewriting resolvers-disagree
unresolvable srv-target-alias srv-two-targets srv-two-targets-one-broken relative-name cloud-alias-inside-missing
hybrid-alias-host parent-exposed
not-yet-valid self-signed chain-incomplete common-name-only weak-key misspelt-name wildcard-too-deep
domain-controller-at-the-root addresses-differ wildcard-default-host tls-inspected
client-certificate client-certificate-suspected client-certificate-reset client-certificate-tls-1-3
client-certificate-untrusted blocked application-error bridge-name-mismatch bad-gateway busy no-login-offered login-cut
xml-error redirect-needs-ssl redirect-to-login redirect-loop redirect-warns ssl-required-on-port-80
""".split()  # noqa: SIM905
)

each_world = pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)


def test_every_name_stands_once_and_the_published_ones_stay() -> None:
    names = [world.name for world in WORLDS]
    assert len(set(names)) == len(names)
    assert set(names) >= PINNED


def test_a_world_is_found_by_its_name_and_an_unknown_one_is_not() -> None:
    assert world_named("expired").name == "expired"
    with pytest.raises(KeyError):
        world_named("no-such-world")


@each_world
def test_a_world_has_an_inside_and_an_outside_with_readable_zones(world: World) -> None:
    assert [view.name for view in world.views] == ["inside", "outside"]
    for resolver in (resolver for view in world.views for resolver in view.resolvers):
        ZoneData(resolver.zones, resolver.kind)


@each_world
def test_sites_stand_at_distinct_loopback_addresses_with_a_certificate_wherever_tls_is_spoken(world: World) -> None:
    addresses = [site.address for site in world.sites]
    assert len(set(addresses)) == len(addresses)
    assert all(address.startswith("127.0.") for address in addresses)
    bare = (Behaviour.REFUSED, Behaviour.SILENT)
    assert all((site.certificate is None) is (site.https in bare) for site in world.sites)
    assert all(bool(site.redirect_to) is (Behaviour.REDIRECT in (site.https, site.http)) for site in world.sites)


@each_world
def test_a_verdict_names_a_root_unless_all_is_well(world: World) -> None:
    assert bool(world.verdict.root) is (world.verdict.state is not State.OK)
    assert re.fullmatch(r"[a-z-]*", world.verdict.root)
