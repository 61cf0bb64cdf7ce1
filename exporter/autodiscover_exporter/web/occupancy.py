"""The connections and requests at a listener by the source that they come from, and which connection makes room.

A source is an address; an IPv6 network of 64 bits is one, as each host there has all of it.
"""

import ipaddress
from itertools import islice
from typing import Protocol

__all__ = ["Member", "Occupancy", "source_of"]

RESERVED_SHARE = 4
"""Of the requests, one in so many is kept for sources that have few under way."""

CANDIDATES = 8
"""Sources of the largest size that are asked for an idle connection: more would make each arrival dearer."""


class Member(Protocol):
    """A connection, as it is counted here."""

    source: str


def source_of(address: object) -> str:
    """Return the source that a socket's peer address belongs to; empty for a UNIX socket, whose peers have none."""
    if not isinstance(address, tuple):
        return ""
    found = ipaddress.ip_address(str(address[0]).partition("%")[0])
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.IPv6Network((int(found) >> 64 << 64, 64)))


class _Source:
    """What one source has here."""

    def __init__(self) -> None:
        self.idle: dict[Member, None] = {}
        """Connections without a request that is being answered; the one that is so for longest comes first."""
        self.busy: set[Member] = set()
        self.requests = 0

    @property
    def size(self) -> int:
        return len(self.idle) + len(self.busy)


class Occupancy:
    """Counts up to `connections` and `requests`. Each call takes the same time, however many there are."""

    def __init__(self, connections: int, requests: int) -> None:
        self._connections = connections
        self._requests = requests
        self._sources: dict[str, _Source] = {}
        self._by_size: dict[int, dict[str, None]] = {}
        self._largest = 0
        self._members = 0
        self._answering = 0

    def __len__(self) -> int:
        """Return how many connections there are."""
        return self._members

    @property
    def is_full(self) -> bool:
        """Whether another connection is one too many."""
        return self._members >= self._connections

    @property
    def is_crowded(self) -> bool:
        """Whether there are more connections than there may be: the last ones are to be refused."""
        return self._members > self._connections

    def __contains__(self, member: Member) -> bool:
        """Return whether a connection is counted."""
        source = self._sources.get(member.source)
        return source is not None and (member in source.idle or member in source.busy)

    def add(self, member: Member) -> None:
        """Count a connection, which is idle."""
        source = self._sources.setdefault(member.source, _Source())
        source.idle[member] = None
        self._members += 1
        self._resize(member.source, source.size - 1, source.size)

    def remove(self, member: Member) -> None:
        """Forget a connection, if it is counted."""
        if member not in self:
            return
        source = self._sources[member.source]
        source.idle.pop(member, None)
        source.busy.discard(member)
        self._members -= 1
        self._resize(member.source, source.size + 1, source.size)

    def hold(self, member: Member) -> None:
        """Keep a connection from making room for others, as one that is being refused."""
        source = self._sources[member.source]
        del source.idle[member]
        source.busy.add(member)

    def begin(self, member: Member) -> bool:
        """Begin to answer a request of a connection; return False where too many are being answered.

        The last quarter is for sources that have less than a quarter under way.
        """
        source = self._sources.get(member.source)
        if source is None or self._answering >= self._requests:
            return False
        reserve = self._requests // RESERVED_SHARE
        if self._answering >= self._requests - reserve and source.requests >= max(reserve, 1):
            return False
        self._answering += 1
        source.requests += 1
        if member in source.idle:
            del source.idle[member]
            source.busy.add(member)
        return True

    def end(self, member: Member) -> None:
        """Count a request as answered; its connection may be gone by now."""
        source = self._sources[member.source]
        self._answering -= 1
        source.requests -= 1
        if member in source.busy:
            source.busy.remove(member)
            source.idle[member] = None
        self._forget(member.source)

    def find_evictable(self, source: str) -> Member | None:
        """Return the connection to be closed for one from `source`: the longest idle of whoever has most.

        Where nobody has two connections more than `source`, taking one would only turn the tables: then it is the
        longest idle of its own. None where those are all being answered.
        """
        own = self._sources.get(source)
        if own is not None and self._largest <= own.size + 1:
            return next(iter(own.idle), None)
        greediest = islice(self._by_size.get(self._largest, ()), CANDIDATES) if self._largest > 1 else ()
        return next((next(iter(idle)) for name in greediest if (idle := self._sources[name].idle)), None)

    def _resize(self, name: str, before: int, after: int) -> None:
        if before:
            names = self._by_size[before]
            del names[name]
            if not names:
                del self._by_size[before]
        if after:
            self._by_size.setdefault(after, {})[name] = None
        # Sizes change by one: where the largest has lost its last source, that one is the next below.
        self._largest = max(self._largest, after) if self._largest in self._by_size else after
        self._forget(name)

    def _forget(self, name: str) -> None:
        source = self._sources[name]
        if not source.size and not source.requests:
            del self._sources[name]
