"""The server: its connections, the limits that they share, and how it ends.

Called by `serving` and by tests. Nothing here knows what is served.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from autodiscover_exporter.log_format import event
from autodiscover_exporter.web.accepting import Acceptor
from autodiscover_exporter.web.answering import Writer
from autodiscover_exporter.web.connection import Connection
from autodiscover_exporter.web.limits import Limits
from autodiscover_exporter.web.messages import Handler
from autodiscover_exporter.web.occupancy import Occupancy, source_of

__all__ = ["Door", "Server"]

logger = logging.getLogger(__name__)


def _in_clear() -> None:
    """No TLS."""


def _anybody(_certificate: Mapping[str, Any] | None) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Door:
    """A listening socket, and who answers behind it.

    `context` is asked for each connection, so that a renewed certificate is presented at once; None is clear text.
    `admits` is asked with the client's verified certificate, as `getpeercert` has it.
    """

    listening: socket.socket
    handler: Handler
    context: Callable[[], ssl.SSLContext | None] = _in_clear
    admits: Callable[[Mapping[str, Any] | None], bool] = _anybody
    apart: bool = False
    """Whether it has room of its own, which no crowd at another door fills."""


class Server:
    """Answers at doors until told to stop. `limits` and `writer` are what its connections ask it for."""

    def __init__(self, limits: Limits | None = None, writer: Writer | None = None) -> None:
        self.limits = limits or Limits()
        self.writer = writer or Writer()
        self.stopping = False
        self._connections: dict[Connection, Occupancy] = {}
        self._surplus: set[Connection] = set()
        self._openings: dict[Connection, asyncio.Task[None]] = {}
        self._occupancies: dict[Door | None, Occupancy] = {}
        self._answering: dict[Connection, Occupancy] = {}
        self._stop = asyncio.Event()
        self._empty = asyncio.Event()

    @property
    def connections(self) -> int:
        """How many there are, those that are being refused among them."""
        return len(self._connections)

    @property
    def answering(self) -> int:
        """How many requests are being answered."""
        return len(self._answering)

    def stop(self) -> None:
        """Accept nothing more, and end when what has begun is answered. To be called in the event loop."""
        self._stop.set()

    async def serve(self, doors: Sequence[Door], grace: Callable[[], float]) -> None:
        """Answer until stopped; what has begun by then has so many seconds (`grace`) to end. Closes the sockets."""
        pause = self.limits.accept_pause_seconds
        acceptors = [Acceptor(door.listening, self._taker(door), pause) for door in doors]
        sweeping = asyncio.create_task(self._sweep())
        try:
            await self._stop.wait()
        finally:
            for acceptor in acceptors:
                acceptor.close()
            await self._end(grace())
            sweeping.cancel()

    def enter(self, connection: Connection) -> bool:
        """Take in a connection; False where there are too many."""
        self._openings.pop(connection, None)
        occupancy = self._connections.get(connection)
        # One that had to make room while it was being opened is not counted any more.
        return occupancy is not None and connection in occupancy and connection not in self._surplus

    def leave(self, connection: Connection) -> None:
        """Forget a connection."""
        self._surplus.discard(connection)
        occupancy = self._connections.pop(connection, None)
        if occupancy is not None:
            occupancy.remove(connection)
        self._look_whether_empty()

    def begin(self, connection: Connection) -> bool:
        """Begin to answer a request; False where too many are being answered."""
        occupancy = self._connections.get(connection)
        if occupancy is None or not occupancy.begin(connection):
            return False
        self._answering[connection] = occupancy
        return True

    def end(self, connection: Connection) -> None:
        """A request that has begun is answered; its connection may be gone by now."""
        self._answering.pop(connection).end(connection)
        self._look_whether_empty()

    def _occupancy(self, door: Door) -> Occupancy:
        key = door if door.apart else None
        if key not in self._occupancies:
            self._occupancies[key] = Occupancy(self.limits.connections, self.limits.requests)
        return self._occupancies[key]

    def _taker(self, door: Door) -> Callable[[socket.socket, object], None]:
        occupancy = self._occupancy(door)
        most = self.limits.connections + self.limits.refused_connections

        def take(accepted: socket.socket, address: object) -> None:
            source = source_of(address)
            if occupancy.is_full:
                self._make_room(occupancy, source)
            if len(occupancy) >= most:
                accepted.close()
                return
            connection = Connection(door.handler, self, door.admits, source)
            self._connections[connection] = occupancy
            occupancy.add(connection)
            if occupancy.is_crowded:
                occupancy.hold(connection)
                self._surplus.add(connection)
            opening = asyncio.create_task(self._open(door, accepted, connection))
            self._openings[connection] = opening
            opening.add_done_callback(partial(self._opened, accepted, connection))

        return take

    def _make_room(self, occupancy: Occupancy, source: str) -> None:
        """Close a connection of the source that has most, if that makes it fairer."""
        member = occupancy.find_evictable(source)
        if member is None:
            return
        connection = cast(Connection, member)
        occupancy.remove(connection)
        opening = self._openings.get(connection)
        if opening is None:
            connection.expire()
        else:
            opening.cancel()

    async def _open(self, door: Door, accepted: socket.socket, connection: Connection) -> None:
        context = door.context()
        handshake, farewell = self.limits.handshake_seconds, self.limits.linger_seconds
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: connection,
            accepted,
            ssl=context,
            ssl_handshake_timeout=None if context is None else handshake,
            ssl_shutdown_timeout=None if context is None else farewell,
        )

    def _opened(self, accepted: socket.socket, connection: Connection, opening: asyncio.Task[None]) -> None:
        failed = opening.cancelled() or opening.exception() is not None
        if self._openings.pop(connection, None) is not None or failed:
            # It has not become a connection: there is no end of it to wait for.
            self.leave(connection)
        error = None if opening.cancelled() else opening.exception()
        if error is not None:
            # Strangers who speak something else, or go away: nobody is to be woken by them.
            logger.debug("no connection", extra=event(error=str(error)))
        if error is not None or opening.cancelled():
            accepted.close()
        self._look_whether_empty()

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self.limits.sweep_seconds)
            now = loop.time()
            for connection in [each for each in self._connections if each.deadline < now]:
                connection.expire()

    async def _end(self, grace: float) -> None:
        self.stopping = True
        for opening in self._openings.values():
            opening.cancel()
        for connection in [each for each in self._connections if each not in self._openings]:
            connection.close_when_idle()
        self._look_whether_empty()
        try:
            async with asyncio.timeout(grace):
                await self._empty.wait()
        except TimeoutError:
            logger.warning("stopped with requests under way", extra=event(requests=str(self.answering)))
            for connection in [each for each in self._connections if each not in self._openings]:
                connection.abort()

    def _look_whether_empty(self) -> None:
        if self.stopping and not (self._connections or self._openings or self._answering):
            self._empty.set()
