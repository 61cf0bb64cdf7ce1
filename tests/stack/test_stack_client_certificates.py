"""Scenario 3 on a real Apache: the Autodiscover path, or the whole site, demands a client certificate.

Rows 25, 26 and 28 of the failure-mode catalogue; IIS itself cannot run here.
"""

import pytest

from tests.stack.apache import ApacheSite, Demands, start_apache
from tests.stack.bind import DnsView
from tests.stack.world import INSIDE, OUTSIDE, SERVER_INSIDE, SERVER_OUTSIDE, World

BY_SRV = ("-m", "srv", "-S", "remote.contoso.test")


def publish(world: World) -> None:
    """The server's SRV record in both views."""
    for name, address, server in (("inside", INSIDE, SERVER_INSIDE), ("outside", OUTSIDE, SERVER_OUTSIDE)):
        records = (f"remote 60 A {server}", "_autodiscover._tcp 60 SRV 0 0 443 remote")
        world.publish(DnsView(name, address, records))


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("demands", [Demands.PATH, Demands.SITE])
def test_a_demanded_client_certificate_is_proven(world: World, version: str, demands: Demands) -> None:
    publish(world)
    certificate = world.certificate("remote.contoso.test")
    sites = [ApacheSite(address, demands, certificate, version) for address in (SERVER_INSIDE, SERVER_OUTSIDE)]
    world.stack.enter_context(start_apache(world.namespace, world.folder / "apache", sites))
    verdict = world.check(*BY_SRV)
    assert (verdict.exit_code, verdict.root) == (2, "service-client-certificate-demanded"), verdict.output
    log = world.check(*BY_SRV, "-o", "log")
    assert "0x80072F0C" in log.output
