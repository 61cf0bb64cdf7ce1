"""The CPU that the TLS of one check may cost, and where it is spent.

A server chooses what a handshake costs its client: long chains of long keys, Diffie-Hellman in a field of ten thousand
bits, renegotiation without end. One step is a single call into OpenSSL that nothing ends, so dear ones leave the event
loop, one at a time, and none is begun once the time is spent.
"""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["LIGHT_BYTES", "MOST_SECONDS", "Effort", "Spent"]

MOST_SECONDS = 1.0
"""Of CPU, for all connections of a check: a handshake as servers do it takes one to three milliseconds."""

LIGHT_BYTES = 8 * 1024
"""Bytes that a step may work on in the event loop. The dearest certificate takes five milliseconds for 1.3 KB."""

_T = TypeVar("_T")


class Spent(Exception):
    """There is no CPU left for another step."""


class Effort:
    """What is left for one check."""

    def __init__(self) -> None:
        self._left = MOST_SECONDS
        self._turn: asyncio.Lock | None = None

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self._left <= 0

    def do(self, step: Callable[[], _T]) -> _T:
        """Do a step here. Raises Spent, and what the step raises."""
        if self._left <= 0:
            raise Spent
        begun = time.thread_time()
        try:
            return step()
        finally:
            self._left -= time.thread_time() - begun

    async def do_aside(self, step: Callable[[], _T]) -> _T:
        """Do a step in a thread. Raises Spent, and what the step raises."""
        if self._turn is None:
            self._turn = asyncio.Lock()
        async with self._turn:
            done = asyncio.get_running_loop().run_in_executor(None, self.do, step)
            try:
                return await asyncio.shield(done)
            except asyncio.CancelledError:
                # OpenSSL works on the session until it has ended, so that nobody else may touch it before.
                await asyncio.wait([done])
                raise
