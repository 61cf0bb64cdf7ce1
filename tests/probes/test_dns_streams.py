"""Questions over TCP and TLS: one connection for all, every way in which it ends, and whom it trusts."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from check_autodiscover.core.model.observations import DnsAnswer, DnsQuestion, DnsStatus, RecordType
from check_autodiscover.core.model.policy import Resolver, Transport, TrustSettings
from check_autodiscover.probes.dns.resolver import ResolverProbe
from check_autodiscover.probes.trust import Trust, TrustError, load_trust
from tests.probes.dns_server import LONG, NAME, QUICK, Server, answering, ask, message
from tests.probes.web import Handler, Site, serve, silent, tls_context

RECORD = "60 IN A 192.0.2.7"
SERVER_NAME = "dns.example.com"
LAST_YEAR = datetime(2025, 1, 1, tzinfo=UTC)


async def read_query(site: Site, reader: asyncio.StreamReader) -> bytes:
    length = int.from_bytes(await reader.readexactly(2), "big")
    site.requests.append(await reader.readexactly(length))
    return site.requests[-1]


def reply_to(query: bytes) -> bytes:
    reply = message(query, f"{asked_name(query)} {RECORD}").to_wire()
    return len(reply).to_bytes(2, "big") + reply


def asked_name(query: bytes) -> str:
    return message(query).question[0].name.to_text()


def each(limit: int = 1_000_000) -> Handler:
    """Answers query by query, and closes after so many."""

    async def handle(site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(limit):
            writer.write(reply_to(await read_query(site, reader)))
            await writer.drain()

    return handle


def saying(data: bytes) -> Handler:
    """Answers every query with these bytes, and closes."""

    async def handle(site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_query(site, reader)
        writer.write(data)

    return handle


class Client:
    """Asks one site."""

    def __init__(self, site: Site, probe: ResolverProbe, transport: Transport, name: str) -> None:
        self.probe = probe
        self.resolver = Resolver("127.0.0.1", site.port, transport, name)

    async def ask(self, name: str = NAME, patience: float = LONG) -> DnsAnswer:
        question = DnsQuestion("v", self.resolver.label, name, RecordType.A)
        return await self.probe.probe_dns(question, self.resolver, asyncio.get_running_loop().time() + patience)


@asynccontextmanager
async def talking(
    handler: Handler,
    context: ssl.SSLContext | None = None,
    trust: Trust | None = None,
    name: str = "",
) -> AsyncIterator[tuple[Client, Site]]:
    transport = Transport.TCP if trust is None else Transport.TLS
    probe = ResolverProbe(trust=trust, retransmit_after=QUICK)
    async with serve(handler, context) as site:
        try:
            yield Client(site, probe, transport, name), site
        finally:
            await probe.close()


def answer_over_tls(
    handler: Handler, context: ssl.SSLContext | None, trust: Trust, name: str = "", patience: float = LONG
) -> tuple[DnsAnswer, Site]:
    async def main() -> tuple[DnsAnswer, Site]:
        async with talking(handler, context, trust, name) as (client, site):
            return await client.ask(patience=patience), site

    return asyncio.run(main())


def answer_over_tcp(handler: Handler, patience: float = LONG) -> DnsAnswer:
    async def main() -> DnsAnswer:
        async with talking(handler) as (client, _):
            return await client.ask(patience=patience)

    return asyncio.run(main())


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert(SERVER_NAME, "127.0.0.1")


def test_tcp_resolver_gets_no_datagram() -> None:
    server = answering(f"{NAME}. {RECORD}")
    assert ask(server, transport=Transport.TCP).addresses == ("192.0.2.7",)
    assert (server.tcp_queries, server.queries) == (1, [])


@pytest.mark.parametrize("encrypted", [False, True])
def test_all_questions_share_one_connection(encrypted: bool, trust: Trust, tls: ssl.SSLContext) -> None:
    async def main() -> tuple[list[DnsAnswer], Site]:
        async with talking(each(), *((tls, trust, SERVER_NAME) if encrypted else ())) as (client, site):
            at_once = await asyncio.gather(*(client.ask(f"n{number}.example.com") for number in range(20)))
            return [*at_once, await client.ask()], site

    answers, site = asyncio.run(main())
    assert {answer.status for answer in answers} == {DnsStatus.ANSWER}
    assert (len(site.requests), len(site.visits)) == (21, 1)


def test_answers_may_come_in_any_order() -> None:
    async def backwards(site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        queries = [await read_query(site, reader) for _ in range(3)]
        for query in reversed(queries):
            record = f"{asked_name(query)} 60 IN A 192.0.2.{asked_name(query)[1]}"
            reply = message(query, record).to_wire()
            writer.write(len(reply).to_bytes(2, "big") + reply)

    async def main() -> list[DnsAnswer]:
        async with talking(backwards) as (client, _):
            return await asyncio.gather(*(client.ask(f"n{number}.example.com") for number in range(3)))

    assert [answer.addresses for answer in asyncio.run(main())] == [(f"192.0.2.{number}",) for number in range(3)]


@pytest.mark.parametrize("encrypted", [False, True])
def test_what_a_closing_server_left_open_is_asked_again(encrypted: bool, trust: Trust, tls: ssl.SSLContext) -> None:
    async def main() -> tuple[list[DnsAnswer], Site]:
        async with talking(each(limit=1), *((tls, trust, SERVER_NAME) if encrypted else ())) as (client, site):
            at_once = await asyncio.gather(*(client.ask(f"n{number}.example.com") for number in range(4)))
            return [*at_once, await client.ask()], site

    answers, site = asyncio.run(main())
    assert {answer.status for answer in answers} == {DnsStatus.ANSWER}
    assert len(site.visits) == 5


def test_connection_closed_without_an_answer_is_no_answer() -> None:
    assert ask(Server(lambda _: []), transport=Transport.TCP).status is DnsStatus.UNREACHABLE


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(b"\0\0", DnsStatus.MALFORMED, id="empty"),
        pytest.param(b"\0\1\0", DnsStatus.MALFORMED, id="one octet"),
        pytest.param(b"\0\x0c" + bytes(12), DnsStatus.MALFORMED, id="no reply"),
        pytest.param(b"\0", DnsStatus.UNREACHABLE, id="half a length"),
        pytest.param(b"\xff\xff" + bytes(100), DnsStatus.UNREACHABLE, id="more announced than sent"),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", DnsStatus.UNREACHABLE, id="another protocol"),
    ],
)
def test_garbage_is_never_taken_for_an_answer(data: bytes, status: DnsStatus) -> None:
    assert answer_over_tcp(saying(data)).status is status


def test_reply_to_another_question_spoils_the_connection_for_all() -> None:
    async def other(site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, second = await read_query(site, reader), await read_query(site, reader)
        writer.write(reply_to(first[:2] + second[2:]))
        await reader.read(-1)

    async def main() -> list[DnsAnswer]:
        async with talking(other) as (client, _):
            return [*await asyncio.gather(client.ask("a.example.com"), client.ask("b.example.com"))]

    assert {answer.status for answer in asyncio.run(main())} == {DnsStatus.MALFORMED}


def test_reply_that_comes_after_its_question_was_given_up_harms_no_other() -> None:
    async def late(site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        queries = [await read_query(site, reader), await read_query(site, reader)]
        writer.write(b"".join(map(reply_to, queries)))
        await reader.read(-1)

    async def main() -> tuple[list[DnsAnswer], Site]:
        async with talking(late) as (client, site):
            return [await client.ask(patience=2 * QUICK), await client.ask("b.example.com")], site

    answers, site = asyncio.run(main())
    assert [answer.status for answer in answers] == [DnsStatus.TIMEOUT, DnsStatus.ANSWER]
    assert len(site.visits) == 1


def test_silence_is_a_timeout() -> None:
    assert answer_over_tcp(silent, patience=2 * QUICK).status is DnsStatus.TIMEOUT


@pytest.mark.parametrize(
    ("names", "expected", "status"),
    [
        ((SERVER_NAME,), SERVER_NAME, DnsStatus.ANSWER),
        (("*.example.com",), SERVER_NAME, DnsStatus.ANSWER),
        (("127.0.0.1",), "", DnsStatus.ANSWER),
        (("other.example.com", "127.0.0.1"), SERVER_NAME, DnsStatus.UNTRUSTED),
        ((SERVER_NAME,), "", DnsStatus.UNTRUSTED),
        (("127.0.0.2",), "", DnsStatus.UNTRUSTED),
    ],
)
def test_certificate_must_hold_the_name_or_without_one_the_address(
    names: tuple[str, ...], expected: str, status: DnsStatus, trust: Trust, authority: trustme.CA
) -> None:
    context = tls_context(authority.issue_cert(*names))
    answer, site = answer_over_tls(each(), context, trust, expected)
    assert answer.status is status
    assert len(site.requests) == (status is DnsStatus.ANSWER)
    assert site.names == [expected or None]


def test_common_name_is_no_name(trust: Trust, authority: trustme.CA) -> None:
    context = tls_context(authority.issue_cert("other.example.com", common_name=SERVER_NAME))
    assert answer_over_tls(each(), context, trust, SERVER_NAME)[0].status is DnsStatus.UNTRUSTED


def test_expired_certificate_is_not_trusted(trust: Trust, authority: trustme.CA) -> None:
    expired = authority.issue_cert(SERVER_NAME, not_before=LAST_YEAR, not_after=LAST_YEAR.replace(month=2))
    assert answer_over_tls(each(), tls_context(expired), trust, SERVER_NAME)[0].status is DnsStatus.UNTRUSTED


def test_stranger_s_certificate_is_not_trusted(trust: Trust) -> None:
    context = tls_context(trustme.CA().issue_cert(SERVER_NAME))
    assert answer_over_tls(each(), context, trust, SERVER_NAME)[0].status is DnsStatus.UNTRUSTED


def test_without_anchors_given_those_of_the_system_count(
    authority: trustme.CA, tls: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

    async def main() -> DnsAnswer:
        probe = ResolverProbe()
        async with serve(each(), tls) as site:
            try:
                return await Client(site, probe, Transport.TLS, SERVER_NAME).ask()
            finally:
                await probe.close()

    assert asyncio.run(main()).status is DnsStatus.ANSWER


def test_server_without_tls_is_unreachable_over_it(trust: Trust) -> None:
    async def clear(_: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"220 mail.example.com ESMTP\r\n")

    assert answer_over_tls(clear, None, trust)[0].status is DnsStatus.UNREACHABLE


def test_handshake_that_never_ends_is_a_timeout(trust: Trust) -> None:
    assert answer_over_tls(silent, None, trust, patience=2 * QUICK)[0].status is DnsStatus.TIMEOUT


def test_anchors_that_became_unusable_are_told_before_anything_is_asked(authority: trustme.CA, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    trust = load_trust(TrustSettings(ca_files=(str(tmp_path / "ca.pem"),), system=False))
    (tmp_path / "ca.pem").unlink()
    probe = ResolverProbe(trust=trust)
    probe.require([Resolver("192.0.2.53"), Resolver("192.0.2.53", transport=Transport.TCP)])
    with pytest.raises(TrustError, match=r"ca\.pem"):
        probe.require([Resolver("192.0.2.53", 853, Transport.TLS)])


def test_closing_ends_the_connection_and_whoever_waits_and_asking_opens_another() -> None:
    async def main() -> tuple[DnsAnswer, DnsAnswer, Site]:
        async with talking(silent) as (client, site):
            waiting = asyncio.create_task(client.ask())
            while not site.visits:
                await asyncio.sleep(0)
            await client.probe.close()
            left = await waiting
            await asyncio.gather(*site.visits)
            site.handler = each()
            return left, await client.ask(), site

    left, after, site = asyncio.run(main())
    assert (left.status, after.status) == (DnsStatus.UNREACHABLE, DnsStatus.ANSWER)
    assert len(site.visits) == 2
