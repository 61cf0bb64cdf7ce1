"""A real Prometheus, which finds its targets at an exporter's `/sd` and shares them out between exporters."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.stack.namespace import Namespace

__all__ = ["Prometheus", "start_prometheus"]

PORT = 9090

CONFIGURATION = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: autodiscover
    metrics_path: /probe
    http_sd_configs: [{{url: "http://{discovery}/sd", refresh_interval: 1s}}]
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [__param_target], target_label: instance}}
      - {{source_labels: [__param_target], modulus: {count}, target_label: __tmp_shard, action: hashmod}}
{shards}
"""
_SHARD = (
    '      - {{source_labels: [__tmp_shard], regex: "{number}", target_label: __address__, replacement: "{exporter}"}}'
)


@dataclass(frozen=True, slots=True)
class Prometheus:
    """One that runs."""

    namespace: Namespace
    address: str

    def query(self, expression: str) -> dict[str, float]:
        """The values of an expression now, by their label `instance`."""
        result = self._asked(f"query?query={quote(expression)}")["result"]
        return {item["metric"].get("instance", ""): float(item["value"][1]) for item in result}

    def targets(self) -> list[dict[str, Any]]:
        """The targets that it scrapes."""
        found: list[dict[str, Any]] = self._asked("targets?state=active")["activeTargets"]
        return found

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
    """One that listens at an address, and shares the domains of the first exporter out between all of them."""
    folder.mkdir()
    shards = "\n".join(_SHARD.format(number=number, exporter=exporter) for number, exporter in enumerate(exporters))
    file = folder / "prometheus.yml"
    file.write_text(CONFIGURATION.format(discovery=exporters[0], count=len(exporters), shards=shards))
    daemon = namespace.start(
        "prometheus",
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}:{PORT}",
        log=folder / "prometheus.log",
    )
    prometheus = Prometheus(namespace, address)
    try:
        daemon.wait_until(prometheus.ready)
        yield prometheus
    finally:
        daemon.kill()
