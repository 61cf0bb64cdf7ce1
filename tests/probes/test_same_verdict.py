"""Our verdict on a chain is OpenSSL's on the same handshake, for any chain; where it is not, it stands in a table.

Each chain is served once to our probe, whose observations the core judges, and once to a client of the standard
library that refuses what OpenSSL refuses, with the names of RFC 9525.
"""

import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import example, given, settings
from hypothesis import strategies as st

from check_autodiscover.core.analysis.chains import Verdict, judge_chain, judge_strength
from check_autodiscover.core.model.certificate import Certificate, covers
from check_autodiscover.core.model.policy import TrustSettings
from check_autodiscover.probes.trust import load_trust
from tests.probes.visiting import LOGIN, NAME, Visits
from tests.probes.web import answer

NOW = datetime.fromtimestamp(time.time(), UTC)
DAY = timedelta(days=1)
LIVES = {
    "in date": (NOW - 10 * DAY, NOW + 50 * DAY),
    "over": (NOW - 10 * DAY, NOW - 2 * DAY),
    "to come": (NOW + 2 * DAY, NOW + 50 * DAY),
}
KEYS: dict[str, CertificateIssuerPrivateKeyTypes] = {
    name: ec.generate_private_key(ec.SECP256R1()) for name in ("root", "other", "middle", "leaf", "impostor")
}
SHORT = rsa.generate_private_key(65537, 1024)


@dataclass(frozen=True)
class Chain:
    """A chain, sound unless told otherwise."""

    names: tuple[str, ...] = (NAME,)
    common_name: str = NAME
    life: str = "in date"
    self_signed: bool = False
    middle: bool = True
    """Whether an intermediate stands between root and leaf."""
    middle_sent: bool = True
    middle_life: str = "in date"
    middle_is_authority: bool = True
    root_known: bool = True
    root_sent: bool = False
    for_servers: bool = True
    signed_by_another: bool = False
    """Whether the leaf only says that its issuer signed it."""
    leaf_key: CertificateIssuerPrivateKeyTypes = field(default_factory=lambda: KEYS["leaf"])


chains = st.builds(
    Chain,
    names=st.sampled_from(
        [(NAME,), ("*.example.com",), ("www.example.com", NAME), ("www.example.com",), ("*.com",), ()]
    ),
    common_name=st.sampled_from([NAME, "Server"]),
    life=st.sampled_from(list(LIVES)),
    self_signed=st.booleans(),
    middle=st.booleans(),
    middle_sent=st.booleans(),
    middle_life=st.sampled_from(list(LIVES)),
    middle_is_authority=st.booleans(),
    root_known=st.booleans(),
    root_sent=st.booleans(),
    for_servers=st.booleans(),
    signed_by_another=st.booleans(),
)


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def signed(
    subject: str,
    key: CertificateIssuerPrivateKeyTypes,
    issuer: str,
    signer: CertificateIssuerPrivateKeyTypes,
    life: str,
    *extensions: x509.ExtensionType,
) -> bytes:
    """A certificate in PEM."""
    start, end = LIVES[life]
    builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer))
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(start).not_valid_after(end)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    return builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM)


AUTHORITY = x509.BasicConstraints(ca=True, path_length=None)
ROOT = signed("Root", KEYS["root"], "Root", KEYS["root"], "in date", AUTHORITY)
OTHER_ROOT = signed("Other", KEYS["other"], "Other", KEYS["other"], "in date", AUTHORITY)


def pems(chain: Chain) -> list[bytes]:
    """What the server sends, leaf first."""
    middle = x509.BasicConstraints(ca=chain.middle_is_authority, path_length=None)
    above = [signed("Middle", KEYS["middle"], "Root", KEYS["root"], chain.middle_life, middle)] if chain.middle else []
    issuer, signer = ("Middle", KEYS["middle"]) if chain.middle else ("Root", KEYS["root"])
    if chain.self_signed:
        issuer, signer = chain.common_name, chain.leaf_key
    elif chain.signed_by_another:
        signer = KEYS["impostor"]
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if chain.for_servers else ExtendedKeyUsageOID.CLIENT_AUTH
    extensions: list[x509.ExtensionType] = [x509.ExtendedKeyUsage([purpose])]
    if chain.names:
        extensions.append(x509.SubjectAlternativeName([x509.DNSName(each) for each in chain.names]))
    leaf = signed(chain.common_name, chain.leaf_key, issuer, signer, chain.life, *extensions)
    return [leaf, *(above if chain.middle_sent else []), *([ROOT] if chain.root_sent else [])]


