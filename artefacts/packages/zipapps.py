"""Single files: each program with its libraries in one archive, which every Python that is supported can run.

shiv unpacks it once, below ~/.shiv or SHIV_ROOT, and compiles it there. Compiled libraries are in it once for each
version of Python, as their names differ; the machine and the age of its C library are the limits.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from artefacts.packages.libraries import EXPORTER, PLUGIN, pinned, read_lock
from artefacts.packages.targets import TARGETS, Target
from artefacts.packages.tree import date_all, install, strip

__all__ = ["build_zipapps"]

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""What setup.cfg says that we support."""

INTERPRETER = "/usr/bin/env -S python3 -I"

ENTRY_POINT = "run"


def build_zipapps(top: Path, wheel: Path, machine: str, epoch: int, work: Path) -> Sequence[Path]:
    """The three programs as files below `work`. Raises CalledProcessError."""
    oldest = min(TARGETS, key=lambda target: target.glibc)
    lock = read_lock(top / "requirements" / "dev.txt")
    plugin, exporter = work / "plugin", work / "exporter"
    for python in PYTHONS:
        target = replace(oldest, name=python, python=python)
        ours = (*pinned(PLUGIN, python, lock), str(wheel))
        _merge(target, machine, ours, work, plugin)
        _merge(target, machine, pinned(EXPORTER, python, lock), work, exporter)
    shutil.copytree(plugin, exporter, dirs_exist_ok=True)
    shutil.rmtree(plugin / "autodiscover_exporter")
    folders = {PLUGIN: plugin, EXPORTER: exporter}
    for folder in folders.values():
        strip(folder)
        date_all(folder, epoch)
    return tuple(
        _archive(program, module, folders[box], epoch, work)
        for box in folders
        for program, module in box.programs.items()
    )


def _merge(target: Target, machine: str, what: Sequence[str], work: Path, folder: Path) -> None:
    """Add a version's libraries to those of the others: what is not compiled is the same in all."""
    one = work / "one"
    install(target, machine, what, one)
    shutil.copytree(one, folder, dirs_exist_ok=True)
    shutil.rmtree(one)


def _archive(program: str, module: str, folder: Path, epoch: int, work: Path) -> Path:
    path = work / f"{program}.pyz"
    options = ("--compressed", "--reproducible", "--compile-pyc", "--python", INTERPRETER, "--site-packages", folder)
    command = (sys.executable, "-m", "shiv", *options, "--entry-point", f"{module}:{ENTRY_POINT}", "-o", path)
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)})
    return path
