"""The single files, under every Python that is supported and there is here."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from artefacts.packages.interpreters import MissingInterpreterError, interpreter
from artefacts.packages.zipapps import PYTHONS
from check_autodiscover import __version__
from check_autodiscover.lab.running import running
from check_autodiscover.lab.worlds import world_named


def here() -> list[str]:
    """The supported versions that are on this machine."""
    found = []
    for version in PYTHONS:
        with suppress(MissingInterpreterError):
            interpreter(version)
            found.append(version)
    return found


@pytest.fixture(scope="module", params=here())
def python(request: pytest.FixtureRequest) -> str:
    """An interpreter of each version. What packages cannot be built without is never missing in CI."""
    return interpreter(request.param)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where shiv unpacks, and nothing else of this machine's."""
    return {"PATH": os.defpath, "SHIV_ROOT": str(tmp_path_factory.mktemp("shiv"))}


def test_the_plugins_file_judges_a_world(python: str, zipapps: dict[str, Path], environment: dict[str, str]) -> None:
    with running(world_named("scenario-1-wildcard")) as lab:
        command = (python, "-I", str(zipapps["check_autodiscover"]), *lab.command)
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "")
    assert "[dns-wildcard-captures-autodiscover]" in done.stdout.splitlines()[0]


def test_the_exporters_file_checks_a_configuration(
    python: str, zipapps: dict[str, Path], environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "autodiscover.yml"
    file.write_text("domains: {contoso.com: {}}\n")
    command = (python, "-I", str(zipapps["autodiscover_exporter"]), "--config.check", f"--config.file={file}")
    assert subprocess.run(command, env=environment, capture_output=True).returncode == 0


def test_the_command_for_people_explains_a_rule(
    python: str, zipapps: dict[str, Path], environment: dict[str, str]
) -> None:
    command = (python, "-I", str(zipapps["autodiscoverctl"]), "rules", "dns-srv-missing")
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, "SRV" in done.stdout) == (0, True)


def test_a_file_runs_by_its_own_first_line(zipapps: dict[str, Path], environment: dict[str, str]) -> None:
    for path in zipapps.values():
        assert path.read_bytes().startswith(b"#!/usr/bin/env -S python3 -I\n")
        assert path.stat().st_mode & 0o111 == 0o111
    done = subprocess.run(
        (interpreter(here()[0]), "-I", zipapps["check_autodiscover"], "-V"), env=environment, capture_output=True
    )
    assert done.stdout.decode() == f"check_autodiscover {__version__}\n"
