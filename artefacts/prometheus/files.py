"""All files of the family, made with one set of settings."""

from typing import Any

from artefacts.prometheus.alertmanager import alertmanager
from artefacts.prometheus.domain_alerts import domain_alerts
from artefacts.prometheus.exporter_alerts import exporter_alerts
from artefacts.prometheus.recording import recording
from artefacts.prometheus.rule_tests import rule_tests
from artefacts.prometheus.scraping import scraping
from artefacts.prometheus.settings import Settings, render_settings
from artefacts.prometheus.yaml_text import render_yaml

__all__ = ["artefacts", "rule_groups"]

_MADE = "Made by the project's `make artefacts`; settings.yml tells how to have other thresholds."


def artefacts(settings: Settings | None = None) -> dict[str, str]:
    """Every file's text, by its path."""
    chosen = settings or Settings()
    recorded, alerts = rule_groups(chosen)
    return {
        "settings.yml": render_settings(),
        "rules/autodiscover-recording.yml": render_yaml({"groups": recorded}, _MADE),
        "rules/autodiscover-alerts.yml": render_yaml({"groups": alerts}, _MADE),
        "alertmanager.yml": alertmanager(chosen),
        **rule_tests(chosen),
        **scraping(chosen),
    }


def rule_groups(settings: Settings) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The groups of recording rules, and those of alerts."""
    groups = {"domains": domain_alerts, "exporter": exporter_alerts}
    alerts = [
        {
            "name": f"autodiscover-{name}-alerts",
            "rules": [alert.rule(settings) for alert in alerts(settings)],
        }
        for name, alerts in groups.items()
    ]
    return recording(settings), alerts
