import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, ExtensionOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.core.model.certificate import (
    Certificate,
    Kind,
    UnreadableCertificate,
    covers,
    kind,
    life_left,
    lifetime,
    named_by_common_name_only,
    read_certificate,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())


def made(
    *names: str,
    common_name: str = "remote.contoso.com",
    key: CertificateIssuerPrivateKeyTypes = KEY,
    extensions: tuple[x509.ExtensionType, ...] = (),
) -> bytes:
    """A certificate of 90 days, self-signed, with a subjectAltName where names are given."""
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Contoso"), x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(0xABC)
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=90))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
    for extension in extensions:
        builder = builder.add_extension(extension, False)
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, digest).public_bytes(Encoding.DER)


def read(der: bytes) -> Certificate:
    certificate = read_certificate(der)
    assert isinstance(certificate, Certificate)
    return certificate


def test_the_facts_are_those_in_the_certificate() -> None:
    der = made("Remote.Contoso.com", "remote.contoso.com", "www.contoso.com")
    assert read(der) == Certificate(
        fingerprint=sha256(der).hexdigest(),
        public_key=sha256(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest(),
        subject="CN=remote.contoso.com,O=Contoso",
        common_name="remote.contoso.com",
        issuer="CN=remote.contoso.com,O=Contoso",
        issuer_common_name="remote.contoso.com",
        issuer_organization="Contoso",
        not_before=int(START.timestamp()),
        not_after=int(START.timestamp()) + 90 * 86400,
        dns_names=("remote.contoso.com", "www.contoso.com"),
        has_san=True,
        key_type="EC",
        key_bits=256,
        signature_hash="sha256",
        serial="abc",
    )


def test_authority_addresses_and_issuer_urls_are_read_from_their_extensions() -> None:
    access = [
        (AuthorityInformationAccessOID.CA_ISSUERS, "http://ca.example/ca.crt"),
        (AuthorityInformationAccessOID.CA_ISSUERS, "ldap:///CN=CA"),
        (AuthorityInformationAccessOID.OCSP, "http://ocsp.example/"),
    ]
    places = [x509.AccessDescription(method, x509.UniformResourceIdentifier(url)) for method, url in access]
    certificate = read(
        made(extensions=(x509.AuthorityInformationAccess(places), x509.BasicConstraints(ca=True, path_length=None)))
    )
    assert certificate.issuer_urls == ("http://ca.example/ca.crt",)
    assert certificate.is_authority
    assert not certificate.has_san


def test_the_signing_key_is_named_as_the_certificate_names_it() -> None:
    identifier = x509.AuthorityKeyIdentifier(b"\x0a\xff", None, None)
    assert read(made(extensions=(identifier,))).issuer_key == "0aff"
    assert read(made()).issuer_key == ""


@pytest.mark.parametrize(
    "mark",
    [
        x509.AuthorityInformationAccess(
            [
                x509.AccessDescription(
                    AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://ocsp.example/")
                )
            ]
        ),
        x509.UnrecognizedExtension(ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS, b"\x04\x02\x00\x00"),
    ],
    ids=["status service", "log timestamps"],
)
def test_the_marks_of_a_public_authority_are_seen(mark: x509.ExtensionType) -> None:
    assert read(made(extensions=(mark,))).public_marks
    assert not read(made(extensions=(x509.BasicConstraints(ca=False, path_length=None),))).public_marks


def test_a_domain_controllers_certificate_is_one_that_may_serve_kerberos() -> None:
    uses = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.KERBEROS_PKINIT_KDC)
    assert read(made(extensions=(x509.ExtendedKeyUsage(uses),))).domain_controller
    assert not read(made(extensions=(x509.ExtendedKeyUsage(uses[:1]),))).domain_controller
    assert not read(made()).domain_controller


def test_a_certificate_for_addresses_alone_has_a_san_that_names_no_host() -> None:
    import ipaddress

    addresses = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("192.0.2.1"))])
    certificate = read(made(extensions=(addresses,)))
    assert (certificate.ip_addresses, certificate.dns_names, certificate.has_san) == (("192.0.2.1",), (), True)


@pytest.mark.parametrize(
    ("key", "key_type", "bits", "digest"),
    [
        (rsa.generate_private_key(65537, 2048), "RSA", 2048, "sha256"),
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519", 0, ""),
    ],
)
def test_key_and_signature_are_named(
    key: CertificateIssuerPrivateKeyTypes, key_type: str, bits: int, digest: str
) -> None:
    certificate = read(made("a.example", key=key))
    assert (key_type, bits, digest) == (certificate.key_type, certificate.key_bits, certificate.signature_hash)


