"""A whole `prometheus.yml`, and the scrape configurations for each way to name the domains."""

from typing import Any

from artefacts.prometheus.settings import Settings
from artefacts.prometheus.yaml_text import render_yaml

__all__ = ["scraping"]

_DOMAINS = ["contoso.com", "fabrikam.com"]
_FILE = "autodiscover-domains.yml"


def scraping(settings: Settings) -> dict[str, str]:
    """The files. Those in scrape/ are for `scrape_config_files`, or to be copied from."""
    static = {"static_configs": [{"targets": _DOMAINS}]}
    file = {"file_sd_configs": [{"files": [_FILE]}]}
    http, one = _discovery(settings.exporter), [settings.exporter]
    shards = list(settings.shards)
    return {
        "prometheus.yml": render_yaml(
            {**_head(settings), **_jobs(settings, http, one)}, _HTTP, "It reads rules/ beside it."
        ),
        "scrape/static.yml": render_yaml(_jobs(settings, static, one), "The domains stand here."),
        "scrape/file.yml": render_yaml(
            _jobs(settings, file, one), f"The domains stand in {_FILE}, which is read again whenever it changes."
        ),
        f"scrape/{_FILE}": render_yaml(
            [{"targets": _DOMAINS[:1], "labels": {"customer": "contoso"}}, {"targets": _DOMAINS[1:]}],
            "Labels are for routing; __param_module would pick a module of the exporter's configuration.",
        ),
        "scrape/http.yml": render_yaml(_jobs(settings, http, one), _HTTP),
        "scrape/shards.yml": render_yaml(
            _jobs(settings, _discovery(*shards), shards),
            "Several exporters with the same configuration: a hash of its name gives each domain to one of them.",
            "Each tells of all domains, so that any of them may be down when Prometheus starts.",
        ),
    }


_HTTP = "The exporter's configuration names the domains, with their labels and modules."


def _discovery(*exporters: str) -> dict[str, Any]:
    return {"http_sd_configs": [{"url": f"http://{exporter}/sd"} for exporter in exporters]}


def _head(settings: Settings) -> dict[str, Any]:
    return {
        "global": {"evaluation_interval": settings.evaluation_interval},
        "rule_files": ["rules/*.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [settings.alertmanager]}]}]},
    }


def _jobs(settings: Settings, discovery: dict[str, Any], exporters: list[str]) -> dict[str, Any]:
    own = {
        "job_name": settings.exporter_job,
        "scrape_interval": settings.scrape_interval,
        "scrape_timeout": settings.scrape_timeout,
        "static_configs": [{"targets": exporters}],
    }
    return {"scrape_configs": [_domains(settings, discovery, exporters), own]}


def _domains(settings: Settings, discovery: dict[str, Any], exporters: list[str]) -> dict[str, Any]:
    return {
        "job_name": settings.job,
        "metrics_path": "/probe",
        "scrape_interval": settings.scrape_interval,
        "scrape_timeout": settings.scrape_timeout,
        **discovery,
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            *_to(exporters),
        ],
    }


def _to(exporters: list[str]) -> list[dict[str, Any]]:
    if len(exporters) == 1:
        return [{"target_label": "__address__", "replacement": exporters[0]}]
    shard = "__tmp_shard"
    hashed = {
        "source_labels": ["__param_target"],
        "modulus": len(exporters),
        "target_label": shard,
        "action": "hashmod",
    }
    return [
        hashed,
        *(
            {"source_labels": [shard], "regex": str(number), "target_label": "__address__", "replacement": exporter}
            for number, exporter in enumerate(exporters)
        ),
    ]
