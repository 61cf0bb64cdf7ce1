"""What is wrong with a presented chain: OpenSSL's verification errors put into verdicts, dates judged from the facts.

Meetings call `judge_chain` on what a handshake showed. Whether the certificate names the host is not asked here, and
OpenSSL's view of the leaf's dates is ignored, so that a saved survey can be judged for another moment.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from check_autodiscover.core.model.certificate import Certificate, Revocation, Staple, UnreadableCertificate
from check_autodiscover.core.model.observations import VerifyError

__all__ = [
    "CA_MD_TOO_WEAK",
    "Fault",
    "Verdict",
    "detail_of",
    "judge_chain",
    "judge_staple",
    "judge_strength",
    "presented_at",
    "reissue_of",
]

Chain = Sequence[Certificate | UnreadableCertificate]


class Verdict(Enum):
    """What a client makes of a chain, in the order in which faults are reported."""

    TRUSTED = "trusted"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    SELF_SIGNED = "self-signed"
    CHAIN_INCOMPLETE = "chain-incomplete"
    UNTRUSTED = "untrusted"
    WEAK = "weak"
    REVOKED = "revoked"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a chain: OpenSSL's code for it, its depth (0 is the leaf), and what was presented there."""

    verdict: Verdict
    code: int
    depth: int
    subject: str


NOT_YET_VALID, EXPIRED, REVOKED = 9, 10, 23

EE_KEY_TOO_SMALL, CA_KEY_TOO_SMALL, CA_MD_TOO_WEAK = 66, 67, 68

# x509_vfy.h of OpenSSL, X509_V_ERR_*. None: no anchor was reached, and the chain itself tells why.
_VERDICTS: dict[int, Verdict | None] = {
    2: None,
    NOT_YET_VALID: Verdict.NOT_YET_VALID,
    EXPIRED: Verdict.EXPIRED,
    18: Verdict.SELF_SIGNED,
    19: Verdict.UNTRUSTED,
    20: None,
    21: None,
    REVOKED: Verdict.REVOKED,
    27: None,
    28: Verdict.UNTRUSTED,
    EE_KEY_TOO_SMALL: Verdict.WEAK,
    CA_KEY_TOO_SMALL: Verdict.WEAK,
    CA_MD_TOO_WEAK: Verdict.WEAK,
}

_IGNORED = frozenset({0, 62, 63, 64, 65})
"""No error, and errors about the name: the facts say which hosts a certificate covers."""

_NO_ANCHOR = (Verdict.SELF_SIGNED, Verdict.CHAIN_INCOMPLETE, Verdict.UNTRUSTED)
"""Ways to say that no anchor was reached: the first that applies says it best."""

_CODE_TEXTS = {
    4: "a signature in the chain cannot be read",
    6: "an authority's public key cannot be read",
    7: "a signature in the chain is wrong",
    13: "notBefore is malformed",
    14: "notAfter is malformed",
    19: "the chain ends in a private or unknown root certificate",
    22: "the chain is too long",
    24: "an authority's certificate has no public key",
    25: "an authority issued more levels than it may",
    26: "it was not issued for TLS servers",
    28: "its authority is rejected",
    32: "an authority's key may not sign certificates",
    34: "it carries a critical extension that nobody knows",
    37: "it has the marks of an authority but is none",
    41: "an extension is malformed",
    42: "a policy extension is malformed",
    47: "its authority may not issue certificates for this name",
    48: "its authority is forbidden to issue certificates for this name",
    EE_KEY_TOO_SMALL: "its key is too short",
    CA_KEY_TOO_SMALL: "an authority's key is too short",
    CA_MD_TOO_WEAK: "it is signed with a broken digest",
    76: "its signature algorithm is unknown",
    77: "its signature does not fit its authority's key",
    78: "it names two signature algorithms",
    79: "it was issued by a certificate that is no authority",
    94: "its key has explicit curve parameters",
}

_NOT_FOR_SERVERS = 26

