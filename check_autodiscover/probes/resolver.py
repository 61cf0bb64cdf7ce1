"""Asks DNS servers; implements `ports.DnsProbe` for `run`.

dnspython reads the replies. Each query has a connected UDP socket of its own, which gives it a random port and
lets the kernel drop what does not come from the server (RFC 5452), and falls back to TCP when the answer is cut.
"""

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import repeat

from check_autodiscover.core.policy import Resolver, Transport
from check_autodiscover.core.survey import DnsAnswer, DnsQuestion, DnsStatus
from check_autodiscover.probes.dial import enter, open_socket, socket_address
from check_autodiscover.probes.dns_query import encode
from check_autodiscover.probes.preparation import Prepared

__all__ = ["MAX_IN_FLIGHT", "ResolverProbe"]

MAX_IN_FLIGHT = 128
"""Queries at a time: more overflow the host's receive buffer, and healthy domains time out (measured)."""

_HEADER = 12
_FORMERR = 1
_LOCAL_FAULTS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class ResolverProbe:
    """Asks one resolver one question, any number at a time; one object serves a whole process.

    `source_address` is the local address to ask from where the family fits. A lost query is repeated after
    `retransmit_after` seconds, and from then on after twice that.
    """

    def __init__(self, source_address: str = "", *, retransmit_after: float = 1.0) -> None:
        self._decoder = Prepared(_load_decoder)
        self._source = source_address
        self._retransmit_after = retransmit_after
        self._slots = asyncio.Semaphore(MAX_IN_FLIGHT)

    async def prepare(self) -> None:
        """Load what the first reply needs, which does it otherwise. Raises ImportError for a missing library."""
        await self._decoder.get()

    async def probe_dns(self, question: DnsQuestion, resolver: Resolver, give_up_at: float) -> DnsAnswer:
        """The resolver's answer, or why there is none by `give_up_at` (seconds on the loop's clock)."""
        if not await enter(self._slots, give_up_at):
            return DnsAnswer(DnsStatus.CUT_SHORT)
        started = asyncio.get_running_loop().time()
        try:
            reply = await self._ask(question, resolver, give_up_at)
        finally:
            self._slots.release()
        seconds = asyncio.get_running_loop().time() - started
        if isinstance(reply, DnsStatus):
            return DnsAnswer(reply, seconds=seconds)
        decode = await self._decoder.get()
        return replace(decode(reply, question), seconds=seconds)

    async def _ask(self, question: DnsQuestion, resolver: Resolver, give_up_at: float) -> bytes | DnsStatus:
        for edns in (True, False):
            try:
                query = encode(question, int.from_bytes(os.urandom(2), "big"), edns=edns)
            except ValueError:
                # Names come from other people's records too; one that cannot be asked has no answer.
                return DnsStatus.MALFORMED
            reply = await self._reply(query, resolver, give_up_at)
            if isinstance(reply, DnsStatus) or _rcode(reply) != _FORMERR:
                return reply
        return DnsStatus.MALFORMED

    async def _reply(self, query: bytes, resolver: Resolver, give_up_at: float) -> bytes | DnsStatus:
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with asyncio.timeout_at(give_up_at):
                if resolver.transport is Transport.UDP:
                    reply = await self._over_udp(query, resolver)
                    if not _is_truncated(reply):
                        return reply
                return await self._over_tcp(query, resolver)
        except TimeoutError:
            # A silence shorter than one retransmission is our haste, not the resolver's.
            waited = loop.time() - started >= self._retransmit_after
            return DnsStatus.TIMEOUT if waited else DnsStatus.CUT_SHORT
        except _Unusable:
            return DnsStatus.MALFORMED
        except OSError as error:
            return DnsStatus.CUT_SHORT if error.errno in _LOCAL_FAULTS else DnsStatus.UNREACHABLE

    async def _over_udp(self, query: bytes, resolver: Resolver) -> bytes:
        family, address = socket_address(resolver.host, resolver.port)
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

    async def _over_tcp(self, query: bytes, resolver: Resolver) -> bytes:
        loop = asyncio.get_running_loop()
        family, address = socket_address(resolver.host, resolver.port)
        with open_socket(family, socket.SOCK_STREAM, self._source) as tcp:
            await loop.sock_connect(tcp, address)
            # Length and message in one segment (RFC 7766 section 8).
            await loop.sock_sendall(tcp, len(query).to_bytes(2, "big") + query)
            length = int.from_bytes(await _read_exactly(tcp, 2), "big")
            reply = await _read_exactly(tcp, length)
        if not _answers(query, reply):
            raise _Unusable
        return reply


def _load_decoder() -> Callable[[bytes, DnsQuestion], DnsAnswer]:
    # Not at the head of the module: the first questions leave before the library is there.
    from dns import _features

    # All our names are A-labels already: dnspython would load the tables of IDNA 2008 with each start. Its own
    # switch, given for cases where asking the installation for optional packages serves badly.
    _features.force("idna", False)
    from check_autodiscover.probes.dns_wire import decode

    return decode


class _Unusable(Exception):
    """A reply over TCP that does not belong to the query."""


async def _ask_once(udp: socket.socket, query: bytes) -> bytes:
    """Send the query and wait for its reply, for as long as it takes. Raises OSError."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(udp, query)
    while not _answers(query, reply := await loop.sock_recv(udp, 0xFFFF)):
        # sock_recv does not suspend while datagrams wait: without this a flood would keep every deadline from passing.
        await asyncio.sleep(0)
    return reply


async def _read_exactly(tcp: socket.socket, length: int) -> bytes:
    """Exactly so many bytes. Raises OSError, for an early end too."""
    data = bytearray()
    while len(data) < length:
        piece = await asyncio.get_running_loop().sock_recv(tcp, length - len(data))
        if not piece:
            raise ConnectionResetError(errno.ECONNRESET, "closed before the whole reply had come")
        data += piece
    return bytes(data)


def _answers(query: bytes, reply: bytes) -> bool:
    """Whether these bytes are a reply to the query: its ID and its question, in whatever case (RFC 5452 section 9.1).

    A server that cannot read a question may leave it out of its error.
    """
    if len(reply) < _HEADER or reply[:2] != query[:2] or not reply[2] & 0x80:
        return False
    if reply[4:6] == b"\0\0":
        return _rcode(reply) != 0
    end = query.index(b"\0", _HEADER) + 5
    return reply[4:6] == query[4:6] and reply[_HEADER:end].lower() == query[_HEADER:end].lower()


def _rcode(reply: bytes) -> int:
    return reply[3] & 0x0F


def _is_truncated(reply: bytes) -> bool:
    return bool(reply[2] & 0x02)
