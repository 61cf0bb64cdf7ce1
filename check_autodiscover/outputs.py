"""Standard output and error that nobody takes: a full disk, or closed before the start. Called by the front ends."""

import os
import sys
from typing import TextIO

__all__ = ["drop", "forget_untold", "open_closed"]


def open_closed() -> None:
    """Let outputs that were closed before the start lead nowhere, so that no file that is opened takes their place."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # as long as the process


def forget_untold(stream: TextIO) -> None:
    """Let go of what an output could not take. From 3.13 on Python would make the exit code 120 of it, at its end."""
    try:
        stream.flush()
    except OSError:
        drop(stream)


def drop(stream: TextIO) -> None:
    """Let an output lead nowhere from now on: the interpreter flushes it once more at its end, and would complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
