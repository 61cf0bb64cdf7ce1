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
from typing import Any

from autodiscover_exporter.log_format import event
from autodiscover_exporter.web.accepting import Acceptor
from autodiscover_exporter.web.answering import Writer
from autodiscover_exporter.web.connection import Connection
from autodiscover_exporter.web.limits import Limits
from autodiscover_exporter.web.messages import Handler

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


class Server:
    """Answers at doors until told to stop. `limits` and `writer` are what its connections ask it for."""

    def __init__(self, limits: Limits | None = None, writer: Writer | None = None) -> None:
        self.limits = limits or Limits()
        self.writer = writer or Writer()
        self.stopping = False
        self._connections: set[Connection] = set()
        self._openings: dict[Connection, asyncio.Task[None]] = {}
        self._answering = 0
        self._stop = asyncio.Event()
        self._empty = asyncio.Event()

    @property
    def connections(self) -> int:
        """How many there are, those that are being refused among them."""
        return len(self._connections)

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
        # Made while its opening has yet to end: it would count twice.
        self._openings.pop(connection, None)
        self._connections.add(connection)
        return len(self._connections) <= self.limits.connections

    def leave(self, connection: Connection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)
        self._look_whether_empty()

    def begin(self) -> bool:
        """Begin to answer a request; False where too many are being answered."""
        if self._answering >= self.limits.requests:
            return False
        self._answering += 1
        return True

    def end(self) -> None:
        """A request that has begun is answered."""
        self._answering -= 1
        self._look_whether_empty()

    def _taker(self, door: Door) -> Callable[[socket.socket], None]:
        most = self.limits.connections + self.limits.refused_connections

        def take(accepted: socket.socket) -> None:
            if len(self._connections) + len(self._openings) >= most:
                accepted.close()
                return
            connection = Connection(door.handler, self, door.admits)
            opening = asyncio.create_task(self._open(door, accepted, connection))
            self._openings[connection] = opening
            opening.add_done_callback(partial(self._opened, accepted, connection))

        return take

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
        self._openings.pop(connection, None)
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
        for connection in list(self._connections):
            connection.close_when_idle()
        self._look_whether_empty()
        try:
            async with asyncio.timeout(grace):
                await self._empty.wait()
        except TimeoutError:
            logger.warning("stopped with requests under way", extra=event(requests=str(self._answering)))
            for connection in list(self._connections):
                connection.abort()

    def _look_whether_empty(self) -> None:
        if self.stopping and not (self._connections or self._openings or self._answering):
            self._empty.set()
