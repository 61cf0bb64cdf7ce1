"""Certificates on real servers, each with a fault that an administrator made: what the check calls it, and once mended.

The authorities and their slips are made with the `openssl` command, as administrators make them.
"""

from pathlib import Path

import pytest

from tests.stack.apache import ApacheSite, Demands, start_apache
from tests.stack.nginx import Behaviour, Site
from tests.stack.openssl import CommandAuthority, create_command_authority
from tests.stack.published import BY_HOST, BY_SRV, SRV, SRV_OK, host_views, views
from tests.stack.world import FOREIGN, SERVER_INSIDE, SERVER_OUTSIDE, World

REMOTE, MAIL, AUTODISCOVER = "remote.contoso.test", "mail.contoso.test", "autodiscover.contoso.test"
SECOND = "127.0.3.11"
ISSUER_URL = "http://ca.contoso.test/issuing.cer"
OLD = "ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0;"
WEAK = "ssl_ciphers ALL:@SECLEVEL=0;"


@pytest.fixture
def root(tmp_path: Path) -> CommandAuthority:
    """A company's own authority."""
    return create_command_authority(tmp_path / "root", "Contoso Root CA")


@pytest.fixture
def issuing(tmp_path: Path, root: CommandAuthority) -> CommandAuthority:
    """The authority that issues in its stead."""
    return create_command_authority(tmp_path / "issuing", "Contoso Issuing CA", root)


def publish_srv(world: World) -> None:
    world.publish(*views(inside=(f"remote A {SERVER_INSIDE}", SRV), outside=(f"remote A {SERVER_OUTSIDE}", SRV)))


def trusting(authority: CommandAuthority) -> tuple[str, ...]:
    return (*BY_SRV, "-r", str(authority.anchor))


def test_a_private_authority_is_untrusted_until_it_is_given(world: World, root: CommandAuthority) -> None:
    publish_srv(world)
    private = root.issue(REMOTE)
    world.serve(*(Site(address, Behaviour.EXCHANGE, private) for address in (SERVER_INSIDE, SERVER_OUTSIDE)))
    assert world.check(*BY_SRV).told == (
        2,
        f"AUTODISCOVER CRITICAL - contoso.test: certificate of {REMOTE} is issued by Contoso Root CA, which is not "
        "trusted here: Outlook warns [certificate-untrusted]",
    )
    assert world.check(*trusting(root)).told == SRV_OK


@pytest.mark.parametrize("server", ["nginx", "apache"])
def test_an_intermediate_that_the_server_does_not_send_is_named(
    world: World, root: CommandAuthority, issuing: CommandAuthority, server: str
) -> None:
    publish_srv(world)
    lone = issuing.issue(REMOTE, issuer_url=ISSUER_URL, with_chain=False)
    if server == "nginx":
        world.serve(*(Site(address, Behaviour.EXCHANGE, lone) for address in (SERVER_INSIDE, SERVER_OUTSIDE)))
    else:
        sites = [ApacheSite(address, Demands.NOTHING, lone) for address in (SERVER_INSIDE, SERVER_OUTSIDE)]
        world.stack.enter_context(start_apache(world.namespace, world.folder / "apache", sites))
    told = world.check(*trusting(root))
    assert told.told == (
        2,
        f"AUTODISCOVER CRITICAL - contoso.test: {REMOTE} does not send the intermediate certificate of Contoso Issuing "
        "CA: Outlook warns [certificate-chain-incomplete]",
    )


def test_an_intermediate_that_is_sent_makes_the_chain_whole(
    world: World, root: CommandAuthority, issuing: CommandAuthority
) -> None:
    publish_srv(world)
    whole = issuing.issue(REMOTE, issuer_url=ISSUER_URL)
    world.serve(*(Site(address, Behaviour.EXCHANGE, whole) for address in (SERVER_INSIDE, SERVER_OUTSIDE)))
    assert world.check(*trusting(root)).told == SRV_OK


def test_a_server_of_old_is_read_and_judged_and_not_given_up(world: World, root: CommandAuthority) -> None:
    publish_srv(world)
    old = root.issue(REMOTE, bits=1024, digest="sha1")
    world.serve(*(Site(address, Behaviour.EXCHANGE, old, OLD) for address in (SERVER_INSIDE, SERVER_OUTSIDE)))
    told = world.check(*trusting(root), "-vv")
    assert told.told == (
        1,
        f"AUTODISCOVER WARNING - contoso.test: certificate of {REMOTE} is weak: RSA key of 1024 bits "
        "[certificate-weak]",
    )
    assert "TLS established TLSv1;" in told.output


@pytest.mark.parametrize(
    ("bits", "digest", "words"),
    [(1024, "sha256", "RSA key of 1024 bits"), (2048, "sha1", "signed with SHA1")],
)
def test_each_weakness_is_told_by_itself(
    world: World, root: CommandAuthority, bits: int, digest: str, words: str
) -> None:
    publish_srv(world)
    weak = root.issue(REMOTE, bits=bits, digest=digest)
    world.serve(*(Site(address, Behaviour.EXCHANGE, weak, WEAK) for address in (SERVER_INSIDE, SERVER_OUTSIDE)))
    told = world.check(*trusting(root))
    assert (told.exit_code, told.root) == (1, "certificate-weak")
    assert words in told.first_line


