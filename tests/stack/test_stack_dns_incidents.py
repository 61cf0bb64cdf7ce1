"""The incidents that DNS alone proves, for every method, on real daemons: exit code and all roots that alarm.

A row is one of the table of incidents that the rules are held to; cells stand in the order of METHODS, `-` where
nothing can occur. Each test names its row.
"""

import base64
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.stack.bind import master_file
from tests.stack.dnsdist import Fault, rewriting
from tests.stack.methods import (
    CLOUD_ALIAS,
    METHODS,
    REDIRECTOR,
    Publication,
    Tell,
    publish_all,
    published,
    serve_all,
    tell,
)
from tests.stack.nginx import Behaviour, Site
from tests.stack.published import SRV
from tests.stack.world import FOREIGN, SERVER_INSIDE, World

RULES = {
    "AI": "dns-authority-inconsistent",
    "AL": "dns-alias-unexpected",
    "DB": "dns-dnssec-bogus",
    "DU": "dns-domain-unresolvable",
    "HM": "dns-host-record-missing",
    "MU": "check-method-undetermined",
    "NM": "certificate-name-mismatch",
    "NR": "dns-nxdomain-rewritten",
    "SA": "dns-srv-target-alias",
    "SM": "dns-srv-missing",
    "SN": "dns-srv-targets-several",
    "SV": "service-unreachable",
    "UH": "dns-unwanted-host-record",
    "WC": "dns-wildcard-captures-autodiscover",
    "WS": "dns-wildcard-captures-srv",
}

SECOND = "127.0.6.53"
DEAD = "127.0.8.10"


def cells(row: str) -> dict[str, Tell]:
    """What a row says: `1 UH+SM | 0 | - | ...` by method."""
    told = {}
    for method, cell in zip(METHODS, row.split(" | "), strict=True):
        if cell != "-":
            code, _, roots = cell.partition(" ")
            told[method] = int(code), frozenset(RULES[root] for root in roots.split("+") if root)
    return told


Make = Callable[[str], Publication]


def judge(world: World, row: str, make: Make) -> None:
    """Publish what a row is about for every method that it has a cell for, and compare."""
    wanted = cells(row)
    publications = publish_all(world, make, wanted)
    assert {each.method: tell(world, each) for each in publications} == wanted


def serve_hoster(world: World) -> None:
    world.serve(Site(FOREIGN, Behaviour.HOSTER, world.certificate("*.hoster.example")), Site(FOREIGN, Behaviour.HOSTER))


def test_a_catch_all_of_srv_records_to_the_right_server_concerns_the_srv_method_alone(world: World) -> None:
    """Incident 11."""
    serve_all(world)
    catch_all = "*._tcp SRV 0 0 443 remote"

    def make(method: str) -> Publication:
        made = published(method).lacking(SRV).adding(catch_all)
        return made if "remote A {server}" in made.records else made.adding("remote A {server}")

    judge(world, "1 WS | 0 | 0 | 0 | 0 | 1 WS", make)


def test_a_catch_all_alias_that_takes_the_srv_name_is_told_as_the_missing_record(world: World) -> None:
    """Incident 10, row 2 of the catalogue: what the alias leads to has no SRV data."""
    serve_hoster(world)
    serve_all(world)

    def make(method: str) -> Publication:
        records = ("* CNAME park.hoster.example.", "autodiscover A {server}", "remote A {server}", "mail A {server}")
        parked = (*published(method).beside, f"park.hoster.example. A {FOREIGN}")
        return replace(published(method, base="host"), records=records, beside=parked)

    judge(world, "1 UH+SM | 0 | 2 AL | 1 UH | 2 UH | 0", make)


def with_srv(method: str, *records: str) -> Publication:
    """A method's own records, and these SRV records in place of the right one."""
    return published(method).lacking(SRV).adding(*records)


def test_an_srv_target_that_is_an_alias_is_a_warning(world: World) -> None:
    """Incident 20, row 11 of the catalogue."""
    serve_all(world)

    def make(method: str) -> Publication:
        made = with_srv(method, SRV, "remote CNAME mail2", "mail2 A {server}")
        return made.lacking("remote A {server}")

    judge(world, "1 SA | 0 | 0 | 0 | 0 | 1 SA", make)


SECOND_TARGET = "127.0.3.12"


