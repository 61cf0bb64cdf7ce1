"""Queries in datagrams; the resolver probe's usual carrier.

Each query has a connected UDP socket of its own, which gives it a random port and lets the kernel drop what does not
come from the server (RFC 5452).
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress
from itertools import repeat

from check_autodiscover.core.policy import Resolver
from check_autodiscover.probes.dial import SocketAddress, open_socket, socket_address
from check_autodiscover.probes.dns_header import answers

__all__ = ["DatagramCarrier"]


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
