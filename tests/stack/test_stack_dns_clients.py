"""What hosts and clients do with DNS beyond asking the right name, on real daemons.

Each test names its row of the failure-mode catalogue.
"""

from tests.stack.bind import DnsView
from tests.stack.certificates import DAYS_LEFT
from tests.stack.nginx import Behaviour, Site
from tests.stack.published import BY_HOST, BY_SRV, SRV
from tests.stack.world import FOREIGN, INSIDE, SERVER_INSIDE, World

SYSTEM = ("default=system",)
SUFFIX = "corp.example"
CATCH_ALL = f"*.{SUFFIX}. A {FOREIGN}"
CATCHES = f"catch-all *.{SUFFIX} ({FOREIGN}) answers for autodiscover.contoso.test to hosts that search {SUFFIX}"


def publish(world: World, *records: str, beside: tuple[str, ...] = (CATCH_ALL,)) -> None:
    """The domain as this host's own resolver knows it, and a stranger's web site for what the suffix catches."""
    world.serve(Site(FOREIGN, Behaviour.HOSTER, world.certificate("*.hoster.example")))
    world.publish(DnsView("inside", INSIDE, records, beside))


def test_the_c_library_is_misled_by_the_suffix(world: World) -> None:
    """Row 60: the trap is a real one on the very host."""
    publish(world, f"remote A {SERVER_INSIDE}", SRV)
    asked = ("getent", "ahostsv4", "autodiscover.contoso.test")
    assert FOREIGN in world.namespace.run(*world.with_resolver(INSIDE, asked, SUFFIX)).stdout
    assert world.namespace.run(*world.with_resolver(INSIDE, asked)).stdout == ""


def test_a_catch_all_below_a_search_suffix_is_a_warning_and_misleads_no_walk(world: World) -> None:
    """Row 60: absolute names are asked, so that the domain is not taken for captured."""
    world.serve_exchange("remote.contoso.test")
    publish(world, f"remote A {SERVER_INSIDE}", SRV)
    searched = world.check(*BY_SRV, views=SYSTEM, system_resolver=INSIDE, search=SUFFIX)
    assert searched.root == "dns-wildcard-present"
    assert searched.told == (1, f"AUTODISCOVER WARNING - contoso.test: {CATCHES} [dns-wildcard-present]")
    assert "Fix: Remove *.corp.example, or take corp.example out of the search list" in searched.output
    assert "dns-wildcard-captures-autodiscover" not in searched.output
    fine = f"srv to remote.contoso.test, 4 clients configured, certificate valid {DAYS_LEFT} d"
    assert world.check(*BY_SRV, views=SYSTEM, system_resolver=INSIDE).told == (
        0,
        f"AUTODISCOVER OK - contoso.test: {fine}",
    )


def test_a_catch_all_below_a_search_suffix_is_a_note_beside_a_host_record(world: World) -> None:
    """Row 60: a name that exists is found before any suffix."""
    world.serve_exchange("mail.contoso.test", "autodiscover.contoso.test")
    publish(world, f"mail A {SERVER_INSIDE}", f"autodiscover A {SERVER_INSIDE}")
    searched = world.check(*BY_HOST, views=SYSTEM, system_resolver=INSIDE, search=SUFFIX)
    assert searched.exit_code == 0
    assert f"{CATCHES} [dns-wildcard-present]" in searched.output


def test_a_suffix_below_which_nothing_answers_is_no_matter(world: World) -> None:
    """Row 60: as it should be."""
    world.serve_exchange("remote.contoso.test")
    publish(world, f"remote A {SERVER_INSIDE}", SRV, beside=(f"www.{SUFFIX}. A {FOREIGN}",))
    searched = world.check(*BY_SRV, views=SYSTEM, system_resolver=INSIDE, search=SUFFIX)
    assert searched.exit_code == 0
    assert "dns-wildcard-present" not in searched.output
