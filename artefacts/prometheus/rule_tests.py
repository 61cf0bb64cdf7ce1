"""The tests that are shipped with the rules: `promtool test rules tests/*.yml`."""

from typing import Any

from artefacts.prometheus.case import Case, Domain, exporter, render_case
from artefacts.prometheus.catch_all_cases import catch_all_cases
from artefacts.prometheus.domain_alerts import domain_alerts
from artefacts.prometheus.domain_cases import domain_cases
from artefacts.prometheus.exporter_alerts import exporter_alerts
from artefacts.prometheus.exporter_cases import exporter_cases
from artefacts.prometheus.settings import Settings, seconds
from artefacts.prometheus.yaml_text import render_yaml

__all__ = ["rule_tests"]

GROUPS = [f"autodiscover-{part}" for part in ("catalogue", "causes", "fleet", "domains-alerts", "exporter-alerts")]
RULES = ["../rules/autodiscover-recording.yml", "../rules/autodiscover-alerts.yml"]


def rule_tests(settings: Settings) -> dict[str, str]:
    """The files; what needs a long memory has a file of its own, with a slower clock."""
    slow = f"{seconds(settings.catch_all_memory) // 60}s"
    return {
        "tests/catch-all.yml": _file([render_case(case, settings, slow) for case in catch_all_cases(settings)], slow),
        "tests/domains.yml": _file([render_case(case, settings) for case in domain_cases(settings)]),
        "tests/exporter.yml": _file([render_case(case, settings) for case in exporter_cases(settings)]),
        "tests/healthy.yml": _file([_healthy(settings)]),
    }


def _file(tests: list[dict[str, Any]], interval: str = "1m") -> str:
    whole = {"rule_files": RULES, "evaluation_interval": interval, "group_eval_order": GROUPS, "tests": tests}
    return render_yaml(
        whole, "promtool test rules: what each alert fires for, in which words, and what it is silent at."
    )


def _healthy(settings: Settings) -> dict[str, Any]:
    """No alert at all, two hours on, for domains and an exporter in health."""
    seen = (Domain(name="contoso.com"), Domain(name="fabrikam.com", server=""), exporter(settings))
    test = render_case(Case(name="all is well", alert="any", seen=seen), settings)
    names = dict.fromkeys(alert.name for alert in (*domain_alerts(settings), *exporter_alerts(settings)))
    return {**test, "alert_rule_test": [{"eval_time": "2h", "alertname": name} for name in names]}
