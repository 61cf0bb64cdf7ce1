"""Certificates with a flaw that a usual authority does not make; for `certificates`."""

from collections.abc import Iterator
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from trustme import CA

from check_autodiscover.lab.world import CertificateSpec, Flaw

__all__ = ["flawed_pem"]

_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_ISSUER_URL = "http://ca.contoso.com/issuing.cer"
"""Where the intermediate certificate that a server forgot is said to be; nobody asks."""


def flawed_pem(spec: CertificateSpec, authority: CA, start: datetime, end: datetime) -> bytes:
    """Key and certificate of a specification that has a flaw, in PEM; the server sends no more than that."""
    key = _key(spec.flaw)
    issuer, signer = _issuer(spec, key, authority)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(spec.names[0]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )
    for extension in _extensions(spec):
        builder = builder.add_extension(extension, critical=False)
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return plain + builder.sign(signer, SHA256()).public_bytes(Encoding.PEM)


def _issuer(spec: CertificateSpec, key: _Key, authority: CA) -> tuple[x509.Name, _Key]:
    """Who signs, and with what."""
    if spec.flaw is Flaw.SELF_SIGNED:
        return _name(spec.names[0]), key
    if spec.flaw is Flaw.CHAIN_INCOMPLETE:
        # Nobody ever sees the intermediate's own certificate, so there is none.
        return _name("Autodiscover lab issuing authority"), _key(Flaw.NONE)
    signer = load_pem_private_key(authority.private_key_pem.bytes(), None)
    if not isinstance(signer, _Key):
        raise TypeError("an authority of the lab has an EC or RSA key")
    return x509.load_pem_x509_certificate(authority.cert_pem.bytes()).subject, signer


def _key(flaw: Flaw) -> _Key:
    if flaw is Flaw.SHORT_KEY:
        return rsa.generate_private_key(65537, 1024)
    return ec.generate_private_key(ec.SECP256R1())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _extensions(spec: CertificateSpec) -> Iterator[x509.ExtensionType]:
    if spec.flaw is not Flaw.COMMON_NAME_ONLY:
        yield x509.SubjectAlternativeName([x509.DNSName(name) for name in spec.names])
    if spec.flaw is Flaw.CHAIN_INCOMPLETE:
        place = x509.UniformResourceIdentifier(_ISSUER_URL)
        yield x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)])
    if spec.flaw is Flaw.DOMAIN_CONTROLLER:
        yield x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.KERBEROS_PKINIT_KDC])
