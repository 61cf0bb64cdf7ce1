"""The resolver probe against real sockets on loopback: what each way of answering, or of not answering, becomes."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from check_autodiscover.core.policy import Resolver, Transport
from check_autodiscover.core.survey import DnsAnswer, DnsQuestion, DnsStatus, RecordType, Srv
from check_autodiscover.probes.dns_wire import MAX_ADDRESSES, MAX_ALIASES, MAX_RECORDS
from check_autodiscover.probes.resolver import MAX_IN_FLIGHT, ResolverProbe
from check_autodiscover.probes.system import system_resolvers

NAME = "autodiscover.example.com"
QUICK = 0.05
"""Seconds until the tests' probes repeat a query; nothing is asserted about how long anything takes."""

LONG = 10.0
"""Seconds that nothing here should need."""

Behaviour = Callable[[bytes], list[bytes]]


class Server(asyncio.DatagramProtocol):
    """A DNS server on loopback: UDP answers by `behaviour`, TCP by `over_tcp`."""

    def __init__(self, behaviour: Behaviour, over_tcp: Behaviour | None = None) -> None:
        self.behaviour = behaviour
        self.over_tcp = over_tcp or behaviour
        self.queries: list[bytes] = []
        self.tcp_queries = 0
        self.clients: set[tuple[str, int]] = set()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
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
            question = DnsQuestion("default", resolver.label, name, type_)
            give_up_at = asyncio.get_running_loop().time() + patience
            return await probe.probe_dns(question, Resolver(resolver.host, resolver.port, transport), give_up_at)

    return run(main())


def run(main: Coroutine[None, None, DnsAnswer]) -> DnsAnswer:
    return asyncio.run(main)


def message(query: bytes, *records: str, authority: str = "", rcode: int = 0, flags: int = 0) -> dns.message.Message:
    reply = dns.message.make_response(dns.message.from_wire(query))
    for record in records:
        reply.answer.append(dns.rrset.from_text(*record.split(maxsplit=4)))  # type: ignore[arg-type]
    if authority:
        reply.authority.append(dns.rrset.from_text(*authority.split(maxsplit=4)))  # type: ignore[arg-type]
    reply.set_rcode(dns.rcode.Rcode(rcode))
    reply.flags |= flags
    return reply


def answering(*records: str, authority: str = "", rcode: int = 0, flags: int = 0) -> Server:
    def behaviour(query: bytes) -> list[bytes]:
        return [message(query, *records, authority=authority, rcode=rcode, flags=flags).to_wire(max_size=65535)]

    return Server(behaviour)


SOA = "example.com. 900 IN SOA ns.example.com. root.example.com. 1 3600 600 86400 300"


def test_addresses_come_with_smallest_ttl_and_authority() -> None:
    server = answering(
        f"{NAME}. 300 IN CNAME mail.example.com.", "mail.example.com. 60 IN A 192.0.2.7", flags=dns.flags.AA
    )
    answer = ask(server)
    assert answer.status is DnsStatus.ANSWER
    assert answer.addresses == ("192.0.2.7",)
    assert answer.aliases == ("mail.example.com",)
    assert answer.ttl == 60
    assert answer.authoritative
    assert answer.seconds > 0


def test_query_is_recursive_and_offers_a_safe_payload() -> None:
    server = answering(f"{NAME}. 60 IN A 192.0.2.7")
    ask(server)
    query = dns.message.from_wire(server.queries[0])
    assert query.flags & dns.flags.RD
    assert (query.edns, query.payload) == (0, 1232)
    assert query.question[0].name.to_text() == f"{NAME}."


def test_ipv6_addresses_and_resolver_are_used() -> None:
    async def main() -> DnsAnswer:
        server = answering(f"{NAME}. 60 IN AAAA 2001:DB8:0:0::7")
        async with running(server, "::1") as resolver:
            question = DnsQuestion("v", resolver.label, NAME, RecordType.AAAA)
            return await ResolverProbe().probe_dns(question, resolver, asyncio.get_running_loop().time() + LONG)

    assert run(main()).addresses == ("2001:db8::7",)


