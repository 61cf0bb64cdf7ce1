"""Alert rules that Grafana evaluates itself, for those who have no rules in Prometheus: the same expressions and waits.

Grafana's templates cannot ask Prometheus for more, so that the words are fewer; the runbook is the rule's page.
"""

from collections.abc import Iterator
from typing import Any

from artefacts.grafana.provisioning import FOLDER, SOURCE_UID
from artefacts.prometheus.alert import Alert
from artefacts.prometheus.domain_alerts import domain_alerts
from artefacts.prometheus.exporter_alerts import exporter_alerts
from artefacts.prometheus.settings import Settings

__all__ = ["alerting"]

_LOOK_BACK = 600
"""Seconds that an instant query may reach back, which Grafana wants to know."""


def alerting(settings: Settings) -> dict[str, Any]:
    """The provisioning file of the rules."""
    groups = {"domains": domain_alerts(settings), "exporter": exporter_alerts(settings)}
    return {
        "apiVersion": 1,
        "groups": [
            {
                "orgId": 1,
                "name": f"autodiscover-{name}",
                "folder": FOLDER,
                "interval": settings.evaluation_interval,
                "rules": [_rule(alert, settings) for alert in alerts if not alert.after_others],
            }
            for name, alerts in groups.items()
        ],
    }


def _rule(alert: Alert, settings: Settings) -> dict[str, Any]:
    return {
        "uid": f"{alert.name}-{alert.severity}"[:40],
        "title": f"{alert.name} ({alert.severity})",
        "condition": "B",
        "data": list(_data(alert.by_satellite(settings))),
        # The expressions find what is wrong: nothing found is good, and a silent exporter has an alert of its own.
        "noDataState": "OK",
        "execErrState": "Error",
        "for": alert.wait,
        "labels": {"severity": alert.severity},
        "annotations": dict(_annotations(alert, settings)),
    }


def _data(expression: str) -> Iterator[dict[str, Any]]:
    yield {
        "refId": "A",
        "relativeTimeRange": {"from": _LOOK_BACK, "to": 0},
        "datasourceUid": SOURCE_UID,
        "model": {"refId": "A", "expr": expression, "instant": True, "range": False},
    }
    # A series that is found is a fault, whatever its value is: 0 seconds left of a certificate are one too.
    yield {
        "refId": "B",
        "relativeTimeRange": {"from": _LOOK_BACK, "to": 0},
        "datasourceUid": "__expr__",
        "model": {"refId": "B", "type": "math", "expression": "is_number($A)"},
    }


def _annotations(alert: Alert, settings: Settings) -> Iterator[tuple[str, str]]:
    about = alert.about or "{{ $labels.alertname }}"
    yield "summary", f"{{{{ with $labels.instance }}}}{{{{ . }}}}: {{{{ end }}}}{about}"
    if alert.about:
        yield "runbook_url", f"{settings.exporter_url}/rules/{alert.about}"
