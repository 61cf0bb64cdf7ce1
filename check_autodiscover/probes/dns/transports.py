"""How queries travel: in datagrams, over TCP (RFC 7766) and over TLS (RFC 7858); and connections that are kept.

Each datagram has a connected UDP socket of its own, which gives it a random port and lets the kernel drop what does not
come from the server (RFC 5452). A connection takes many questions at a time. It is lent to one survey at a time, and to
the next while it is fresh: resolvers may answer what came over one connection in order, so that domains do not share.
"""

import asyncio
import errno
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count, repeat
from typing import TYPE_CHECKING, Protocol

from check_autodiscover.core.model.policy import Resolver
from check_autodiscover.probes.dial import SocketAddress, open_socket, open_stream, socket_address

if TYPE_CHECKING:
    import ssl

__all__ = [
    "FORMERR",
    "Carrier",
    "CarrierPool",
    "DatagramCarrier",
    "StreamCarrier",
    "Unusable",
    "answers",
    "is_truncated",
    "rcode",
    "renumbered",
]

FORMERR = 1
"""The response code of a server that cannot read the query (RFC 1035 4.1.1)."""

_HEADER = 12


class Unusable(Exception):
    """What came over a connection that the server itself answered on is no reply to the query."""


class Carrier(Protocol):
    """Takes queries to one server and replies back, over one kind of transport."""

    async def exchange(self, query: bytes) -> bytes:
        """The reply, waited for as long as it takes. Raises OSError where there is none, and Unusable."""
        ...

    async def close(self) -> None:
        """Close what was kept open between questions."""
        ...


def answers(query: bytes, reply: bytes) -> bool:
    """Whether these bytes are a reply to the query: its ID and its question, in whatever case (RFC 5452 section 9.1).

    A server that cannot read a question may leave it out of its error.
    """
    if len(reply) < _HEADER or reply[:2] != query[:2] or not reply[2] & 0x80:
        return False
    if reply[4:6] == b"\0\0":
        return rcode(reply) != 0
    end = query.index(b"\0", _HEADER) + 5
    return reply[4:6] == query[4:6] and reply[_HEADER:end].lower() == query[_HEADER:end].lower()


def rcode(reply: bytes) -> int:
    """The response code, without the part of it that EDNS adds."""
    return reply[3] & 0x0F


def is_truncated(reply: bytes) -> bool:
    """Whether the server had more to say (TC)."""
    return bool(reply[2] & 0x02)


def renumbered(message: bytes, number: int) -> bytes:
    """The message under another ID, of 16 bits."""
    return number.to_bytes(2, "big") + message[2:]


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


class DatagramCarrier:
    """Asks one server, again `retransmit_after` seconds after a lost query and from then on after twice that."""

    def __init__(self, resolver: Resolver, source: str, retransmit_after: float) -> None:
        self._resolver = resolver
        self._source = source
        self._retransmit_after = retransmit_after
        self._place: tuple[socket.AddressFamily, SocketAddress] | None = None

    async def exchange(self, query: bytes) -> bytes:
        """The first datagram that answers the query, for as long as it takes. Raises OSError."""
        family, address = self._place = self._place or socket_address(self._resolver.host, self._resolver.port)
        refused = False
        with open_socket(family, socket.SOCK_DGRAM, self._source) as udp:
            udp.connect(address)
            for seconds in self._pauses():
                try:
                    return await _ask_once(udp, query, seconds)
                except TimeoutError:
                    continue
                except OSError:
                    # A resolver that is being restarted refuses for a moment: one more try before that is believed.
                    if refused:
                        raise
                    refused = True
                    await asyncio.sleep(seconds)
        raise AssertionError("the pauses between retransmissions have no end")

    def _pauses(self) -> Iterator[float]:
        yield self._retransmit_after
        yield from repeat(2 * self._retransmit_after)

    async def close(self) -> None:
        """Nothing is kept open."""


async def _ask_once(udp: socket.socket, query: bytes, seconds: float) -> bytes:
    """Send the query and wait so long for its reply. Raises TimeoutError, and OSError."""
    # A full buffer loses a datagram as any router may.
    with suppress(BlockingIOError):
        udp.send(query)
    # A resolver nearby answers while the other questions leave, and then nothing has to be waited for.
    await asyncio.sleep(0)
    return _received(udp, query) or await _arrival(udp, query, seconds)


async def _arrival(udp: socket.socket, query: bytes, seconds: float) -> bytes:
    """The reply, waited for so long. Raises TimeoutError, and OSError."""
    loop = asyncio.get_running_loop()
    reply: asyncio.Future[bytes] = loop.create_future()
    # The loop's own coroutines for sockets and timeouts cost more than all the rest. The socket is told by its number:
    # a loop describes at length what it does not know yet.
    timer = loop.call_later(seconds, _give_up, reply)
    loop.add_reader(udp.fileno(), _receive, udp, query, reply)
    try:
        return await reply
    finally:
        timer.cancel()
        loop.remove_reader(udp.fileno())


def _receive(udp: socket.socket, query: bytes, reply: "asyncio.Future[bytes]") -> None:
    """Take one datagram: a flood of others keeps no deadline from passing."""
    try:
        received = _received(udp, query)
    except OSError as error:
        if not reply.done():
            reply.set_exception(error)
        return
    if received and not reply.done():
        reply.set_result(received)


def _received(udp: socket.socket, query: bytes) -> bytes:
    """The next datagram if there is one and it answers the query, else nothing. Raises OSError."""
    try:
        received = udp.recv(0xFFFF)
    except BlockingIOError:
        return b""
    return received if answers(query, received) else b""


def _give_up(reply: "asyncio.Future[bytes]") -> None:
    if not reply.done():
        reply.set_exception(TimeoutError())


IDLE = 10.0
"""Seconds for which an unused connection is kept; RFC 7766 6.2.3 asks for "the order of a few seconds"."""

MOST = 16
"""Unused connections that are kept for one resolver."""

Key = tuple[Resolver, str]
"""A resolver, and the source address that it is asked from."""


class CarrierPool:
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
