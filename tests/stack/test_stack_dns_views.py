"""What differs between inside and outside, and how a view is asked: split horizon, the cloud, transports, parents.

Each test names its row of the failure-mode catalogue, or the incident.
"""

import pytest

from tests.stack.bind import DnsView
from tests.stack.certificates import DAYS_LEFT
from tests.stack.nginx import Behaviour, Site
from tests.stack.published import BY_HOST, BY_SRV, HOST_OK, SRV, SRV_OK, publish_by_host, publish_by_srv, views
from tests.stack.world import FOREIGN, INSIDE, OUTSIDE, SERVER_INSIDE, SERVER_OUTSIDE, World

ALIAS = "autodiscover CNAME autodiscover.outlook.com."
CLOUD = ("autodiscover.outlook.com. A 127.0.7.10",)
"""Where Microsoft's name leads; nothing listens there."""


def publish_by_cloud(world: World, *, inside: tuple[str, ...], outside: tuple[str, ...]) -> None:
    world.publish(DnsView("inside", INSIDE, inside, CLOUD), DnsView("outside", OUTSIDE, outside, CLOUD))


@pytest.mark.parametrize("method", ["srv", "host"])
def test_a_private_address_inside_and_a_public_one_outside_are_fine_and_silent(world: World, method: str) -> None:
    """Row 19, incident 40: both reach the same certificate."""
    if method == "srv":
        publish_by_srv(world)
        healthy, expected = world.check(*BY_SRV), SRV_OK
    else:
        publish_by_host(world)
        healthy, expected = world.check(*BY_HOST), HOST_OK
    assert healthy.told == expected
    assert "dns-views-disagree" not in healthy.output


def test_addresses_with_different_valid_certificates_are_fine_and_silent(world: World) -> None:
    """Row 19, incident 40: a proxy outside has a certificate of its own."""
    for address in (SERVER_INSIDE, SERVER_OUTSIDE):
        world.serve(Site(address, Behaviour.EXCHANGE, world.certificate("remote.contoso.test")))
    world.publish(*views(inside=(f"remote A {SERVER_INSIDE}", SRV), outside=(f"remote A {SERVER_OUTSIDE}", SRV)))
    healthy = world.check(*BY_SRV)
    assert healthy.told == SRV_OK
    assert "dns-views-disagree" not in healthy.output


def test_an_inside_zone_that_lacks_the_host_record_is_critical_and_says_what_hides_it(world: World) -> None:
    """Row 20."""
    publish_by_host(world)
    world.update("inside", "delete autodiscover.contoso.test A")
    hidden = world.check(*BY_HOST)
    assert hidden.root == "dns-host-record-missing"
    assert hidden.told == (
        2,
        f"AUTODISCOVER CRITICAL - contoso.test: inside, no record autodiscover.contoso.test (zone on {INSIDE} hides "
        "the public one): Outlook finds nothing [dns-host-record-missing]",
    )


def test_an_inside_zone_that_lacks_public_records_is_told_and_alarms_nobody(world: World) -> None:
    """Rows 4 and 20: the note on keeping nothing but the one name inside."""
    publish_by_srv(world)
    world.update("outside", "add contoso.test 60 MX 10 remote.contoso.test.", f"add www.contoso.test 60 A {FOREIGN}")
    told = world.check(*BY_SRV)
    assert told.told == SRV_OK
    assert (
        f"inside: zone contoso.test on {INSIDE} hides public records (contoso.test MX and www.contoso.test A) "
        "[dns-inside-zone-extra-records]"
    ) in told.output


def test_an_inside_zone_that_lacks_the_cloud_alias_only_warns(world: World) -> None:
    """Row 20, incident 34: Outlook asks Microsoft first."""
    publish_by_cloud(world, inside=(), outside=(ALIAS,))
    hidden = world.check("-m", "exchange-online")
    assert hidden.root == "dns-host-record-missing"
    assert hidden.told == (
        1,
        f"AUTODISCOVER WARNING - contoso.test: inside, no record autodiscover.contoso.test (zone on {INSIDE} hides "
        "the public one): Outlook finds nothing [dns-host-record-missing]",
    )


def test_a_cloud_alias_that_is_gone_outside_is_critical(world: World) -> None:
    """Row 46, incident 34."""
    publish_by_cloud(world, inside=(ALIAS,), outside=())
    gone = world.check("-m", "exchange-online")
    assert gone.root == "dns-host-record-missing"
    assert gone.told == (
        2,
        "AUTODISCOVER CRITICAL - contoso.test: outside, no record autodiscover.contoso.test (another view has it): "
        "Outlook finds nothing [dns-host-record-missing]",
    )


@pytest.mark.parametrize("options", [("-m", "exchange-online"), ()], ids=["declared", "derived"])
def test_a_cloud_alias_is_fine_for_a_cloud_domain(world: World, options: tuple[str, ...]) -> None:
    """Row 46 as it should be, incidents 36 and 37: what is behind the alias is Microsoft's affair."""
    publish_by_cloud(world, inside=(ALIAS,), outside=(ALIAS,))
    assert world.check(*options).told == (
        0,
        "AUTODISCOVER OK - contoso.test: exchange-online by alias, 4 clients configured inside and outside",
    )


