"""One client's connection: requests are answered one after the other, in the order in which they came."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, cast

from autodiscover_exporter.web.answering import CONTINUE, Writer, refused
from autodiscover_exporter.web.limits import Limits
from autodiscover_exporter.web.messages import Answer, Handler, Request, Response
from autodiscover_exporter.web.parsing import Refusal, RequestParser

__all__ = ["Connection", "House"]

logger = logging.getLogger(__name__)

PIECE = 8 * 1024
"""Bytes that are parsed at a time, so that a client cannot have thousands of requests remembered."""
NEVER = float("inf")
BUSY = Response(b"Too much is asked at once: try again.\n", 503, headers={"retry-after": "5"})
BROKEN = Response(b"Our own fault: the log tells.\n", 500)


class House(Protocol):
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
        self, handler: Handler, house: House, admits: Callable[[Mapping[str, Any] | None], bool], source: str = ""
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
