"""The directory lookup against a real slapd: how each failure is told, whom the password goes to, where URLs lead.

Rows 25, 32 and 33 of the failure-mode catalogue and incident 47; Samba's own part is beside it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.stack.apache import ApacheSite, Demands, start_apache
from tests.stack.certificates import create_authority
from tests.stack.connection_points import points_to, url_of
from tests.stack.nginx import Behaviour, Site
from tests.stack.published import BY_SRV, SRV, publish_by_srv, views
from tests.stack.slapd import PASSWORD, USER, Slapd, start_slapd
from tests.stack.world import INSIDE, SERVER_INSIDE, SERVER_OUTSIDE, Verdict, World

DC, SECOND, EX1 = "127.0.5.1", "127.0.5.2", "127.0.2.21"
AWAY = "192.0.2.7"
"""An address that is not this host's own, as far as the plugin can tell."""
HERE, AND_THERE = url_of("EX1", "remote.contoso.test"), url_of("EX2", "ex2.contoso.test", "Paris")

pytestmark = pytest.mark.usefixtures("ldap_library")

Login = Callable[[str], tuple[str, ...]]


@pytest.fixture
def login(tmp_path: Path) -> Login:
    """The options that log in with a password."""

    def options(password: str) -> tuple[str, ...]:
        file = tmp_path / f"{uuid4()}.pw"
        file.write_text(f"{password}\n")
        return "--scp-user", USER, "--scp-password-file", str(file)

    return options


def directory(world: World, *points: str, urls: tuple[str, ...] = (f"ldap://{DC}",), **settings: Any) -> Slapd:
    """A directory in a world, with these connection points."""
    folder = world.folder / f"slapd-{uuid4()}"
    return world.stack.enter_context(start_slapd(world.namespace, folder, urls, points, **settings))


def first_finding(verdict: Verdict) -> str:
    """The first line below the summary."""
    return verdict.output.splitlines()[1]


def test_domain_joined_clients_are_configured_by_the_directory_without_asking_for_consent(
    world: World, login: Login
) -> None:
    publish_by_srv(world)
    directory(world, HERE)
    verdict = world.check(*BY_SRV, "--scp", f"ldap://{DC}", *login(PASSWORD), "-v")
    assert verdict.exit_code == 0, verdict.output
    assert "Walk inside, outlook-2016: configured at scp" in verdict.output
    assert "Walk outside, outlook-2016: asks-consent at srv" in verdict.output
    log = world.check(*BY_SRV, "--scp", f"ldap://{DC}", *login(PASSWORD), "-o", "log").output
    assert "Attempting URL https://remote.contoso.test/autodiscover/autodiscover.xml found through SCP" in log


@pytest.mark.parametrize(
    ("password", "says"),
    [("", "shows nothing to whoever does not log in"), ("wrong", "refuses the user or the password")],
)
def test_a_refusal_is_unknown_with_its_reason_and_never_no_connection_point(
    world: World, login: Login, password: str, says: str
) -> None:
    publish_by_srv(world)
    directory(world, HERE)
    verdict = world.check(*BY_SRV, "--scp", f"ldap://{DC}", *(login(password) if password else ()))
    assert (verdict.exit_code, verdict.root) == (3, "directory-unavailable"), verdict.output
    assert says in verdict.first_line
    assert "directory-scp-missing" not in verdict.output


def test_a_directory_that_lets_everybody_read_needs_no_login_and_its_referrals_are_left_out(world: World) -> None:
    publish_by_srv(world)
    slapd = directory(world, HERE, anonymous=True)
    verdict = world.check(*BY_SRV, "--scp", f"ldap://{DC}", "-vv")
    assert verdict.exit_code == 0, verdict.output
    assert "CN=EX1" in verdict.output.replace("cn=EX1", "CN=EX1")
    assert slapd.logins == set()


def test_a_directory_without_connection_points_says_so_with_the_command_that_makes_one(world: World) -> None:
    publish_by_srv(world)
    directory(world, anonymous=True)
    verdict = world.check(*BY_SRV, "--scp", f"ldap://{DC}")
    assert (verdict.exit_code, verdict.root) == (1, "directory-scp-missing"), verdict.output
    assert "Set-ClientAccessService" in verdict.output


