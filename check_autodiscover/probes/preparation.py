"""What a probe needs only after its first wait, and what takes long to make: it is made in a thread meanwhile.

The probes use it for the libraries that they import late. In a process that has them already it costs next to nothing.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Generic, TypeVar

__all__ = ["Prepared"]

T = TypeVar("T")


class Prepared(Generic[T]):
    """A value that is made once, when it is first wanted; the loop goes on while others wait for it.

    What `make` raises is raised to everyone who wants the value. It belongs to one event loop.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: asyncio.Future[T] | None = None

    def begin_soon(self) -> None:
        """Start to make it once all has run that is ready to, so that what is to be sent leaves undisturbed."""
        if self._made is None:
            asyncio.get_running_loop().call_soon(self._begin)

    async def get(self) -> T:
        """The value."""
        # Whoever gives up takes it from nobody else.
        return await asyncio.shield(self._begin())

    def _begin(self) -> asyncio.Future[T]:
        if self._made is None:
            self._made = asyncio.get_running_loop().run_in_executor(None, self._make)
            self._made.add_done_callback(_seen)
        return self._made


def _seen(made: asyncio.Future[Any]) -> None:
    """Take note of a failure, which concerns nobody if nobody comes for the value."""
    if not made.cancelled():
        made.exception()