@dataclass(frozen=True)
class Served:
    """A chain as files: what the server needs, and the anchor that both clients trust."""

    context: ssl.SSLContext
    anchor: Path


def served(chain: Chain, folder: Path) -> Served:
    key = chain.leaf_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "site.pem").write_bytes(key + b"".join(pems(chain)))
    (folder / "anchor.pem").write_bytes(ROOT if chain.root_known else OTHER_ROOT)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(folder / "site.pem")
    return Served(context, folder / "anchor.pem")


def openssls(site: Served, *, common_name: bool = False) -> int:
    """The first error that makes a strict client refuse the handshake, 0 if it does not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.hostname_checks_common_name = common_name
    context.load_verify_locations(site.anchor)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(to_client, to_server, server_hostname=NAME)
    server = site.context.wrap_bio(to_server, to_client, server_side=True)
    pending = [client, server]
    while pending:
        for each in tuple(pending):
            try:
                each.do_handshake()
                pending.remove(each)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLCertVerificationError as error:
                return error.verify_code
    return 0


@dataclass(frozen=True)
class Ours:
    """What the core says of a handshake."""

    verdicts: frozenset[Verdict]
    covered: bool
    weak: bool

    @property
    def acceptable(self) -> bool:
        return self.covered and not self.verdicts


def ours(site: Served) -> Ours:
    trust = load_trust(TrustSettings(ca_files=(str(site.anchor),), system=False))
    contact, _ = Visits(trust).visit(answer(LOGIN), site.context)
    assert contact.tls is not None
    leaf = contact.tls.chain[0]
    assert isinstance(leaf, Certificate)
    faults = judge_chain(contact.tls.chain, contact.tls.errors, NOW.timestamp())
    verdicts = frozenset(fault.verdict for fault in faults if fault.verdict is not Verdict.WEAK)
    return Ours(verdicts, covers(leaf, NAME), bool(judge_strength(contact.tls.chain)))


NO_ANCHOR = frozenset({Verdict.UNTRUSTED, Verdict.CHAIN_INCOMPLETE, Verdict.SELF_SIGNED})
SAME = {
    9: frozenset({Verdict.NOT_YET_VALID}),
    10: frozenset({Verdict.EXPIRED}),
    18: frozenset({Verdict.SELF_SIGNED}),
    19: frozenset({Verdict.UNTRUSTED}),
    20: NO_ANCHOR,
    21: NO_ANCHOR,
}
"""Our verdicts that say the same as an error of OpenSSL's; any other error is one that has no rule of its own."""

HOSTNAME_MISMATCH, EE_KEY_TOO_SMALL = 62, 66


@settings(max_examples=80, deadline=None)
@given(chains)
@example(Chain())
@example(Chain(middle=False))
@example(Chain(life="over"))
@example(Chain(life="to come"))
@example(Chain(self_signed=True))
@example(Chain(middle_sent=False))
@example(Chain(root_known=False))
@example(Chain(root_known=False, root_sent=True))
@example(Chain(middle_life="over"))
@example(Chain(middle_is_authority=False))
@example(Chain(for_servers=False))
@example(Chain(signed_by_another=True))
@example(Chain(names=("www.example.com",)))
@example(Chain(names=()))
def test_a_chain_is_accepted_or_refused_as_openssl_does_and_for_the_same_reason(chain: Chain) -> None:
    with TemporaryDirectory() as folder:
        site = served(chain, Path(folder))
        theirs, mine = openssls(site), ours(site)
    assert mine.acceptable is (theirs == 0)
    if theirs == HOSTNAME_MISMATCH:
        assert not mine.covered
    elif theirs:
        assert mine.verdicts & SAME.get(theirs, frozenset({Verdict.OTHER}))


def test_a_short_key_that_openssls_security_level_refuses_is_weak_and_warns_no_client(tmp_path: Path) -> None:
    site = served(Chain(leaf_key=SHORT), tmp_path)
    assert openssls(site) == EE_KEY_TOO_SMALL
    mine = ours(site)
    assert (mine.acceptable, mine.weak) == (True, True)


def test_a_name_in_the_common_name_alone_is_accepted_by_openssl_left_to_itself(tmp_path: Path) -> None:
    site = served(Chain(names=()), tmp_path)
    assert openssls(site, common_name=True) == 0
    assert not ours(site).covered
