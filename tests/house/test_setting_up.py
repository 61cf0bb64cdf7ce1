"""What the scripts behind `make` do on a machine that lacks something."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
INSTALL_DAEMONS = TOP / "tests" / "stack" / "install-daemons"
ADD_DIRECTORY = TOP / "requirements" / "add-directory"
MAKE_VENV = TOP / "requirements" / "make-venv"
SHELL = "/bin/sh"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder of programs in which there is neither a daemon nor apt-get."""
    program = shutil.which("id")
    assert program is not None
    (tmp_path / "id").symlink_to(program)
    return tmp_path


def run(script: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = (SHELL, str(script), *arguments)
    return subprocess.run(command, env=environment, capture_output=True, text=True, cwd=TOP)


def test_without_the_means_to_install_daemons_it_says_what_is_skipped(bare: Path) -> None:
    done = run(INSTALL_DAEMONS, PATH=str(bare))
    assert done.returncode == 0
    assert "stack tests" in done.stderr
    assert "bind9" in done.stderr


def test_in_ci_a_missing_daemon_is_a_failure_and_no_skip(bare: Path) -> None:
    assert run(INSTALL_DAEMONS, PATH=str(bare), CI="true").returncode == 1


@pytest.mark.parametrize(("ci", "exit_code"), [("", 0), ("true", 1)])
def test_without_a_compiler_the_directory_extra_is_left_out_but_for_ci(tmp_path: Path, ci: str, exit_code: int) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    done = run(ADD_DIRECTORY, str(python), PATH=os.defpath, CI=ci)
    assert (done.returncode, "its tests are skipped" in done.stderr) == (exit_code, True)


def test_an_interpreter_that_is_not_supported_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    python = tmp_path / "python2"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    done = run(MAKE_VENV, str(tmp_path / "venv"), "requirements/dev.txt", str(python), PATH=os.defpath)
    assert done.returncode == 1
    assert "not Python 3.11" in done.stderr
    assert not (tmp_path / "venv").exists()
