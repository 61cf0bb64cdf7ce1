"""What a stapled OCSP answer proves: by the issuer or whom it appointed, about this certificate, or nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.core.model.certificate import Revocation, Staple, read_staple

START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=90)
KEYS: dict[str, CertificateIssuerPrivateKeyTypes] = {
    "RSA": rsa.generate_private_key(65537, 2048),
    "EC": ec.generate_private_key(ec.SECP256R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate(),
}
STRANGER = ec.generate_private_key(ec.SECP384R1())


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def digest(key: CertificateIssuerPrivateKeyTypes) -> hashes.SHA256 | None:
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def issue(
    subject: str,
    key: CertificateIssuerPrivateKeyTypes,
    *extensions: x509.ExtensionType,
    issuer: str = "Root",
    signer: CertificateIssuerPrivateKeyTypes = KEYS["EC"],
    ends: datetime = END,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(ends)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, False)
    return builder.sign(signer, digest(signer))


RESPONDER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
ROOT = issue("Root", KEYS["EC"])
LEAF = issue("mail.contoso.com", STRANGER)
OTHER = issue("www.contoso.com", STRANGER)
CHAIN = [item.public_bytes(Encoding.DER) for item in (LEAF, ROOT)]


def answered(
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.REVOKED,
    *,
    about: x509.Certificate = LEAF,
    issuer: x509.Certificate = ROOT,
    key: CertificateIssuerPrivateKeyTypes = KEYS["EC"],
    responder: x509.Certificate | None = None,
) -> bytes:
    """An answer of 7 days from the first of February 2026; revoked at the first of January for a lost key."""
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=about,
            issuer=issuer,
            algorithm=hashes.SHA1(),
            cert_status=status,
            this_update=datetime(2026, 2, 1, tzinfo=UTC),
            next_update=datetime(2026, 2, 8, tzinfo=UTC),
            revocation_time=START if revoked else None,
            revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
        )
        # The builder wants a certificate of the key that signs; who a responder says that it is decides nothing.
        .responder_id(ocsp.OCSPResponderEncoding.HASH, responder or issue("responder", key))
    )
    if responder is not None:
        builder = builder.certificates([responder])
    return builder.sign(key, digest(key)).public_bytes(Encoding.DER)


def test_an_issuers_own_answer_is_read_with_its_dates_and_its_reason() -> None:
    assert read_staple(answered(), CHAIN) == Staple(
        Revocation.REVOKED,
        this_update=int(datetime(2026, 2, 1, tzinfo=UTC).timestamp()),
        next_update=int(datetime(2026, 2, 8, tzinfo=UTC).timestamp()),
        revoked_at=int(START.timestamp()),
        reason="keyCompromise",
    )


@pytest.mark.parametrize("algorithm", KEYS)
def test_the_signature_is_checked_whatever_key_the_issuer_has(algorithm: str) -> None:
    key = KEYS[algorithm]
    root = issue("Root", key, signer=key)
    leaf = issue("mail.contoso.com", STRANGER, signer=key)
    chain = [item.public_bytes(Encoding.DER) for item in (leaf, root)]
    assert read_staple(answered(about=leaf, issuer=root, key=key), chain).fault == ""
    forged = read_staple(answered(about=leaf, issuer=root, key=STRANGER), chain)
    assert forged.fault == "its signature is not the issuer's"


@pytest.mark.parametrize(
    ("status", "told"),
    [(ocsp.OCSPCertStatus.GOOD, Revocation.GOOD), (ocsp.OCSPCertStatus.UNKNOWN, Revocation.UNKNOWN)],
)
def test_what_is_not_revoked_is_told_as_it_is(status: ocsp.OCSPCertStatus, told: Revocation) -> None:
    staple = read_staple(answered(status), CHAIN)
    assert (staple.status, staple.revoked_at, staple.reason, staple.fault) == (told, None, "", "")


def test_a_responder_that_the_issuer_appointed_may_sign() -> None:
    appointed = issue("Responder", STRANGER, RESPONDER)
    assert read_staple(answered(key=STRANGER, responder=appointed), CHAIN).fault == ""


@pytest.mark.parametrize(
    "responder",
    [
        issue("no responder by its uses", STRANGER),
        issue("of another issuer", STRANGER, RESPONDER, issuer="Other", signer=KEYS["RSA"]),
        issue("another issuer by the same name", STRANGER, RESPONDER, signer=KEYS["RSA"]),
        issue("expired before it answered", STRANGER, RESPONDER, ends=START + timedelta(days=1)),
    ],
    ids=lambda item: str(item.subject.rfc4514_string()),
)
def test_a_responder_that_nobody_appointed_proves_nothing(responder: x509.Certificate) -> None:
    assert read_staple(answered(key=STRANGER, responder=responder), CHAIN).fault == "its signature is not the issuer's"


def test_an_answer_about_another_certificate_proves_nothing() -> None:
    assert read_staple(answered(about=OTHER), CHAIN).fault == "it is about another certificate"


def test_an_answer_about_the_same_number_of_another_issuer_proves_nothing() -> None:
    twin = issue("Twin", KEYS["RSA"], signer=KEYS["RSA"])
    assert read_staple(answered(issuer=twin), CHAIN).fault == "it is about another certificate"


@pytest.mark.parametrize("chain", [CHAIN[:1], [CHAIN[0], OTHER.public_bytes(Encoding.DER)]])
def test_without_the_issuers_certificate_nobody_can_tell(chain: list[bytes]) -> None:
    assert "not there to check the signature" in read_staple(answered(), chain).fault


def test_a_responder_that_has_no_answer_is_told_as_such() -> None:
    later = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
    assert read_staple(later.public_bytes(Encoding.DER), CHAIN).fault == "the responder says try_later"


ANSWER = answered()


@given(st.binary(max_size=60))
def test_no_bytes_raise(data: bytes) -> None:
    assert read_staple(data, CHAIN).fault
    assert read_staple(ANSWER, [data]).fault


@given(st.integers(0, len(ANSWER) - 1), st.integers(1, 255))
def test_no_damaged_answer_raises_or_proves_a_revocation(at: int, change: int) -> None:
    damaged = ANSWER[:at] + bytes([ANSWER[at] ^ change]) + ANSWER[at + 1 :]
    staple = read_staple(damaged, CHAIN)
    # The names of the responder and of the signature's own fields are outside of what is signed or decide nothing.
    assert staple.fault or staple == read_staple(ANSWER, CHAIN)
