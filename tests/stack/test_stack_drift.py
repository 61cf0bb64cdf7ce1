"""The customer's two domains, accepted once and then changed on real servers, record by record and renewal by renewal.

World 1 publishes an SRV record and nothing at `autodiscover`; world 2 a host record with a certificate of both names.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.stack.bind import DOMAIN
from tests.stack.certificates import SiteCertificate
from tests.stack.nginx import Behaviour, Site, start_nginx
from tests.stack.published import BY_HOST, BY_SRV, HOST_OK, SRV_OK, host_views, publish_by_srv
from tests.stack.world import FOREIGN, SERVER_INSIDE, SERVER_OUTSIDE, World


def serve_hoster(world: World) -> None:
    world.serve(Site(FOREIGN, Behaviour.HOSTER, world.certificate("*.hoster.example")))


@contextmanager
def exchange(world: World, certificate: SiteCertificate) -> Iterator[None]:
    """The server with this certificate, for as long as it has it."""
    folder = Path(mkdtemp(prefix="renewed-", dir=world.folder)) / "run"
    sites = [Site(address, Behaviour.EXCHANGE, certificate) for address in (SERVER_INSIDE, SERVER_OUTSIDE)]
    with start_nginx(world.namespace, folder, sites):
        yield


@pytest.fixture
def kept(world: World) -> tuple[str, ...]:
    """Where what was accepted is kept."""
    return ("--baseline", str(world.folder / "baseline"))


def accept(world: World, *options: str) -> subprocess.CompletedProcess[str]:
    return world.ctl("baseline", "accept", DOMAIN, "--yes", *options)


def test_a_catch_all_that_comes_and_goes_is_one_cause_and_then_none(world: World, kept: tuple[str, ...]) -> None:
    """World 1."""
    serve_hoster(world)
    publish_by_srv(world)
    done = accept(world, *kept, *BY_SRV)
    assert done.returncode == 0, done.stdout
    assert world.check(*kept, *BY_SRV).told == SRV_OK
    world.update("outside", f"add *.{DOMAIN} 60 A {FOREIGN}")
    captured = world.check(*kept, *BY_SRV)
    assert captured.told == (
        2,
        f"AUTODISCOVER CRITICAL - {DOMAIN}: outside, catch-all *.{DOMAIN} answers autodiscover.{DOMAIN} ({FOREIGN}, "
        "certificate *.hoster.example): Outlook warns [dns-wildcard-captures-autodiscover]",
    )
    assert captured.roots_that_alarm == 1
    assert "(new since " in captured.output
    world.update("outside", f"delete *.{DOMAIN} A")
    assert world.check(*kept, *BY_SRV).told == SRV_OK


def test_a_moved_address_and_renewals_are_told_for_what_they_are(world: World, kept: tuple[str, ...]) -> None:
    """World 2: moved and moved back, renewed with its names, renewed without one, rows 27 and 28 of the incidents."""
    serve_hoster(world)
    world.publish(*host_views())
    names = (f"mail.{DOMAIN}", f"autodiscover.{DOMAIN}")
    with exchange(world, world.certificate(*names)):
        done = accept(world, *kept, *BY_HOST)
        assert done.returncode == 0, done.stdout
        assert world.check(*kept, *BY_HOST).told == HOST_OK
        world.update("outside", f"delete {names[1]} A", f"add {names[1]} 60 A {FOREIGN}")
        moved = world.check(*kept, *BY_HOST)
        assert (moved.exit_code, moved.root, moved.roots_that_alarm) == (2, "dns-address-unexpected", 1)
        assert f"{names[1]} is {FOREIGN}, not {SERVER_OUTSIDE} (mail.{DOMAIN})" in moved.first_line
        assert f"(was {SERVER_OUTSIDE} on " in moved.output
        world.update("outside", f"delete {names[1]} A", f"add {names[1]} 60 A {SERVER_OUTSIDE}")
        assert world.check(*kept, *BY_HOST).told == HOST_OK
    with exchange(world, world.certificate(*names)):
        renewed = world.check(*kept, *BY_HOST)
        assert renewed.told == HOST_OK
        assert "same issuer, names kept [drift-certificate-renewed]" in renewed.output
    with exchange(world, world.certificate(names[0])):
        lost = world.check(*kept, *BY_HOST)
        assert (lost.exit_code, lost.root, lost.roots_that_alarm) == (2, "certificate-name-mismatch", 1)
        assert f"certificate of {names[0]}, renewed " in lost.first_line
        assert f", lacks {names[1]} (had it before): Outlook warns" in lost.first_line


def test_what_was_accepted_is_told_from_what_is_so(world: World, kept: tuple[str, ...]) -> None:
    """The same two worlds as a person compares them."""
    publish_by_srv(world)
    assert accept(world, *kept, *BY_SRV).returncode == 0
    same = world.ctl("baseline", "diff", DOMAIN, *kept, *BY_SRV)
    assert (same.returncode, same.stdout.count("\n")) == (0, 1)
    world.update("inside", f"add autodiscover.{DOMAIN} 60 A {SERVER_INSIDE}")
    changed = world.ctl("baseline", "diff", DOMAIN, *kept, *BY_SRV)
    assert changed.returncode == 1
    assert f"inside: autodiscover.{DOMAIN} address [drift-record]\n  - none\n  + {SERVER_INSIDE}\n" in changed.stdout
    shown = world.ctl("baseline", "show", DOMAIN, *kept)
    assert f"  _autodiscover._tcp.{DOMAIN} SRV: 0 0 443 remote.{DOMAIN}\n" in shown.stdout


def test_a_baseline_that_was_never_accepted_is_a_warning(world: World, kept: tuple[str, ...]) -> None:
    publish_by_srv(world)
    missing = world.check(*kept, *BY_SRV)
    assert (missing.exit_code, missing.root) == (1, "drift-baseline-missing")
    assert f"no baseline of {DOMAIN} was accepted ({kept[1]}/{DOMAIN}.json)" in missing.output


def test_other_name_servers_than_declared_are_told(world: World) -> None:
    publish_by_srv(world)
    other = world.check(*BY_SRV, "--expected-ns", "ns9.contoso.test")
    assert other.told == (
        1,
        f"AUTODISCOVER WARNING - {DOMAIN}: outside, name servers of {DOMAIN} are ns.{DOMAIN}, not ns9.{DOMAIN} "
        "[drift-delegation]",
    )
    assert world.check(*BY_SRV, "--expected-ns", "ns.contoso.test").told == SRV_OK
