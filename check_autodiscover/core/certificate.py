"""The facts of an X.509 certificate that clients and administrators care about.

Probes call `read_certificate` on what a server presents; everything else works on the facts, so that a survey
needs no DER and a test no key.
"""

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from check_autodiscover.core.names import BadName, is_address, matches_dns_id, parse_host

if TYPE_CHECKING:
    from cryptography import x509

__all__ = [
    "Certificate",
    "Kind",
    "UnreadableCertificate",
    "covers",
    "kind",
    "life_left",
    "lifetime",
    "named_by_common_name_only",
    "read_certificate",
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

    from check_autodiscover.core.der import subject_public_key_info

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
