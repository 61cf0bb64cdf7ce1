"""The alert rules that are shipped: made of the catalogue, each with its tests, each with its words."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from artefacts.generate import FOLDER
from artefacts.prometheus import selection
from artefacts.prometheus.__main__ import main
from artefacts.prometheus.files import artefacts
from artefacts.prometheus.settings import Settings, SettingsError, load_settings
from check_autodiscover.core.rules.catalogue import CATALOGUE

MADE = {path: yaml.safe_load(text) for path, text in artefacts().items()}
ALERTS: list[dict[str, Any]] = [
    rule for group in MADE["rules/autodiscover-alerts.yml"]["groups"] for rule in group["rules"]
]
NAMES = {alert["alert"] for alert in ALERTS}
TESTS: list[dict[str, Any]] = [
    test for path, file in MADE.items() if path.startswith("tests/") for test in file["tests"]
]
SELECTIONS = (
    selection.USERS_AFFECTED,
    selection.UNEXPECTED,
    selection.CANNOT_LOOK_CRITICAL,
    selection.CANNOT_LOOK,
    selection.CATCH_ALL,
    selection.DRIFT,
    selection.WARNING,
    selection.EXPIRING,
)


def expected(test: dict[str, Any], name: str) -> list[list[dict[str, Any]]]:
    """What a test expects of an alert, each time that it asks."""
    return [check.get("exp_alerts", []) for check in test["alert_rule_test"] if check["alertname"] == name]


@pytest.mark.parametrize("severity", ["critical", "warning", "unknown"])
@pytest.mark.parametrize("rule", [rule.id for rule in CATALOGUE])
def test_a_cause_that_alarms_is_one_alerts_whatever_severity_policy_gives_it(rule: str, severity: str) -> None:
    takers = [item for selected in SELECTIONS for item in selected if item.takes(rule, severity)]
    assert len(takers) == 1, (rule, severity)


@pytest.mark.parametrize("rule", [rule.id for rule in CATALOGUE])
def test_what_is_only_told_is_no_alerts(rule: str) -> None:
    assert not any(item.takes(rule, "ok") for selected in SELECTIONS for item in selected)


@pytest.mark.parametrize(
    ("name", "severity"), sorted({(alert["alert"], alert["labels"]["severity"]) for alert in ALERTS})
)
def test_every_alert_has_a_firing_and_a_silent_case(name: str, severity: str) -> None:
    found = [alerts for test in TESTS for alerts in expected(test, name)]
    assert any(alert["exp_labels"]["severity"] == severity for alerts in found for alert in alerts)
    silent = [test for test in TESTS if expected(test, name) and not any(expected(test, name))]
    assert any("all is well" in test["name"] for test in silent)
    assert any(test["name"].startswith(f"{name}: ") for test in silent)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda item: f"{item['alert']}-{item['labels']['severity']}")
def test_every_alert_says_what_is_so_and_where_to_go_on(alert: dict[str, Any]) -> None:
    words = alert["annotations"]
    assert {"summary", "description"} <= words.keys()
    page = words.get("runbook_url", "")
    if "rule" in alert["labels"]:
        assert page.endswith(f"/rules/{alert['labels']['rule']}")
    assert not page or page.endswith("/rules/{{ $labels.rule }}") or "rule" in alert["labels"]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda item: f"{item['alert']}-{item['labels']['severity']}")
def test_no_label_of_an_alert_is_a_template(alert: dict[str, Any]) -> None:
    """Prometheus from 2.53 on would not know it again after a restart, and begin its wait anew."""
    assert not any("{{" in text for text in alert["labels"].values())


def test_an_alert_about_a_domain_that_comes_and_goes_is_one_alert() -> None:
    (domains,) = (group for group in MADE["rules/autodiscover-alerts.yml"]["groups"] if "domains" in group["name"])
    assert {rule.get("keep_firing_for") for rule in domains["rules"]} == {Settings().keep_firing_for}


def test_every_alert_is_in_the_guide_and_no_other() -> None:
    guide = (FOLDER.parent / "docs" / "prometheus.md").read_text()
    assert set(re.findall(r"^\| `(Autodiscover\w+)`", guide, re.MULTILINE)) == NAMES
    assert set(re.findall(r"`(Autodiscover[A-Z]\w+)`", guide)) <= NAMES


def test_every_rule_has_its_title_in_words() -> None:
    titles = {
        item["labels"]["rule"]: item["labels"]["title"]
        for group in MADE["rules/autodiscover-recording.yml"]["groups"]
        for item in group["rules"]
        if item["record"] == "autodiscover:rule:info"
    }
    assert titles == {rule.id: rule.title for rule in CATALOGUE}


def test_an_inhibition_names_alerts_that_there_are() -> None:
    for rule in MADE["alertmanager.yml"]["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            found = re.fullmatch(r'alertname(=~?)"(.+)"', matcher)
            if found:
                taken = {name for name in NAMES if re.fullmatch(found.group(2), name)}
                assert taken, matcher
                assert found.group(2).count("|") < len(taken), matcher


def test_settings_of_ones_own_stand_in_the_rules() -> None:
    made = artefacts(load_settings("users_affected_for: 1h\nexporter_url: https://autodiscover.example"))
    alerts = {
        rule["alert"]: rule
        for group in yaml.safe_load(made["rules/autodiscover-alerts.yml"])["groups"]
        for rule in group["rules"]
    }
    assert alerts["AutodiscoverUsersAffected"]["for"] == "1h"
    assert alerts["AutodiscoverUsersAffected"]["annotations"]["runbook_url"].startswith("https://autodiscover.example/")
    assert "127.0.0.1:10093/domains" not in "".join(made.values())


@pytest.mark.parametrize("content", [None, b"a: [", b"\xff\xfe\x00", b"lag: 5"])
def test_settings_that_cannot_be_read_are_one_line_that_names_the_file(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.yml"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setattr("sys.argv", ["prometheus", "--settings", str(file), "--output", str(tmp_path / "out")])
    with pytest.raises(SystemExit):
        main()
    assert str(file) in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_table_of_settings_is_a_file_of_settings() -> None:
    assert load_settings(artefacts()["settings.yml"]) == Settings()


@pytest.mark.parametrize(
    "text",
    [
        "users_affected: 5m",
        "users_affected_for: soon",
        "lag: 5",
        "shared_domains: no",
        "shards: [one]",
        "job: .*",
        "- 1",
    ],
)
def test_settings_that_are_none_are_refused_by_name(text: str) -> None:
    with pytest.raises(SettingsError, match=text.partition(":")[0] if ":" in text else "mapping"):
        load_settings(text)
