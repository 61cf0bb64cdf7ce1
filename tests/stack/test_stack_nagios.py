"""The shipped commands and services under a real Nagios Core: its states, texts and performance data."""

import sys

from artefacts.nagios import USES, services
from tests.stack.bind import DOMAIN
from tests.stack.nagios import start_nagios
from tests.stack.nginx import Behaviour, Site
from tests.stack.published import BY_SRV, publish_by_srv
from tests.stack.world import FOREIGN, INSIDE, OUTSIDE, World

SERVER = f"remote.{DOMAIN}"
EXPORTER = "127.0.0.1:10093"
CONFIGURATION = """\
views:
  inside: {{resolvers: [{inside}], ca_files: [{anchor}]}}
  outside: {{resolvers: [{outside}], ca_files: [{anchor}]}}
modules:
  default: {{method: srv, servers: [remote.contoso.test]}}
domains:
  contoso.test: {{}}
"""


def start_exporter(world: World, configuration: str) -> None:
    command = (sys.executable, "-m", "autodiscover_exporter", "--config.file", configuration)
    exporter = world.start(*command, "--web.listen-address", EXPORTER, log="exporter.log")
    ready = ("curl", "--silent", "--fail", f"http://{EXPORTER}/-/ready")
    exporter.wait_until(lambda: world.namespace.run(*ready).returncode == 0)


def test_every_shipped_use_shows_its_state_text_and_performance_data(world: World) -> None:
    """A catch-all came after the baseline was accepted; what sees the outside has it as its one cause."""
    world.serve(Site(FOREIGN, Behaviour.HOSTER, world.certificate("*.hoster.example")))
    publish_by_srv(world)
    baseline, configuration = world.folder / "baseline", world.folder / "autodiscover.yml"
    configuration.write_text(CONFIGURATION.format(inside=INSIDE, outside=OUTSIDE, anchor=world.authority.anchor))
    accepted = world.ctl("baseline", "accept", DOMAIN, "--yes", "--baseline", str(baseline), *BY_SRV)
    assert accepted.returncode == 0, accepted.stdout
    world.update("outside", f"add *.{DOMAIN} 60 A {FOREIGN}")
    start_exporter(world, str(configuration))
    values = {
        "domain": DOMAIN,
        "server": SERVER,
        "inside": INSIDE,
        "outside": OUTSIDE,
        "baseline": str(baseline),
        "configuration": str(configuration),
        "exporter": f"http://{EXPORTER}",
    }
    nagios = start_nagios(world, services(values, f"-r {world.authority.anchor}"), SERVER, INSIDE)
    found = nagios.checked()
    assert len(found) == len(USES)
    cause = f"AUTODISCOVER CRITICAL - {DOMAIN}: outside, catch-all *.{DOMAIN} answers autodiscover.{DOMAIN} ({FOREIGN}"
    for description, service in found.items():
        outward = description.endswith((" views", " config", " exporter"))
        # The others ask the host's resolver, which is the inside one, and see nothing of the outside.
        assert service["current_state"] == ("2" if outward else "0"), service
        assert f"causes_critical={int(outward)}" in service["performance_data"]
        assert "cert_left=" in service["performance_data"]
        if outward:
            assert service["plugin_output"].startswith(cause)
            assert service["plugin_output"].endswith("[dns-wildcard-captures-autodiscover]")
            assert "Fix: Remove the record" in service["long_plugin_output"]
