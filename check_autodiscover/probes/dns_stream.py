"""Queries over TCP (RFC 7766) and TLS (RFC 7858): one connection for all questions to a server, many at a time.

The resolver probe imports this module when it first needs it.
"""

import asyncio
import errno
from itertools import count
from typing import TYPE_CHECKING

from check_autodiscover.core.policy import Resolver
from check_autodiscover.probes.dial import open_stream
from check_autodiscover.probes.dns_header import Unusable, answers, renumbered

if TYPE_CHECKING:
    import ssl

__all__ = ["StreamCarrier"]


class StreamCarrier:
    """Asks one server over a connection that opens with the first question, and anew where the server closed it.

    With a `context` the connection speaks TLS, and the server's certificate must hold the resolver's name, or without
    one its address.
    """

    def __init__(self, resolver: Resolver, source: str, context: "ssl.SSLContext | None" = None) -> None:
        self._resolver = resolver
        self._source = source
        self._context = context
        self._connection: _Connection | None = None

    async def exchange(self, query: bytes) -> bytes:
        """The reply, for as long as it takes.

        Raises OSError, of it ssl.SSLCertVerificationError where the certificate does not fit, and Unusable.
        """
        while True:
            connection = self._connected()
            try:
                return await connection.ask(query)
            except OSError:
                # A server may close whenever it likes, and what it left open is asked again (RFC 7766 6.2.4). One
                # that closes without a single answer would do so for ever.
                if not connection.may_repeat:
                    raise

    def _connected(self) -> "_Connection":
        if self._connection is None or self._connection.ended:
            self._connection = _Connection(self._resolver, self._source, self._context)
        return self._connection

    async def close(self) -> None:
        """Close the connection; who still waits for an answer gets an OSError."""
        if self._connection is not None:
            await self._connection.close()


class _Connection:
    """One connection from its opening to its end, which is the same for all who wait for an answer then."""

    def __init__(self, resolver: Resolver, source: str, context: "ssl.SSLContext | None") -> None:
        self.may_repeat = False
        """Whether what its end left open is worth asking again: it has answered, and the server ended it."""
        self._numbers = count()
        self._waiting: dict[int, tuple[bytes, asyncio.Future[bytes]]] = {}
        self._given_up: set[int] = set()
        self._writer: asyncio.StreamWriter | None = None
        self._life = asyncio.ensure_future(self._live(resolver, source, context))

    @property
    def ended(self) -> bool:
        """Whether nothing more can be asked here."""
        return self._life.done()

    async def ask(self, query: bytes) -> bytes:
        """The reply to the query. Raises OSError and Unusable."""
        # Over a connection an ID protects from nothing: it tells which answer belongs to which question.
        number = next(self._numbers) & 0xFFFF
        self._given_up.discard(number)
        own = renumbered(query, number)
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[number] = own, reply
        if self._writer is not None:
            _send(self._writer, own)
        try:
            return renumbered(await reply, int.from_bytes(query[:2], "big"))
        except asyncio.CancelledError:
            self._given_up.add(number)
            raise
        finally:
            self._waiting.pop(number, None)

    async def close(self) -> None:
        """End it."""
        self.may_repeat = False
        self._life.cancel()
        await asyncio.wait([self._life])

    async def _live(self, resolver: Resolver, source: str, context: "ssl.SSLContext | None") -> None:
        end: Exception = ConnectionAbortedError(errno.ECONNABORTED, "closed by us")
        try:
            reader, self._writer = await _open(resolver, source, context)
            for own, _ in self._waiting.values():
                _send(self._writer, own)
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                self._take(await reader.readexactly(length))
        except EOFError:
            end = ConnectionResetError(errno.ECONNRESET, "closed by the server")
        except Exception as error:
            # Those who wait are the only ones who can tell, of a bug of ours too.
            end = error
        finally:
            self._end(end)

    def _take(self, reply: bytes) -> None:
        number = int.from_bytes(reply[:2], "big")
        if number in self._given_up:
            return
        own, waiting = self._waiting.get(number, (b"", None))
        if waiting is None or not answers(own, reply):
            # Whose answer it is meant to be cannot be told, nor what the next one would be worth.
            raise Unusable
        if not waiting.done():
            self.may_repeat = True
            waiting.set_result(reply)

    def _end(self, end: Exception) -> None:
        if self._writer is not None:
            # A farewell over TLS would wait for the server's.
            self._writer.transport.abort()
        for _, waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(end)


def _send(writer: asyncio.StreamWriter, query: bytes) -> None:
    """Length and message in one segment (RFC 7766 section 8)."""
    # asyncio complains on standard error of what is written to an end that nobody reads; the reader tells it anyway.
    if not writer.transport.is_closing():
        writer.write(len(query).to_bytes(2, "big") + query)


async def _open(
    resolver: Resolver, source: str, context: "ssl.SSLContext | None"
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    connected = await open_stream(resolver.host, resolver.port, source)
    # An address is checked without the scope that it has on this host alone.
    name = None if context is None else resolver.name or resolver.host.partition("%")[0]
    try:
        return await asyncio.open_connection(sock=connected, ssl=context, server_hostname=name)
    except BaseException:
        connected.close()
        raise
