"""A real Prometheus with the scrape configurations that are shipped: it finds its targets at an exporter's `/sd`."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from artefacts.prometheus.scraping import scraping
from artefacts.prometheus.settings import Settings
from tests.stack.namespace import Daemon, Namespace

__all__ = ["Prometheus", "run_prometheus", "start_prometheus"]

PORT = 9090


@dataclass(frozen=True, slots=True)
class Prometheus:
    """One that runs."""

    namespace: Namespace
    address: str
    daemon: Daemon

    def query(self, expression: str) -> dict[str, float]:
        """The values of an expression now, by their label `instance`."""
        result = self._asked(f"query?query={quote(expression)}")["result"]
        return {item["metric"].get("instance", ""): float(item["value"][1]) for item in result}

    def targets(self) -> list[dict[str, Any]]:
        """The domains that it scrapes."""
        found: list[dict[str, Any]] = self._asked("targets?state=active")["activeTargets"]
        return [target for target in found if target["labels"]["job"] == Settings().job]

    def _asked(self, path: str) -> dict[str, Any]:
        done = self.namespace.run("curl", "--silent", "--fail", f"http://{self.address}:{PORT}/api/v1/{path}")
        found: dict[str, Any] = json.loads(done.stdout)["data"]
        return found

    def ready(self) -> bool:
        """Whether it can be asked."""
        done = self.namespace.run("curl", "--silent", "--fail", f"http://{self.address}:{PORT}/-/ready")
        return done.returncode == 0


@contextmanager
def start_prometheus(
    namespace: Namespace, folder: Path, address: str, exporters: Sequence[str]
) -> Iterator[Prometheus]:
    """One that listens at an address, and shares the domains of these exporters out between them."""
    settings = Settings(
        exporter=exporters[0],
        shards=tuple(exporters),
        scrape_interval="1s",
        scrape_timeout="1s",
        evaluation_interval="1s",
    )
    file = folder / "scrape.yml"
    folder.mkdir()
    file.write_text(scraping(settings)["scrape/shards.yml" if len(exporters) > 1 else "scrape/http.yml"])
    with run_prometheus(namespace, file, address) as prometheus:
        yield prometheus


@contextmanager
def run_prometheus(namespace: Namespace, file: Path, address: str) -> Iterator[Prometheus]:
    """One with this configuration, which keeps its data beside it."""
    daemon = namespace.start(
        "prometheus",
        f"--config.file={file}",
        f"--storage.tsdb.path={file.parent / 'data'}",
        f"--web.listen-address={address}:{PORT}",
        log=file.parent / "prometheus.log",
    )
    prometheus = Prometheus(namespace, address, daemon)
    try:
        daemon.wait_until(prometheus.ready)
        yield prometheus
    finally:
        daemon.kill()
