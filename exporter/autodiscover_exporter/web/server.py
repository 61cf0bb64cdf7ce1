"""The server: sockets that take connections, connections that answer one request after the other, and how it ends.

Called by `serving` and by tests. Nothing here knows what is served. What a client may ask is bounded by `limits`, and
shared out between sources by `occupancy`.
"""

import asyncio
import errno
import logging
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from functools import partial
from http import HTTPStatus
from typing import Any, Protocol, cast

from autodiscover_exporter.telemetry import event
from autodiscover_exporter.web.limits import Limits
from autodiscover_exporter.web.messages import Answer, Handler, Request, Response
from autodiscover_exporter.web.occupancy import Occupancy, source_of
from autodiscover_exporter.web.parsing import Refusal, RequestParser

__all__ = ["CONTINUE", "Acceptor", "Connection", "Listener", "Server", "ServerState", "Writer", "refused"]

logger = logging.getLogger(__name__)

_AT_ONCE = 64
"""Connections accepted before others get their turn."""

_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Acceptor:
    """Gives each connection of a listening socket, with its peer's address, to `take`, which closes it in the end."""

    def __init__(self, listening: socket.socket, take: Callable[[socket.socket, object], None], pause: float) -> None:
        self._listening = listening
        self._take = take
        self._pause = pause
        self._loop = asyncio.get_running_loop()
        self._resumption: asyncio.TimerHandle | None = None
        listening.setblocking(False)
        self._resume()

    def close(self) -> None:
        """Accept no more; who waits to be accepted is turned away by the kernel."""
        if self._resumption is not None:
            self._resumption.cancel()
        self._loop.remove_reader(self._listening)
        self._listening.close()

    def _resume(self) -> None:
        self._resumption = None
        self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                accepted, address = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                self._wait(error)
                return
            accepted.setblocking(False)
            self._take(accepted, address)

    def _wait(self, error: OSError) -> None:
        """Asked again at once, the kernel would give the same answer for as long as somebody waits."""
        logger.error("cannot accept connections", extra=event(error=error.strerror or str(error)))
        self._loop.remove_reader(self._listening)
        self._resumption = self._loop.call_later(self._pause, self._resume)


CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}

_BODILESS = frozenset({204, 304})


