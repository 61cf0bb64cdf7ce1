"""Reads files beside the event loop, for so long and no longer: a file server that has gone holds nobody up."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

__all__ = ["LONGEST", "Reading", "StillReading"]

_T = TypeVar("_T")

LONGEST = 30.0
"""Seconds. The largest configuration takes six."""


class StillReading(Exception):
    """The files are not read in time, or those that were to be read earlier still are not."""


class Reading(Generic[_T]):
    """Calls `read` in a thread, for up to `seconds`; never twice at the same time."""

    def __init__(self, read: Callable[[], _T], seconds: float = LONGEST) -> None:
        self._read = read
        self._seconds = seconds
        self._under_way = False

    async def __call__(self) -> _T:
        """Return what `read` does, or raise what it raises; StillReading where it takes too long."""
        if self._under_way:
            raise StillReading("the files that were to be read before are still not read: does a file server hang?")
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[_T] = loop.create_future()
        # No pool of threads: its threads are waited for at the end of the process.
        threading.Thread(target=self._run, args=(loop, outcome), name="reading", daemon=True).start()
        self._under_way = True
        try:
            async with asyncio.timeout(self._seconds):
                return await outcome
        except TimeoutError:
            raise StillReading(f"the files are not read within {self._seconds:g} s: does a file server hang?") from None

    def _run(self, loop: asyncio.AbstractEventLoop, outcome: "asyncio.Future[_T]") -> None:
        """Called in a thread."""
        error: Exception | None = None
        try:
            found = self._read()
        except Exception as raised:  # whatever it is, who asked is to have it
            error = raised

        def settle() -> None:
            self._under_way = False
            if outcome.done():
                # Nobody waits any more; by now the files may say something else.
                return
            if error is None:
                outcome.set_result(found)
            else:
                outcome.set_exception(error)

        # The loop is gone where the process ends meanwhile.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle)
