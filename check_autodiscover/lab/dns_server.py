"""The resolver of one view, on UDP and TCP; runs in the lab's event loop, called by `running`.

It answers as a recursive resolver does, from zone data alone, and asks nobody.
"""

import asyncio
from socket import SOCK_DGRAM, SOCK_STREAM, socket
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode

from check_autodiscover.lab.connections import conversation
from check_autodiscover.lab.zone_data import ZoneData

__all__ = ["bind_resolver", "refuse", "respond", "serve"]

MAX_UDP_WITHOUT_EDNS = 512
"""Bytes (RFC 1035 section 4.2.1)."""

MAX_TCP = 65_535
"""Bytes (RFC 1035 section 4.2.2)."""

ATTEMPTS = 50


def bind_resolver(host: str) -> tuple[socket, socket]:
    """A UDP and a TCP socket bound to one free port of an address. Raises OSError if there is none."""
    for _ in range(ATTEMPTS):
        tcp, udp = socket(type=SOCK_STREAM), socket(type=SOCK_DGRAM)
        try:
            tcp.bind((host, 0))
            udp.bind((host, tcp.getsockname()[1]))
        except OSError:
            tcp.close()
            udp.close()
        else:
            return udp, tcp
    raise OSError(f"no port of {host} is free for both UDP and TCP")


def refuse(udp: socket) -> None:
    """Make a bound socket refuse what others send, and keep its port: a peer of its own leaves it deaf to them."""
    udp.connect(udp.getsockname())


async def serve(udp: socket, tcp: socket, data: ZoneData) -> tuple[asyncio.DatagramTransport, asyncio.Server]:
    """Start answering on both sockets, which belong to the transport and the server from now on."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Datagrams(data), sock=udp)

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with conversation(writer):
            while True:
                query = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
                answer = respond(query, data, MAX_TCP)
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()

    return transport, await asyncio.start_server(converse, sock=tcp)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, data: ZoneData) -> None:
        self._data = data
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, for asyncio's own class is no subclass of the one it documents.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = respond(data, self._data)
        if answer and self._transport is not None:
            self._transport.sendto(answer, addr)


def respond(wire: bytes, data: ZoneData, max_size: int = 0) -> bytes:
    """The answer to a query, empty for what is none; truncated to `max_size`, or (0) to what the query allows."""
    try:
        query = dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return b""
    if query.flags & dns.flags.QR:
        return b""
    response = dns.message.make_response(query, recursion_available=True)
    _fill(response, query, data)
    try:
        return response.to_wire(max_size=max_size or query.payload or MAX_UDP_WITHOUT_EDNS)
    except dns.exception.TooBig:
        truncated = dns.message.make_response(query, recursion_available=True)
        truncated.flags |= dns.flags.TC
        return truncated.to_wire()


def _fill(response: dns.message.Message, query: dns.message.Message, data: ZoneData) -> None:
    if query.opcode() is not dns.opcode.QUERY or len(query.question) != 1:
        response.set_rcode(dns.rcode.NOTIMP)
        return
    reply = data.answer(query.question[0].name, query.question[0].rdtype)
    response.set_rcode(reply.rcode)
    response.answer.extend(reply.answer)
    response.authority.extend(reply.authority)
