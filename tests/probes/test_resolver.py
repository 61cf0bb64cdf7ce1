"""The resolver probe and its datagrams, against real sockets on loopback: what is sent, repeated and believed."""

import asyncio
import socket

import dns.flags
import dns.message
import pytest

from check_autodiscover.core.model.observations import DnsAnswer, DnsQuestion, DnsStatus, RecordType
from check_autodiscover.core.model.policy import Resolver, Transport
from check_autodiscover.probes.dns.resolver import MAX_IN_FLIGHT, ResolverProbe
from tests.probes.dns_server import LONG, NAME, QUICK, Server, answering, ask, message, running


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

    assert asyncio.run(main()).addresses == ("2001:db8::7",)


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


def test_answer_that_is_cut_off_even_over_tcp_proves_nothing() -> None:
    """RFC 7766: there is room for all of it, so that an empty one is no denial."""

    def cut(query: bytes) -> list[bytes]:
        return [message(query, flags=dns.flags.TC).to_wire()]

    assert ask(Server(cut, cut)).status is DnsStatus.MALFORMED


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

    assert asyncio.run(main()).addresses == ("192.0.2.7",)


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

    assert asyncio.run(main()).status is DnsStatus.UNREACHABLE


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
