"""What a probe needs only after its first wait, and what takes long to make: it is made in a thread meanwhile.

The probes use it for the libraries that they import late. In a process that has them already it costs next to nothing.
"""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Prepared"]

T = TypeVar("T")


class Prepared(Generic[T]):
    """A value that is made once, when it is first wanted; the loop goes on while others wait for it.

    What `make` raises is raised to everyone who wants the value. It belongs to one event loop.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: asyncio.Future[T] | None = None

    async def get(self) -> T:
        """The value."""
        if self._made is None:
            self._made = asyncio.get_running_loop().run_in_executor(None, self._make)
        # Whoever gives up takes it from nobody else.
        return await asyncio.shield(self._made)