class Writer:
    """Writes answers down. `clock` tells the Unix time in seconds."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._second = -1
        self._date = ""

    def write(self, response: Response, head_only: bool, last: bool) -> bytes:
        """The answer to a request, `head_only` to HEAD; `last` on its connection. Raises ValueError."""
        body = response.body
        lines = [
            _STATUS_LINES[response.status],
            self._date_line(),
            f"content-type: {response.content_type}\r\n",
            *[f"{name}: {value}\r\n" for name, value in response.headers.items()],
        ]
        if response.status in _BODILESS:
            body = b""
        else:
            lines.append(f"content-length: {len(body)}\r\n")
        lines.append("connection: close\r\n\r\n" if last else "\r\n")
        head = "".join(lines)
        # A line break in a value would be a header, or an answer, of somebody else's making.
        if head.count("\n") != len(lines) + last or head.count("\r") != len(lines) + last:
            raise ValueError("a header holds a line break")
        encoded = head.encode("latin-1")
        return encoded if head_only else encoded + body

    def _date_line(self) -> str:
        now = int(self._clock())
        if now != self._second:
            self._second = now
            self._date = f"date: {formatdate(now, usegmt=True)}\r\n"
        return self._date


def refused(refusal: Refusal) -> Response:
    """The answer that a refusal is."""
    return Response(f"{refusal.reason}\n".encode(), refusal.status)


PIECE = 8 * 1024
"""Bytes that are parsed at a time, so that a client cannot have thousands of requests remembered."""

NEVER = float("inf")

BUSY = Response(b"Too much is asked at once: try again.\n", 503, headers={"retry-after": "5"})

BROKEN = Response(b"Our own fault: the log tells.\n", 500)


class ServerState(Protocol):
    """What a connection has in common with the others of its server."""

    limits: Limits
    writer: Writer
    stopping: bool

    def enter(self, connection: "Connection") -> bool:
        """Take in a connection; False where there are too many."""

    def leave(self, connection: "Connection") -> None:
        """Forget a connection."""

    def begin(self, connection: "Connection") -> bool:
        """Begin to answer a request; False where too many are being answered."""

    def end(self, connection: "Connection") -> None:
        """A request that has begun is answered."""


class Connection(asyncio.Protocol):
    """Speaks HTTP/1.1 over a transport, which may be TLS.

    `deadline` is the time of the event loop at which the server is to call `expire`. Who asked and went away has the
    look finished all the same: others wait for it, and its result is kept.
    """

    def __init__(
        self, handler: Handler, house: ServerState, admits: Callable[[Mapping[str, Any] | None], bool], source: str = ""
    ) -> None:
        self.source = source
        self._handler = handler
        self._admits = admits
        self._house = house
        self._loop = asyncio.get_running_loop()
        self._parser = RequestParser(house.limits, source)
        self._requests: deque[Request | Refusal] = deque()
        self._unread = b""
        self._task: asyncio.Task[Response] | None = None
        self._unfetched = False
        self._paused = False
        self._half_closed = False
        self._over = False
        self.deadline = NEVER

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The first call of asyncio; with TLS it comes after the handshake."""
        self._transport = cast(asyncio.Transport, transport)
        if not self._admits(transport.get_extra_info("peercert")):
            logger.info("client certificate without an allowed name")
            self._over = True
            self._transport.abort()
            return
        # Nothing but what the kernel takes: so an answer is known to be fetched, or not to be. At 0 asyncio's TLS would
        # call even an empty buffer too full.
        self._transport.set_write_buffer_limits(high=1, low=0)
        self._expect_by(self._house.limits.request_seconds)
        if not self._house.enter(self):
            self._finish(BUSY)

    def connection_lost(self, exc: Exception | None) -> None:
        """The last call of asyncio."""
        self._over = True
        self._house.leave(self)

    def data_received(self, data: bytes) -> None:
        """Bytes of requests."""
        if self._over:
            return
        self._unread = self._unread + data if self._unread else data
        if self._busy:
            self._paused = True
            self._transport.pause_reading()
        else:
            self._go_on()

    def eof_received(self) -> bool:
        """The client sends no more; whether it still may fetch answers, which TLS does not let us decide."""
        self._half_closed = True
        return not self._over and self._busy and self._transport.can_write_eof()

    def pause_writing(self) -> None:
        """The answer does not go out at once."""
        self._unfetched = True
        self._expect_by(self._house.limits.fetch_seconds)

    def resume_writing(self) -> None:
        """The answer is fetched."""
        self._unfetched = False
        if not self._over:
            self._go_on()

    def expire(self) -> None:
        """The time for whatever is awaited is over."""
        self._transport.abort()

    def close_when_idle(self) -> None:
        """Close now, or behind the answer to the request under way."""
        if not self._busy:
            self._close()

    def abort(self) -> None:
        """Close whatever is under way, and give up looking."""
        if self._task is not None:
            self._task.cancel()
        self._transport.abort()

    @property
    def _busy(self) -> bool:
        return self._task is not None or self._unfetched

    def _expect_by(self, seconds: float) -> None:
        self.deadline = self._loop.time() + seconds

    def _go_on(self) -> None:
        """Read on until there is a request to answer."""
        while not self._busy and not self._over:
            if self._requests:
                self._answer(self._requests.popleft())
            elif self._parser.ended or self._house.stopping:
                self._close()
            elif self._unread:
                self._read()
            else:
                self._wait()
                return

    def _read(self) -> None:
        begun = self._parser.begun
        piece, self._unread = self._unread[:PIECE], self._unread[PIECE:]
        found = self._parser.feed(piece)
        self._requests.extend(found)
        if self._parser.begun and (found or not begun):
            self._expect_by(self._house.limits.request_seconds)
        if self._parser.awaited and not self._requests:
            self._parser.awaited = False
            self._transport.write(CONTINUE)

    def _wait(self) -> None:
        if self._half_closed:
            self._close()
        elif self._paused:
            self._paused = False
            self._transport.resume_reading()

    def _answer(self, asked: Request | Refusal) -> None:
        if isinstance(asked, Refusal):
            self._finish(refused(asked))
        elif self._house.begin(self):
            self._handle(asked)
        else:
            self._write(BUSY, asked.method == "HEAD")

    def _handle(self, request: Request) -> None:
        found, head_only = _begun(self._handler, request), request.method == "HEAD"
        # Whoever sends many requests in one piece is answered in turn with the others.
        if isinstance(found, Response) and not (self._requests or self._unread):
            self._house.end(self)
            self._write(found, head_only)
            return
        self.deadline = NEVER
        self._task = self._loop.create_task(_completed(found))
        self._task.add_done_callback(partial(self._send, head_only))

    def _send(self, head_only: bool, task: asyncio.Task[Response]) -> None:
        self._house.end(self)
        self._task = None
        if not self._over and not task.cancelled():
            self._write(task.result(), head_only)
            self._go_on()

    def _write(self, response: Response, head_only: bool) -> None:
        last = self._house.stopping or (self._parser.ended and not self._requests)
        # Before the answer is written, as that may set another.
        self._expect_by(self._house.limits.idle_seconds)
        try:
            answer = self._house.writer.write(response, head_only, last)
        except ValueError:
            logger.exception("answer cannot be written down")
            answer = self._house.writer.write(BROKEN, head_only, last)
        self._transport.write(answer)

    def _finish(self, response: Response) -> None:
        """Answer, and throw away what is sent meanwhile: to close upon it would take the answer from the client."""
        self._over = True
        self._transport.write(self._house.writer.write(response, False, True))
        self._expect_by(self._house.limits.linger_seconds)
        if self._half_closed or not self._transport.can_write_eof():
            self._transport.close()
            return
        # A client that is gone already cannot be told that this is the end.
        with suppress(OSError):
            self._transport.write_eof()
        if self._paused:
            self._transport.resume_reading()

    def _close(self) -> None:
        self._over = True
        self._transport.close()


def _begun(handler: Handler, request: Request) -> Answer:
    try:
        return handler(request)
    except Exception:
        logger.exception("request failed")
        return BROKEN


async def _completed(found: Answer) -> Response:
    try:
        return found if isinstance(found, Response) else await found
    except Exception:
        logger.exception("request failed")
        return BROKEN


def _in_clear() -> None:
    """No TLS."""


def _anybody(_certificate: Mapping[str, Any] | None) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Listener:
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
        self._occupancies: dict[Listener | None, Occupancy] = {}
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

    async def serve(self, doors: Sequence[Listener], grace: Callable[[], float]) -> None:
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

    def _occupancy(self, door: Listener) -> Occupancy:
        key = door if door.apart else None
        if key not in self._occupancies:
            self._occupancies[key] = Occupancy(self.limits.connections, self.limits.requests)
        return self._occupancies[key]

    def _taker(self, door: Listener) -> Callable[[socket.socket, object], None]:
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

    async def _open(self, door: Listener, accepted: socket.socket, connection: Connection) -> None:
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
