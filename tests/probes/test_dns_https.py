"""Questions over HTTPS: what is sent, whom it trusts, how the server's address is found, what needs the extra."""

import asyncio
import ssl
import sys
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import dns.flags
import dns.message
import pytest
import trustme

from check_autodiscover.core.model.observations import DnsAnswer, DnsQuestion, DnsStatus, RecordType
from check_autodiscover.core.model.policy import Resolver, Transport
from check_autodiscover.probes.dns.resolver import ResolverProbe, ResolverTools
from check_autodiscover.probes.trust import Trust
from check_autodiscover.settings import MissingExtra
from tests.probes.dns_server import LONG, NAME, QUICK, SOA, answering, message, running
from tests.probes.web import Handler, Site, answer, serve, silent

pytest.importorskip("httpcore2", reason="the extra doh is not installed")

RECORD = f"{NAME}. 60 IN A 192.0.2.7"
SERVER_NAME = "dns.example.com"


def http11(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """What a server presents that knows no HTTP/2, which named does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    context.set_alpn_protocols(["http/1.1"])
    return context


def asked(request: bytes) -> bytes:
    """The query that a request carries."""
    target = request.split(b" ", 2)[1]
    encoded = target.partition(b"dns=")[2]
    return urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4))


def telling(limit: int = 1_000_000) -> Handler:
    """Answers question by question, and closes after so many."""

    async def handle(site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(limit):
            reply = message(asked(await site.read_request(reader)), RECORD).to_wire()
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/dns-message\r\nContent-Length: %d\r\n\r\n" % len(
                reply
            )
            writer.write(head + reply)
            await writer.drain()

    return handle


class Client:
    """Asks one site by HTTPS."""

    def __init__(self, probe: ResolverProbe, resolver: Resolver) -> None:
        self.probe = probe
        self.resolver = resolver

    async def ask(self, name: str = NAME, patience: float = LONG) -> DnsAnswer:
        question = DnsQuestion("v", self.resolver.label, name, RecordType.A)
        return await self.probe.probe_dns(question, self.resolver, asyncio.get_running_loop().time() + patience)


@asynccontextmanager
async def talking(
    handler: Handler,
    context: ssl.SSLContext,
    trust: Trust,
    *,
    host: str = "127.0.0.1",
    name: str = "",
    bootstrap: tuple[Resolver, ...] = (),
    source: str = "",
) -> AsyncIterator[tuple[Client, Site]]:
    probe = ResolverProbe(source, trust=trust, bootstrap=bootstrap, retransmit_after=QUICK)
    async with serve(handler, context) as site:
        try:
            yield Client(probe, Resolver(host, site.port, Transport.HTTPS, name, "/dns-query")), site
        finally:
            await probe.close()


def ask(
    handler: Handler,
    context: ssl.SSLContext,
    trust: Trust,
    *,
    name: str = SERVER_NAME,
    patience: float = LONG,
    source: str = "",
) -> tuple[DnsAnswer, Site]:
    async def main() -> tuple[DnsAnswer, Site]:
        async with talking(handler, context, trust, name=name, source=source) as (client, site):
            return await client.ask(patience=patience), site

    return asyncio.run(main())


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert(SERVER_NAME)


@pytest.fixture
def tls(certificate: trustme.LeafCert) -> ssl.SSLContext:
    return http11(certificate)


def test_question_is_asked_as_rfc_8484_has_it(tls: ssl.SSLContext, trust: Trust) -> None:
    answered, site = ask(telling(), tls, trust)
    assert (answered.status, answered.addresses) == (DnsStatus.ANSWER, ("192.0.2.7",))
    first, *headers = site.requests[0].lower().split(b"\r\n")
    assert first.startswith(b"get /dns-query?dns=")
    assert b"=" not in first.partition(b"dns=")[2]
    assert {b"accept: application/dns-message", f"host: {SERVER_NAME}:{site.port}".encode()} <= set(headers)
    query = dns.message.from_wire(asked(site.requests[0]))
    assert (query.id, query.flags) == (0, dns.flags.RD)
    assert site.names == [SERVER_NAME]


def test_connection_serves_the_next_probe_that_shares_the_tools(tls: ssl.SSLContext, trust: Trust) -> None:
    async def main() -> tuple[set[DnsStatus], int]:
        tools = ResolverTools(trust)
        async with serve(telling(), tls) as site:
            resolver = Resolver("127.0.0.1", site.port, Transport.HTTPS, SERVER_NAME, "/dns-query")
            statuses = set()
            for _ in range(3):
                probe = ResolverProbe(retransmit_after=QUICK, tools=tools)
                statuses.add((await Client(probe, resolver).ask()).status)
                await probe.close()
            await tools.kept.close()
            return statuses, len(site.visits)

    assert asyncio.run(main()) == ({DnsStatus.ANSWER}, 1)


def test_path_with_a_query_of_its_own_keeps_it(tls: ssl.SSLContext, trust: Trust) -> None:
    async def main() -> tuple[DnsAnswer, bytes]:
        async with talking(telling(), tls, trust, name=SERVER_NAME) as (client, site):
            client.resolver = replace(client.resolver, path="/q?profile=\u00e4 b")
            return await client.ask(), site.requests[0]

    answered, request = asyncio.run(main())
    assert answered.status is DnsStatus.ANSWER
    assert request.startswith(b"GET /q?profile=%C3%A4%20b&dns=")


def test_connections_are_kept_and_replaced_when_the_server_closes_them(tls: ssl.SSLContext, trust: Trust) -> None:
    async def main(limit: int) -> tuple[list[DnsStatus], int]:
        async with talking(telling(limit), tls, trust, name=SERVER_NAME) as (client, site):
            statuses = [(await client.ask()).status for _ in range(3)]
            return statuses, len(site.visits)

    assert asyncio.run(main(1_000_000)) == ([DnsStatus.ANSWER] * 3, 1)
    assert asyncio.run(main(1)) == ([DnsStatus.ANSWER] * 3, 3)


@pytest.mark.parametrize(
    ("names", "expected", "status"),
    [
        (("127.0.0.1",), "", DnsStatus.ANSWER),
        ((SERVER_NAME,), "", DnsStatus.UNTRUSTED),
        (("other.example.com", "127.0.0.1"), SERVER_NAME, DnsStatus.UNTRUSTED),
    ],
)
def test_certificate_must_hold_the_name_or_without_one_the_address(
    names: tuple[str, ...], expected: str, status: DnsStatus, trust: Trust, authority: trustme.CA
) -> None:
    answered, site = ask(telling(), http11(authority.issue_cert(*names)), trust, name=expected)
    assert answered.status is status
    assert len(site.requests) == (status is DnsStatus.ANSWER)


def test_stranger_s_certificate_is_not_trusted(trust: Trust) -> None:
    context = http11(trustme.CA().issue_cert(SERVER_NAME))
    assert ask(telling(), context, trust)[0].status is DnsStatus.UNTRUSTED


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        pytest.param(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", DnsStatus.MALFORMED, id="refused"),
        pytest.param(
            b"HTTP/1.1 302 Found\r\nLocation: https://192.0.2.1/\r\nContent-Length: 0\r\n\r\n",
            DnsStatus.MALFORMED,
            id="elsewhere",
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd", DnsStatus.MALFORMED, id="no message"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + bytes(70_000), DnsStatus.MALFORMED, id="too long"
        ),
        pytest.param(b"220 mail.example.com ESMTP\r\n\r\n", DnsStatus.UNREACHABLE, id="another protocol"),
    ],
)
def test_what_is_no_dns_message_is_no_answer(
    reply: bytes, status: DnsStatus, tls: ssl.SSLContext, trust: Trust
) -> None:
    assert ask(answer(reply), tls, trust)[0].status is status


def test_silence_is_a_timeout(tls: ssl.SSLContext, trust: Trust) -> None:
    # Time enough for the handshake: whatever of it is done, nothing comes.
    assert ask(silent, tls, trust, patience=4 * QUICK)[0].status is DnsStatus.TIMEOUT


def test_dead_port_is_unreachable(tls: ssl.SSLContext, trust: Trust) -> None:
    async def main() -> DnsAnswer:
        async with talking(telling(), tls, trust, name=SERVER_NAME) as (client, _):
            pass
        return await client.ask()

    assert asyncio.run(main()).status is DnsStatus.UNREACHABLE


@pytest.mark.parametrize(("source", "client"), [("127.0.0.9", "127.0.0.9"), ("::1", "127.0.0.1")])
def test_source_address_is_used_for_its_own_family(source: str, client: str, tls: ssl.SSLContext, trust: Trust) -> None:
    answered, site = ask(telling(), tls, trust, source=source)
    assert (answered.status, site.clients) == (DnsStatus.ANSWER, {client})


def test_server_given_by_name_is_located_once_by_another(tls: ssl.SSLContext, trust: Trust) -> None:
    async def main() -> tuple[list[DnsAnswer], int, list[str | None]]:
        knowing = answering(f"{SERVER_NAME}. 60 IN A 127.0.0.1")
        async with (
            running(knowing) as bootstrap,
            talking(telling(), tls, trust, host=SERVER_NAME, bootstrap=(bootstrap,)) as (client, site),
        ):
            answers = [*await asyncio.gather(client.ask(), client.ask()), await client.ask()]
            return answers, len(knowing.queries), site.names

    answers, lookups, names = asyncio.run(main())
    assert {item.status for item in answers} == {DnsStatus.ANSWER}
    assert lookups == 1
    assert set(names) == {SERVER_NAME}


def test_server_whose_name_nobody_knows_is_unreachable(tls: ssl.SSLContext, trust: Trust) -> None:
    async def main() -> DnsAnswer:
        async with (
            running(answering(authority=SOA, rcode=3)) as bootstrap,
            talking(telling(), tls, trust, host=SERVER_NAME, bootstrap=(bootstrap,)) as (client, _),
        ):
            return await client.ask()

    assert asyncio.run(main()).status is DnsStatus.UNREACHABLE


@pytest.mark.parametrize("missing", ["httpcore2", "h2.connection", "anyio"])
def test_missing_extra_is_told_with_its_command_before_anything_is_asked(
    missing: str, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "check_autodiscover.probes.dns.https", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    probe = ResolverProbe(trust=trust)
    with pytest.raises(MissingExtra, match=r"the extra 'doh', as in pip install '\.\[doh\]' in a checkout"):
        probe.require([Resolver("192.0.2.53", 443, Transport.HTTPS, "", "/dns-query")])
