"""The time limit of a process: counted from its first moment, and kept whatever it is doing then.

What looks at a domain ends by itself in time, with what was seen. All else has no clock: a file on a server that has
gone, a configuration that takes long to read, a hostile answer that takes long to judge. So a thread beside it ends the
process.
"""

import os
import time

# The module threading takes longer to import than all of this.
from _thread import allocate_lock, start_new_thread
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from check_autodiscover.output.terminal import first_line
from check_autodiscover.settings import BadValue, parse_duration

__all__ = ["TimeLimit", "limit_of"]

_STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
"""In the order of their exit codes."""
_CRITICAL = 2
_SECONDS = 10.0

_LONGEST_WAIT = 3600.0

_T = TypeVar("_T")


class TimeLimit:
    """`seconds` from `started`, a time of `time.monotonic`; `late` is the exit code of a process that reaches them."""

    def __init__(self, started: float, seconds: float, late: int) -> None:
        self._started = started
        self._changed = allocate_lock()
        self._changed.acquire()
        self._output = allocate_lock()
        self.domain = ""
        self.doing = "starting"
        self.set(seconds, late)
        start_new_thread(self._keep, ())

    @property
    def started(self) -> float:
        """When it began to count."""
        return self._started

    def set(self, seconds: float, late: int) -> None:
        """Change what is allowed, once more is known."""
        self._seconds = seconds
        self._late = late
        # The thread looks anew. Released already, it is about to.
        with suppress(RuntimeError):
            self._changed.release()

    def claim_output(self) -> None:
        """Say that the process has its answer. Does not return where the time is over: the answer is told already."""
        # Whoever comes second here waits for the end of the process.
        self._output.acquire()

    def _keep(self) -> None:
        """Called in a thread."""
        while (left := self._started + self._seconds - time.monotonic()) > 0:
            # A lock takes no number at all.
            self._changed.acquire(timeout=min(left, _LONGEST_WAIT))
        if not self._output.acquire(blocking=False):
            return
        fault = f"no verdict within {self._seconds:g} s, which were over while {self.doing} [check-timed-out]"
        # A write by the system's own call: whatever the main thread holds, it holds none of this.
        with suppress(OSError):
            os.write(1, f"{first_line(_STATES[self._late], self.domain, fault)}\n".encode())
        os._exit(self._late)


def limit_of(words: Sequence[str], started: float) -> TimeLimit:
    """Return the limit that a command line asks for, before anybody has read it whole."""
    seconds = _value(words, ("-t", "--timeout"), parse_duration, _SECONDS)
    return TimeLimit(started, seconds, _value(words, ("--timeout-result",), _parse_state, _CRITICAL))


def _value(words: Sequence[str], flags: Sequence[str], parse: Callable[[str], _T], default: _T) -> _T:
    """Return the last value of an option; the default where it has none that can be used, which is told later."""
    found = default
    for word, following in zip(words, (*words[1:], ""), strict=False):
        for flag in flags:
            if word == flag:
                text = following
            elif word.startswith(f"{flag}=" if flag.startswith("--") else flag):
                text = word.removeprefix(flag).removeprefix("=")
            else:
                continue
            with suppress(BadValue):
                found = parse(text)
    return found


def _parse_state(text: str) -> int:
    word = text.upper()
    if word in _STATES:
        return _STATES.index(word)
    if word in ("0", "1", "2", "3"):
        return int(word)
    raise BadValue(text)
