"""What a handshake with a real server on loopback shows: chain, objections, demands for a client certificate."""

import asyncio
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from OpenSSL import SSL

from check_autodiscover.core.model.observations import (
    Connect,
    Contact,
    EndpointQuestion,
    Exchange,
    Handshake,
    Scheme,
    VerifyError,
)
from check_autodiscover.probes.endpoint import ConnectionProbe
from check_autodiscover.probes.trust import Trust
from tests.probes.visiting import LOGIN, LONG, NAME, Visits, leaf, outcomes, probe, shaken
from tests.probes.web import answer, serve, tls_context

EXPIRED, NOT_YET_VALID, SELF_SIGNED, NO_ISSUER, UNVERIFIED_LEAF = 10, 9, 18, 20, 21


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


def test_connections_of_one_context_side_by_side_each_tell_their_own(
    trust: Trust, tls: ssl.SSLContext, authority: trustme.CA
) -> None:
    asking = tls_context(authority.issue_cert(NAME))
    asking.verify_mode = ssl.CERT_OPTIONAL
    unknown = tls_context(trustme.CA().issue_cert(NAME))

    async def visit() -> list[Contact]:
        async with (
            serve(answer(LOGIN), tls) as good,
            serve(answer(LOGIN), asking) as curious,
            serve(answer(LOGIN), unknown) as stranger,
        ):
            prober = ConnectionProbe(trust, "example.com")
            give_up_at = asyncio.get_running_loop().time() + LONG
            places = (
                EndpointQuestion(NAME, "127.0.0.1", site.port, Scheme.HTTPS) for site in (good, curious, stranger)
            )
            return await asyncio.gather(*(prober.probe_endpoint(place, give_up_at) for place in places))

    seen = [contact.tls for contact in asyncio.run(visit())]
    assert [bool(each and each.errors) for each in seen] == [False, False, True]
    assert [bool(each and each.client_certificate_requested) for each in seen] == [False, True, False]


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
        contact = asyncio.run(probe(trust, listener.getsockname()[1]))
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
        received = bytearray()

        def read(done: Callable[[], bool]) -> None:
            while not done():
                with suppress(SSL.WantReadError):
                    received.extend(session.recv(65536))
                with suppress(SSL.WantReadError):
                    accepted.sendall(session.bio_read(65536))
                if not done():
                    session.bio_write(accepted.recv(65536))

        with accepted:
            read(lambda: b"\r\n\r\n" in received)
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
