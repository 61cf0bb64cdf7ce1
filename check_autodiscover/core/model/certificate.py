"""The facts of an X.509 certificate that clients and administrators care about.

Probes call `read_certificate` on what a server presents; everything else works on the facts, so that a survey
needs no DER and a test no key.

Just enough DER (X.690) to cut the public key out of a certificate as its bytes stand. For `certificate` alone.

The OCSP answer that a server staples to its handshake (RFC 6066 8, RFC 6960): what it says, and whether it may.

The handshake probe calls `read_staple`; `verification` judges the facts at a moment. A signature that does not fit
the certificate's own issuer proves nothing, so it is checked here, where the keys are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from check_autodiscover.core.model.names import BadName, is_address, matches_dns_id, parse_host

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
    from cryptography.x509 import ocsp

__all__ = [
    "Certificate",
    "Kind",
    "Revocation",
    "Staple",
    "UnreadableCertificate",
    "covers",
    "kind",
    "life_left",
    "lifetime",
    "named_by_common_name_only",
    "read_certificate",
    "read_staple",
    "subject_public_key_info",
]


class Kind(Enum):
    """What a certificate is good for (the customer's rules 1 to 3)."""

    SINGLE_NAME = "single-name"
    MULTI_NAME = "multi-name"
    WILDCARD = "wildcard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Facts of one certificate.

    Times are Unix seconds, fingerprints lower-case hex SHA-256, subject and issuer as in RFC 4514. `dns_names` are
    the dNSName entries of the subjectAltName as A-labels in lower case; `has_san` tells a certificate without the
    extension from one that names no host; `issuer_urls` the http caIssuers of its authority information access.
    `issuer_key` is the key that signed it, as the hex keyIdentifier of its authorityKeyIdentifier; `public_marks`
    tells whether it bears what an authority for everybody puts in and a machine that makes certificates on the fly
    does not: where issuer or status is to be had (RFC 5280 4.2.2.1), or the timestamps of logs (RFC 6962 3.3).
    `domain_controller` tells whether it was issued to one: it may serve as a Kerberos KDC (RFC 4556 3.2.4).
    """

    fingerprint: str
    public_key: str
    subject: str
    common_name: str
    issuer: str
    issuer_common_name: str
    issuer_organization: str
    not_before: int
    not_after: int
    dns_names: tuple[str, ...] = ()
    ip_addresses: tuple[str, ...] = ()
    has_san: bool = True
    key_type: str = ""
    key_bits: int = 0
    signature_hash: str = ""
    serial: str = ""
    issuer_urls: tuple[str, ...] = ()
    is_authority: bool = False
    issuer_key: str = ""
    public_marks: bool = False
    domain_controller: bool = False


@dataclass(frozen=True, slots=True)
class UnreadableCertificate:
    """What a server presented in place of a certificate: the SHA-256 of the bytes and what is wrong with them."""

    fingerprint: str
    reason: str


def covers(certificate: Certificate, name: str) -> bool:
    """Whether the certificate is valid for a host or an IP address, by its subjectAltName alone (RFC 9525 6.3)."""
    if is_address(name):
        return name in certificate.ip_addresses
    return any(matches_dns_id(pattern, name) for pattern in certificate.dns_names)


def named_by_common_name_only(certificate: Certificate, name: str) -> bool:
    """Whether only clients older than RFC 6125 accept the certificate: no dNSName at all, and a CN that matches."""
    return not certificate.dns_names and matches_dns_id(certificate.common_name, name)


def kind(certificate: Certificate) -> Kind:
    """How many hosts a certificate is good for; one without a subjectAltName is judged by its CN."""
    names = certificate.dns_names if certificate.has_san else (certificate.common_name,)
    if any(name.startswith("*.") for name in names):
        return Kind.WILDCARD
    return Kind.MULTI_NAME if len(set(names)) > 1 else Kind.SINGLE_NAME


def lifetime(certificate: Certificate) -> int:
    """The whole life of a certificate, in seconds."""
    return certificate.not_after - certificate.not_before


def life_left(certificate: Certificate, now: float) -> float:
    """Seconds until a certificate expires at `now` (Unix seconds); negative afterwards."""
    return certificate.not_after - now


def read_certificate(der: bytes) -> Certificate | UnreadableCertificate:
    """The facts of a certificate in DER (RFC 5280). Never raises for what the bytes are.

    An unreadable subject, issuer or key leaves those facts empty; unreadable extensions make the certificate
    unreadable, for nobody can say which hosts it names.
    """
    # Slow imports, wanted only once a server has presented something.
    import warnings
    from hashlib import sha256

    from cryptography import x509

    fingerprint = sha256(der).hexdigest()
    try:
        with warnings.catch_warnings():
            # A serial number of zero or a long country code draws one: no fault that an operator has to read about.
            warnings.simplefilter("ignore")
            return _read(x509.load_der_x509_certificate(der), fingerprint)
    # The parser raises ValueError, TypeError, OverflowError and classes of its own, some only when a field is read.
    except Exception as error:
        return UnreadableCertificate(fingerprint, f"{type(error).__name__}: {error}"[:_REASON])


_REASON = 200


def _read(certificate: "x509.Certificate", fingerprint: str) -> Certificate:
    from cryptography.x509.oid import NameOID

    subject, issuer = _name(certificate, "subject"), _name(certificate, "issuer")
    key_type, key_bits = _key(certificate)
    dns_names, ip_addresses, has_san = _alternative_names(certificate.extensions)
    return Certificate(
        fingerprint=fingerprint,
        public_key=_public_key_hash(certificate),
        subject=subject.rfc4514_string() if subject else "",
        common_name=_host(_attribute(subject, NameOID.COMMON_NAME)),
        issuer=issuer.rfc4514_string() if issuer else "",
        issuer_common_name=_attribute(issuer, NameOID.COMMON_NAME),
        issuer_organization=_attribute(issuer, NameOID.ORGANIZATION_NAME),
        not_before=int(certificate.not_valid_before_utc.timestamp()),
        not_after=int(certificate.not_valid_after_utc.timestamp()),
        dns_names=dns_names,
        ip_addresses=ip_addresses,
        has_san=has_san,
        key_type=key_type,
        key_bits=key_bits,
        signature_hash=_signature_hash(certificate),
        serial=f"{certificate.serial_number:x}",
        issuer_urls=_issuer_urls(certificate.extensions),
        is_authority=_is_authority(certificate.extensions),
        issuer_key=_issuer_key(certificate.extensions),
        public_marks=_public_marks(certificate.extensions),
        domain_controller=_serves_kerberos(certificate.extensions),
    )


def _name(certificate: "x509.Certificate", which: str) -> "x509.Name | None":
    try:
        name: x509.Name = getattr(certificate, which)
    except (ValueError, TypeError):
        return None
    return name


def _attribute(name: "x509.Name | None", oid: "x509.ObjectIdentifier") -> str:
    """The most specific value of an attribute (RFC 6125 1.8: the last in the sequence), empty where there is none."""
    values = [str(attribute.value) for attribute in name.get_attributes_for_oid(oid)] if name else []
    return values[-1] if values else ""


def _host(common_name: str) -> str:
    """A CN as A-labels where it is a host, else as it stands: `Contoso Root CA` is a CN as well."""
    star = "*." if common_name.startswith("*.") else ""
    try:
        return star + parse_host(common_name.removeprefix(star))
    except BadName:
        return common_name


def _alternative_names(extensions: "x509.Extensions") -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    from cryptography import x509

    try:
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return (), (), False
    hosts = (host.lower() for host in names.get_values_for_type(x509.DNSName))
    addresses = (str(address) for address in names.get_values_for_type(x509.IPAddress))
    return tuple(dict.fromkeys(hosts)), tuple(dict.fromkeys(addresses)), True


def _issuer_urls(extensions: "x509.Extensions") -> tuple[str, ...]:
    from cryptography import x509
    from cryptography.x509.oid import AuthorityInformationAccessOID

    try:
        access = extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return ()
    places = (
        item.access_location.value for item in access if item.access_method == AuthorityInformationAccessOID.CA_ISSUERS
    )
    return tuple(place for place in places if isinstance(place, str) and place.lower().startswith("http://"))


def _is_authority(extensions: "x509.Extensions") -> bool:
    from cryptography import x509

    try:
        return extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _issuer_key(extensions: "x509.Extensions") -> str:
    from cryptography import x509

    try:
        identifier = extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except x509.ExtensionNotFound:
        return ""
    return identifier.hex() if identifier else ""


def _public_marks(extensions: "x509.Extensions") -> bool:
    from cryptography.x509.oid import ExtensionOID

    marks = (ExtensionOID.AUTHORITY_INFORMATION_ACCESS, ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS)
    return any(extension.oid in marks for extension in extensions)


def _serves_kerberos(extensions: "x509.Extensions") -> bool:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        uses = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.KERBEROS_PKINIT_KDC in uses


def _public_key_hash(certificate: "x509.Certificate") -> str:
    """SHA-256 of the SubjectPublicKeyInfo exactly as it stands, which a key loaded and written again need not be."""
    from hashlib import sha256

    return sha256(subject_public_key_info(certificate.tbs_certificate_bytes)).hexdigest()


def _key(certificate: "x509.Certificate") -> tuple[str, int]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return certificate.public_key_algorithm_oid.dotted_string, 0
    match key:
        case rsa.RSAPublicKey():
            return "RSA", key.key_size
        case ec.EllipticCurvePublicKey():
            return "EC", key.key_size
        case dsa.DSAPublicKey():
            return "DSA", key.key_size
        case _:
            return type(key).__name__.removesuffix("PublicKey"), 0


def _signature_hash(certificate: "x509.Certificate") -> str:
    """The digest's name as OpenSSL spells it, empty where the algorithm has none (Ed25519) or is unknown."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        algorithm = certificate.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        return ""
    return algorithm.name if algorithm else ""


_SEQUENCE = 0x30

_VERSION = 0xA0

_FIELDS_BEFORE_KEY = 5
"""serialNumber, signature, issuer, validity, subject (RFC 5280 4.1)."""


def subject_public_key_info(tbs_certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a TBSCertificate (RFC 5280 4.1), header included. Raises ValueError."""
    outer = next(_elements(tbs_certificate), None)
    if outer is None or outer[0] != _SEQUENCE:
        raise ValueError("no TBSCertificate")
    fields = [whole for tag, whole, _ in _elements(outer[2]) if tag != _VERSION]
    if len(fields) <= _FIELDS_BEFORE_KEY:
        raise ValueError("the TBSCertificate ends before its key")
    return fields[_FIELDS_BEFORE_KEY]


def _elements(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """The elements of DER side by side: tag, whole element, content. Raises ValueError where the data ends early."""
    start = 0
    while start < len(data):
        content, length = _length(data, start + 1)
        end = content + length
        if end > len(data):
            raise ValueError("an element ends after its data")
        yield data[start], data[start:end], data[content:end]
        start = end


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Where the content begins, and its length (X.690 8.1.3)."""
    if at >= len(data):
        raise ValueError("an element ends before its length")
    first = data[at]
    if first < 0x80:
        return at + 1, first
    octets = first & 0x7F
    return at + 1 + octets, int.from_bytes(data[at + 1 : at + 1 + octets])


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
            return _read_response(response, [x509.load_der_x509_certificate(der) for der in chain])
    # The parser raises ValueError, TypeError and classes of its own, some only when a field is read.
    except Exception as error:
        return Staple(Revocation.UNKNOWN, fault=f"{type(error).__name__}: {error}"[:_REASON])


def _read_response(response: bytes, chain: "list[x509.Certificate]") -> Staple:
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