def test_a_stapled_revocation_is_critical_and_says_when_and_why(world: World, root: CommandAuthority) -> None:
    publish_srv(world)
    certificate = root.issue(REMOTE)
    stapling = f"ssl_stapling on; ssl_stapling_file {root.revoke(certificate)};"
    world.serve(
        *(Site(address, Behaviour.EXCHANGE, certificate, stapling) for address in (SERVER_INSIDE, SERVER_OUTSIDE))
    )
    told = world.check(*trusting(root))
    assert (told.exit_code, told.root) == (2, "certificate-revoked")
    assert f"certificate of {REMOTE} was revoked by its issuer on " in told.first_line
    assert "UTC (key compromise): Outlook warns [" in told.first_line


def test_a_name_in_the_common_name_alone_is_critical(world: World, root: CommandAuthority) -> None:
    publish_srv(world)
    bare = root.issue(REMOTE, common_name_only=True)
    world.serve(*(Site(address, Behaviour.EXCHANGE, bare) for address in (SERVER_INSIDE, SERVER_OUTSIDE)))
    told = world.check(*trusting(root))
    assert (told.exit_code, told.root) == (2, "certificate-common-name-only")


def test_a_misspelt_name_is_shown_beside_the_right_one(world: World) -> None:
    world.publish(*host_views())
    misspelt = world.certificate(MAIL, "autdiscover.contoso.test")
    world.serve(*(Site(address, Behaviour.EXCHANGE, misspelt) for address in (SERVER_INSIDE, SERVER_OUTSIDE)))
    told = world.check(*BY_HOST)
    assert (told.exit_code, told.root) == (2, "certificate-name-mismatch")
    assert f"lacks {AUTODISCOVER}, has autdiscover.contoso.test (misspelt?): Outlook warns [" in told.first_line
    assert f"with {AUTODISCOVER} in place of autdiscover.contoso.test." in told.output


def serve_two_addresses(world: World, *, odd_at: str = SECOND) -> None:
    """Outside, both names have two addresses; the first is the server's."""
    world.publish(*host_views())
    world.serve_exchange(MAIL, AUTODISCOVER)
    for name in (MAIL, AUTODISCOVER):
        world.update("outside", f"add {name} 60 A {odd_at}")


def test_incident_14_one_of_two_addresses_is_a_strangers_and_is_named(world: World) -> None:
    serve_two_addresses(world, odd_at=FOREIGN)
    world.serve(Site(FOREIGN, Behaviour.HOSTER, world.certificate("*.hoster.example")))
    told = world.check(*BY_HOST)
    assert (told.exit_code, told.root) == (2, "certificate-name-mismatch")
    assert f"certificate of {FOREIGN} lacks {AUTODISCOVER}, has only *.hoster.example" in told.first_line
    assert "certificate-addresses-differ" in told.output
    assert "certificate-foreign" in told.output


def test_two_addresses_with_valid_certificates_of_two_issuers_are_a_warning(
    world: World, root: CommandAuthority
) -> None:
    serve_two_addresses(world)
    world.serve(Site(SECOND, Behaviour.EXCHANGE, root.issue(MAIL, AUTODISCOVER)))
    told = world.check(*BY_HOST, "-r", str(root.anchor))
    assert (told.exit_code, told.root) == (1, "certificate-addresses-differ")
    assert "issued by Stack tests, not Contoso Root CA" in told.output
    assert SECOND in told.output


V6_INSIDE, V6_OUTSIDE = "::1", "fd00:2::10"


def test_ipv6_is_judged_like_ipv4(world: World) -> None:
    world.namespace.add_ipv6(V6_OUTSIDE)
    world.publish(*views(inside=(f"remote AAAA {V6_INSIDE}", SRV), outside=(f"remote AAAA {V6_OUTSIDE}", SRV)))
    good = world.certificate(REMOTE)
    world.serve(*(Site(f"[{address}]", Behaviour.EXCHANGE, good) for address in (V6_INSIDE, V6_OUTSIDE)))
    assert world.check(*BY_SRV).told == SRV_OK
    assert world.check(*BY_SRV, "-6").told == SRV_OK


def test_an_expired_certificate_at_the_ipv6_address_alone_is_named_by_it(world: World) -> None:
    publish_srv(world)
    world.serve_exchange(REMOTE)
    world.namespace.add_ipv6(V6_OUTSIDE)
    world.serve(Site(f"[{V6_OUTSIDE}]", Behaviour.EXCHANGE, world.certificate(REMOTE, days_left=-5)))
    assert world.check(*BY_SRV).told == SRV_OK
    world.update("outside", f"add {REMOTE} 60 AAAA {V6_OUTSIDE}")
    told = world.check(*BY_SRV)
    assert (told.exit_code, told.root) == (2, "certificate-expired")
    assert V6_OUTSIDE in told.output
    assert world.check(*BY_SRV, "-4").told == SRV_OK


def test_a_server_without_ipv6_is_told_as_such_where_ipv6_alone_is_asked_for(world: World) -> None:
    publish_srv(world)
    world.serve_exchange(REMOTE)
    told = world.check(*BY_SRV, "-6")
    assert (told.exit_code, told.root) == (2, "dns-srv-target-missing")
    assert f"SRV target {REMOTE} has no address for IPv6, the one family asked for" in told.first_line


def test_without_the_systems_anchors_those_that_are_given_count_alone(world: World) -> None:
    publish_srv(world)
    world.serve_exchange(REMOTE)
    told = world.check(*BY_SRV, "--no-system-trust", "-vv")
    assert told.told == SRV_OK
    assert "Trusted: system" not in told.output
