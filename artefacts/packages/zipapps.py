"""Single files: each program with its libraries in one zip archive, which any Python that is supported can run.

shiv unpacks it once, into ~/.shiv or SHIV_ROOT; its libraries are for the Python and the machine that built it.
"""

from collections.abc import Sequence
from pathlib import Path

__all__ = ["build_zipapps"]


def build_zipapps(top: Path, wheel: Path, epoch: int, work: Path) -> Sequence[Path]:
    return ()
