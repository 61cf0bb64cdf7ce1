"""The exporter as Prometheus meets it, on a real domain."""

import re
import sys

import pytest

from tests.stack.bind import DnsView
from tests.stack.world import INSIDE, OUTSIDE, SERVER_INSIDE, SERVER_OUTSIDE, World

PLACE = "http://127.0.0.1:10093"

CONFIGURATION = """\
views:
  inside: {{resolvers: [{inside}], ca_files: [{anchor}]}}
  outside: {{resolvers: [{outside}], ca_files: [{anchor}]}}
modules:
  default: {{cache: 0s, method: srv, servers: [remote.contoso.test]}}
"""

SRV = "_autodiscover._tcp SRV 0 0 443 remote"


@pytest.fixture
def exporter(world: World) -> World:
    """A world with a healthy domain and an exporter that answers."""
    world.serve_exchange("remote.contoso.test")
    world.publish(
        DnsView("inside", INSIDE, (f"remote A {SERVER_INSIDE}", SRV)),
        DnsView("outside", OUTSIDE, (f"remote A {SERVER_OUTSIDE}", SRV)),
    )
    file = world.folder / "exporter.yml"
    file.write_text(CONFIGURATION.format(inside=INSIDE, outside=OUTSIDE, anchor=world.authority.anchor))
    daemon = world.start(sys.executable, "-m", "autodiscover_exporter", "--config.file", str(file), log="exporter.log")
    daemon.wait_until(lambda: _get(world, "/-/healthy")[0] == 0)
    return world


def _get(world: World, path: str) -> tuple[int, str]:
    done = world.namespace.run("curl", "--silent", "--show-error", "--fail", PLACE + path)
    return done.returncode, done.stdout


def _value(exposition: str, series: str) -> float:
    found = re.search(rf"^{re.escape(series)} (\S+)$", exposition, re.MULTILINE)
    assert found, f"no {series} in:\n{exposition}"
    return float(found.group(1))


def _probe(world: World) -> str:
    code, exposition = _get(world, "/probe?target=contoso.test")
    assert code == 0
    return exposition


@pytest.mark.parametrize("path", ["/probe?target=contoso.test", "/metrics"])
def test_promtool_finds_nothing_to_complain_about(exporter: World, path: str) -> None:
    code, exposition = _get(exporter, path)
    assert code == 0
    checked = exporter.namespace.run("promtool", "check", "metrics", text=exposition)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_promtool_finds_nothing_to_complain_about_in_a_failing_domain(exporter: World) -> None:
    exporter.update("outside", f"add autodiscover.contoso.test 60 A {SERVER_OUTSIDE}")
    checked = exporter.namespace.run("promtool", "check", "metrics", text=_probe(exporter))
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_the_metrics_follow_a_dynamic_update(exporter: World) -> None:
    healthy = _probe(exporter)
    assert _value(healthy, "probe_success") == 1
    assert _value(healthy, "autodiscover_exit_code") == 0
    exporter.update("outside", f"add autodiscover.contoso.test 60 A {SERVER_OUTSIDE}")
    drifted = _probe(exporter)
    assert _value(drifted, "probe_success") == 0
    assert _value(drifted, "autodiscover_exit_code") == 2
    assert 'rule="dns-unwanted-host-record"' in drifted