_AUTHORITY_TEXTS = {_NOT_FOR_SERVERS: "an authority above it may not issue for TLS servers"}
"""What a code means of a certificate above the leaf, where that is something else."""

_ELSEWHERE = "from an authority that may issue for this name"

_PROPERLY = "from a proper authority: what signed it is none"

_CODE_ADVICE = {
    _NOT_FOR_SERVERS: "with Server Authentication as extended key usage",
    24: _PROPERLY,
    25: "from an authority that its issuer allows",
    32: _PROPERLY,
    34: "without the extension that clients do not know",
    37: _PROPERLY,
    47: _ELSEWHERE,
    48: _ELSEWHERE,
    79: _PROPERLY,
}
"""How to have a certificate reissued, as it stands behind `Reissue the certificate`."""

_WEAK_DIGESTS = frozenset({"md2", "md4", "md5", "sha1"})

_LEAST_BITS = {"RSA": 2048, "DSA": 1 << 16, "EC": 224}
"""CA/Browser Forum Baseline Requirements 6.1.5; no client takes a DSA key any more."""

_CLOCK_SKEW = 300
"""Seconds by which a responder's clock may be ahead of ours; what OpenSSL's `ocsp` allows too."""

_LONGEST_ANSWER = 10 * 86_400
"""Seconds after which an answer without nextUpdate is stale (CA/Browser Forum Baseline Requirements 4.9.10)."""


def judge_chain(chain: Chain, errors: Sequence[VerifyError], now: float) -> tuple[Fault, ...]:
    """The decisive faults of a presented chain at `now` (Unix seconds), one of each verdict, in the order of `Verdict`.

    The leaf's dates come from its facts; an authority's count only where OpenSSL used it and complained. A chain
    that no anchor ends is told apart by what it shows: self-signed, a missing intermediate, or an unknown authority.
    """
    if not chain:
        return ()
    faults = [*_leaf_dates(chain[0], errors, now), *_from_errors(chain, errors)]
    return _decisive(sorted(faults, key=_weight))


def judge_staple(chain: Chain, staple: Staple | None, now: float) -> tuple[Fault, ...]:
    """The revocation that a stapled OCSP answer proves at `now` (Unix seconds): signed by the issuer, and fresh."""
    if staple is None or staple.fault or staple.status is not Revocation.REVOKED:
        return ()
    ends = staple.this_update + _LONGEST_ANSWER if staple.next_update is None else staple.next_update
    if not staple.this_update - _CLOCK_SKEW <= now <= ends + _CLOCK_SKEW:
        return ()
    return (Fault(Verdict.REVOKED, REVOKED, 0, _subject(chain, 0)),)


def judge_strength(chain: Chain) -> tuple[Fault, ...]:
    """Keys and signatures of a presented chain that clients refuse, leaf first (CA/B Forum 6.1.5 and 7.1.3.2)."""
    faults = []
    for depth, certificate in enumerate(chain):
        if isinstance(certificate, Certificate) and (code := _weakness(certificate, depth)):
            faults.append(Fault(Verdict.WEAK, code, depth, certificate.subject))
    return tuple(faults)


def detail_of(fault: Fault) -> str:
    """What OpenSSL holds against the certificate, as a clause about `it`; empty where the verdict says all."""
    if fault.depth and fault.code in _AUTHORITY_TEXTS:
        return _AUTHORITY_TEXTS[fault.code]
    return _CODE_TEXTS.get(fault.code, f"OpenSSL error {fault.code}" if fault.verdict is Verdict.OTHER else "")


def reissue_of(fault: Fault) -> str:
    """How to have the certificate reissued for a fault that its verdict does not say all of; empty for any other."""
    if fault.verdict is not Verdict.OTHER:
        return ""
    if fault.depth and fault.code == _NOT_FOR_SERVERS:
        return "from an authority that may issue for TLS servers"
    return _CODE_ADVICE.get(fault.code, "and look at its chain with openssl verify -show_chain")


_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}


