"""Queries in datagrams; the resolver probe's usual carrier.

Each query has a connected UDP socket of its own, which gives it a random port and lets the kernel drop what does not
come from the server (RFC 5452).
"""

import asyncio
import socket
from collections.abc import Iterator
from itertools import repeat

from check_autodiscover.core.policy import Resolver
from check_autodiscover.probes.dial import open_socket, socket_address
from check_autodiscover.probes.dns_header import answers

__all__ = ["DatagramCarrier"]


class DatagramCarrier:
    """Asks one server, again `retransmit_after` seconds after a lost query and from then on after twice that."""

    def __init__(self, resolver: Resolver, source: str, retransmit_after: float) -> None:
        self._resolver = resolver
        self._source = source
        self._retransmit_after = retransmit_after

    async def exchange(self, query: bytes) -> bytes:
        """The first datagram that answers the query, for as long as it takes. Raises OSError."""
        family, address = socket_address(self._resolver.host, self._resolver.port)
        refused = False
        with open_socket(family, socket.SOCK_DGRAM, self._source) as udp:
            udp.connect(address)
            for seconds in self._pauses():
                try:
                    async with asyncio.timeout(seconds):
                        return await _ask_once(udp, query)
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


async def _ask_once(udp: socket.socket, query: bytes) -> bytes:
    """Send the query and wait for its reply, for as long as it takes. Raises OSError."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(udp, query)
    while not answers(query, reply := await loop.sock_recv(udp, 0xFFFF)):
        # sock_recv does not suspend while datagrams wait: without this a flood would keep every deadline from passing.
        await asyncio.sleep(0)
    return reply
