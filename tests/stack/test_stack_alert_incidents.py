"""Every incident as Prometheus would be told it: the shipped rules fire once for each of its roots, and for no more."""

import re
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from artefacts.prometheus import selection
from artefacts.prometheus.files import artefacts
from artefacts.prometheus.settings import Settings, load_settings
from artefacts.prometheus.yaml_text import render_yaml
from autodiscover_exporter.results.result import render_measures
from check_autodiscover.core.model.clients import Outcome
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.states import State
from check_autodiscover.core.verdict.judge import judge
from tests.core import incidents
from tests.core.test_incidents import cells
from tests.core.worlds import NOW, survey_of
from tests.stack.namespace import COMMAND_SECONDS

pytestmark = pytest.mark.usefixtures("names")

AT_ONCE = load_settings("\n".join(f"{item.name}: 0s" for item in fields(Settings) if item.name.endswith("_for")))
"""The shipped rules, each of which fires at once."""
PLACE = 'job="autodiscover", instance="contoso.com"'
ALERTS = {
    "AutodiscoverUsersAffected": selection.USERS_AFFECTED,
    "AutodiscoverCertificateUnexpected": selection.UNEXPECTED,
    "AutodiscoverCannotLook": (*selection.CANNOT_LOOK, *selection.CANNOT_LOOK_CRITICAL),
    "AutodiscoverWarning": selection.WARNING,
    "AutodiscoverCatchAllAppeared": selection.CATCH_ALL,
    "AutodiscoverDrift": selection.DRIFT,
    "AutodiscoverCertificateExpiring": selection.EXPIRING,
}
STRANGER = (Outcome.WRONG_LOGIN, Outcome.WRONG_SETTINGS)


def wanted(report: Report) -> set[tuple[str, str]]:
    """The alerts of a report, by name and rule: one for each root that alarms."""
    misled = any(walk.outcome in STRANGER for walk in report.walks if walk.judged)
    roots = {(item.finding.rule, item.severity.value.lower()) for item in report.roots if item.severity is not State.OK}
    found = {
        (name, rule)
        for rule, severity in roots
        for name, selected in ALERTS.items()
        if any(item.takes(rule, severity) for item in selected)
    }
    affected, stranger = "AutodiscoverUsersAffected", "AutodiscoverPasswordToStranger"
    return {(stranger if misled and name == affected else name, rule) for name, rule in found}


def seen(report: Report) -> list[dict[str, str]]:
    """What Prometheus keeps of a scrape that shows a report."""
    text = render_measures(report.measures).decode()
    samples = re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", text, re.MULTILINE)
    return [
        {
            "series": f"{name}{{{', '.join(filter(None, (PLACE, labels)))}}}",
            "values": " ".join([f"{float(value):f}"] * 3),
        }
        for name, labels, value in samples
    ]


def case(name: str, report: Report) -> dict[str, Any]:
    """An incident as promtool tests it."""
    samples = [
        {"labels": f'{{alertname="{alert}", rule="{rule}"}}', "value": 1} for alert, rule in sorted(wanted(report))
    ]
    fired = 'group by (alertname, rule) (ALERTS{alertstate="firing", instance!=""})'
    asked = {"expr": fired, "eval_time": "1m", "exp_samples": samples}
    return {"name": name, "interval": "1m", "input_series": seen(report), "promql_expr_test": [asked]}


def test_every_incident_fires_one_alert_for_each_of_its_causes_and_none_for_consequences(tmp_path: Path) -> None:
    reports = {
        f"{row} {method}": judge(survey_of(getattr(incidents, row)(method)), now=NOW) for row, method, _ in cells()
    }
    for path, text in artefacts(AT_ONCE).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    whole = {
        "rule_files": [f"rules/autodiscover-{name}.yml" for name in ("recording", "alerts")],
        "evaluation_interval": "1m",
        "tests": [case(name, report) for name, report in reports.items()],
    }
    (tmp_path / "incidents.yml").write_text(render_yaml(whole))
    command = ("promtool", "test", "rules", "incidents.yml")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=5 * COMMAND_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
