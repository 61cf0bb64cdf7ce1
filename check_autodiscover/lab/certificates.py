"""Certificates of two authorities made on the spot: one that the plugin is told to trust, one that it is not.

Used by `running`, which hands it a folder of its own.

Certificates with a flaw that a usual authority does not make; for `certificates`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from trustme import CA

from check_autodiscover.lab.world import CertificateSpec, Flaw, Issuer

__all__ = ["Certificates", "flawed_pem"]

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


LIFETIME = timedelta(days=90)

SLACK = timedelta(hours=12)
"""Added to what a certificate has left, so that a run a moment or some hours later counts the same whole days."""


class Certificates:
    """Issues each certificate once; `anchor` is the PEM file with the authority to trust."""

    def __init__(self, folder: Path, now: float) -> None:
        """`now` is Unix seconds; the folder must exist."""
        self._folder = folder
        self._now = datetime.fromtimestamp(now, UTC)
        self._authorities = {
            Issuer.LAB: trustme.CA(organization_name="Autodiscover lab"),
            Issuer.PRIVATE: trustme.CA(organization_name="Contoso private authority"),
        }
        self._contexts: dict[CertificateSpec, SSLContext] = {}
        self.anchor = folder / "lab-ca.pem"
        self._authorities[Issuer.LAB].cert_pem.write_to_path(self.anchor)

    def context(self, spec: CertificateSpec) -> SSLContext:
        """The server's side of TLS with this certificate, whatever name the client asks for."""
        if spec not in self._contexts:
            self._contexts[spec] = self._new_context(spec)
        return self._contexts[spec]

    def _new_context(self, spec: CertificateSpec) -> SSLContext:
        end = self._now + timedelta(days=spec.days_left) + SLACK
        authority = self._authorities[spec.issuer]
        file = self._folder / f"site-{len(self._contexts)}.pem"
        if spec.flaw is Flaw.NONE:
            file.write_bytes(_sound_pem(spec, authority, end))
        else:
            file.write_bytes(flawed_pem(spec, authority, end - LIFETIME, end))
        context = SSLContext(PROTOCOL_TLS_SERVER)
        # A server of old with a short key is a world, too.
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(file)
        return context


def _sound_pem(spec: CertificateSpec, authority: trustme.CA, end: datetime) -> bytes:
    leaf = authority.issue_cert(*spec.names, common_name=spec.names[0], not_before=end - LIFETIME, not_after=end)
    # A private authority sends its root along, as Windows servers do: so it is untrusted, and not incomplete.
    root = authority.cert_pem.bytes() if spec.issuer is Issuer.PRIVATE else b""
    return leaf.private_key_and_cert_chain_pem.bytes() + root