def publish_hybrid(world: World) -> None:
    """Mailboxes on premises, and the alias that the portal asked for."""
    world.serve_exchange("remote.contoso.test")
    publish_by_cloud(
        world,
        inside=(f"remote A {SERVER_INSIDE}", SRV, ALIAS),
        outside=(f"remote A {SERVER_OUTSIDE}", SRV, ALIAS),
    )


def test_a_hybrid_that_publishes_the_cloud_alias_beside_its_srv_record_breaks_its_method(world: World) -> None:
    """Row 48, incident 36."""
    publish_hybrid(world)
    hybrid = world.check(*BY_SRV)
    assert hybrid.root == "dns-unwanted-host-record"
    assert hybrid.told == (
        2,
        "AUTODISCOVER CRITICAL - contoso.test: inside and outside, autodiscover.contoso.test has a record "
        "(autodiscover.outlook.com): Outlook gives a stranger the password [dns-unwanted-host-record]",
    )


def test_a_hybrid_that_publishes_the_cloud_alias_in_place_of_its_host_record_is_critical(world: World) -> None:
    """Rows 46 and 48, incident 36."""
    publish_hybrid(world)
    hybrid = world.check("-m", "host", "-S", "remote.contoso.test")
    assert hybrid.root == "dns-alias-unexpected"
    assert hybrid.told == (
        2,
        "AUTODISCOVER CRITICAL - contoso.test: inside and outside, autodiscover.contoso.test is an alias of "
        "autodiscover.outlook.com, not of rem...: Outlook gives a stranger the password [dns-alias-unexpected]",
    )


def unreachable_outside(world: World) -> None:
    """The outside address is not reachable from here: no hairpin."""
    world.serve(Site(SERVER_INSIDE, Behaviour.EXCHANGE, world.certificate("remote.contoso.test")))
    world.publish(
        *views(inside=(f"remote A {SERVER_INSIDE}", SRV), outside=(f"remote A {SERVER_OUTSIDE}", SRV)),
    )


NOT_CONNECTED = ("--no-connect", "outside")


def test_an_outside_address_out_of_reach_is_critical_unless_the_view_is_not_connected_to(world: World) -> None:
    """Incident 46."""
    unreachable_outside(world)
    assert world.check(*BY_SRV).told == (
        2,
        f"AUTODISCOVER CRITICAL - contoso.test: outside, no connection to https://remote.contoso.test "
        f"({SERVER_OUTSIDE}: refused): Outlook finds nothing [service-unreachable]",
    )
    unseen = world.check(*BY_SRV, *NOT_CONNECTED)
    assert unseen.told == (
        0,
        "AUTODISCOVER OK - contoso.test: srv to remote.contoso.test, 4 clients configured inside, "
        f"certificate valid {DAYS_LEFT} d",
    )
    assert "Note: outside: its addresses were not connected to" in unseen.output


def test_the_dns_of_a_view_that_is_not_connected_to_is_judged(world: World) -> None:
    """Row 5, incident 46."""
    unreachable_outside(world)
    world.update("outside", "delete _autodiscover._tcp.contoso.test SRV")
    missing = world.check(*BY_SRV, *NOT_CONNECTED)
    assert missing.told == (
        2,
        "AUTODISCOVER CRITICAL - contoso.test: outside, no SRV record _autodiscover._tcp.contoso.test "
        "(another view has it): Outlook finds nothing [dns-srv-missing]",
    )


RESOLVER_NAME = "dns.contoso.test"
ENCRYPTED = {"tls": f"tls://{OUTSIDE}", "https": f"https://{OUTSIDE}/dns-query"}


def publish_encrypted(world: World) -> None:
    """Both views, whose server takes questions over TLS and HTTPS as RESOLVER_NAME and as the outside address."""
    world.serve_exchange("remote.contoso.test")
    world.publish(
        *views(inside=(f"remote A {SERVER_INSIDE}", SRV), outside=(f"remote A {SERVER_OUTSIDE}", SRV)),
        certificate=world.certificate(RESOLVER_NAME, OUTSIDE),
    )


@pytest.mark.parametrize("name", ["", f"#{RESOLVER_NAME}"], ids=["by address", "by name"])
@pytest.mark.parametrize("transport", list(ENCRYPTED))
def test_a_view_is_asked_over_an_encrypted_transport(world: World, transport: str, name: str) -> None:
    """Row 63: the way around a port 53 that is filtered or rewritten."""
    publish_encrypted(world)
    asked = world.check(*BY_SRV, views=(f"inside={INSIDE}", f"outside={ENCRYPTED[transport]}{name}"))
    assert asked.told == SRV_OK


@pytest.mark.parametrize("transport", list(ENCRYPTED))
def test_a_resolver_whose_certificate_has_another_name_is_not_believed(world: World, transport: str) -> None:
    """Row 63: its answers could be anybody's."""
    publish_encrypted(world)
    resolver = f"{ENCRYPTED[transport]}#dns.example"
    untrusted = world.check(*BY_SRV, views=(f"inside={INSIDE}", f"outside={resolver}"))
    assert untrusted.root == "dns-lookup-failed"
    assert untrusted.told == (
        3,
        "AUTODISCOVER UNKNOWN - contoso.test: outside, no resolver gave a usable answer "
        f"({resolver} untrusted); inside OK [dns-lookup-failed]",
    )


