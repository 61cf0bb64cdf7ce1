"""Connections to resolvers that outlive a survey: lent to one at a time, and to the next while they are fresh.

A connection of its own keeps each domain from the others' trouble: resolvers may answer what came over one connection
in order, or so many questions at once, and would let a slow domain hold up all others.
"""

import time
from collections.abc import Callable

from check_autodiscover.core.policy import Resolver
from check_autodiscover.probes.dns_header import Carrier

__all__ = ["KeptCarriers"]

IDLE = 10.0
"""Seconds for which an unused connection is kept; RFC 7766 6.2.3 asks for "the order of a few seconds"."""

MOST = 16
"""Unused connections that are kept for one resolver."""

Key = tuple[Resolver, str]
"""A resolver, and the source address that it is asked from."""


class KeptCarriers:
    """Carriers that wait for their next use. `clock` is in seconds and runs steadily."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[Key, list[tuple[float, Carrier]]] = {}

    def take(self, key: Key) -> Carrier | None:
        """The carrier that was used last, which is now the caller's."""
        kept = self._kept.get(key, [])
        while kept:
            since, carrier = kept[-1]
            if self._clock() - since >= IDLE:
                # Those below it have waited longer; whoever gives one back closes them.
                return None
            kept.pop()
            return carrier
        return None

    async def give_back(self, key: Key, carrier: Carrier) -> None:
        """Keep a carrier on which nothing is left open, and close those that nobody has wanted for a while."""
        kept = self._kept.setdefault(key, [])
        kept.append((self._clock(), carrier))
        fresh = [item for item in kept if self._clock() - item[0] < IDLE][-MOST:]
        stale = [item for item in kept if item not in fresh]
        self._kept[key] = fresh
        for _, old in stale:
            await old.close()

    async def close(self) -> None:
        """Close all that wait."""
        while self._kept:
            _, kept = self._kept.popitem()
            for _, carrier in kept:
                await carrier.close()