def test_services_keep_priority_weight_port_and_a_null_target() -> None:
    name = "_autodiscover._tcp.example.com"
    server = answering(f"{name}. 60 IN SRV 10 5 443 Mail.Example.com.")
    assert ask(server, RecordType.SRV, name=name).services == (Srv(10, 5, 443, "mail.example.com"),)
    nothing = answering(f"{name}. 60 IN SRV 0 0 0 .")
    assert ask(nothing, RecordType.SRV, name=name).services == (Srv(0, 0, 0, ""),)


def test_target_with_octets_of_no_host_name_stays_escaped() -> None:
    name = "_autodiscover._tcp.example.com"
    server = answering(f"{name}. 60 IN SRV 0 0 443 evil\\010|name.example.com.")
    assert ask(server, RecordType.SRV, name=name).services[0].target == "evil\\010|name.example.com"


def test_root_can_be_asked_as_control_question() -> None:
    server = answering(". 60 IN NS a.root-servers.net.")
    answer = ask(server, RecordType.NS, name="")
    assert (answer.status, answer.addresses) == (DnsStatus.ANSWER, ())


def test_nodata_and_nxdomain_are_told_apart_with_zone_and_negative_ttl() -> None:
    nodata = ask(answering(authority=SOA))
    assert (nodata.status, nodata.zone, nodata.ttl) == (DnsStatus.NODATA, "example.com", 300)
    absent = ask(answering(authority=SOA, rcode=dns.rcode.NXDOMAIN))
    assert (absent.status, absent.zone, absent.ttl) == (DnsStatus.NXDOMAIN, "example.com", 300)


def test_nxdomain_behind_alias_keeps_the_alias() -> None:
    answer = ask(answering(f"{NAME}. 60 IN CNAME gone.example.com.", rcode=dns.rcode.NXDOMAIN))
    assert (answer.status, answer.aliases) == (DnsStatus.NXDOMAIN, ("gone.example.com",))


def test_alias_without_address_is_an_answer() -> None:
    answer = ask(answering(f"{NAME}. 60 IN CNAME elsewhere.example.net."))
    assert (answer.status, answer.aliases, answer.addresses) == (DnsStatus.ANSWER, ("elsewhere.example.net",), ())


def test_alias_loop_ends() -> None:
    answer = ask(answering(f"{NAME}. 60 IN CNAME b.example.com.", f"b.example.com. 60 IN CNAME {NAME}."))
    assert answer.status is DnsStatus.ANSWER
    assert answer.aliases == ("b.example.com", NAME)


def test_long_alias_chain_is_cut() -> None:
    names = [NAME, *(f"n{number}.example.com" for number in range(40))]
    records = [f"{owner}. 60 IN CNAME {target}." for owner, target in pairwise(names)]
    answer = ask(answering(*records), transport=Transport.TCP)
    assert answer.aliases == tuple(names[1 : MAX_ALIASES + 1])


def test_many_addresses_are_cut() -> None:
    records = [f"{NAME}. 60 IN A 192.0.{net}.{host}" for net in range(2) for host in range(200)]
    assert len(ask(answering(*records), transport=Transport.TCP).addresses) == MAX_ADDRESSES


def test_referral_is_not_absence() -> None:
    assert ask(answering(authority="com. 60 IN NS a.gtld-servers.net.")).status is DnsStatus.REFUSED


@pytest.mark.parametrize(
    ("rcode", "status"),
    [
        (dns.rcode.SERVFAIL, DnsStatus.SERVFAIL),
        (dns.rcode.REFUSED, DnsStatus.REFUSED),
        (dns.rcode.NOTIMP, DnsStatus.MALFORMED),
        (dns.rcode.FORMERR, DnsStatus.MALFORMED),
    ],
)
def test_response_codes_keep_their_meaning(rcode: int, status: DnsStatus) -> None:
    assert ask(answering(rcode=rcode)).status is status


def test_server_that_rejects_edns_is_asked_without() -> None:
    def behaviour(query: bytes) -> list[bytes]:
        if dns.message.from_wire(query).edns < 0:
            return [message(query, f"{NAME}. 60 IN A 192.0.2.7").to_wire()]
        return [query[:2] + b"\x80\x01" + bytes(8)]

    assert ask(Server(behaviour)).addresses == ("192.0.2.7",)


