"""What proxies make of a service, on a real HAProxy and a real nginx: each fault has its rule, and a delay is none."""

import pytest

from tests.stack.certificates import Authority
from tests.stack.haproxy import ProxyFault, ProxySite, start_haproxy
from tests.stack.nginx import Behaviour, Site
from tests.stack.published import BY_SRV, SRV, views
from tests.stack.world import FOREIGN, SERVER_INSIDE, SERVER_OUTSIDE, Verdict, World

SERVERS = (SERVER_INSIDE, SERVER_OUTSIDE)
REDIRECTOR = FOREIGN
BY_REDIRECT = ("-m", "redirect", "-S", "remote.contoso.test")


def publish(world: World, *records: str) -> None:
    """The server's address in each view, and these records in both."""
    inside, outside = (f"remote A {SERVER_INSIDE}", *records), (f"remote A {SERVER_OUTSIDE}", *records)
    world.publish(*views(inside=inside, outside=outside))


def proxied(world: World, fault: ProxyFault) -> Verdict:
    """The verdict on a domain whose server stands behind a proxy that does this."""
    publish(world, SRV)
    certificate = world.certificate("remote.contoso.test")
    sites = [ProxySite(address, fault, certificate) for address in SERVERS]
    world.stack.enter_context(start_haproxy(world.namespace, world.folder / "haproxy", sites))
    return world.check(*BY_SRV, "--connect-timeout", "0.5")


@pytest.mark.parametrize(
    ("fault", "code", "root", "words"),
    [
        (ProxyFault.NO_SERVER, 2, "service-broken", "HTTP 503"),
        (ProxyFault.LATE_SERVER, 2, "service-broken", "HTTP 504"),
        (ProxyFault.BUSY, 3, "service-broken", "come back later"),
        (ProxyFault.SILENT, 2, "service-broken", "answers with silence"),
        (ProxyFault.CLOSED, 2, "service-broken", "a broken connection"),
        (ProxyFault.INTERRUPTED, 1, "service-login-interrupted", "NTLM alone"),
    ],
)
def test_each_fault_of_a_proxy_has_its_rule(world: World, fault: ProxyFault, code: int, root: str, words: str) -> None:
    """Rows 36 and 38 of the catalogue, and what stands between: timeouts, cut connections, a server that is busy."""
    verdict = proxied(world, fault)
    assert (verdict.exit_code, verdict.root) == (code, root), verdict.output
    assert words in verdict.output


def test_a_delay_that_clients_bear_is_no_fault(world: World) -> None:
    verdict = proxied(world, ProxyFault.DELAYED)
    assert verdict.exit_code == 0, verdict.output


def redirected(world: World, fault: ProxyFault, *options: str) -> Verdict:
    """The verdict on a domain whose port 80 is a HAProxy, and whose server is healthy."""
    publish(world, f"autodiscover A {REDIRECTOR}")
    world.serve_exchange("remote.contoso.test")
    proxy = start_haproxy(world.namespace, world.folder / "haproxy", [ProxySite(REDIRECTOR, fault)])
    world.stack.enter_context(proxy)
    return world.check(*BY_REDIRECT, *options)


@pytest.mark.parametrize(
    ("fault", "options", "code", "root"),
    [
        (ProxyFault.TO_AUTODISCOVER, (), 0, ""),
        (ProxyFault.TO_AUTODISCOVER, ("--expected-redirect", "remote.contoso.test"), 0, ""),
        (ProxyFault.TO_AUTODISCOVER, ("--expected-redirect", "old.contoso.test"), 1, "service-redirect-invalid"),
        (ProxyFault.TO_LOGIN, (), 2, "service-redirect-invalid"),
        (ProxyFault.TO_ITSELF, (), 2, "service-unreachable"),
    ],
)
def test_a_redirect_is_followed_as_clients_do(
    world: World, fault: ProxyFault, options: tuple[str, ...], code: int, root: str
) -> None:
    """Rows 52 and 53, and a redirect to the https of a host that does not listen there."""
    verdict = redirected(world, fault, *options)
    assert (verdict.exit_code, verdict.root) == (code, root), verdict.output


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize(
    ("demand", "code", "root"),
    [
        ("on", 2, "service-client-certificate-demanded"),
        ("optional", 0, ""),
    ],
)
def test_row_28_an_nginx_that_asks_everybody_is_told_by_whether_it_insists(
    world: World, authority: Authority, version: str, demand: str, code: int, root: str
) -> None:
    publish(world, SRV)
    certificate = world.certificate("remote.contoso.test")
    tls = f"ssl_protocols {version}; ssl_verify_client {demand}; ssl_client_certificate {authority.anchor};"
    world.serve(*(Site(address, Behaviour.EXCHANGE, certificate, tls) for address in SERVERS))
    verdict = world.check(*BY_SRV)
    assert (verdict.exit_code, verdict.root) == (code, root), verdict.output
    assert ("0x80072F0C" in world.check(*BY_SRV, "-o", "log").output) is (code == 2)
