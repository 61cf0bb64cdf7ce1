"""The files of a package: the programs, our code and the libraries that it was tested with, and their bytecode.

All libraries lie in one folder that nothing else reads, and the programs read no other: what the distribution or an
administrator installs for Python cannot change a verdict, and ours changes nothing for other programs.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from artefacts.packages.libraries import Box
from artefacts.packages.targets import LIBRARY, Target

__all__ = [
    "build_wheel",
    "chosen_wheels",
    "compile_all",
    "date_all",
    "install",
    "launcher",
    "own_files",
    "strip",
    "write_launchers",
]

PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")

SOURCES = ("check_autodiscover", "exporter", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")
"""What our wheel is made of."""

UNUSED = (
    # Console scripts of libraries, and what pip notes for pip alone.
    "bin",
    "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED",
    "*.dist-info/direct_url.json",
    # What builds and tests libraries.
    "**/*.c",
    "**/*.h",
    "**/*.pyi",
    "trustme/_tests",
    "**/__pycache__",
)
"""What no program reads, as patterns below the libraries' folder."""

LAUNCHER = """\
#!{interpreter} -ISB
\"\"\"{program}, with the libraries that it was tested with: those of the distribution are not seen.\"\"\"

import sys

sys.path.insert(0, "/{library}")
# What cannot be shipped, as it belongs to the system: bonsai, for --scp.
sys.path.append("/usr/local/lib/check_autodiscover")

from {module} import run

sys.exit(run())
"""


def build_wheel(top: Path, work: Path) -> Path:
    """Our own wheel, made of a copy, so that the working tree stays as it is."""
    copy = work / "source"
    copy.mkdir()
    for name in SOURCES:
        source = top / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, copy / name)
    _run((*PIP, "wheel", "--no-deps", "--wheel-dir", str(work), str(copy)))
    (wheel,) = work.glob("*.whl")
    return wheel


def install(target: Target, machine: str, what: Iterable[str], folder: Path) -> None:
    """Unpack wheels for a target into a folder, whatever this machine's own Python is; nothing is compiled."""
    choice = chosen_wheels(target, machine)
    _run((*PIP, "install", "--no-deps", "--no-compile", "--upgrade", *choice, "--target", str(folder), *what))
    for pattern in UNUSED:
        for path in [*folder.glob(pattern)]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def chosen_wheels(target: Target, machine: str) -> tuple[str, ...]:
    """The options of pip for wheels that run at a target, whatever this machine's own Python is."""
    # Tags are for one version of the C library each, and what fits an older one fits.
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(target.glibc, 4, -1)]
    platforms = [word for tag in (*tags, f"manylinux2014_{machine}", "any") for word in ("--platform", tag)]
    return ("--only-binary=:all:", "--implementation", "cp", "--python-version", target.python, *platforms)


def strip(root: Path) -> None:
    """Take what only a debugger reads out of compiled libraries: two thirds of their size."""
    _run(("strip", "--strip-unneeded", *(str(path) for path in sorted(root.rglob("*.so")))))


def own_files(source: Path, destination: Path, names: Sequence[str]) -> None:
    """Move what one package owns out of the folder of another."""
    destination.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.move(source / name, destination / name)


def write_launchers(box: Box, target: Target, root: Path) -> None:
    """The programs of a box, in `usr/bin` below a package's root."""
    folder = root / "usr" / "bin"
    folder.mkdir(parents=True)
    for program, module in box.programs.items():
        path = folder / program
        path.write_text(launcher(program, module, target.interpreter), encoding="utf-8")
        path.chmod(0o755)


def launcher(program: str, module: str, interpreter: str) -> str:
    """A program's text: it is isolated (-I), and does not look at site-packages (-S), which saves a start 3 ms."""
    return LAUNCHER.format(interpreter=interpreter, program=program, module=module, library=LIBRARY)


def date_all(root: Path, epoch: int) -> None:
    """Give all files one date, so that the same sources make the same package. Before compiling: bytecode holds it."""
    for path in (root, *root.rglob("*")):
        os.utime(path, (epoch, epoch), follow_symlinks=False)


def compile_all(interpreter: str, root: Path) -> None:
    """Compile a package's libraries: who runs a check cannot write beside them, and would compile them each time."""
    # With SOURCE_DATE_EPOCH the default would be to read and hash each source at each start.
    mode = ("--invalidation-mode", "timestamp", "-s", str(root), "-p", "/")
    _run((interpreter, "-I", "-m", "compileall", "-q", *mode, str(root / LIBRARY)))


def _run(command: Sequence[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(command, check=True, env=environment)