def _weight(fault: Fault) -> tuple[int, bool, int, int]:
    """The order of faults: of those without a verdict of their own, that an issuer is none before that it may not."""
    return _RANK[fault.verdict], fault.code == _NOT_FOR_SERVERS and fault.depth > 0, fault.depth, fault.code


def _leaf_dates(
    leaf: Certificate | UnreadableCertificate, errors: Sequence[VerifyError], now: float
) -> Iterator[Fault]:
    match leaf:
        case Certificate() if now > leaf.not_after:
            yield Fault(Verdict.EXPIRED, EXPIRED, 0, leaf.subject)
        case Certificate() if now < leaf.not_before:
            yield Fault(Verdict.NOT_YET_VALID, NOT_YET_VALID, 0, leaf.subject)
        case UnreadableCertificate():
            for error in errors:
                if error.depth == 0 and error.code in (NOT_YET_VALID, EXPIRED):
                    yield _fault((leaf,), error, Verdict.OTHER)


def _from_errors(chain: Chain, errors: Sequence[VerifyError]) -> Iterator[Fault]:
    for error in errors:
        about_leaf_dates = error.depth == 0 and error.code in (NOT_YET_VALID, EXPIRED)
        if not about_leaf_dates and error.code not in _IGNORED:
            yield _fault(chain, error, _no_anchor(chain))


def _fault(chain: Chain, error: VerifyError, no_anchor: Verdict) -> Fault:
    verdict = _VERDICTS.get(error.code, Verdict.OTHER) or no_anchor
    return Fault(verdict, error.code, error.depth, _subject(chain, error.depth))


def _subject(chain: Chain, depth: int) -> str:
    certificate = presented_at(chain, depth)
    return certificate.subject if certificate else ""


def presented_at(chain: Chain, depth: int) -> Certificate | None:
    """The certificate at a depth of the verified chain, by issuers, as some servers send them out of order.

    None where it was not presented, as a root mostly is not.
    """
    by_subject = {item.subject: item for item in reversed(chain) if isinstance(item, Certificate)}
    found = chain[0] if isinstance(chain[0], Certificate) else None
    for _ in range(depth):
        found = by_subject.get(found.issuer) if found is not None and found.issuer != found.subject else None
    return found


def _no_anchor(chain: Chain) -> Verdict:
    """An authority that says where its own certificate is to be had expects servers to send the way to it."""
    top = _top(chain)
    if top is None or top.subject == top.issuer or not top.issuer_urls:
        return Verdict.UNTRUSTED
    return Verdict.CHAIN_INCOMPLETE


def _top(chain: Chain) -> Certificate | None:
    """The presented certificate nearest to an anchor, found by issuers: some servers send them out of order."""
    by_subject = {item.subject: item for item in reversed(chain) if isinstance(item, Certificate)}
    top = chain[0] if isinstance(chain[0], Certificate) else None
    while top is not None and top.issuer != top.subject and top.issuer in by_subject:
        # Taken out, so that two authorities that certify each other do not lead round for ever.
        top = by_subject.pop(top.issuer)
    return top


def _decisive(faults: list[Fault]) -> tuple[Fault, ...]:
    """The first fault of each verdict, and only one of those that say that no anchor was reached."""
    first: dict[Verdict, Fault] = {}
    for fault in faults:
        group = _NO_ANCHOR[0] if fault.verdict in _NO_ANCHOR else fault.verdict
        first.setdefault(group, fault)
    return tuple(first.values())


def _weakness(certificate: Certificate, depth: int) -> int:
    if 0 < certificate.key_bits < _LEAST_BITS.get(certificate.key_type, 0):
        return CA_KEY_TOO_SMALL if depth else EE_KEY_TOO_SMALL
    # What a certificate says about itself is not believed for its signature, so a root's digest does not matter.
    if certificate.subject != certificate.issuer and certificate.signature_hash in _WEAK_DIGESTS:
        return CA_MD_TOO_WEAK
    return 0
