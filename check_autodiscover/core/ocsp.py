"""The OCSP answer that a server staples to its handshake (RFC 6066 8, RFC 6960): what it says, and whether it may.

The handshake probe calls `read_staple`; `verification` judges the facts at a moment. A signature that does not fit
the certificate's own issuer proves nothing, so it is checked here, where the keys are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
    from cryptography.x509 import ocsp

__all__ = ["Revocation", "Staple", "read_staple"]


class Revocation(Enum):
    """What an issuer says of a certificate (RFC 6960 2.2)."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Staple:
    """What a stapled answer says of the presented certificate.

    Times are Unix seconds. `fault` says why it proves nothing, and is empty where it is signed by the certificate's
    issuer or by a responder that the issuer appointed; whether it is fresh is for the reader to judge.
    """

    status: Revocation
    this_update: int = 0
    next_update: int | None = None
    revoked_at: int | None = None
    reason: str = ""
    fault: str = ""


_REASON = 200


def read_staple(response: bytes, chain: Sequence[bytes]) -> Staple:
    """What an OCSP response in DER says of the first certificate of a chain. Never raises for what the bytes are.

    `chain` holds the presented certificates in DER, leaf first, and those that verification found above them.
    """
    # Slow imports, wanted only where a server staples.
    import warnings

    from cryptography import x509

    try:
        with warnings.catch_warnings():
            # As for certificates: oddities that hurt nobody are no news for an operator.
            warnings.simplefilter("ignore")
            return _read(response, [x509.load_der_x509_certificate(der) for der in chain])
    # The parser raises ValueError, TypeError and classes of its own, some only when a field is read.
    except Exception as error:
        return Staple(Revocation.UNKNOWN, fault=f"{type(error).__name__}: {error}"[:_REASON])


def _read(response: bytes, chain: "list[x509.Certificate]") -> Staple:
    from cryptography.x509 import ocsp

    answer = ocsp.load_der_ocsp_response(response)
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return Staple(Revocation.UNKNOWN, fault=f"the responder says {answer.response_status.name.lower()}")
    issuer = next((item for item in chain[1:] if _issued(chain[0], item)), None)
    if issuer is None:
        return Staple(Revocation.UNKNOWN, fault="the issuer's certificate is not there to check the signature with")
    single = next((item for item in answer.responses if _is_about(item, chain[0], issuer)), None)
    if single is None:
        return Staple(Revocation.UNKNOWN, fault="it is about another certificate")
    signed = any(_fits(answer, key) for key in _responders(answer, single.this_update_utc, issuer))
    return _facts(single, "" if signed else "its signature is not the issuer's")


def _facts(single: "ocsp.OCSPSingleResponse", fault: str) -> Staple:
    ends, revoked, reason = single.next_update_utc, single.revocation_time_utc, single.revocation_reason
    return Staple(
        Revocation(single.certificate_status.name.lower()),
        int(single.this_update_utc.timestamp()),
        int(ends.timestamp()) if ends else None,
        int(revoked.timestamp()) if revoked else None,
        reason.value if reason else "",
        fault,
    )


def _issued(certificate: "x509.Certificate", issuer: "x509.Certificate") -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _is_about(single: "ocsp.OCSPSingleResponse", leaf: "x509.Certificate", issuer: "x509.Certificate") -> bool:
    """Whether it answers the question that a client would ask about the leaf (RFC 6960 4.1.1, CertID)."""
    from cryptography.x509 import ocsp

    if single.serial_number != leaf.serial_number:
        return False
    asked = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, single.hash_algorithm).build()
    return (asked.issuer_name_hash, asked.issuer_key_hash) == (single.issuer_name_hash, single.issuer_key_hash)


def _responders(
    answer: "ocsp.OCSPResponse", said_at: "datetime", issuer: "x509.Certificate"
) -> "Iterator[CertificatePublicKeyTypes]":
    """The keys that may sign: the issuer's, and those of responders that it had appointed (RFC 6960 4.2.2.2)."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    yield issuer.public_key()
    for item in answer.certificates:
        try:
            uses = item.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except x509.ExtensionNotFound:
            continue
        in_date = item.not_valid_before_utc <= said_at <= item.not_valid_after_utc
        if ExtendedKeyUsageOID.OCSP_SIGNING in uses and in_date and _issued(item, issuer):
            yield item.public_key()


def _fits(answer: "ocsp.OCSPResponse", key: "CertificatePublicKeyTypes") -> bool:
    """Whether a key made the answer's signature; RSA-PSS, which no responder uses, counts as unknown."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

    signature, signed, digest = answer.signature, answer.tbs_response_bytes, answer.signature_hash_algorithm
    try:
        match key:
            case rsa.RSAPublicKey() if digest:
                key.verify(signature, signed, padding.PKCS1v15(), digest)
            case ec.EllipticCurvePublicKey() if digest:
                key.verify(signature, signed, ec.ECDSA(digest))
            case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
                key.verify(signature, signed)
            case _:
                return False
    except InvalidSignature:
        return False
    return True
