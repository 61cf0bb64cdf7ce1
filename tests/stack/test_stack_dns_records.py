"""Catch-alls and SRV records on a real BIND, and what the plugin says of them on its first line.

Each test names its row of the failure-mode catalogue, or the incident.
"""

from tests.stack.bind import DnsView
from tests.stack.nginx import Behaviour, Site
from tests.stack.published import BY_HOST, BY_SRV, HOST_OK, SRV, SRV_OK, host_views, publish_by_host, publish_by_srv
from tests.stack.world import FOREIGN, SERVER_INSIDE, SERVER_OUTSIDE, World

CATCH_ALL = f"* A {FOREIGN}"
TOMBSTONE = 'autodiscover TXT "no autodiscover here"'
BOTH = "contoso.test: inside and outside, "
CATCH_ALL_BESIDE = (
    f"catch-all *.contoso.test exists ({FOREIGN}); only what stands at autodiscover.contoso.test keeps it from Outlook"
)


def serve_hoster(world: World) -> None:
    world.serve(Site(FOREIGN, Behaviour.HOSTER, world.certificate("*.hoster.example")))


def test_a_tombstone_keeps_a_catch_all_from_outlook_and_both_are_told(world: World) -> None:
    """Row 2, incident 9: the remedy that is recommended there works."""
    serve_hoster(world)
    publish_by_srv(world, CATCH_ALL, TOMBSTONE)
    stopped = world.check(*BY_SRV)
    assert stopped.root == "dns-wildcard-present"
    assert stopped.told == (1, f"AUTODISCOVER WARNING - {BOTH}{CATCH_ALL_BESIDE} [dns-wildcard-present]")
    world.update("outside", "delete autodiscover.contoso.test TXT")
    assert world.check(*BY_SRV).root == "dns-wildcard-captures-autodiscover"


def test_a_catch_all_beside_a_host_record_of_its_own_alarms_nobody(world: World) -> None:
    """Row 2, incident 9."""
    serve_hoster(world)
    publish_by_host(world, CATCH_ALL)
    assert world.check(*BY_HOST).told == HOST_OK


def test_a_catch_all_alias_beside_a_host_record_alarms_nobody(world: World) -> None:
    """Incident 10, row 2 of the catalogue, as the method that it does not concern sees it."""
    serve_hoster(world)
    world.serve_exchange("mail.contoso.test", "autodiscover.contoso.test")
    park = (f"park.hoster.example. A {FOREIGN}",)
    views = host_views("* CNAME park.hoster.example.")
    world.publish(*(DnsView(view.name, view.address, view.records, park) for view in views))
    beside = world.check(*BY_HOST)
    assert beside.told == HOST_OK
    assert "catch-all *.contoso.test exists (park.hoster.example)" in beside.output


def test_a_catch_all_alias_answers_the_autodiscover_name_too(world: World) -> None:
    """Rows 2 and 59: compared by the alias, not by what is behind it."""
    serve_hoster(world)
    world.serve_exchange("mail.contoso.test")
    park = (f"park.hoster.example. A {FOREIGN}",)
    views = host_views("* CNAME park.hoster.example.")
    world.publish(
        *(
            DnsView(view.name, view.address, tuple(r for r in view.records if not r.startswith("autodiscover")), park)
            for view in views
        )
    )
    captured = world.check(*BY_HOST)
    assert captured.told == (
        2,
        f"AUTODISCOVER CRITICAL - {BOTH}catch-all *.contoso.test answers autodiscover.contoso.test "
        f"({FOREIGN}, certificate *.h...: Outlook warns [dns-wildcard-captures-autodiscover]",
    )


def test_a_catch_all_of_another_type_is_inconclusive_and_told_in_a_note(world: World) -> None:
    """Row 63: answers without data may be a catch-all of another type, or a signer's compact denial."""
    publish_by_srv(world, '* TXT "v=spf1 -all"')
    unclear = world.check(*BY_SRV)
    assert unclear.told == SRV_OK
    assert "Note: inside: whether a catch-all exists could not be told" in unclear.output


def test_a_catch_all_of_srv_records_is_a_warning_although_it_leads_to_the_right_server(world: World) -> None:
    """Row 2, incident 11."""
    publish_by_srv(world, "*._tcp SRV 0 0 443 remote", srv=())
    captured = world.check(*BY_SRV)
    assert captured.root == "dns-wildcard-captures-srv"
    assert captured.told == (
        1,
        f"AUTODISCOVER WARNING - {BOTH}catch-all *._tcp.contoso.test answers SRV queries for any name "
        "(leads to remote.contoso.test) [dns-wildcard-captures-srv]",
    )