def test_a_common_name_that_is_a_host_is_an_a_label_and_any_other_stays_as_it_is() -> None:
    assert read(made(common_name="Bücher.Example")).common_name == "xn--bcher-kva.example"
    assert read(made(common_name="*.Contoso.com")).common_name == "*.contoso.com"
    assert read(made(common_name="Contoso Root CA")).common_name == "Contoso Root CA"


@pytest.mark.parametrize(
    ("names", "common_name", "expected"),
    [
        (("remote.contoso.com",), "remote.contoso.com", Kind.SINGLE_NAME),
        (("remote.contoso.com",), "elsewhere.example", Kind.SINGLE_NAME),
        ((), "remote.contoso.com", Kind.SINGLE_NAME),
        ((), "*.contoso.com", Kind.WILDCARD),
        (("contoso.com", "www.contoso.com"), "contoso.com", Kind.MULTI_NAME),
        (("contoso.com", "*.contoso.com"), "contoso.com", Kind.WILDCARD),
    ],
)
def test_the_kind_follows_the_names(names: tuple[str, ...], common_name: str, expected: Kind) -> None:
    assert expected is kind(read(made(*names, common_name=common_name)))


def test_only_the_subject_alternative_name_covers_a_host() -> None:
    listed = read(made("mail.contoso.com", common_name="remote.contoso.com"))
    bare = read(made(common_name="remote.contoso.com"))
    assert covers(listed, "mail.contoso.com")
    assert not covers(listed, "remote.contoso.com")
    assert not named_by_common_name_only(listed, "remote.contoso.com")
    assert not covers(bare, "remote.contoso.com")
    assert named_by_common_name_only(bare, "remote.contoso.com")
    assert not named_by_common_name_only(bare, "mail.contoso.com")


def test_life_is_measured_in_seconds() -> None:
    certificate = read(made("a.example"))
    assert lifetime(certificate) == 90 * 86400
    assert life_left(certificate, certificate.not_after + 5) == -5


def replaced(der: bytes, old: bytes, new: bytes) -> bytes:
    assert old in der
    assert len(old) == len(new)
    return der.replace(old, new)


def test_a_broken_alternative_name_makes_the_certificate_unreadable() -> None:
    der = replaced(made("mail.contoso.com"), b"mail.contoso.com", b"mail.c\xffntoso.com")
    match read_certificate(der):
        case UnreadableCertificate(fingerprint, reason):
            assert fingerprint == sha256(der).hexdigest()
            assert reason
        case Certificate():
            pytest.fail("nobody can say which hosts it names")


def test_a_broken_subject_leaves_the_names_that_count() -> None:
    der = replaced(made("mail.contoso.com", common_name="remote"), b"remote", b"rem\xfft\xfe")
    certificate = read(der)
    assert (certificate.subject, certificate.issuer, certificate.common_name) == ("", "", "")
    assert certificate.dns_names == ("mail.contoso.com",)


def test_an_unknown_key_is_named_by_its_number_and_still_has_its_hash() -> None:
    curve = bytes.fromhex("06082a8648ce3d030107")
    certificate = read(replaced(made("a.example"), curve, bytes.fromhex("06082a8648ce3d03017f")))
    assert (certificate.key_type, certificate.key_bits) == ("1.2.840.10045.2.1", 0)
    assert certificate.public_key != read(made("a.example")).public_key


def test_a_serial_number_of_zero_is_read_without_a_warning() -> None:
    der = replaced(made("a.example"), bytes.fromhex("02020abc"), bytes.fromhex("02020000"))
    assert isinstance(read_certificate(der), Certificate | UnreadableCertificate)
    assert read(replaced(made("a.example"), bytes.fromhex("02020abc"), bytes.fromhex("0202ff00"))).serial == "-100"


def test_a_country_code_of_the_wrong_length_is_read_without_a_warning() -> None:
    organization, country = (bytes.fromhex(f"0603{oid}0c07") + b"Contoso" for oid in ("55040a", "550406"))
    assert "C=Contoso" in read(replaced(made("a.example"), organization, country)).subject


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    assert isinstance(read_certificate(data), UnreadableCertificate)


VALID = made("mail.contoso.com", "*.contoso.com")


@given(st.integers(0, len(VALID) - 1), st.binary(min_size=1, max_size=4), st.integers(0, 4))
def test_no_damage_to_a_certificate_raises(at: int, damage: bytes, lost: int) -> None:
    read_certificate(VALID[:at] + damage + VALID[at + lost :])


def test_facts_are_judged_without_importing_cryptography() -> None:
    code = "import check_autodiscover.core.model.certificate, sys; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