def two_targets(method: str) -> Publication:
    made = with_srv(method, SRV, "_autodiscover._tcp SRV 10 0 443 remote2", f"remote2 A {SECOND_TARGET}")
    if method not in ("srv", "auto"):
        return made.adding("remote A {server}")
    return replace(made, servers=("remote.contoso.test", "remote2.contoso.test"))


def test_two_healthy_srv_targets_are_a_warning(world: World) -> None:
    """Incident 21, row 9 of the catalogue."""
    serve_all(world)
    world.serve(Site(SECOND_TARGET, Behaviour.EXCHANGE, world.certificate("remote2.contoso.test")))
    judge(world, "1 SN | 0 | 0 | 0 | - | 1 SN", two_targets)


def test_a_broken_one_of_two_srv_targets_is_its_own_fault(world: World) -> None:
    """Incident 21, the second half, row 9 of the catalogue."""
    serve_all(world)
    judge(world, "2 SV | 0 | 0 | 0 | - | 2 SV", two_targets)


@pytest.mark.parametrize(
    ("left_inside", "left_outside", "row"),
    [
        ((), (), "- | - | 2 HM | - | - | 3 MU"),
        ((), (CLOUD_ALIAS,), "- | - | 1 HM | - | - | -"),
        ((CLOUD_ALIAS,), (), "- | - | 2 HM | - | - | -"),
    ],
    ids=["everywhere", "inside only", "outside only"],
)
def test_a_cloud_alias_that_is_gone_is_missed(
    world: World, left_inside: tuple[str, ...], left_outside: tuple[str, ...], row: str
) -> None:
    """Incident 34, rows 20 and 46 of the catalogue: inside alone only warns, since Outlook asks Microsoft first."""

    def make(method: str) -> Publication:
        made = published(method, "exchange-online").lacking(CLOUD_ALIAS)
        return replace(made, inside=left_inside, outside=left_outside)

    judge(world, row, make)


def test_a_cloud_alias_that_was_replaced_by_an_address_leads_astray(world: World) -> None:
    """Incident 35, row 46 of the catalogue."""
    serve_hoster(world)

    def make(method: str) -> Publication:
        made = published(method, "exchange-online")
        return made.lacking(CLOUD_ALIAS).adding(f"autodiscover A {FOREIGN}")

    judge(world, "- | - | 2 AL | - | 2 UH | 2 NM", make)


def test_a_chain_that_microsoft_alters_alarms_nobody(world: World) -> None:
    """Incident 37: another chain, other addresses, and nothing on port 443."""
    chain = (
        "autodiscover.outlook.com. CNAME autodiscover.ha-autod.office.example.",
        "autodiscover.ha-autod.office.example. A 127.0.7.99",
    )
    judge(
        world,
        "- | - | 0 | - | - | 0",
        lambda method: replace(published(method, "exchange-online"), beside=chain),
    )


def delegated_twice(method: str) -> Publication:
    """With a second name server, at an address of the method's own."""
    made = published(method)
    return made.adding("@ NS ns2", f"ns2 A {second_server(made)}")


def second_server(publication: Publication) -> str:
    return f"127.0.{40 + publication.number}.53"


def test_a_lame_secondary_is_a_warning(world: World) -> None:
    """Incident 41, row 21 of the catalogue."""
    serve_all(world)
    world.serve_zone(SECOND, "")

    def make(method: str) -> Publication:
        return published(method).adding("@ NS ns2", f"ns2 A {SECOND}")

    judge(world, "1 AI | 1 AI | 1 AI | 1 AI | 0 | 1 AI", make)


def test_a_secondary_that_only_has_another_serial_alarms_nobody(world: World) -> None:
    """Incident 41, the second half: a transfer may be under way."""
    serve_all(world)
    publications = publish_all(world, delegated_twice)
    for each in publications:
        _, outside = each.views
        world.serve_zone(second_server(each), master_file(outside.address, outside.records, serial=2))
    told = {each.method: tell(world, each) for each in publications}
    assert told == cells("0 | 0 | 0 | 0 | 0 | 0")


def disturbed(world: World, row: str, *faults: Fault | str) -> None:
    """Judge healthy domains whose outside resolver has a fault."""
    serve_all(world)
    publications = publish_all(world, published)
    told = {}
    for each in publications:
        inside, outside = each.asked
        world.disturb(second_server(each), outside, *faults)
        told[each.method] = tell(world, each, inside, second_server(each))
    assert told == cells(row)