def test_an_empty_non_terminal_keeps_a_catch_all_from_the_srv_name(world: World) -> None:
    """Rows 2 and 5: `_tcp` exists by another service, so that the missing record is NXDOMAIN and still absent."""
    publish_by_srv(world, CATCH_ALL, TOMBSTONE, "_sip._tcp SRV 0 0 5061 remote", srv=())
    missing = world.check(*BY_SRV)
    assert missing.root == "dns-srv-missing"
    assert missing.told == (
        2,
        f"AUTODISCOVER CRITICAL - {BOTH}no SRV record _autodiscover._tcp.contoso.test: Outlook finds nothing "
        "[dns-srv-missing] (+1 more)",
    )


def test_a_missing_srv_record_reads_the_same_under_a_catch_all(world: World) -> None:
    """Rows 2 and 5: here it is an answer without data."""
    publish_by_srv(world, CATCH_ALL, TOMBSTONE, srv=())
    missing = world.check(*BY_SRV)
    assert missing.told == (
        2,
        f"AUTODISCOVER CRITICAL - {BOTH}no SRV record _autodiscover._tcp.contoso.test: Outlook finds nothing "
        "[dns-srv-missing] (+1 more)",
    )


def test_an_srv_target_that_is_an_alias_is_a_warning(world: World) -> None:
    """Row 11, incident 20."""
    publish_by_srv(
        world, "mail CNAME remote", srv=("_autodiscover._tcp SRV 0 0 443 mail",), names=("mail.contoso.test",)
    )
    alias = world.check("-m", "srv", "-S", "mail.contoso.test")
    assert alias.root == "dns-srv-target-alias"
    assert alias.told == (
        1,
        f"AUTODISCOVER WARNING - {BOTH}SRV target mail.contoso.test is an alias of "
        "remote.contoso.test, which RFC 2782 forbids [dns-srv-target-alias]",
    )


def test_a_record_that_stands_inside_alone_is_critical_there(world: World) -> None:
    """Row 4: the public zone has the SRV record and nothing else."""
    publish_by_srv(world)
    world.update("inside", f"add autodiscover.contoso.test 60 A {SERVER_INSIDE}")
    assert world.check(*BY_SRV).told == (
        2,
        f"AUTODISCOVER CRITICAL - contoso.test: inside, autodiscover.contoso.test has a record ({SERVER_INSIDE}), "
        "certificate names only remote.contoso.test: Outlook warns [dns-unwanted-host-record]",
    )
    world.update("inside", "delete autodiscover.contoso.test A")
    assert world.check(*BY_SRV).told == SRV_OK


def test_a_host_record_beside_the_srv_record_is_met_before_it_whatever_the_certificate(world: World) -> None:
    """Row 6, incident 4: a certificate for both names spares users the warning, and the SRV record is idle."""
    publish_by_srv(world, names=("remote.contoso.test", "autodiscover.contoso.test"))
    for view, address in (("inside", SERVER_INSIDE), ("outside", SERVER_OUTSIDE)):
        world.update(view, f"add autodiscover.contoso.test 60 A {address}")
    shadowed = world.check(*BY_SRV)
    assert (shadowed.exit_code, shadowed.root) == (1, "dns-unwanted-host-record")
    assert "[dns-srv-shadowed]" in shadowed.output
    assert "clients meet the record autodiscover.contoso.test before the SRV record" in shadowed.output
    assert world.check("-m", "host", "-S", "remote.contoso.test").exit_code == 0


def test_a_target_that_the_certificate_does_not_name_is_critical_until_it_is_the_server(world: World) -> None:
    """Row 7, incident 17: with `--server` the record is wrong, without it the certificate is."""
    publish_by_srv(world, f"exchange A {SERVER_OUTSIDE}", srv=("_autodiscover._tcp SRV 0 0 443 exchange",))
    wrong = world.check(*BY_SRV)
    assert (wrong.exit_code, wrong.root) == (2, "dns-srv-unexpected")
    assert (
        "SRV record leads to exchange.contoso.test, not remote.contoso.test, certificate names only "
        "remote.contoso.test: Outlook warns"
    ) in wrong.output
    assert world.check("-m", "srv").root == "certificate-name-mismatch"
    for view in ("inside", "outside"):
        world.update(
            view,
            "delete _autodiscover._tcp.contoso.test SRV",
            "add _autodiscover._tcp.contoso.test 60 SRV 0 0 443 remote.contoso.test.",
        )
    assert world.check(*BY_SRV).told == SRV_OK


