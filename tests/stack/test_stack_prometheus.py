"""A real Prometheus in front of real exporters: service discovery, and domains shared out between replicas."""

import json
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from artefacts.prometheus.settings import Settings
from tests.stack.namespace import Daemon
from tests.stack.prometheus import Prometheus, start_prometheus
from tests.stack.world import World

REPLICAS = ("127.0.0.1:10093", "127.0.0.2:10093")
DOMAINS = [f"d{number}.contoso.test" for number in range(12)]
LABELS = {"customer": "contoso"}
# Nobody listens there, so a look takes no time, and nothing of this test is about what it sees.
CONFIGURATION = {
    "views": {"inside": {"resolvers": ["tcp://127.0.0.53:53"]}},
    "modules": {"quick": {"timeout": "1s"}},
    "domains": {domain: {"module": "quick", "labels": LABELS} for domain in DOMAINS},
}


def start_exporter(world: World, address: str, configuration: object) -> Daemon:
    """A replica, which answers."""
    file = world.folder / f"{address}.yml"
    file.write_text(json.dumps(configuration))
    flags = ("--config.file", str(file), "--web.listen-address", address, "--log.level", "debug")
    daemon = world.start(sys.executable, "-m", "autodiscover_exporter", *flags, log=f"{address}.log")
    daemon.wait_until(lambda: world.namespace.run("curl", "-sf", f"http://{address}/-/ready").returncode == 0)
    return daemon


def scraped_by(prometheus: Prometheus, replica: Daemon) -> None:
    """Return once every domain was scraped."""
    replica.wait_until(lambda: set(prometheus.query("probe_success")) == set(DOMAINS))


def probed(log: Path) -> Counter[str]:
    """How often an exporter says it has looked at each domain."""
    return Counter(re.findall(r"msg=probed domain=(\S+)", log.read_text()))


def test_each_domain_is_looked_at_by_exactly_one_of_two_replicas(world: World) -> None:
    daemons = [start_exporter(world, address, CONFIGURATION) for address in REPLICAS]
    folder = world.folder / "prometheus"
    prometheus = world.stack.enter_context(start_prometheus(world.namespace, folder, "127.0.0.8", REPLICAS))
    scraped_by(prometheus, daemons[0])
    first, second = (set(probed(daemon.log)) for daemon in daemons)
    assert first | second == set(DOMAINS)
    assert first & second == set()
    assert first
    assert second
    assert prometheus.query("count by (instance) (probe_success)") == dict.fromkeys(DOMAINS, 1.0)


def test_a_replica_that_is_down_from_the_start_takes_its_own_domains_along_and_no_others(world: World) -> None:
    daemon = start_exporter(world, REPLICAS[1], CONFIGURATION)
    folder = world.folder / "prometheus"
    prometheus = world.stack.enter_context(start_prometheus(world.namespace, folder, "127.0.0.8", REPLICAS))
    scraped = f'up{{job="{Settings().job}"}}'
    daemon.wait_until(lambda: set(prometheus.query(scraped)) == set(DOMAINS))
    up = prometheus.query(scraped)
    assert {domain for domain, value in up.items() if value} == set(probed(daemon.log))
    assert set(up.values()) == {0.0, 1.0}


def test_what_is_discovered_is_scraped_by_its_module_with_its_labels(world: World) -> None:
    daemon = start_exporter(world, REPLICAS[0], CONFIGURATION)
    folder = world.folder / "prometheus"
    prometheus = world.stack.enter_context(start_prometheus(world.namespace, folder, "127.0.0.8", REPLICAS[:1]))
    scraped_by(prometheus, daemon)
    targets = {target["labels"]["instance"]: target for target in prometheus.targets()}
    assert set(targets) == set(DOMAINS)
    for domain, target in targets.items():
        assert (target["health"], target["lastError"]) == ("up", "")
        assert target["labels"]["customer"] == "contoso"
        assert target["scrapeUrl"] == f"http://{REPLICAS[0]}/probe?module=quick&target={domain}"


@pytest.mark.parametrize("section", [{"cache": "1h"}, {"cache": "0s", "schedule": {"interval": "7d"}}], ids=str)
def test_a_pair_of_prometheus_servers_costs_one_look_each_time(world: World, section: dict[str, object]) -> None:
    daemon = start_exporter(world, REPLICAS[0], {**CONFIGURATION, **section})
    pair = [
        world.stack.enter_context(start_prometheus(world.namespace, world.folder / address, address, REPLICAS[:1]))
        for address in ("127.0.0.8", "127.0.0.9")
    ]
    daemon.wait_until(lambda: all(_again_and_again(prometheus) for prometheus in pair))
    assert probed(daemon.log) == dict.fromkeys(DOMAINS, 1)


def _again_and_again(prometheus: Prometheus) -> bool:
    """Whether each domain was scraped several times."""
    counts = prometheus.query("count_over_time(probe_success[1h])")
    return set(counts) == set(DOMAINS) and min(counts.values()) > 2
