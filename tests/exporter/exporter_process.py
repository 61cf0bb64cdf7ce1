"""The exporter's command as a process of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["ANY_PORT", "COMMAND", "ENVIRONMENT", "TIMEOUT", "address_of", "started"]

COMMAND = (sys.executable, "-m", "autodiscover_exporter")
_TOP = Path(__file__).resolve().parents[2]
# As pytest itself finds them, so that the tests need no installed package.
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{_TOP}{os.pathsep}{_TOP / 'exporter'}"}
TIMEOUT = 60
ANY_PORT = "--web.listen-address=127.0.0.1:0"


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The exporter with these arguments, killed at the end unless it has ended."""
    process = subprocess.Popen([*COMMAND, *arguments], env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    with process:
        try:
            yield process
        finally:
            process.kill()


def address_of(process: subprocess.Popen[str]) -> str:
    """The next address that it says it listens on."""
    assert process.stderr
    line = process.stderr.readline()
    found = re.search(r"msg=listening address=(\S+)", line)
    assert found, line
    return found.group(1)
