"""The directory lookup against a real Active Directory, which is Samba's: what only that one does.

Its containers are those of Exchange, its refusals those of Microsoft's: an operations error for the anonymous, a `data`
code for a wrong password, a referral to the schema in each search.
"""

from pathlib import Path

import pytest

from tests.stack.connection_points import points_to, url_of
from tests.stack.published import BY_SRV, publish_by_srv
from tests.stack.samba import AUTODISCOVER, KERBEROS, PASSWORD, USER, Samba, start_samba
from tests.stack.world import INSIDE, World

DC = "192.0.2.7"
"""No loopback address, so that a password goes there over TLS alone."""

pytestmark = pytest.mark.usefixtures("ldap_library")


@pytest.fixture
def samba(world: World) -> Samba:
    """A domain controller of contoso.test, whose name inside DNS knows, beside a domain published by SRV."""
    world.namespace.add_addresses([DC])
    publish_by_srv(world, f"dc1 A {DC}")
    certificate = world.certificate("dc1.contoso.test")
    return world.stack.enter_context(start_samba(world.namespace, world.folder / "samba", DC, certificate))


@pytest.fixture
def login(tmp_path: Path) -> tuple[str, ...]:
    """The options that log a plain user in."""
    file = tmp_path / "scp.pw"
    file.write_text(f"{PASSWORD}\n")
    return "--scp-user", USER, "--scp-password-file", str(file)


@pytest.mark.parametrize("url", ["ldaps://dc1.contoso.test", "ldap://dc1.contoso.test", "ldap://dc1.contoso.test:3268"])
def test_a_plain_user_reads_the_connection_points_by_ldaps_starttls_and_from_the_global_catalog(
    world: World, samba: Samba, login: tuple[str, ...], url: str
) -> None:
    samba.add(url_of("EX1", "remote.contoso.test", above=AUTODISCOVER))
    verdict = world.check(*BY_SRV, "--scp", url, *login, "-v", system_resolver=INSIDE)
    assert verdict.exit_code == 0, verdict.output
    assert "Walk inside, outlook-2016: configured at scp" in verdict.output


def test_refusals_are_unknown_and_told_in_plain_words(
    world: World, samba: Samba, login: tuple[str, ...], tmp_path: Path
) -> None:
    samba.add(url_of("EX1", "remote.contoso.test", above=AUTODISCOVER))
    asked = (*BY_SRV, "--scp", "ldaps://dc1.contoso.test")
    verdict = world.check(*asked, system_resolver=INSIDE)
    assert (verdict.exit_code, verdict.root) == (3, "directory-unavailable"), verdict.output
    assert "shows nothing to whoever does not log in" in verdict.first_line
    (tmp_path / "scp.pw").write_text("wrong\n")
    verdict = world.check(*asked, *login, system_resolver=INSIDE)
    assert (verdict.exit_code, verdict.root) == (3, "directory-unavailable"), verdict.output
    assert "refuses the user or the password (wrong user or password)" in verdict.first_line


def test_sites_and_pointers_are_read_as_outlook_reads_them(world: World, samba: Samba, login: tuple[str, ...]) -> None:
    samba.add(
        url_of("EX1", "remote.contoso.test", above=AUTODISCOVER),
        url_of("EX2", "gone.contoso.test", "Paris", above=AUTODISCOVER),
        points_to("LDAP://dc9.contoso.test", "fabrikam.test", above=AUTODISCOVER),
    )
    asked = (*BY_SRV, "--scp", "ldaps://dc1.contoso.test", *login, "--scp-site", "Default-First-Site-Name", "-v")
    verdict = world.check(*asked, system_resolver=INSIDE)
    assert (verdict.exit_code, verdict.root) == (1, "directory-scp-unreachable"), verdict.output
    assert "Walk inside, outlook-2016: configured at scp" in verdict.output
    samba.add(points_to("LDAP://dc9.contoso.test", "contoso.test", above=AUTODISCOVER).replace("Pointer", "Other"))
    verdict = world.check(*asked, system_resolver=INSIDE)
    assert (verdict.exit_code, verdict.root) == (3, "directory-unavailable"), verdict.output
    assert "ldap://dc9.contoso.test cannot be reached" in verdict.first_line


def test_a_forest_without_exchange_has_no_connection_point(world: World, samba: Samba, login: tuple[str, ...]) -> None:
    verdict = world.check(*BY_SRV, "--scp", "ldaps://dc1.contoso.test", *login, system_resolver=INSIDE)
    assert (verdict.exit_code, verdict.root) == (1, "directory-scp-missing"), verdict.output


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_a_user_without_a_password_logs_in_by_a_kerberos_ticket(world: World, samba: Samba, scheme: str) -> None:
    samba.add(url_of("EX1", "remote.contoso.test", above=AUTODISCOVER))
    configuration = world.folder / "krb5.conf"
    configuration.write_text(KERBEROS.format(address=DC))
    environment = {"KRB5_CONFIG": str(configuration), "KRB5CCNAME": f"FILE:{world.folder}/tickets"}
    asked = (*BY_SRV, "--scp", f"{scheme}://dc1.contoso.test", "--scp-user", USER.upper(), "-v")
    verdict = world.check(*asked, system_resolver=INSIDE, environment=environment)
    assert (verdict.exit_code, verdict.root) == (3, "directory-unavailable"), verdict.output
    assert "for want of a Kerberos ticket" in verdict.first_line
    got = world.namespace.run("kinit", "svcmon@CONTOSO.TEST", text=f"{PASSWORD}\n", environment=environment)
    assert got.returncode == 0, got.stderr
    verdict = world.check(*asked, system_resolver=INSIDE, environment=environment)
    assert verdict.exit_code == 0, verdict.output
    assert "Walk inside, outlook-2016: configured at scp" in verdict.output