def test_another_ldap_server_is_told_from_an_active_directory(world: World) -> None:
    publish_by_srv(world)
    directory(world, HERE, anonymous=True, active_directory=False)
    verdict = world.check(*BY_SRV, "--scp", f"ldap://{DC}")
    assert (verdict.exit_code, verdict.root) == (3, "directory-unavailable"), verdict.output
    assert "it is no Active Directory" in verdict.first_line


def test_nobody_there_and_a_name_that_is_none_are_said_to_be_out_of_reach(world: World) -> None:
    publish_by_srv(world)
    for url in (f"ldap://{DC}", f"ldaps://{DC}", "ldaps://dc9.contoso.test"):
        verdict = world.check(*BY_SRV, "--scp", url, system_resolver=INSIDE)
        assert (verdict.exit_code, verdict.root) == (3, "directory-unavailable"), verdict.output
        assert "cannot be reached" in verdict.first_line


SILENT = """
import socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("listening", flush=True)
kept = []
while True:
    kept.append(server.accept())
"""


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_a_server_that_says_nothing_is_given_up_and_told(world: World, scheme: str) -> None:
    publish_by_srv(world)
    port = {"ldap": "389", "ldaps": "636"}[scheme]
    daemon = world.start("python3", "-c", SILENT, DC, port, log="silent.log")
    daemon.wait_until(lambda: "listening" in daemon.log.read_text())
    verdict = world.check(*BY_SRV, "--scp", f"{scheme}://{DC}", "--connect-timeout", "0.5")
    assert (verdict.exit_code, verdict.root) == (3, "directory-unavailable"), verdict.output
    assert "does not answer" in verdict.first_line


def test_ldaps_with_a_private_authority_is_trusted_where_it_is_given_and_told_where_it_is_not(
    world: World, login: Login
) -> None:
    publish_by_srv(world)
    urls = (f"ldap://{DC}", f"ldaps://{DC}")
    directory(world, HERE, urls=urls, certificate=world.certificate(DC))
    verdict = world.check(*BY_SRV, "--scp", f"ldaps://{DC}", *login(PASSWORD), "-v")
    assert verdict.exit_code == 0, verdict.output
    assert "outlook-2016: configured at scp" in verdict.output
    other = create_authority(world.folder).issue(world.folder, SECOND)
    slapd = directory(world, HERE, urls=(f"ldap://{SECOND}", f"ldaps://{SECOND}"), certificate=other)
    verdict = world.check(*BY_SRV, "--scp", f"ldaps://{SECOND}", *login(PASSWORD))
    assert (verdict.exit_code, verdict.root) == (3, "directory-unavailable"), verdict.output
    assert "certificate that is not trusted" in verdict.first_line
    assert slapd.logins == set()


def test_a_password_goes_to_another_host_after_starttls_or_not_at_all(world: World, login: Login) -> None:
    world.namespace.add_addresses([AWAY])
    publish_by_srv(world)
    slapd = directory(world, HERE, urls=(f"ldap://{AWAY}",))
    verdict = world.check(*BY_SRV, "--scp", f"ldap://{AWAY}", *login(PASSWORD))
    assert (verdict.exit_code, verdict.root) == (3, "directory-unavailable"), verdict.output
    assert "offers no encryption, and is told no password without" in verdict.first_line
    assert slapd.logins == set()
    slapd.daemon.kill()
    slapd = directory(world, HERE, urls=(f"ldap://{AWAY}",), certificate=world.certificate(AWAY))
    verdict = world.check(*BY_SRV, "--scp", f"ldap://{AWAY}", *login(PASSWORD))
    assert verdict.exit_code == 0, verdict.output
    assert slapd.logins == {USER}


def test_a_pointer_is_followed_and_its_directory_is_told_no_password(world: World, login: Login) -> None:
    publish_by_srv(world)
    named = directory(world, points_to(f"LDAP://{SECOND}", "contoso.test"), url_of("EX9", "gone.contoso.test"))
    other = directory(world, HERE, urls=(f"ldap://{SECOND}",), anonymous=True)
    verdict = world.check(*BY_SRV, "--scp", f"ldap://{DC}", *login(PASSWORD), "-v")
    assert verdict.exit_code == 0, verdict.output
    assert "outlook-2016: configured at scp" in verdict.output
    assert (named.logins, other.logins) == ({USER}, set())


