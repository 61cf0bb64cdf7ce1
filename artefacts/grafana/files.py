"""All files of the family."""

from artefacts.grafana.alerting import alerting
from artefacts.grafana.dashboards import BOARDS, render
from artefacts.grafana.provisioning import dashboard_provider, data_source
from artefacts.prometheus.settings import Settings
from artefacts.prometheus.yaml_text import render_yaml

__all__ = ["artefacts"]

_MADE = "Made by the project's `make artefacts`."


def artefacts(settings: Settings | None = None) -> dict[str, str]:
    """Every file's text, by its path."""
    chosen = settings or Settings()
    provisioned = {
        "datasources": data_source(chosen),
        "dashboards": dashboard_provider(),
        "alerting": alerting(chosen),
    }
    return {
        **{f"dashboards/{board.uid}.json": render(board, chosen) for board in BOARDS},
        **{f"provisioning/{kind}/autodiscover.yml": render_yaml(value, _MADE) for kind, value in provisioned.items()},
    }
