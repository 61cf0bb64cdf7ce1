"""Every query of every panel of Grafana's dashboards, asked of a real Prometheus: none comes back empty-handed."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from artefacts.grafana.dashboards import BOARDS
from artefacts.grafana.panels import Query
from artefacts.prometheus.files import artefacts
from artefacts.prometheus.settings import Settings
from tests.stack.bind import DOMAIN
from tests.stack.certificates import Authority
from tests.stack.namespace import open_namespace
from tests.stack.nginx import Behaviour, Site
from tests.stack.prometheus import Prometheus, run_prometheus
from tests.stack.published import BY_SRV, publish_by_srv
from tests.stack.world import FOREIGN, INSIDE, OUTSIDE, World

EXPORTER = "127.0.0.1:10093"
ATTEMPTS = 3000
"""How often something is looked for that comes after looks and scrapes of seconds."""

VARIABLES = {"$job": ".+", "$instance": ".+", "$__rate_interval": "1m", "$__range": "1h"}
SCENE = (
    "autodiscover_view_up == 0",
    "autodiscover_dns_wildcard == 1",
    "autodiscover_drift_changes > 0",
    "rate(autodiscover_exporter_probes_total[1m]) > 0",
    "count_over_time(autodiscover_dns_answer_hash[1m]) > 2",
)
"""What has come about when the queries are asked: each kind of trouble, and more than one scrape of it."""

CONFIGURATION = """\
views:
  inside: {{resolvers: [{inside}], ca_files: [{anchor}]}}
  outside: {{resolvers: [{outside}], ca_files: [{anchor}]}}
  branch: {{resolvers: [{nobody}], ca_files: [{anchor}]}}
modules:
  default: {{method: srv, servers: [remote.contoso.test], baseline: {{path: {baseline}}}, timeout: 4s}}
domains:
  {domain}: {{}}
schedule: {{interval: 5s}}
"""
_PLACES = {"inside": INSIDE, "outside": OUTSIDE, "nobody": "127.0.0.99", "domain": DOMAIN}
QUICK = Settings(exporter=EXPORTER, scrape_interval="1s", scrape_timeout="1s", evaluation_interval="1s")
QUERIES = [
    pytest.param(query, id=f"{board.uid}: {panel.title}: {query.legend}")
    for board in BOARDS
    for row in board.rows
    for panel in row.panels
    for query in panel.queries
]


@pytest.fixture(scope="module")
def prometheus(
    names: Iterator[str], authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """One that has scraped a domain with every kind of trouble: a catch-all, drift since a baseline, a blind view."""
    with ExitStack() as stack:
        namespace = stack.enter_context(open_namespace(next(names)))
        world = World(namespace, tmp_path_factory.mktemp("dashboards"), authority, stack)
        accepted = world.folder / "baseline"
        _be_well(world)
        done = world.ctl("baseline", "accept", DOMAIN, "--yes", "--baseline", str(accepted), *BY_SRV)
        assert done.returncode == 0, done.stdout
        world.update("outside", f"add *.{DOMAIN} 60 A {FOREIGN}")
        found = _scraping(world, CONFIGURATION.format(**_PLACES, anchor=authority.anchor, baseline=accepted))
        found.daemon.wait_until(lambda: all(found.query(expression) for expression in SCENE), ATTEMPTS)
        yield found


def _be_well(world: World) -> None:
    world.serve(Site(FOREIGN, Behaviour.HOSTER, world.certificate("*.hoster.example")))
    publish_by_srv(world)


def _scraping(world: World, configuration: str) -> Prometheus:
    """A Prometheus with the shipped configuration, and the exporter that it scrapes."""
    folder = world.folder / "scraping"
    for path, text in artefacts(QUICK).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / "exporter.yml").write_text(configuration)
    flags = ("--config.file", str(folder / "exporter.yml"), "--web.listen-address", EXPORTER)
    exporter = world.start(sys.executable, "-m", "autodiscover_exporter", *flags, log="exporter.log")
    ready = ("curl", "--silent", "--fail", f"http://{EXPORTER}/-/ready")
    exporter.wait_until(lambda: world.namespace.run(*ready).returncode == 0)
    running = run_prometheus(world.namespace, folder / "prometheus.yml", "127.0.0.9")
    return world.stack.enter_context(running)


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_is_answered_with_data(prometheus: Prometheus, query: Query) -> None:
    """As Grafana asks it, with its variables filled in: all jobs, all instances, the last hour."""
    expression = query.text
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    assert prometheus.query(expression)