def test_servfail_for_the_domain_alone_is_critical(world: World) -> None:
    """Incident 43, row 23 of the catalogue."""
    disturbed(world, "2 DU | 2 DU | 2 DU | 2 DU | 1 DU | 2 DU", Fault.SERVFAIL)


def test_a_domain_that_does_not_exist_is_critical(world: World) -> None:
    """Incident 43, the domain lapsed."""
    disturbed(world, "2 DU | 2 DU | 2 DU | 2 DU | 1 DU | 2 DU", Fault.LAPSED)


WRONG_KEY = f"contoso.test. DNSKEY 257 3 13 {base64.b64encode(bytes(64)).decode()}"


def test_bogus_signatures_are_critical(world: World) -> None:
    """Incident 43, row 23 of the catalogue: the key that the resolver trusts is not the one that signs."""
    serve_all(world)
    told = {}
    for each in publish_all(world, lambda method: replace(published(method), signed=True)):
        inside, outside = each.asked
        world.cache(second_server(each), outside, WRONG_KEY)
        told[each.method] = tell(world, each, inside, second_server(each))
    assert told == cells("2 DB | 2 DB | 2 DB | 2 DB | 1 DB | 2 DB")


def test_a_lapsed_domain_that_its_registrar_parks_is_captured(world: World) -> None:
    """Incident 44: the parked domain itself is a page without TLS, what the catch-all leads to has a certificate."""
    serve_hoster(world)
    parked = ("@ A 127.0.4.90", f"* A {FOREIGN}")

    def make(method: str) -> Publication:
        return replace(published(method), records=parked)

    judge(world, "2 WC | 2 WC | 2 WC | 2 WC | 1 WC | 2 WC", make)


def test_a_resolver_that_rewrites_nxdomain_is_not_believed(world: World) -> None:
    """Incident 45, row 63 of the catalogue."""
    known = ("contoso.test", "remote.contoso.test", "mail.contoso.test", "ns.contoso.test", "exchange.hosting.test")
    disturbed(world, "3 NR | 3 NR | 3 NR | 3 NR | 3 NR | 3 NR", rewriting(FOREIGN, *known))


def serve_inside_only(world: World) -> None:
    """The server at its inside address, and the redirect host, which is the same from both sides."""
    certificate = world.certificate(
        "remote.contoso.test", "mail.contoso.test", "exchange.hosting.test", "autodiscover.contoso.test"
    )
    world.serve(Site(SERVER_INSIDE, Behaviour.EXCHANGE, certificate), Site(REDIRECTOR, Behaviour.REDIRECT))


def hairpin(method: str) -> Publication:
    """The outside address of the server is out of reach from here."""
    return replace(published(method), server_outside=DEAD)


def hairpin_to_redirector(method: str) -> Publication:
    """The redirect host has an address of each view's own, too."""
    made = hairpin(method).lacking(f"autodiscover A {REDIRECTOR}")
    return replace(made, inside=(f"autodiscover A {REDIRECTOR}",), outside=(f"autodiscover A {DEAD}",))


def unconnected(make: Make) -> Make:
    """What another function makes, with the outside view judged by its DNS alone."""
    return lambda method: replace(make(method), options=("--no-connect", "outside"))


def test_an_outside_address_that_cannot_be_reached_from_inside_is_critical(world: World) -> None:
    """Incident 46."""
    serve_inside_only(world)
    judge(world, "2 SV | 2 SV | 0 | 2 SV | 0 | 2 SV", hairpin)


def test_a_redirect_host_that_cannot_be_reached_from_inside_is_critical(world: World) -> None:
    """Incident 46, where the outside address that is out of reach is the redirect host's."""
    serve_inside_only(world)
    judge(world, "- | - | - | 2 SV | - | -", hairpin_to_redirector)


def test_a_view_that_is_not_connected_to_is_judged_by_its_dns(world: World) -> None:
    """Incident 46, the second half."""
    serve_inside_only(world)
    judge(world, "0 | 0 | 0 | 0 | 0 | 0", unconnected(hairpin))


def test_a_redirect_in_a_view_that_is_not_connected_to_is_judged_by_its_dns(world: World) -> None:
    """Incident 46, the second half: what the redirect host answers is not known there."""
    serve_inside_only(world)
    judge(world, "- | - | - | 0 | - | -", unconnected(hairpin_to_redirector))