CACHE = "127.0.6.53"


def test_the_domains_own_servers_are_found_through_the_systems_resolver(world: World) -> None:
    """Row 21: the one view there is asks no cache."""
    publish_by_srv(world)
    world.cache(CACHE, OUTSIDE)
    own = world.check(*BY_SRV, views=("authoritative=authoritative",), system_resolver=CACHE)
    assert own.told == (
        0,
        "AUTODISCOVER OK - contoso.test: srv to remote.contoso.test, 4 clients configured, "
        f"certificate valid {DAYS_LEFT} d",
    )


def test_the_domains_own_servers_say_what_a_cache_does_not_yet(world: World) -> None:
    """Rows 1 and 22."""
    both = (f"outside={CACHE}", "authoritative=authoritative")
    publish_by_srv(world)
    world.cache(CACHE, OUTSIDE)
    assert world.check(*BY_SRV, views=both).exit_code == 0
    world.update("outside", f"add autodiscover.contoso.test 60 A {SERVER_OUTSIDE}")
    drifted = world.check(*BY_SRV, views=both)
    assert drifted.root == "dns-unwanted-host-record"
    assert drifted.told == (
        2,
        "AUTODISCOVER CRITICAL - contoso.test: authoritative, autodiscover.contoso.test has a record "
        f"({SERVER_OUTSIDE}), certificate names only remote.contoso.test: Outlook warns [dns-unwanted-host-record]",
    )
    assert "autodiscover.contoso.test is cached as no record" in drifted.output


SUBDOMAIN = ("-m", "srv", "-S", "remote.mail.contoso.test")


def publish_below_an_exposed_parent(world: World) -> None:
    """`mail.contoso.test` is healthy; outside, its parent's Autodiscover name leads to a stranger."""
    certificate = world.certificate("remote.mail.contoso.test")
    world.serve(*(Site(address, Behaviour.EXCHANGE, certificate) for address in (SERVER_INSIDE, SERVER_OUTSIDE)))
    published = {
        view: (f"remote.mail A {address}", "_autodiscover._tcp.mail SRV 0 0 443 remote.mail")
        for view, address in (("inside", SERVER_INSIDE), ("outside", SERVER_OUTSIDE))
    }
    world.publish(*views(inside=published["inside"], outside=(*published["outside"], f"autodiscover A {FOREIGN}")))


BELOW_OK = (
    0,
    "AUTODISCOVER OK - mail.contoso.test: srv to remote.mail.contoso.test, 4 clients configured inside and "
    f"outside, certificate valid {DAYS_LEFT} d",
)
EXPOSED = (
    f"outside: autodiscover.contoso.test resolves ({FOREIGN}): clients that find nothing may climb to it "
    "[dns-parent-exposed]"
)


@pytest.mark.parametrize("there", [None, Behaviour.HOSTER], ids=["nobody", "a web site"])
def test_a_parent_whose_autodiscover_name_resolves_is_told(world: World, there: Behaviour | None) -> None:
    """Row 62: clients that find nothing may climb to it with a password."""
    publish_below_an_exposed_parent(world)
    if there is not None:
        world.serve(Site(FOREIGN, there, world.certificate("*.hoster.example")))
    exposed = world.check(*SUBDOMAIN, domain="mail.contoso.test")
    assert exposed.told == BELOW_OK
    assert EXPOSED in exposed.output


def test_a_parents_server_that_asks_for_passwords_in_clear_is_a_warning(world: World) -> None:
    """Row 62: a leaked password could be used again. The stranger is sent one question, and nothing secret."""
    publish_below_an_exposed_parent(world)
    visitors = world.serve(Site(FOREIGN, Behaviour.PASSWORD, world.certificate("*.hoster.example")))
    exposed = world.check(*SUBDOMAIN, domain="mail.contoso.test")
    assert exposed.root == "dns-parent-exposed"
    assert exposed.told == (
        1,
        f"AUTODISCOVER WARNING - mail.contoso.test: outside, autodiscover.contoso.test ({FOREIGN}) asks for "
        "clear-text passwords (Basic): clients may climb to it [dns-parent-exposed]",
    )
    assert visitors.at_autodiscover == ['autodiscover.contoso.test "GET /autodiscover/autodiscover.xml HTTP/1.1" 401 -']


def test_a_parents_server_is_not_met_in_a_view_that_is_not_connected_to(world: World) -> None:
    """Row 62."""
    publish_below_an_exposed_parent(world)
    visitors = world.serve(Site(FOREIGN, Behaviour.PASSWORD, world.certificate("*.hoster.example")))
    unseen = world.check(*SUBDOMAIN, *NOT_CONNECTED, domain="mail.contoso.test")
    assert unseen.exit_code == 0
    assert EXPOSED in unseen.output
    assert visitors.at_autodiscover == []
