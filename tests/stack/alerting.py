"""A real Prometheus and a real Alertmanager with all that is shipped for them, and a webhook at their end."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artefacts.prometheus.files import artefacts
from artefacts.prometheus.settings import Settings
from tests.stack.namespace import Daemon
from tests.stack.prometheus import Prometheus, run_prometheus
from tests.stack.world import World

__all__ = ["ALERTMANAGER", "EXPORTER", "Chain", "start_alertmanager", "start_chain"]

EXPORTER = "127.0.0.1:10093"
ALERTMANAGER = "127.0.0.8:9093"
WEBHOOK = "127.0.0.7:9095"

QUICK = Settings(
    exporter=EXPORTER,
    exporter_url=f"http://{EXPORTER}",
    alertmanager=ALERTMANAGER,
    page_url=f"http://{WEBHOOK}/page",
    ticket_url=f"http://{WEBHOOK}/ticket",
    scrape_interval="1s",
    scrape_timeout="1s",
    evaluation_interval="1s",
    users_affected_for="3s",
    shared_for="1s",
    exporter_down_for="2s",
    keep_firing_for="1s",
    group_wait="3s",
    group_interval="1s",
)
"""The shipped files, with no other change than that everything is quick; what is not named here would take too long."""


ATTEMPTS = 3000
"""How often something is looked for that comes after scrapes, evaluations and waits of seconds."""


EVALUATIONS = 8
"""A second each; more than `group_wait` and `group_interval` together."""


@dataclass(frozen=True, slots=True)
class Chain:
    """All of them, running; `notified` is where the webhook writes."""

    exporter: Daemon
    prometheus: Prometheus
    notified: Path

    def notifications(self) -> list[dict[str, Any]]:
        """Every notification so far, in order."""
        text = self.notified.read_text(encoding="utf-8") if self.notified.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def wait_for(self, number: int) -> dict[str, Any]:
        """The notification of this number, once there is one."""
        self.wait_until(lambda: len(self.notifications()) >= number)
        return self.notifications()[number - 1]

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Return once it does; NotReadyError if it never does."""
        self.prometheus.daemon.wait_until(holds, ATTEMPTS)

    def fires_on(self, alert: str, count: int = 1) -> None:
        """Return once so many of an alert have fired for longer than any wait of ours: who is to be told was told."""
        firing = f'count_over_time(ALERTS{{alertname="{alert}", alertstate="firing"}}[5m]) > {EVALUATIONS}'
        self.wait_until(lambda: self.settled(f"count({firing}) == {count}"))

    def settled(self, expression: str) -> bool:
        """Whether Prometheus has something that this expression finds."""
        return bool(self.prometheus.query(expression))


def start_chain(world: World, configuration: str, *domains: str) -> Chain:
    """An exporter with this configuration, and everything behind it, when all of it is in health."""
    folder = world.folder / "chain"
    for path, text in artefacts(QUICK).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    notified, file = folder / "notified", folder / "exporter.yml"
    file.write_text(configuration)
    _start(world, "webhook", f"http://{WEBHOOK}/", sys.executable, "-m", "tests.stack.webhook", WEBHOOK, str(notified))
    flags = ("--config.file", str(file), "--web.listen-address", EXPORTER)
    ready = f"http://{EXPORTER}/-/ready"
    exporter = _start(world, "exporter", ready, sys.executable, "-m", "autodiscover_exporter", *flags)
    running = run_prometheus(world.namespace, folder / "prometheus.yml", "127.0.0.9")
    chain = Chain(exporter, world.stack.enter_context(running), notified)
    chain.wait_until(lambda: set(chain.prometheus.query("up == 1")) == {EXPORTER, *domains})
    # Before the first scrapes nobody looks: waits as short as ours are over by then, and that would be told.
    chain.wait_until(lambda: not chain.settled("ALERTS"))
    start_alertmanager(world, folder / "alertmanager.yml", folder / "alertmanager")
    return chain


def start_alertmanager(world: World, file: Path, folder: Path) -> None:
    """One with this configuration, which answers and keeps its data in a folder."""
    _start(
        world,
        "alertmanager",
        f"http://{ALERTMANAGER}/-/ready",
        "prometheus-alertmanager",
        f"--config.file={file}",
        f"--storage.path={folder}",
        f"--web.listen-address={ALERTMANAGER}",
        "--cluster.listen-address=",
    )


def _start(world: World, name: str, url: str, *command: str) -> Daemon:
    daemon = world.start(*command, log=f"{name}.log")
    daemon.wait_until(lambda: world.namespace.run("curl", "--silent", "--fail", url).returncode == 0)
    return daemon
