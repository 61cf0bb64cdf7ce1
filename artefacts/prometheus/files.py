"""All files of the family, made with one set of settings."""

from artefacts.prometheus.alertmanager import alertmanager
from artefacts.prometheus.domain_alerts import domain_alerts
from artefacts.prometheus.exporter_alerts import exporter_alerts
from artefacts.prometheus.recording import recording
from artefacts.prometheus.rule_tests import rule_tests
from artefacts.prometheus.scraping import scraping
from artefacts.prometheus.settings import Settings, render_settings
from artefacts.prometheus.yaml_text import render_yaml

__all__ = ["artefacts"]

_MADE = "Made by the project's `make artefacts`; settings.yml tells how to have other thresholds."


def artefacts(settings: Settings | None = None) -> dict[str, str]:
    """Every file's text, by its path."""
    chosen = settings or Settings()
    return {
        "settings.yml": render_settings(),
        "rules/autodiscover-recording.yml": render_yaml({"groups": recording(chosen)}, _MADE),
        "rules/autodiscover-alerts.yml": _alerts(chosen),
        "alertmanager.yml": alertmanager(chosen),
        **rule_tests(chosen),
        **scraping(chosen),
    }


def _alerts(settings: Settings) -> str:
    groups = {"domains": domain_alerts, "exporter": exporter_alerts}
    listed = [
        {
            "name": f"autodiscover-{name}-alerts",
            "rules": [alert.rule(settings.exporter_url) for alert in alerts(settings)],
        }
        for name, alerts in groups.items()
    ]
    return render_yaml({"groups": listed}, _MADE)