def test_clients_of_a_site_are_led_to_its_server_first(world: World) -> None:
    publish_by_srv(world, f"ex2 A {EX1}")
    world.serve(Site(EX1, Behaviour.EXCHANGE, world.certificate("other.contoso.test")))
    directory(world, HERE, AND_THERE, anonymous=True)
    asked = (*BY_SRV, "--scp", f"ldap://{DC}", "--scp-site")
    verdict = world.check(*asked, "default-first-site-name")
    assert "directory-scp-name-mismatch" in verdict.output
    assert verdict.exit_code == 1, verdict.output
    assert world.check(*asked, "paris").told[0] == 2


def test_the_name_of_a_new_server_is_the_cause_of_the_warning_inside(world: World) -> None:
    """Incident 47, row 32."""
    publish_by_srv(world, f"ex2 A {EX1}")
    new = create_authority(world.folder).issue(world.folder, "ex2.contoso.local")
    world.serve(Site(EX1, Behaviour.EXCHANGE, new))
    directory(world, url_of("EX2", "ex2.contoso.test"), anonymous=True)
    verdict = world.check(*BY_SRV, "--scp", f"ldap://{DC}")
    assert verdict.told == (
        2,
        "AUTODISCOVER CRITICAL - contoso.test: inside, the directory leads to ex2.contoso.test (EX2), whose "
        "certificate has only ex2.contoso.local: Outlook warns [directory-scp-name-mismatch]",
    )
    assert "Set-ClientAccessService -Identity EX2" in verdict.output


def test_a_server_that_is_gone_is_named_with_its_object(world: World) -> None:
    """Row 33."""
    publish_by_srv(world)
    directory(world, url_of("EX1", "gone.contoso.test"), anonymous=True)
    verdict = world.check(*BY_SRV, "--scp", f"ldap://{DC}")
    assert (verdict.exit_code, verdict.root) == (1, "directory-scp-unreachable"), verdict.output
    assert "gone.contoso.test (EX1)" in verdict.first_line


def test_scenario_3_begins_at_the_directorys_url_and_its_log_has_the_code_of_outlook(world: World) -> None:
    """Row 25: the URL demands a client certificate, the client falls back to DNS, and meets Scenario 1 there."""
    inside = (f"remote A {SERVER_INSIDE}", SRV, f"ex1 A {EX1}", f"autodiscover A {SERVER_INSIDE}")
    world.publish(*views(inside=inside, outside=(f"remote A {SERVER_OUTSIDE}", SRV)))
    world.serve_exchange("remote.contoso.test")
    site = ApacheSite(EX1, Demands.PATH, world.certificate("ex1.contoso.test"), "TLSv1.3")
    world.stack.enter_context(start_apache(world.namespace, world.folder / "apache", [site]))
    directory(world, url_of("EX1", "ex1.contoso.test"), anonymous=True)
    verdict = world.check(*BY_SRV, "--scp", f"ldap://{DC}")
    assert (verdict.exit_code, verdict.root) == (2, "dns-unwanted-host-record"), verdict.output
    assert "CRITICAL inside: https://ex1.contoso.test (127.0.2.21) demands a client certificate" in verdict.output
    log = world.check(*BY_SRV, "--scp", f"ldap://{DC}", "-o", "log").output
    assert "Autodiscover to https://ex1.contoso.test/autodiscover/autodiscover.xml failed (0x80072F0C)" in log


def test_a_url_that_is_not_expected_is_named(world: World) -> None:
    publish_by_srv(world)
    directory(world, HERE, anonymous=True)
    asked = (*BY_SRV, "--scp", f"ldap://{DC}", "--expected-scp")
    verdict = world.check(*asked, "https://mail.contoso.test/autodiscover/autodiscover.xml")
    assert (verdict.exit_code, verdict.root) == (1, "directory-scp-unexpected"), verdict.output
    assert world.check(*asked, "https://REMOTE.contoso.test/Autodiscover/Autodiscover.xml").exit_code == 0
