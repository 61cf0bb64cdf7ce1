"""The rules as the Prometheus operator reads them: a PrometheusRule."""

from artefacts.prometheus.files import rule_groups
from artefacts.prometheus.settings import Settings
from artefacts.prometheus.yaml_text import render_yaml

__all__ = ["artefacts"]

IN_CLUSTER = "http://autodiscover-exporter:10093"
"""The Service of the manifests; people at a browser need what an Ingress calls it."""

_MADE = "Made by the project's `make artefacts`. Links lead to the Service: put the Ingress's address in its place."


def artefacts() -> dict[str, str]:
    """The one resource."""
    recorded, alerts = rule_groups(Settings(exporter_url=IN_CLUSTER))
    resource = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "autodiscover", "labels": {"app.kubernetes.io/name": "autodiscover-exporter"}},
        "spec": {"groups": [*recorded, *alerts]},
    }
    return {"prometheusrule.yaml": render_yaml(resource, _MADE)}
