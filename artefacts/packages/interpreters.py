"""The interpreters that compile bytecode: it is for one version of Python alone, so each target needs its own here."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

__all__ = ["MissingInterpreterError", "interpreter"]


class MissingInterpreterError(Exception):
    """There is no interpreter of a version on this machine; the text names it."""


def interpreter(version: str) -> str:
    """A program that really is that version of CPython, `3.13` for example. Raises MissingInterpreterError."""
    for candidate in _candidates(version):
        if _version(candidate) == version:
            return candidate
    raise MissingInterpreterError(f"no python{version} here, which compiles the bytecode")


def _candidates(version: str) -> Iterator[str]:
    for name in (f"python{version}", "python3", "/usr/bin/python3"):
        if found := shutil.which(name):
            yield found
    # pyenv's python3.13 on the PATH works only where that version is the chosen one.
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from (str(path) for path in sorted(root.glob(f"versions/{version}.*/bin/python")))


def _version(program: str) -> str:
    asked = (program, "-I", "-c", "import sys; print('%s.%s' % sys.version_info[:2])")
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