def test_truncated_answer_is_fetched_over_tcp() -> None:
    def cut(query: bytes) -> list[bytes]:
        return [message(query, flags=dns.flags.TC).to_wire()]

    def whole(query: bytes) -> list[bytes]:
        return [message(query, f"{NAME}. 60 IN A 192.0.2.7").to_wire()]

    server = Server(cut, whole)
    assert ask(server).addresses == ("192.0.2.7",)
    assert server.tcp_queries == 1


def test_tcp_resolver_gets_no_datagram() -> None:
    server = answering(f"{NAME}. 60 IN A 192.0.2.7")
    assert ask(server, transport=Transport.TCP).addresses == ("192.0.2.7",)
    assert (server.tcp_queries, server.queries) == (1, [])


def test_tcp_connection_closed_early_is_no_answer() -> None:
    assert ask(Server(lambda _: []), transport=Transport.TCP).status is DnsStatus.UNREACHABLE


def test_tcp_reply_to_another_question_is_malformed() -> None:
    def other(query: bytes) -> list[bytes]:
        return [bytes(2) + message(query).to_wire()[2:] if query[:2] != bytes(2) else b"\1" + query[1:]]

    assert ask(Server(other), transport=Transport.TCP).status is DnsStatus.MALFORMED


def test_spoofed_and_garbage_datagrams_are_ignored() -> None:
    def behaviour(query: bytes) -> list[bytes]:
        poison = message(query, f"{NAME}. 60 IN A 203.0.113.66").to_wire()
        wrong_id = bytes([query[0] ^ 1]) + poison[1:]
        wrong_name = poison.replace(b"autodiscover", b"autodiscovef", 1)
        good = message(query, f"{NAME}. 60 IN A 192.0.2.7").to_wire()
        return [b"", b"x", query, wrong_id, wrong_name, good.replace(b"autodiscover", b"AutoDISCOVER", 1)]

    assert ask(Server(behaviour)).addresses == ("192.0.2.7",)


def test_answer_from_another_address_does_not_reach_the_probe() -> None:
    async def main() -> DnsAnswer:
        stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        stranger.bind(("127.0.0.1", 0))

        def behaviour(query: bytes) -> list[bytes]:
            stranger.sendto(message(query, f"{NAME}. 60 IN A 203.0.113.66").to_wire(), max(server.clients))
            return [message(query, f"{NAME}. 60 IN A 192.0.2.7").to_wire()]

        server = Server(behaviour)
        with stranger:
            async with running(server) as resolver:
                question = DnsQuestion("v", resolver.label, NAME, RecordType.A)
                return await ResolverProbe().probe_dns(question, resolver, asyncio.get_running_loop().time() + LONG)

    assert run(main()).addresses == ("192.0.2.7",)


def test_lost_query_is_repeated() -> None:
    server = Server(lambda _: [])

    def behaviour(query: bytes) -> list[bytes]:
        return [message(query, f"{NAME}. 60 IN A 192.0.2.7").to_wire()] if len(server.queries) == 3 else []

    server.behaviour = behaviour
    assert ask(server, retransmit_after=QUICK).addresses == ("192.0.2.7",)
    assert len(set(server.queries)) == 1


def test_silent_server_is_a_timeout() -> None:
    assert ask(Server(lambda _: []), patience=4 * QUICK, retransmit_after=QUICK).status is DnsStatus.TIMEOUT


def test_silence_shorter_than_a_retransmission_says_nothing() -> None:
    assert ask(Server(lambda _: []), patience=QUICK).status is DnsStatus.CUT_SHORT


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
def test_dead_port_is_unreachable(transport: Transport) -> None:
    async def main() -> DnsAnswer:
        async with running(Server(lambda _: [])) as resolver:
            pass
        probe = ResolverProbe(retransmit_after=QUICK)
        question = DnsQuestion("v", resolver.label, NAME, RecordType.A)
        dead = Resolver(resolver.host, resolver.port, transport)
        return await probe.probe_dns(question, dead, asyncio.get_running_loop().time() + LONG)

    assert run(main()).status is DnsStatus.UNREACHABLE


def _garbled(query: bytes, counts: bytes, tail: bytes) -> bytes:
    question = query[12 : query.index(b"\0", 12) + 5]
    return query[:2] + b"\x81\x80" + counts + question + tail


