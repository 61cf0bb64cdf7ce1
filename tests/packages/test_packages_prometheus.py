"""The shipped rules and scrapes as Debian 13's Prometheus judges them; tests/stack has Debian 12's."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.packages.conftest import TOP
from tests.packages.machine import COMMAND_SECONDS

SHIPPED = TOP / "packaging" / "prometheus"
SCRAPES = sorted(path.name for path in (SHIPPED / "scrape").glob("*.yml") if path.name != "autodiscover-domains.yml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped files, on their own."""
    return shutil.copytree(SHIPPED, tmp_path / "prometheus")


def said(*command: str | Path, folder: Path) -> str:
    """What a tool says that is content."""
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", timeout=COMMAND_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", sorted(path.name for path in (SHIPPED / "tests").iterdir()))
def test_each_alert_fires_when_it_should_and_only_then(tools: Path, folder: Path, name: str) -> None:
    assert "SUCCESS" in said(tools / "promtool", "test", "rules", f"tests/{name}", folder=folder)


def test_the_configuration_is_prometheuss_and_its_rules_pass_every_lint(tools: Path, folder: Path) -> None:
    checked = said(tools / "promtool", "check", "config", "--lint=all", "--lint-fatal", "prometheus.yml", folder=folder)
    rules = (f"rules/{path.name}" for path in (folder / "rules").iterdir())
    assert all(f"Checking {name}\n  SUCCESS" in checked for name in ("prometheus.yml", *rules)), checked


@pytest.mark.parametrize("name", SCRAPES)
def test_prometheus_reads_each_scrape_by_scrape_config_files(tools: Path, folder: Path, name: str) -> None:
    (folder / "mine.yml").write_text(f"scrape_config_files: [scrape/{name}]\n")
    assert "SUCCESS" in said(tools / "promtool", "check", "config", "mine.yml", folder=folder)
    (folder / "scrape" / name).write_text("scrape_configs: [{}]\n")
    refused = subprocess.run((tools / "promtool", "check", "config", "mine.yml"), cwd=folder, capture_output=True)
    assert refused.returncode == 1, "the file is not read at all"
