"""What hosts and clients do with DNS beyond asking the right name, on real daemons.

Each test names its row of the failure-mode catalogue.
"""

import pytest

from tests.stack.bind import DnsView
from tests.stack.certificates import DAYS_LEFT
from tests.stack.nginx import Behaviour, Site
from tests.stack.published import BY_HOST, BY_SRV, SRV, views
from tests.stack.world import FOREIGN, INSIDE, SERVER_INSIDE, Verdict, World

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


DEAD = "127.0.8.10"
CLIMB = "; clients may climb to autodiscover.test, a stranger's name [client-finds-nothing]"
ALL_DEAD = (f"@ A {DEAD}", f"remote A {DEAD}", f"mail A {DEAD}")
METHODS = {
    "srv": (BY_SRV, (SRV,), "service-unreachable"),
    "srv, no record": (BY_SRV, (), "dns-srv-missing"),
    "host": (BY_HOST, (f"autodiscover A {DEAD}",), "service-unreachable"),
    "host, no record": (BY_HOST, (), "dns-host-record-missing"),
    "redirect": (("-m", "redirect", "-S", "mail.contoso.test"), (f"autodiscover A {DEAD}",), "service-unreachable"),
    "cloud, no record": (("-m", "exchange-online"), (), "dns-host-record-missing"),
}


def below(verdict: Verdict, severity: str) -> list[str]:
    """The consequences of a verdict that say that nothing is found."""
    lines = verdict.output.splitlines()
    return [line for line in lines if line.startswith(f"  {severity} ") and "nothing found by " in line]


@pytest.mark.parametrize("method", METHODS)
def test_where_every_place_fails_the_cause_is_named_and_the_leak_that_threatens(world: World, method: str) -> None:
    """Row 61: the cause is CRITICAL for every method, and below it stands where a password might go."""
    options, records, root = METHODS[method]
    world.publish(*views(inside=(*ALL_DEAD, *records), outside=(*ALL_DEAD, *records)))
    failing = world.check(*options)
    assert (failing.exit_code, failing.root) == (2, root)
    assert [CLIMB in line for line in below(failing, "CRITICAL")] == [True]


def test_where_every_place_fails_and_no_method_is_known_both_are_unknown(world: World) -> None:
    """Row 61, without a declared method."""
    world.publish(*views(inside=ALL_DEAD, outside=ALL_DEAD))
    failing = world.check()
    assert (failing.exit_code, failing.root) == (3, "check-method-undetermined")
    assert [CLIMB in line for line in below(failing, "UNKNOWN")] == [True, True]


def test_a_domain_without_autodiscover_is_told_of_no_leak(world: World) -> None:
    """Row 61: that every place fails is what was declared."""
    world.publish(*views(inside=ALL_DEAD, outside=ALL_DEAD))
    assert world.check("-m", "none").told == (0, "AUTODISCOVER OK - contoso.test: no Autodiscover, as declared")


def test_where_every_place_fails_below_an_exposed_parent_both_are_causes(world: World) -> None:
    """Rows 61 and 62: clients find nothing, and the parent's name that they climb to takes passwords."""
    world.serve(Site(FOREIGN, Behaviour.PASSWORD, world.certificate("*.hoster.example")))
    records = (f"remote.mail A {DEAD}", "_autodiscover._tcp.mail SRV 0 0 443 remote.mail", f"autodiscover A {FOREIGN}")
    world.publish(*views(inside=records, outside=records))
    failing = world.check("-m", "srv", "-S", "remote.mail.contoso.test", domain="mail.contoso.test")
    assert failing.told == (
        2,
        "AUTODISCOVER CRITICAL - mail.contoso.test: inside and outside, no connection to "
        f"https://remote.mail.contoso.test ({DEAD}: refused): Outlook finds nothing [service-unreachable] (+1 more)",
    )
    assert [CLIMB in line for line in below(failing, "CRITICAL")] == [True]
    assert f"WARNING inside and outside: autodiscover.contoso.test ({FOREIGN}) asks for clear-text passwords" in (
        failing.output
    )