@pytest.mark.parametrize(
    ("counts", "tail"),
    [
        pytest.param(b"\0\1\0\1\0\0\0\0", b"\xc0\x0c\0\1", id="record cut off"),
        pytest.param(b"\0\1\0\1\0\0\0\0", b"\xc0\x2a\0\1\0\1\0\0\0\1\0\4\1\2\3\4", id="pointer to itself"),
        pytest.param(b"\0\1\0\1\0\0\0\0", b"\xc0\x0c\0\1\0\1\0\0\0\1\0\3\1\2\3", id="address of three octets"),
        pytest.param(b"\0\1\xff\xff\xff\xff\xff\xff", b"\xc0\x0c\0\1" * 9000, id="a bomb of pointers"),
    ],
)
def test_malformed_reply_is_told_as_such(counts: bytes, tail: bytes) -> None:
    assert ask(Server(lambda query: [_garbled(query, counts, tail)])).status is DnsStatus.MALFORMED


def test_name_that_cannot_be_asked_is_no_crash() -> None:
    assert ask(Server(lambda _: []), name="x" * 64 + ".example.com").status is DnsStatus.MALFORMED


def test_queries_in_flight_are_capped() -> None:
    async def main() -> int:
        server = Server(lambda _: [])
        async with running(server) as resolver:
            probe = ResolverProbe()
            give_up_at = asyncio.get_running_loop().time() + LONG
            tasks = [
                asyncio.create_task(
                    probe.probe_dns(
                        DnsQuestion("v", resolver.label, f"n{number}.example.com", RecordType.A), resolver, give_up_at
                    )
                )
                for number in range(MAX_IN_FLIGHT + 20)
            ]
            while len(server.queries) < MAX_IN_FLIGHT:
                await asyncio.sleep(0)
            for _ in range(100):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return len(server.queries)

    assert asyncio.run(main()) == MAX_IN_FLIGHT


def test_answered_queries_make_room_for_more() -> None:
    async def main() -> set[DnsStatus]:
        server = answering(f"{NAME}. 60 IN A 192.0.2.7")
        async with running(server) as resolver:
            probe = ResolverProbe()
            question = DnsQuestion("v", resolver.label, NAME, RecordType.A)
            give_up_at = asyncio.get_running_loop().time() + LONG
            return {(await probe.probe_dns(question, resolver, give_up_at)).status for _ in range(MAX_IN_FLIGHT + 1)}

    assert asyncio.run(main()) == {DnsStatus.ANSWER}


def test_message_of_too_many_records_is_not_read() -> None:
    records = [f"{NAME}. 60 IN A 10.0.{number // 256}.{number % 256}" for number in range(MAX_RECORDS + 1)]
    assert ask(answering(*records), transport=Transport.TCP).status is DnsStatus.MALFORMED


def test_source_address_is_used_for_its_own_family() -> None:
    async def main() -> set[tuple[str, int]]:
        server = answering(f"{NAME}. 60 IN A 192.0.2.7")
        async with running(server) as resolver:
            question = DnsQuestion("v", resolver.label, NAME, RecordType.A)
            give_up_at = asyncio.get_running_loop().time() + LONG
            await ResolverProbe("127.0.0.9").probe_dns(question, resolver, give_up_at)
            await ResolverProbe("::1").probe_dns(question, resolver, give_up_at)
        return server.clients

    assert {address for address, _ in asyncio.run(main())} == {"127.0.0.9", "127.0.0.1"}


def test_resolv_conf_gives_nameservers_in_order(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text(
        "# nameserver 192.0.2.1\nsearch example.com\noptions edns0\nnameserver 192.0.2.53 # first\n"
        "nameserver not-an-address\nnameserver fe80::1%eth0\nnameserver 192.0.2.53\n"
        "nameserver 2001:DB8::53\nnameserver 192.0.2.99\n"
    )
    expected = (Resolver("192.0.2.53"), Resolver("fe80::1%eth0"), Resolver("2001:db8::53"))
    assert system_resolvers(str(path)) == expected


@pytest.mark.parametrize("text", [None, "", "search example.com\n"])
def test_without_nameservers_this_host_is_asked(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "resolv.conf"
    if text is not None:
        path.write_text(text)
    assert system_resolvers(str(path)) == (Resolver("127.0.0.1"),)
