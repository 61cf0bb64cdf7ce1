"""Certificates that were made to hurt: presented over real TLS, read, judged and shown, to a verdict and never a crash.

A certificate here is a good one, some bytes of which are exchanged for others of the same length; nobody checks its
signature before it is read.
"""

import json
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.core.model.certificate import Certificate, UnreadableCertificate, covers, read_certificate
from check_autodiscover.core.model.names import matches_dns_id, near_miss
from check_autodiscover.core.model.observations import Contact, Handshake
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.survey import survey_from_json, survey_to_json
from check_autodiscover.core.verdict.judge import judge
from check_autodiscover.output.report_json import render_json
from check_autodiscover.output.text import render_log, render_text
from check_autodiscover.probes.tls import MAX_CACHED_BYTES, _CertificateCache
from tests.core.incidents import healthy
from tests.core.worlds import SERVER, Site, survey_of
from tests.probes.visiting import LOGIN, Visits
from tests.probes.web import answer

KEY = ec.generate_private_key(ec.SECP256R1())
REMOTE = "remote.contoso.com"
"""The name that clients contact."""

MISMATCH, UNREADABLE = "certificate-name-mismatch", "certificate-unreadable"


def made(*names: str, subject: str = REMOTE, end: datetime = datetime(2027, 2, 1, tzinfo=UTC)) -> bytes:
    """A self-signed certificate in DER, valid since 2026, for these names."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)] if subject else [])
    alternatives = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(end)
        .add_extension(alternatives, False)
        .sign(KEY, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )


def exchanged(der: bytes, old: bytes, new: bytes) -> bytes:
    assert old in der
    assert len(old) == len(new)
    return der.replace(old, new)


def spelt(name: bytes) -> bytes:
    """A certificate whose one alternative name is these bytes."""
    return exchanged(made("x" * len(name)), b"x" * len(name), name)


FAR = datetime(2050, 1, 1, tzinfo=UTC)
HOSTILE = {
    "a NUL ends the name early": (spelt(b"remote.contoso.com\0.evil.example"), MISMATCH),
    "an escape sequence": (spelt(b"\x1b[31mremote.contoso.com"), MISMATCH),
    "line breaks and a pipe": (spelt(b"remote\r\nOK | x=1\n.contoso.com"), MISMATCH),
    "no ASCII": (spelt(b"remote.c\xf6ntoso.com"), UNREADABLE),
    "an empty name": (spelt(b""), MISMATCH),
    "stars alone": (spelt(b"***"), MISMATCH),
    "stars in every label": (spelt(b"*.*.com"), MISMATCH),
    "an endless name": (spelt(b"a." * 9000 + b"com"), MISMATCH),
    "an empty subject": (made(REMOTE, subject=""), "certificate-self-signed"),
    "control characters in the subject": (made(REMOTE, subject="\x1b]0;x\x07\u202e|<b>"), "certificate-self-signed"),
    "it ends in the year 9999": (
        made(REMOTE, end=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        "certificate-self-signed",
    ),
    "it ended in the year 1": (
        exchanged(made(REMOTE, end=FAR), b"20500101000000Z", b"00010101000000Z"),
        "certificate-expired",
    ),
    "a month that there is none": (
        exchanged(made(REMOTE, end=FAR), b"20500101000000Z", b"20501301000000Z"),
        UNREADABLE,
    ),
    "names of a kind that nobody parses": (
        exchanged(made("x" * 9), b"\x82\x09" + b"x" * 9, b"\xa3\x09" + b"x" * 9),
        UNREADABLE,
    ),
    "an address of nine bytes": (
        exchanged(made("x" * 9), b"\x82\x09" + b"x" * 9, b"\x87\x09" + b"x" * 9),
        UNREADABLE,
    ),
    "thousands of names": (made(*(f"h{number}.example" for number in range(4000))), MISMATCH),
}
by_case = pytest.mark.parametrize("case", HOSTILE)


def visited(visits: Visits, folder: Path, der: bytes) -> Contact:
    """What a real handshake with a server that presents the certificate shows."""
    file = folder / "hostile.pem"
    key = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(key + ssl.DER_cert_to_PEM_cert(der).encode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return visits.visit(answer(LOGIN), context)[0]


def judged(contact: Contact) -> Report:
    """The report on a domain whose intended server presents it."""
    assert contact.tls is not None
    leaf = contact.tls.chain[0] if contact.tls.chain else None
    site = Site(leaf, errors=contact.tls.errors, handshake=contact.tls.handshake)
    return judge(survey_of(healthy("srv").site(SERVER, site)))


@by_case
def test_a_hostile_certificate_is_presented_read_and_judged(visits: Visits, tmp_path: Path, case: str) -> None:
    der, rule = HOSTILE[case]
    contact = visited(visits, tmp_path, der)
    assert contact.tls is not None
    assert contact.tls.handshake is Handshake.ESTABLISHED
    report = judged(contact)
    roots = {item.finding.rule for item in report.roots if item.severity.value != "OK"}
    assert rule in roots
    assert "service-tls-failed" not in roots
    assert report.state.value == ("UNKNOWN" if rule == UNREADABLE else "CRITICAL")


@by_case
def test_a_hostile_certificate_is_shown_as_printable_text_and_survives_json(
    visits: Visits, tmp_path: Path, case: str
) -> None:
    report = judged(visited(visits, tmp_path, HOSTILE[case][0]))
    for text in (*(render_text(report, level) for level in range(4)), render_log(report)):
        assert text.replace("\n", "").isprintable()
        assert text.isascii()
    assert len(render_text(report).partition(" | ")[0].partition("\n")[0]) <= 200
    assert json.loads(render_json(report))["state"] == report.state.value
    assert survey_from_json(json.loads(json.dumps(survey_to_json(report.survey)))) == report.survey


def test_more_names_than_a_handshake_may_carry_break_the_handshake_and_not_the_check(
    visits: Visits, tmp_path: Path
) -> None:
    der = made(*(f"host-{number}.example" for number in range(10_000)))
    contact = visited(visits, tmp_path, der)
    assert contact.tls is not None
    assert contact.tls.handshake is Handshake.REJECTED
    assert "excessive message size" in contact.tls.detail


def test_ten_thousand_names_are_read_and_searched() -> None:
    certificate = read_certificate(
        made(*(f"remtoe{number}.contoso.com" for number in range(10_000)), "remtoe.contoso.com")
    )
    assert isinstance(certificate, Certificate)
    assert len(certificate.dns_names) == 10_001
    assert not covers(certificate, REMOTE)
    assert near_miss(certificate.dns_names, REMOTE) == "remtoe.contoso.com"


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_makes_the_name_matcher_raise_or_match_what_it_does_not_hold(pattern: str, name: str) -> None:
    matches = matches_dns_id(pattern, name)
    same = pattern.lower().removesuffix(".") == name.lower().removesuffix(".")
    assert not matches or same or pattern.startswith("*.")


@pytest.mark.parametrize(
    "pattern", ["remote.contoso.com\0.evil.example", "remote.contoso.com\0", "\0", "*\0.contoso.com"]
)
def test_a_nul_never_ends_a_name(pattern: str) -> None:
    assert not matches_dns_id(pattern, REMOTE)


KEYS = {
    "a curve that nobody knows": ("06082a8648ce3d030107", "06082a8648ce3d03017f"),
    "an algorithm that nobody knows": ("06072a8648ce3d0201", "06072a8648ce3d027f"),
}


@pytest.mark.parametrize("case", KEYS)
def test_an_unknown_kind_of_key_is_named_by_its_number(case: str) -> None:
    old, new = map(bytes.fromhex, KEYS[case])
    certificate = read_certificate(exchanged(made(REMOTE), old, new))
    assert isinstance(certificate, Certificate)
    assert (certificate.key_bits, certificate.key_type[0]) == (0, "1")


def test_no_unreadable_certificate_is_called_a_failure_of_tls() -> None:
    unreadable = UnreadableCertificate("", "bad object header")
    report = judge(survey_of(healthy("srv").site(SERVER, Site(unreadable, handshake=Handshake.REJECTED))))
    assert report.state.value == "UNKNOWN"
    assert {item.finding.rule for item in report.roots} == {UNREADABLE}


def test_certificates_that_are_kept_are_bounded_by_their_bytes() -> None:
    """A server may present another one of a hundred kilobytes at each look."""
    cache = _CertificateCache()
    size = MAX_CACHED_BYTES // 8
    read = [cache.read(bytes([number]) * size) for number in range(20)]
    assert len(read) == 20
    assert cache.held <= MAX_CACHED_BYTES
    assert cache.read(bytes([19]) * size) is read[19]
    assert cache.read(bytes([0]) * size) is not read[0]
