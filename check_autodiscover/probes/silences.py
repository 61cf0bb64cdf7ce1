"""Servers that have gone silent, and how many questions still wait for them while others need the room.

A dead resolver of a fleet is asked by every domain, and each question waits for as long as DNS may take. Together they
would fill the places of the process, and what the other resolvers have to say would come too late. So once a server has
answered nobody for a while, a few go on waiting, which tells when it is back, and the rest count as unanswered.
"""

import asyncio

from check_autodiscover.core.policy import Resolver

__all__ = ["FEW", "PATIENCE", "Silences"]

FEW = 64
"""Questions that go on waiting for a silent server: more than those of one domain, whose verdict shall not change."""

PATIENCE = 2.0
"""Seconds of questions and no answer after which a server counts as silent: a query, its repetition, and a second."""


class Silences:
    """The servers that are being asked. At a silent one no more than `few` questions wait; `patience` is in seconds."""

    def __init__(self, few: int = FEW, patience: float = PATIENCE) -> None:
        self._few = few
        self._patience = patience
        self._servers: dict[Resolver, _Server] = {}

    def silent(self, server: Resolver) -> bool:
        """Whether it has answered nobody for so long that those who ask it now need not wait."""
        asked = self._servers.get(server)
        return asked is not None and len(asked.waiting) >= self._few and asked.seconds >= self._patience

    def wait(self, server: Resolver, limit: asyncio.Timeout) -> None:
        """Count one who waits for its answer, whose limit passes early where too many wait for a silent server."""
        asked = self._servers.get(server)
        if asked is None:
            asked = self._servers[server] = _Server()
        asked.waiting[limit] = None
        if len(asked.waiting) > self._few and asked.timer is None:
            self._watch(asked)

    def heard(self, server: Resolver) -> None:
        """Note that it has answered one who waits, whatever it said."""
        self._servers[server].heard()

    def leave(self, server: Resolver, limit: asyncio.Timeout) -> None:
        """No longer count one who waited."""
        asked = self._servers[server]
        del asked.waiting[limit]
        if not asked.waiting:
            del self._servers[server]
            if asked.timer is not None:
                asked.timer.cancel()

    def _watch(self, asked: "_Server") -> None:
        asked.timer = asyncio.get_running_loop().call_at(asked.since + self._patience, self._thin_out, asked)

    def _thin_out(self, asked: "_Server") -> None:
        """End the waiting of all but the first few, if there was no answer in the meantime."""
        asked.timer = None
        if len(asked.waiting) <= self._few:
            return
        if asked.seconds < self._patience:
            self._watch(asked)
            return
        for limit in tuple(asked.waiting)[self._few :]:
            if not limit.expired():
                limit.reschedule(asyncio.get_running_loop().time())


class _Server:
    """A server that somebody waits for. `since` is when it was first asked or last heard, on the loop's clock."""

    __slots__ = ("since", "timer", "waiting")

    def __init__(self) -> None:
        self.waiting: dict[asyncio.Timeout, None] = {}
        self.timer: asyncio.TimerHandle | None = None
        self.heard()

    @property
    def seconds(self) -> float:
        """For how long it has said nothing."""
        return asyncio.get_running_loop().time() - self.since

    def heard(self) -> None:
        """Note that it has answered somebody, whatever it said."""
        self.since = asyncio.get_running_loop().time()
