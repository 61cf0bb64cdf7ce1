"""Work that waits, each asker's in a queue of its own: who asks much waits for itself, not the others for it."""

from collections import deque
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

__all__ = ["Full", "Turns"]

_T = TypeVar("_T")


class Full(Exception):
    """There is no room for another piece of work of this asker."""


class Turns(Generic[_T]):
    """Up to `most` pieces of work, up to `most_each` of one asker; the askers take turns."""

    def __init__(self, most: int, most_each: int) -> None:
        self._most = most
        self._most_each = most_each
        self._queues: dict[Hashable, deque[_T]] = {}
        self._waiting = 0

    def __len__(self) -> int:
        """Return how much is waiting."""
        return self._waiting

    def add(self, asker: Hashable, work: _T) -> _T | None:
        """Let work wait; return what gives way to it: the newest of whoever has most. Raises Full."""
        own = len(self._queues.get(asker, ()))
        if own >= self._most_each:
            raise Full
        given_way = None
        if self._waiting >= self._most:
            greediest = max(self._queues, key=lambda each: len(self._queues[each]))
            # To take the place of somebody who has no more would only turn the tables.
            if len(self._queues[greediest]) < own + 2:
                raise Full
            given_way = self._queues[greediest].pop()
            self._waiting -= 1
        self._queues.setdefault(asker, deque()).append(work)
        self._waiting += 1
        return given_way

    def take(self) -> _T | None:
        """Return what waits for longest of the asker whose turn it is; None where nothing waits."""
        if not self._queues:
            return None
        asker = next(iter(self._queues))
        queue = self._queues.pop(asker)
        work = queue.popleft()
        if queue:
            self._queues[asker] = queue
        self._waiting -= 1
        return work

    def clear(self) -> Iterator[_T]:
        """Take out all that waits."""
        while (work := self.take()) is not None:
            yield work
