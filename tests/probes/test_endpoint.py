"""The endpoint probe against real servers on loopback: how connections, handshakes and answers are told."""

import asyncio
import socket
import ssl
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from OpenSSL import SSL

from check_autodiscover.core.certificate import Certificate, UnreadableCertificate
from check_autodiscover.core.survey import Connect, Contact, EndpointQuestion, Exchange, Handshake, Scheme, VerifyError
from check_autodiscover.probes.endpoint import ConnectionProbe
from check_autodiscover.trust import Trust, TrustSettings, load_trust
from tests.probes.web import Handler, Site, abort, answer, serve, silent, tls_context

NAME = "autodiscover.example.com"
LONG = 10.0
"""Seconds that nothing here should need."""

SHORT = 0.5
"""Seconds after which a server here is given up; nothing is asserted about how long it took."""

EXPIRED, NOT_YET_VALID, SELF_SIGNED, SELF_SIGNED_IN_CHAIN, NO_ISSUER, UNVERIFIED_LEAF = 10, 9, 18, 19, 20, 21

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello"
LOGIN = (
    b"HTTP/1.1 401 Unauthorized\r\nServer: Microsoft-IIS/10.0\r\nWWW-Authenticate: Negotiate\r\n"
    b"WWW-Authenticate: NTLM\r\nX-FEServer: EX1\r\nContent-Length: 0\r\n\r\n"
)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trust(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Trust:
    path = tmp_path_factory.mktemp("trust") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return load_trust(TrustSettings(ca_files=(str(path),), system=False))


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert(NAME)


@pytest.fixture
def tls(certificate: trustme.LeafCert) -> ssl.SSLContext:
    return tls_context(certificate)


class Visits:
    """Visits sites with one trust."""

    def __init__(self, trust: Trust) -> None:
        self.trust = trust

    def visit(
        self,
        handler: Handler,
        context: ssl.SSLContext | None = None,
        *,
        scheme: Scheme = Scheme.HTTPS,
        host: str = "127.0.0.1",
        name: str = NAME,
        path: str = "/autodiscover/autodiscover.xml",
        patience: float = LONG,
        connect_timeout: float = LONG,
        source_address: str = "",
    ) -> tuple[Contact, Site]:
        async def main() -> tuple[Contact, Site]:
            async with serve(handler, context, host) as site:
                probe = ConnectionProbe(
                    self.trust, "example.com", connect_timeout=connect_timeout, source_address=source_address
                )
                probe.prepare()
                question = EndpointQuestion(name, host, site.port, scheme, path)
                give_up_at = asyncio.get_running_loop().time() + patience
                return await probe.probe_endpoint(question, give_up_at), site

        return asyncio.run(main())


@pytest.fixture
def visits(trust: Trust) -> Visits:
    return Visits(trust)


async def _probe(trust: Trust, port: int, *, connect_timeout: float = LONG, patience: float = LONG) -> Contact:
    probe = ConnectionProbe(trust, "example.com", connect_timeout=connect_timeout)
    question = EndpointQuestion(NAME, "127.0.0.1", port, Scheme.HTTPS)
    return await probe.probe_endpoint(question, asyncio.get_running_loop().time() + patience)


def shaken(contact: Contact) -> tuple[Handshake, tuple[VerifyError, ...]]:
    assert contact.tls is not None
    return contact.tls.handshake, contact.tls.errors


def leaf(contact: Contact) -> Certificate:
    assert contact.tls is not None
    first = contact.tls.chain[0]
    assert isinstance(first, Certificate)
    return first


def outcomes(contact: Contact) -> list[tuple[str, Exchange, int]]:
    return [(item.method, item.outcome, item.status) for item in contact.answers]


# What the connection shows


def test_good_chain_has_no_objections(visits: Visits, tls: ssl.SSLContext) -> None:
    contact, site = visits.visit(answer(LOGIN), tls)
    assert contact.connect is Connect.CONNECTED
    assert shaken(contact) == (Handshake.ESTABLISHED, ())
    assert contact.tls is not None
    assert contact.tls.version == "TLSv1.3"
    assert not contact.tls.client_certificate_requested
    assert leaf(contact).dns_names == (NAME,)
    assert site.names == [NAME]
    assert site.alpn == "http/1.1"
    assert contact.seconds > 0


def test_final_dot_is_not_sent_in_sni(visits: Visits, tls: ssl.SSLContext) -> None:
    assert visits.visit(answer(LOGIN), tls, name=f"{NAME}.")[1].names == [NAME]


@pytest.mark.parametrize("name", ["127.0.0.1", "::1"])
def test_address_is_not_sent_in_sni(visits: Visits, tls: ssl.SSLContext, name: str) -> None:
    assert visits.visit(answer(LOGIN), tls, name=name)[1].names == [None]


def test_ipv6_is_spoken(visits: Visits, tls: ssl.SSLContext) -> None:
    contact, site = visits.visit(answer(LOGIN), tls, host="::1")
    assert outcomes(contact) == [("GET", Exchange.ANSWERED, 401)]
    assert site.clients == {"::1"}


def test_source_address_is_used(visits: Visits, tls: ssl.SSLContext) -> None:
    assert visits.visit(answer(LOGIN), tls, source_address="127.0.0.9")[1].clients == {"127.0.0.9"}


@pytest.mark.parametrize(("years", "code"), [((2001, 2002), EXPIRED), ((2900, 2901), NOT_YET_VALID)])
def test_dates_are_objected_to_and_http_still_spoken(
    visits: Visits, authority: trustme.CA, years: tuple[int, int], code: int
) -> None:
    start, end = (datetime(year, 1, 1, tzinfo=UTC) for year in years)
    contact, _ = visits.visit(answer(LOGIN), tls_context(authority.issue_cert(NAME, not_before=start, not_after=end)))
    assert shaken(contact) == (Handshake.ESTABLISHED, (VerifyError(code, 0),))
    assert outcomes(contact) == [("GET", Exchange.ANSWERED, 401)]


def test_self_signed_certificate_is_objected_to_at_the_leaf(visits: Visits, tmp_path: Path) -> None:
    stranger = trustme.CA()
    stranger.private_key_pem.write_to_path(tmp_path / "key")
    stranger.cert_pem.write_to_path(tmp_path / "pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pem", tmp_path / "key")
    contact, _ = visits.visit(answer(LOGIN), context)
    assert VerifyError(SELF_SIGNED, 0) in shaken(contact)[1]


def test_unknown_authority_is_objected_to(visits: Visits) -> None:
    contact, _ = visits.visit(answer(LOGIN), tls_context(trustme.CA().issue_cert(NAME)))
    assert shaken(contact) == (Handshake.ESTABLISHED, (VerifyError(NO_ISSUER, 0), VerifyError(UNVERIFIED_LEAF, 0)))


def test_missing_intermediate_differs_from_a_presented_one(
    visits: Visits, authority: trustme.CA, tmp_path: Path
) -> None:
    issued = authority.create_child_ca().issue_cert(NAME)
    whole, _ = visits.visit(answer(LOGIN), tls_context(issued))
    assert shaken(whole)[1] == ()
    assert whole.tls is not None
    assert len(whole.tls.chain) == 2
    (tmp_path / "leaf").write_bytes(issued.cert_chain_pems[0].bytes())
    issued.private_key_pem.write_to_path(tmp_path / "key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "leaf", tmp_path / "key")
    cut, _ = visits.visit(answer(LOGIN), context)
    assert cut.tls is not None
    assert len(cut.tls.chain) == 1
    assert VerifyError(NO_ISSUER, 0) in cut.tls.errors


def test_a_chain_is_read_once(visits: Visits, certificate: trustme.LeafCert) -> None:
    async def main() -> tuple[Contact, Contact]:
        async with serve(answer(LOGIN), tls_context(certificate)) as site:
            probe = ConnectionProbe(visits.trust, "example.com")
            question = EndpointQuestion(NAME, "127.0.0.1", site.port, Scheme.HTTPS)
            give_up_at = asyncio.get_running_loop().time() + LONG
            return await probe.probe_endpoint(question, give_up_at), await probe.probe_endpoint(question, give_up_at)

    first, second = asyncio.run(main())
    assert leaf(first) is leaf(second)


def test_server_stuck_at_old_tls_is_still_seen(visits: Visits, tls: ssl.SSLContext) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1
    tls.set_ciphers("ALL:@SECLEVEL=0")
    contact, _ = visits.visit(answer(LOGIN), tls)
    assert contact.tls is not None
    assert (contact.tls.handshake, contact.tls.version) == (Handshake.ESTABLISHED, "TLSv1")


# Client certificates


def _visit_demanding(trust: Trust, context: ssl.SSLContext) -> Contact:
    """Visit a server that ends the handshake without a client certificate. asyncio's servers would send no alert."""
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            accepted, _ = listener.accept()
            with accepted, suppress(ssl.SSLError):
                context.wrap_socket(accepted, server_side=True).close()

        thread = threading.Thread(target=run)
        thread.start()
        contact = asyncio.run(_probe(trust, listener.getsockname()[1]))
        thread.join()
    return contact


def test_client_certificate_demanded_in_tls_1_2_is_rejected_with_its_chain(trust: Trust, tls: ssl.SSLContext) -> None:
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    contact = _visit_demanding(trust, tls)
    assert contact.tls is not None
    assert contact.tls.handshake is Handshake.REJECTED
    assert contact.tls.client_certificate_requested
    assert "handshake failure" in contact.tls.detail
    assert leaf(contact).dns_names == (NAME,)
    assert contact.answers == ()


def test_client_certificate_demanded_in_tls_1_3_breaks_the_first_answer(trust: Trust, tls: ssl.SSLContext) -> None:
    tls.minimum_version = ssl.TLSVersion.TLSv1_3
    contact = _visit_demanding(trust, tls)
    assert contact.tls is not None
    assert contact.tls.handshake is Handshake.ESTABLISHED
    assert contact.tls.client_certificate_requested
    assert leaf(contact).dns_names == (NAME,)
    assert outcomes(contact) == [("GET", Exchange.RESET, 0)]
    assert "certificate required" in contact.answers[0].detail


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_client_certificate_asked_for_but_not_needed_is_noted(
    visits: Visits, tls: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    tls.minimum_version = tls.maximum_version = version
    tls.verify_mode = ssl.CERT_OPTIONAL
    contact, _ = visits.visit(answer(LOGIN), tls)
    assert contact.tls is not None
    assert contact.tls.client_certificate_requested
    assert outcomes(contact) == [("GET", Exchange.ANSWERED, 401)]


@pytest.fixture
def renegotiating(certificate: trustme.LeafCert, tmp_path: Path) -> Iterator[int]:
    """The port of a server that asks for a client certificate only once it has read the path, as IIS does."""
    (tmp_path / "pem").write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(tmp_path / "key")
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    context.set_session_id(b"renegotiating")
    context.set_options(SSL.OP_NO_TICKET)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.use_certificate_chain_file(tmp_path / "pem")
    context.use_privatekey_file(tmp_path / "key")
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        accepted, _ = listener.accept()
        session = SSL.Connection(context, None)
        session.set_accept_state()

        def read(done: Callable[[], bool]) -> None:
            while not done():
                with suppress(SSL.WantReadError):
                    session.recv(65536)
                with suppress(SSL.WantReadError):
                    accepted.sendall(session.bio_read(65536))
                if not done():
                    session.bio_write(accepted.recv(65536))

        with accepted:
            read(lambda: session.get_finished() is not None and session.get_peer_finished() is not None)
            session.set_verify(SSL.VERIFY_PEER, lambda *_: True)
            session.renegotiate()
            session.do_handshake()
            read(lambda: not session.renegotiate_pending())
            session.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\nConnection: close\r\n\r\n403.7")
            accepted.sendall(session.bio_read(65536))

    thread = threading.Thread(target=run)
    thread.start()
    yield listener.getsockname()[1]
    thread.join()
    listener.close()


def test_client_certificate_demanded_for_a_path_is_noted(trust: Trust, renegotiating: int) -> None:
    async def main() -> Contact:
        question = EndpointQuestion(NAME, "127.0.0.1", renegotiating, Scheme.HTTPS)
        probe = ConnectionProbe(trust, "example.com")
        return await probe.probe_endpoint(question, asyncio.get_running_loop().time() + LONG)

    contact = asyncio.run(main())
    assert contact.tls is not None
    assert contact.tls.client_certificate_requested
    assert outcomes(contact) == [("GET", Exchange.ANSWERED, 403)]
    assert contact.answers[0].body == "403.7"


# Connections and handshakes that fail


def test_closed_port_is_refused(trust: Trust) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    contact = asyncio.run(_probe(trust, port))
    assert (contact.connect, contact.tls, contact.answers) == (Connect.REFUSED, None, ())


@pytest.fixture
def swallowing() -> Iterator[int]:
    """A port that drops every SYN: its queue of connections is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            with suppress(BlockingIOError):
                filler.connect(listener.getsockname())
        yield listener.getsockname()[1]
        for filler in fillers:
            filler.close()


def test_swallowed_packets_are_a_timeout(trust: Trust, swallowing: int) -> None:
    assert asyncio.run(_probe(trust, swallowing, connect_timeout=SHORT)).connect is Connect.TIMEOUT


def test_deadline_before_the_connect_timeout_says_nothing(trust: Trust, swallowing: int) -> None:
    assert asyncio.run(_probe(trust, swallowing, patience=SHORT)).connect is Connect.CUT_SHORT


def test_passed_deadline_makes_no_connection(visits: Visits) -> None:
    contact, _ = visits.visit(silent, patience=-1.0)
    assert contact.connect is Connect.CUT_SHORT


def test_host_without_ipv6_does_not_blame_the_address() -> None:
    script = (
        "import asyncio\n"
        "from check_autodiscover.probes.dial import connect\n"
        "async def main():\n"
        "    give_up_at = asyncio.get_running_loop().time() + 10\n"
        "    for address in ('2001:db8::1', '192.0.2.1'):\n"
        "        print(await connect(address, 443, '', give_up_at, 10))\n"
        "asyncio.run(main())\n"
    )
    command = ["unshare", "--map-root-user", "--net", sys.executable, "-c", script]
    if subprocess.run([*command[:3], "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network namespaces here")
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["Connect.NO_FAMILY", "Connect.UNREACHABLE"]


def test_port_that_accepts_and_says_nothing_is_silent(visits: Visits) -> None:
    assert shaken(visits.visit(silent, connect_timeout=SHORT)[0])[0] is Handshake.SILENT


def test_handshake_cut_by_the_deadline_says_nothing(visits: Visits) -> None:
    assert shaken(visits.visit(silent, patience=SHORT)[0])[0] is Handshake.CUT_SHORT


@pytest.mark.parametrize(
    "greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"220 mail ESMTP\r\n", b"\x00", b"\x16\x01\x00", b"\xff" * 9999]
)
def test_other_protocols_are_not_tls(visits: Visits, greeting: bytes) -> None:
    async def greet(_site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await reader.read(-1)

    assert shaken(visits.visit(greet)[0])[0] is Handshake.NOT_TLS


def test_connection_closed_at_the_hello_is_reset(visits: Visits) -> None:
    async def close(_site: Site, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async def reset(_site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        abort(writer)

    assert shaken(visits.visit(close)[0])[0] is Handshake.RESET
    assert shaken(visits.visit(reset)[0])[0] is Handshake.RESET


def test_alert_is_rejection_with_its_text(visits: Visits) -> None:
    async def alert(_site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x15\x03\x03\x00\x02\x02\x28")
        await reader.read(-1)

    contact, _ = visits.visit(alert)
    assert contact.tls is not None
    assert contact.tls.handshake is Handshake.REJECTED
    assert "handshake failure" in contact.tls.detail


def _record(kind: int, body: bytes) -> bytes:
    message = bytes([kind]) + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message


def test_unparsable_certificate_is_unreadable(visits: Visits) -> None:
    hello = _record(2, b"\x03\x03" + bytes(32) + b"\x00\xc0\x2f\x00")
    junk = b"\x30\x03\x02\x01\x01"
    entry = len(junk).to_bytes(3, "big") + junk

    async def present(_site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(hello + _record(11, len(entry).to_bytes(3, "big") + entry))
        await reader.read(-1)

    contact, _ = visits.visit(present)
    assert contact.tls is not None
    assert contact.tls.handshake is Handshake.REJECTED
    assert isinstance(contact.tls.chain[0], UnreadableCertificate)
    assert contact.tls.chain[0].reason


def test_cancelling_closes_the_connection(trust: Trust) -> None:
    async def main() -> None:
        greeted, left = asyncio.Event(), asyncio.Event()

        async def watch(_site: Site, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            greeted.set()
            await reader.read(-1)
            left.set()

        async with serve(watch) as site:
            task = asyncio.create_task(_probe(trust, site.port))
            await greeted.wait()
            task.cancel()
            await asyncio.wait([task])
            await left.wait()

    asyncio.run(main())


# HTTP


def test_login_of_exchange_needs_no_post(visits: Visits, tls: ssl.SSLContext) -> None:
    contact, site = visits.visit(answer(LOGIN), tls)
    assert outcomes(contact) == [("GET", Exchange.ANSWERED, 401)]
    assert contact.answers[0].header("www-authenticate") == ("Negotiate", "NTLM")
    assert contact.answers[0].header("x-feserver") == ("EX1",)
    assert len(site.requests) == 1


@pytest.mark.parametrize(
    "first",
    [
        PLAIN,
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 405 Not Allowed\r\nContent-Length: 0\r\n\r\n",
        b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="ntlm"\r\nContent-Length: 0\r\n\r\n',
    ],
)
def test_other_answers_are_followed_by_a_post(visits: Visits, tls: ssl.SSLContext, first: bytes) -> None:
    contact, site = visits.visit(answer(first, LOGIN), tls)
    assert outcomes(contact)[1:] == [("POST", Exchange.ANSWERED, 401)]
    head, _, body = site.requests[1].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /autodiscover/autodiscover.xml HTTP/1.1\r\n")
    assert b"\r\ncontent-type: text/xml" in head.lower()
    assert b"<EMailAddress>autodiscover-check@example.com</EMailAddress>" in body
    assert b'xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"' in body


def test_closed_connection_gets_no_post(visits: Visits, tls: ssl.SSLContext) -> None:
    closing = PLAIN.replace(b"Content-Length", b"Connection: close\r\nContent-Length")
    contact, site = visits.visit(answer(closing), tls)
    assert outcomes(contact) == [("GET", Exchange.ANSWERED, 200)]
    assert len(site.requests) == 1


def test_plain_http_is_one_get_without_tls(visits: Visits) -> None:
    redirect = b"HTTP/1.1 302 Found\r\nLocation: https://a.example/autodiscover/autodiscover.xml\r\n\r\n"

    async def handle(site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await site.read_request(reader)
        writer.write(redirect)

    contact, site = visits.visit(handle, scheme=Scheme.HTTP)
    assert contact.tls is None
    assert outcomes(contact) == [("GET", Exchange.ANSWERED, 302)]
    assert contact.answers[0].header("location") == ("https://a.example/autodiscover/autodiscover.xml",)
    assert len(site.requests) == 1


def test_no_request_carries_a_credential(visits: Visits, tls: ssl.SSLContext) -> None:
    basic = (
        b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\nSet-Cookie: a=b\r\n'
        b"Content-Length: 0\r\n\r\n"
    )
    _, site = visits.visit(answer(basic), tls)
    assert len(site.requests) == 2
    for request in site.requests:
        names = {line.partition(b":")[0].lower() for line in request.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]}
        assert names <= {b"host", b"user-agent", b"accept", b"content-type", b"content-length", b"connection"}


def test_host_header_has_no_port_and_agent_names_the_product(visits: Visits, tls: ssl.SSLContext) -> None:
    _, site = visits.visit(answer(LOGIN), tls)
    head = site.requests[0].lower()
    assert f"\r\nhost: {NAME}\r\n".encode() in head
    assert b"\r\nuser-agent: check_autodiscover/" in head


def test_hostile_name_and_path_make_no_second_request(visits: Visits, tls: ssl.SSLContext) -> None:
    contact, site = visits.visit(answer(LOGIN), tls, name="a b\r\nX: y\0é", path="x\r\nAuthorization: é")
    assert outcomes(contact) == [("GET", Exchange.ANSWERED, 401)]
    assert site.requests[0].startswith(b"GET /x%0D%0AAuthorization:%20%C3%A9 HTTP/1.1\r\n")
    assert b"\r\nx: y" not in site.requests[0].lower()


def test_headers_are_chosen_and_cut(visits: Visits, tls: ssl.SSLContext) -> None:
    head = b"HTTP/1.1 401 No\r\nSet-Cookie: secret=1\r\nServer: " + b"\xe9" * 2000 + b"\r\n"
    many = b"".join(b"WWW-Authenticate: Negotiate %d\r\n" % number for number in range(80))
    contact, _ = visits.visit(answer(head + many + b"Content-Length: 0\r\n\r\n"), tls)
    headers = contact.answers[0].headers
    assert headers[0] == ("server", "é" * 512)
    assert len(headers) == 32
    assert all(name != "set-cookie" for name, _ in headers)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(b"SSH-2.0-x\r\n\r\n", id="no HTTP"),
        pytest.param(b"HTTP/1.1 200 OK\r\nServer: a\0b\r\n\r\n", id="NUL in a header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", id="two lengths"),
        pytest.param(b"HTTP/1.1 200 OK\r\nServer: " + b"x" * 300_000, id="endless header"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000, id="endless interim answers"),
    ],
)
def test_hostile_answer_is_malformed(visits: Visits, tls: ssl.SSLContext, bad: bytes) -> None:
    contact, _ = visits.visit(answer(bad), tls)
    assert outcomes(contact) == [("GET", Exchange.MALFORMED, 0)]
    assert contact.answers[0].detail


def _flooding(head: bytes, piece: bytes) -> Handler:
    async def flood(site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await site.read_request(reader)
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()

    return flood


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        pytest.param(b"Content-Length: 104857600\r\n\r\n", b"x" * 65536, id="100 MB"),
        pytest.param(b"\r\n", b"x" * 65536, id="until closed, never closed"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 1000, id="endless chunks"),
    ],
)
def test_endless_body_ends_at_once_and_its_beginning_counts(
    visits: Visits, tls: ssl.SSLContext, head: bytes, piece: bytes
) -> None:
    contact, _ = visits.visit(_flooding(b"HTTP/1.1 200 OK\r\n" + head, piece), tls)
    assert outcomes(contact) == [("GET", Exchange.ANSWERED, 200)]
    assert contact.answers[0].detail.startswith("more than")
    assert set(contact.answers[0].body) == {"x"}
    assert len(contact.answers[0].body) <= 4096


def test_dripping_body_is_cut_at_the_deadline(visits: Visits, tls: ssl.SSLContext) -> None:
    async def drip(site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await site.read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nServer: slow\r\nContent-Length: 1000000\r\n\r\nx")
        await reader.read(-1)

    contact, _ = visits.visit(drip, tls, patience=SHORT)
    assert outcomes(contact) == [("GET", Exchange.ANSWERED, 200)]
    assert contact.answers[0].header("server") == ("slow",)
    assert contact.answers[0].detail


def test_server_silent_after_the_request_is_told_from_our_haste(visits: Visits, tls: ssl.SSLContext) -> None:
    patient, _ = visits.visit(silent, tls, connect_timeout=SHORT)
    assert outcomes(patient) == [("GET", Exchange.SILENT, 0)]
    hasty, _ = visits.visit(silent, tls, patience=SHORT)
    assert outcomes(hasty) == [("GET", Exchange.CUT_SHORT, 0)]


def test_reset_and_close_after_the_request_are_told_apart(visits: Visits, tls: ssl.SSLContext) -> None:
    async def reset(site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await site.read_request(reader)
        abort(writer)

    async def close(site: Site, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await site.read_request(reader)

    assert outcomes(visits.visit(reset, tls)[0]) == [("GET", Exchange.RESET, 0)]
    assert outcomes(visits.visit(close, tls)[0]) == [("GET", Exchange.CLOSED, 0)]


def test_answer_up_to_the_end_of_the_connection_is_whole(visits: Visits, tls: ssl.SSLContext) -> None:
    async def old(site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await site.read_request(reader)
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nold")

    contact, _ = visits.visit(old, tls)
    assert [(item.status, item.body, item.detail) for item in contact.answers] == [(200, "old", "")]


# What it costs


def test_importing_the_probes_loads_no_heavy_library() -> None:
    script = (
        "import sys, check_autodiscover.trust, check_autodiscover.probes.resolver, check_autodiscover.probes.endpoint\n"
        "print(*({'OpenSSL', 'cryptography', 'h11', 'dns'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_loading_trust_leaves_tls_for_later(tmp_path: Path, authority: trustme.CA) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    script = (
        "import sys\n"
        "from check_autodiscover.trust import *\n"
        "from check_autodiscover.probes.endpoint import ConnectionProbe\n"
        "probe = ConnectionProbe(load_trust(TrustSettings(ca_files=(sys.argv[1],))), 'example.com')\n"
        "print('OpenSSL' in sys.modules)\n"
        "probe.prepare()\n"
        "print('OpenSSL' in sys.modules, 'h11' in sys.modules)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "ca.pem")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True"]
