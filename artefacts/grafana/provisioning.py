"""Grafana's provisioning files: where Prometheus is, and where the dashboards lie."""

from typing import Any

from artefacts.prometheus.settings import Settings

__all__ = ["FOLDER", "SOURCE_UID", "dashboard_provider", "data_source"]

FOLDER = "Autodiscover"
"""The folder of dashboards and rules in Grafana."""
SOURCE_UID = "autodiscover-prometheus"
"""What rules call the data source; dashboards have a variable for it."""

INSTALLED = "/var/lib/grafana/dashboards/autodiscover"
"""Where the provider looks for the dashboards: `dashboards/` is copied there."""


def data_source(settings: Settings) -> dict[str, Any]:
    """The Prometheus that scrapes the exporter. Its interval is what `$__rate_interval` is made of."""
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": FOLDER,
                "uid": SOURCE_UID,
                "type": "prometheus",
                "access": "proxy",
                "url": "http://127.0.0.1:9090",
                "jsonData": {"timeInterval": settings.scrape_interval, "httpMethod": "POST"},
            }
        ],
    }


def dashboard_provider() -> dict[str, Any]:
    """What reads the dashboards from files; they are changed by being made anew."""
    return {
        "apiVersion": 1,
        "providers": [
            {
                "name": FOLDER,
                "folder": FOLDER,
                "type": "file",
                "allowUiUpdates": False,
                "options": {"path": INSTALLED},
            }
        ],
    }
