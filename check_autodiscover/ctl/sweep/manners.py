"""How many domains of one name server are looked at together: hosters serve thousands of domains by two of them.

A domain waits for its turn before its look begins, so that waiting takes nothing of its time and changes no verdict.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from check_autodiscover.core.observations import DnsQuestion, RecordType
from check_autodiscover.core.policy import Policy
from check_autodiscover.parents import registrable_parents
from check_autodiscover.ports import DnsProbe
from check_autodiscover.run import finder

__all__ = ["Manners", "name_servers_of"]

PATIENCE = 3.0
"""Seconds for finding out who serves a domain; after them it is looked at as one whose servers nobody knows."""


async def name_servers_of(domain: str, policy: Policy, dns: DnsProbe) -> tuple[str, ...]:
    """The names of the servers of a domain's zone, empty where they cannot be found out."""
    resolver = finder(policy.views)
    give_up_at = asyncio.get_running_loop().time() + PATIENCE
    for name in (domain, *registrable_parents(domain)):
        question = DnsQuestion("", resolver.label, name, RecordType.NS)
        answer = await dns.probe_dns(question, resolver, give_up_at)
        if answer.names:
            return answer.names
    return ()


@dataclass(slots=True)
class _Room:
    """Places at one name server, and how many have one or wait for it."""

    places: asyncio.Semaphore
    users: int = 0


class Manners:
    """Lets no more than `limit` domains have their turn at any name server. It belongs to one event loop."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rooms: dict[str, _Room] = {}

    @asynccontextmanager
    async def turn(self, servers: Iterable[str]) -> AsyncIterator[None]:
        """A domain's turn at all of its name servers."""
        async with AsyncExitStack() as stack:
            # All take them in one order, so that no two wait for one another.
            for server in sorted(set(servers)):
                await stack.enter_async_context(self._place(server))
            yield

    @asynccontextmanager
    async def _place(self, server: str) -> AsyncIterator[None]:
        room = self._rooms.get(server)
        if room is None:
            room = self._rooms[server] = _Room(asyncio.Semaphore(self._limit))
        room.users += 1
        try:
            async with room.places:
                yield
        finally:
            room.users -= 1
            if not room.users:
                del self._rooms[server]
