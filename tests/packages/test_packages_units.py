"""The systemd units: nothing that systemd would ignore or refuse, and little that the service may do."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.lacking import refuse
from tests.packages.conftest import TOP

UNITS = TOP / "packaging" / "systemd"
SERVICE = UNITS / "autodiscover_exporter.service"

EXPOSURE = 2.0
"""systemd's own score, from 0 (may do nothing) to 10."""


@pytest.fixture(autouse=True)
def _analyze() -> None:
    if shutil.which("systemd-analyze") is None:
        refuse("verifying units needs systemd-analyze")


@pytest.fixture
def units(tmp_path: Path) -> list[str]:
    """The units as they are, but for the program: it is not installed here."""
    for unit in UNITS.glob("autodiscover_exporter.*"):
        (tmp_path / unit.name).write_text(unit.read_text().replace("/usr/bin/autodiscover_exporter", "/bin/true"))
    return [str(path) for path in sorted(tmp_path.iterdir())]


def test_systemd_has_nothing_to_say_of_the_units(units: list[str]) -> None:
    # It ends with 0 for a key that it does not know: whatever it says is a fault.
    done = subprocess.run(("systemd-analyze", "verify", "--man=no", *units), capture_output=True, text=True)
    assert (len(units), done.returncode, done.stdout, done.stderr) == (2, 0, "", "")


def test_the_service_may_do_little(units: list[str]) -> None:
    command = ("systemd-analyze", "security", "--offline=true", "--no-pager", str(SERVICE))
    done = subprocess.run(command, capture_output=True, text=True)
    score = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert score is not None, done.stdout + done.stderr
    assert float(score[1]) < EXPOSURE
