"""A DNS server on loopback for the tests of the resolver probe: a behaviour says reply by reply what it does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import dns.message
import dns.rcode
import dns.rrset

from check_autodiscover.core.model.observations import DnsAnswer, DnsQuestion, RecordType
from check_autodiscover.core.model.policy import Resolver, Transport
from check_autodiscover.probes.dns.resolver import ResolverProbe

__all__ = ["LONG", "NAME", "QUICK", "SOA", "Behaviour", "Server", "answering", "ask", "message", "question", "running"]

NAME = "autodiscover.example.com"
QUICK = 0.05
"""Seconds until the tests' probes repeat a query; nothing is asserted about how long anything takes."""

LONG = 10.0
"""Seconds that nothing here should need."""

SOA = "example.com. 900 IN SOA ns.example.com. root.example.com. 1 3600 600 86400 300"

Behaviour = Callable[[bytes], list[bytes]]


class Server(asyncio.DatagramProtocol):
    """A DNS server on loopback: UDP answers by `behaviour`, TCP by `over_tcp`."""

    def __init__(self, behaviour: Behaviour, over_tcp: Behaviour | None = None) -> None:
        self.behaviour = behaviour
        self.over_tcp = over_tcp or behaviour
        self.queries: list[bytes] = []
        self.tcp_queries = 0
        self.clients: set[tuple[str, int]] = set()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # the transport of UDP
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.queries.append(data)
        self.clients.add(addr)
        for reply in self.behaviour(data):
            self.transport.sendto(reply, addr)

    async def serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int.from_bytes(await reader.readexactly(2), "big")
        query = await reader.readexactly(length)
        self.tcp_queries += 1
        for reply in self.over_tcp(query):
            writer.write(len(reply).to_bytes(2, "big") + reply)
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def running(server: Server, host: str = "127.0.0.1") -> AsyncIterator[Resolver]:
    listener = await asyncio.start_server(server.serve_tcp, host, 0)
    port = listener.sockets[0].getsockname()[1]
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: server, (host, port))
    try:
        yield Resolver(host, port)
    finally:
        transport.close()
        listener.close()
        await listener.wait_closed()


def question(resolver: Resolver, type_: RecordType = RecordType.A, name: str = NAME) -> DnsQuestion:
    return DnsQuestion("v", resolver.label, name, type_)


def ask(
    server: Server,
    type_: RecordType = RecordType.A,
    *,
    name: str = NAME,
    transport: Transport = Transport.UDP,
    patience: float = LONG,
    retransmit_after: float = 1.0,
) -> DnsAnswer:
    async def main() -> DnsAnswer:
        async with running(server) as resolver:
            probe = ResolverProbe(retransmit_after=retransmit_after)
            give_up_at = asyncio.get_running_loop().time() + patience
            return await probe.probe_dns(
                question(resolver, type_, name), Resolver(resolver.host, resolver.port, transport), give_up_at
            )

    return asyncio.run(main())


def message(query: bytes, *records: str, authority: str = "", rcode: int = 0, flags: int = 0) -> dns.message.Message:
    reply = dns.message.make_response(dns.message.from_wire(query))
    for record in records:
        reply.answer.append(dns.rrset.from_text(*record.split(maxsplit=4)))  # type: ignore[arg-type]  # five parts
    if authority:
        reply.authority.append(dns.rrset.from_text(*authority.split(maxsplit=4)))  # type: ignore[arg-type]  # five parts
    reply.set_rcode(dns.rcode.Rcode(rcode))
    reply.flags |= flags
    return reply


def answering(*records: str, authority: str = "", rcode: int = 0, flags: int = 0) -> Server:
    def behaviour(query: bytes) -> list[bytes]:
        return [message(query, *records, authority=authority, rcode=rcode, flags=flags).to_wire(max_size=65535)]

    return Server(behaviour)
