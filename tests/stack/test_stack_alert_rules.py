"""The shipped rules and configurations as Prometheus's and Alertmanager's own tools judge them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from artefacts.generate import FOLDER
from artefacts.prometheus.files import artefacts
from artefacts.prometheus.settings import Settings, load_settings
from tests.stack.namespace import COMMAND_SECONDS

pytestmark = pytest.mark.usefixtures("names")

OTHERS = """\
exporter_url: https://autodiscover.example/exporter
job: domains
exporter_job: exporters
users_affected_for: 90s
shared_for: 30s
certificate_warning_days: 21
certificate_for: 1h
shared_domains: 2
catch_all_memory: 2d
stale_after: 1h
errors_window: 1h
"""


def tried(*command: str, folder: Path) -> str:
    """What a tool says that is content."""
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", timeout=COMMAND_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The committed files, on their own."""
    return shutil.copytree(FOLDER / "prometheus", tmp_path / "prometheus")


@pytest.mark.parametrize("name", ["autodiscover-recording.yml", "autodiscover-alerts.yml"])
def test_the_rules_are_rules(folder: Path, name: str) -> None:
    said = tried("promtool", "check", "rules", "--lint=all", "--lint-fatal", f"rules/{name}", folder=folder)
    assert "SUCCESS" in said


@pytest.mark.parametrize("name", ["catch-all", "domains", "exporter", "healthy"])
def test_each_alert_fires_when_it_should_and_only_then(folder: Path, name: str) -> None:
    said = tried("promtool", "test", "rules", f"tests/{name}.yml", folder=folder)
    assert "SUCCESS" in said


def test_what_is_made_with_other_settings_passes_its_own_tests(tmp_path: Path) -> None:
    settings = load_settings(OTHERS)
    assert settings != Settings()
    for path, text in artefacts(settings).items():
        target = tmp_path / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(text)
    tried("promtool", "check", "config", "prometheus.yml", folder=tmp_path)
    tried("amtool", "check-config", "alertmanager.yml", folder=tmp_path)
    tried(
        "promtool",
        "test",
        "rules",
        *(f"tests/{name}.yml" for name in ("catch-all", "domains", "exporter", "healthy")),
        folder=tmp_path,
    )


@pytest.mark.parametrize("path", ["prometheus.yml", "static.yml", "file.yml", "http.yml", "shards.yml"])
def test_the_configurations_are_prometheuss(folder: Path, path: str) -> None:
    for part in (folder / "scrape").iterdir():
        shutil.copy(part, folder)
    assert "SUCCESS" in tried("promtool", "check", "config", path, folder=folder)


def test_the_routing_is_alertmanagers(folder: Path) -> None:
    assert "SUCCESS" in tried("amtool", "check-config", "alertmanager.yml", folder=folder)
    page = ("amtool", "config", "routes", "test", "--config.file=alertmanager.yml")
    assert tried(*page, "severity=critical", folder=folder).strip() == "page"
    assert tried(*page, "severity=warning", folder=folder).strip() == "ticket"