def test_an_srv_record_alone_is_fine_and_what_it_leaves_out_is_noted(world: World) -> None:
    """Row 12: Outlook 2007 as released asks for no SRV record."""
    publish_by_srv(world)
    alone = world.check(*BY_SRV)
    assert alone.told == SRV_OK
    assert "Note: outlook-2007, which is not judged, finds nothing inside and outside: it knows no SRV records" in (
        alone.output
    )


SECOND = "127.0.3.12"
SECOND_SRV = "_autodiscover._tcp SRV 10 0 443 remote2"
BY_BOTH = (*BY_SRV, "-S", "remote2.contoso.test")


def test_two_healthy_srv_targets_are_a_warning_and_a_broken_one_is_its_own_fault(world: World) -> None:
    """Row 9, incident 21."""
    world.serve(Site(SECOND, Behaviour.EXCHANGE, world.certificate("remote2.contoso.test")))
    publish_by_srv(world, f"remote2 A {SECOND}", srv=(SRV, SECOND_SRV))
    several = world.check(*BY_BOTH)
    assert several.root == "dns-srv-targets-several"
    assert several.told == (
        1,
        f"AUTODISCOVER WARNING - {BOTH}several SRV targets "
        "(remote.contoso.test and remote2.contoso.test): ews takes remote.contoso.test, "
        "exchangelib rem... [dns-srv-targets-several]",
    )
    assert "ews takes remote.contoso.test, exchangelib remote2.contoso.test, Outlook any of them" in several.output
    for view in ("inside", "outside"):
        world.update(view, "delete remote2.contoso.test A", "add remote2.contoso.test 60 A 127.0.8.10")
    broken = world.check(*BY_BOTH)
    assert broken.root == "service-unreachable"
    assert broken.told == (
        2,
        f"AUTODISCOVER CRITICAL - {BOTH}no connection to https://remote2.contoso.test (127.0.8.10: refused): "
        "clients that take remote2.contoso.test find nothing [service-unreachable]",
    )


def test_a_target_without_its_final_dot_is_named_as_such(world: World) -> None:
    """Row 10, incident 19."""
    publish_by_srv(world, srv=("_autodiscover._tcp SRV 0 0 443 remote.contoso.test",))
    relative = world.check(*BY_SRV)
    assert relative.root == "dns-srv-target-missing"
    assert relative.told == (
        2,
        f"AUTODISCOVER CRITICAL - {BOTH}SRV target remote.contoso.test.contoso.test "
        "has no address: no dot after remote.contoso.test: Outlook finds nothing [dns-srv-target-missing]",
    )
    assert "has no address: no dot after remote.contoso.test" in relative.output


def test_another_port_is_critical_because_some_clients_find_nothing(world: World) -> None:
    """Row 8, incident 18."""
    publish_by_srv(world, srv=("_autodiscover._tcp SRV 0 0 8443 remote",))
    port = world.check(*BY_SRV)
    assert port.root == "dns-srv-port"
    assert port.told == (
        2,
        f"AUTODISCOVER CRITICAL - {BOTH}SRV record says port 8443, "
        "clients use 443 only: EWS clients find nothing [dns-srv-port]",
    )


def test_a_service_that_is_declared_absent_is_missing_to_the_srv_method_and_right_to_none(world: World) -> None:
    """Row 5, incident 19."""
    publish_by_srv(world, srv=("_autodiscover._tcp SRV 0 0 0 .",))
    absent = world.check(*BY_SRV)
    assert absent.root == "dns-srv-missing"
    assert absent.exit_code == 2
    assert "its target is '.', which says that the service is not offered" in absent.output
    assert world.check("-m", "none").told == (0, "AUTODISCOVER OK - contoso.test: no Autodiscover, as declared")


def test_the_verdict_is_the_same_when_records_rotate_and_letters_change(world: World) -> None:
    """Neither the order of records nor the case of letters is drift."""
    publish_by_srv(world)
    name, target = "_AutoDiscover._TCP.Contoso.TEST", "REMOTE.contoso.TEST."
    for view, second in (("inside", SERVER_OUTSIDE), ("outside", SERVER_INSIDE)):
        world.update(
            view,
            f"delete {name} SRV",
            f"add {name} 60 SRV 0 0 443 {target}",
            f"add {target} 60 A {second}",
        )
    assert {world.check(*BY_SRV).told for _ in range(3)} == {SRV_OK}
