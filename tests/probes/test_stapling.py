"""A server that staples an OCSP answer to its handshake, on loopback: what the probe makes of it."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import ocsp
from OpenSSL import SSL
from trustme import CA, LeafCert

from check_autodiscover.core.model.certificate import Revocation
from check_autodiscover.core.model.observations import Contact, Handshake
from check_autodiscover.probes.trust import Trust
from tests.probes.visiting import LOGIN, leaf, outcomes, probe

VERSIONS = pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION], ids=["1.2", "1.3"])


def revoked(authority: CA, certificate: LeafCert, signer: CA) -> bytes:
    """The signer's fresh answer that the authority has revoked the certificate."""
    key = load_pem_private_key(signer.private_key_pem.bytes(), None)
    now = datetime.fromtimestamp(time.time(), UTC)
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=_loaded(certificate.cert_chain_pems[0].bytes()),
        issuer=_loaded(authority.cert_pem.bytes()),
        algorithm=hashes.SHA1(),
        cert_status=ocsp.OCSPCertStatus.REVOKED,
        this_update=now - timedelta(hours=1),
        next_update=now + timedelta(days=7),
        revocation_time=now - timedelta(days=2),
        revocation_reason=None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, _loaded(signer.cert_pem.bytes()))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)  # type: ignore[arg-type]  # authorities' keys sign


def _loaded(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


def visit_stapling(trust: Trust, certificate: LeafCert, staple: bytes, version: int) -> Contact:
    """Visit a server that staples these bytes, none if empty."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_max_proto_version(version)
    with certificate.private_key_and_cert_chain_pem.tempfile() as file:
        context.use_certificate_chain_file(file)
        context.use_privatekey_file(file)
    context.set_ocsp_server_callback(lambda _connection, _data: staple)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, context))
        thread.start()
        contact = asyncio.run(probe(trust, listener.getsockname()[1]))
        thread.join()
    return contact


def _serve(listener: socket.socket, context: SSL.Context) -> None:
    accepted, _ = listener.accept()
    session = SSL.Connection(context, None)
    session.set_accept_state()
    with accepted:
        _drive(accepted, session, session.do_handshake)
        _drive(accepted, session, lambda: session.recv(65536))
        session.send(LOGIN)
        _flush(accepted, session)


def _drive(accepted: socket.socket, session: SSL.Connection, operation: Callable[[], object]) -> None:
    while True:
        try:
            operation()
        except SSL.WantReadError:
            _flush(accepted, session)
            session.bio_write(accepted.recv(65536))
        else:
            _flush(accepted, session)
            return


def _flush(accepted: socket.socket, session: SSL.Connection) -> None:
    with suppress(SSL.WantReadError):
        accepted.sendall(session.bio_read(65536))


@VERSIONS
def test_a_stapled_revocation_is_read_where_the_anchor_signed_it(
    trust: Trust, authority: CA, certificate: LeafCert, version: int
) -> None:
    contact = visit_stapling(trust, certificate, revoked(authority, certificate, authority), version)
    assert contact.tls is not None
    assert contact.tls.staple is not None
    assert (contact.tls.staple.status, contact.tls.staple.fault) == (Revocation.REVOKED, "")
    assert contact.tls.errors == ()
    assert leaf(contact).dns_names
    assert [status for _, _, status in outcomes(contact)] == [401]


def test_a_stapled_revocation_is_read_where_a_presented_intermediate_signed_it(trust: Trust, authority: CA) -> None:
    middle = authority.create_child_ca()
    issued = middle.issue_cert("autodiscover.example.com")
    contact = visit_stapling(trust, issued, revoked(middle, issued, middle), SSL.TLS1_3_VERSION)
    assert contact.tls is not None
    assert contact.tls.staple is not None
    assert contact.tls.staple.fault == ""


@VERSIONS
def test_a_forged_staple_is_told_from_a_true_one_and_stops_nothing(
    trust: Trust, authority: CA, certificate: LeafCert, version: int
) -> None:
    contact = visit_stapling(trust, certificate, revoked(authority, certificate, CA()), version)
    assert contact.tls is not None
    assert contact.tls.staple is not None
    assert contact.tls.staple.fault == "its signature is not the issuer's"
    assert contact.tls.handshake is Handshake.ESTABLISHED


def test_a_staple_that_says_nothing_stops_nothing(trust: Trust, certificate: LeafCert) -> None:
    busy = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
    contact = visit_stapling(trust, certificate, busy.public_bytes(Encoding.DER), SSL.TLS1_3_VERSION)
    assert contact.tls is not None
    assert contact.tls.staple is not None
    assert contact.tls.staple.fault
    assert [status for _, _, status in outcomes(contact)] == [401]


def test_without_a_staple_there_is_none(trust: Trust, certificate: LeafCert) -> None:
    contact = visit_stapling(trust, certificate, b"", SSL.TLS1_3_VERSION)
    assert contact.tls is not None
    assert contact.tls.staple is None
