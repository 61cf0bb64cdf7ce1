"""Builds packages for every target that this machine has the means for.

`python -m artefacts.packages [TARGET...]`. What is missing is said; with CI=true it is a failure.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from artefacts.packages.debian import build_debs
from artefacts.packages.interpreters import MissingInterpreterError
from artefacts.packages.rpm import build_rpms
from artefacts.packages.stage import stage
from artefacts.packages.targets import TARGETS, Form, Target
from artefacts.packages.tree import build_wheel
from artefacts.packages.zipapps import build_zipapps
from check_autodiscover import __version__

__all__ = ["build", "main", "source_date"]

TOP = Path(__file__).parents[2]

TOOLS = {Form.DEB: "dpkg-buildpackage", Form.RPM: "rpmbuild"}

LOG_LINES = 30
"""How much is told of what a tool said before it failed."""

ZIPAPPS = "zipapps"
"""What the single files are called on the command line, beside the targets."""


class CannotBuildError(Exception):
    """A tool is missing here; the text names it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Build what is asked for, everything by default; the process's exit code."""
    parser = argparse.ArgumentParser(prog="artefacts.packages", description=__doc__)
    parser.add_argument("--to", type=Path, default=TOP / "dist", help="folder of what is built (default: dist)")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"{', '.join(t.name for t in TARGETS)}, {ZIPAPPS}")
    given = parser.parse_args(argv)
    known = [*(target.name for target in TARGETS), ZIPAPPS]
    if strangers := sorted(set(given.targets) - set(known)):
        parser.error(f"no such target: {', '.join(strangers)}")
    # Folders of packages are readable by all, whatever the mask here is.
    os.umask(0o022)
    try:
        left_out = build(given.targets or known, given.to)
    except subprocess.CalledProcessError as error:
        sys.stderr.buffer.write(b"\n".join((error.output or b"").splitlines()[-LOG_LINES:]) + b"\n")
        print(f"packages: {error}", file=sys.stderr)
        return 1
    for text in left_out:
        print(f"packages: left out: {text}", file=sys.stderr)
    return 1 if left_out and os.environ.get("CI") == "true" else 0


def build(names: Sequence[str], to: Path) -> list[str]:
    """Build into a folder; what could not be built here, and why, is told, a line each. Raises CalledProcessError."""
    to.mkdir(parents=True, exist_ok=True)
    epoch = source_date(TOP)
    left_out = []
    with TemporaryDirectory(prefix="autodiscover-packages-") as folder:
        work = Path(folder)
        wheel = build_wheel(TOP, work)
        for name in names:
            try:
                made = _builder(name)(wheel, epoch, work / name)
            except (CannotBuildError, MissingInterpreterError) as error:
                left_out.append(f"{name}: {error}")
                continue
            for path in made:
                shutil.copy2(path, to / path.name)
                print(to / path.name)
    return left_out


def source_date(top: Path) -> int:
    """What all files are dated: SOURCE_DATE_EPOCH, else the last commit's time, else the changelog's; Unix seconds."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    asked = ("git", "-C", str(top), "log", "-1", "--format=%ct")
    if shutil.which("git") and (done := subprocess.run(asked, capture_output=True, check=False)).returncode == 0:
        return int(done.stdout)
    return int((top / "CHANGELOG.md").stat().st_mtime)


def _builder(name: str) -> Callable[[Path, int, Path], Sequence[Path]]:
    if name == ZIPAPPS:
        return _zipapps
    target = next(target for target in TARGETS if target.name == name)
    if shutil.which(TOOLS[target.form]) is None:
        raise CannotBuildError(f"no {TOOLS[target.form]} here")
    return partial(_packages, target)


def _packages(target: Target, wheel: Path, epoch: int, work: Path) -> Sequence[Path]:
    staged = stage(TOP, wheel, target, platform.machine(), epoch, work / "stage")
    match target.form:
        case Form.DEB:
            return build_debs(TOP, staged, target, __version__, epoch, work)
        case Form.RPM:
            return build_rpms(TOP, staged, target, __version__, epoch, work)


def _zipapps(wheel: Path, epoch: int, work: Path) -> Sequence[Path]:
    return build_zipapps(TOP, wheel, platform.machine(), epoch, work)
