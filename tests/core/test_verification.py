import pytest

from check_autodiscover.core.analysis.chains import Fault, Verdict, detail_of, judge_chain, judge_staple, judge_strength
from check_autodiscover.core.model.certificate import Certificate, Revocation, Staple, UnreadableCertificate
from check_autodiscover.core.model.observations import VerifyError

NOW = 1_000_000.0


def certificate(
    subject: str,
    issuer: str,
    *,
    life: tuple[int, int] = (0, 2_000_000),
    urls: tuple[str, ...] = (),
    key: tuple[str, int] = ("RSA", 2048),
    digest: str = "sha256",
) -> Certificate:
    return Certificate(
        fingerprint=f"{subject}/{issuer}",
        public_key=subject,
        subject=subject,
        common_name="",
        issuer=issuer,
        issuer_common_name="",
        issuer_organization="",
        not_before=life[0],
        not_after=life[1],
        issuer_urls=urls,
        key_type=key[0],
        key_bits=key[1],
        signature_hash=digest,
    )


URL = ("http://ca.example/ca.crt",)
LEAF = certificate("CN=leaf", "CN=sub")
PUBLIC_LEAF = certificate("CN=leaf", "CN=sub", urls=URL)
SUB = certificate("CN=sub", "CN=root")
PUBLIC_SUB = certificate("CN=sub", "CN=root", urls=URL)
ROOT = certificate("CN=root", "CN=root")
SELF_SIGNED = certificate("CN=leaf", "CN=leaf")
EXPIRED_LEAF = certificate("CN=leaf", "CN=sub", life=(0, 999_999))
FUTURE_LEAF = certificate("CN=leaf", "CN=sub", life=(1_000_001, 2_000_000))
UNREADABLE = UnreadableCertificate("00", "broken")


def errors(*pairs: tuple[int, int]) -> tuple[VerifyError, ...]:
    return tuple(VerifyError(code, depth) for code, depth in pairs)


@pytest.mark.parametrize(
    ("chain", "seen", "expected"),
    [
        ((LEAF, SUB), (), ()),
        ((), ((20, 0),), ()),
        ((EXPIRED_LEAF, SUB), (), ((Verdict.EXPIRED, 10, 0),)),
        ((FUTURE_LEAF, SUB), (), ((Verdict.NOT_YET_VALID, 9, 0),)),
        ((LEAF, SUB), ((10, 0),), ()),
        ((LEAF, SUB), ((10, 1),), ((Verdict.EXPIRED, 10, 1),)),
        ((SELF_SIGNED,), ((18, 0),), ((Verdict.SELF_SIGNED, 18, 0),)),
        ((LEAF, SUB, ROOT), ((19, 2),), ((Verdict.UNTRUSTED, 19, 2),)),
        ((LEAF,), ((20, 0), (21, 0)), ((Verdict.UNTRUSTED, 20, 0),)),
        ((PUBLIC_LEAF,), ((20, 0), (27, 0), (21, 0)), ((Verdict.CHAIN_INCOMPLETE, 20, 0),)),
        ((PUBLIC_LEAF, SUB), ((20, 1),), ((Verdict.UNTRUSTED, 20, 1),)),
        ((LEAF, PUBLIC_SUB), ((20, 1),), ((Verdict.CHAIN_INCOMPLETE, 20, 1),)),
        ((PUBLIC_LEAF, ROOT, SUB), ((20, 0),), ((Verdict.UNTRUSTED, 20, 0),)),
        ((LEAF, SUB), ((23, 0),), ((Verdict.REVOKED, 23, 0),)),
        ((LEAF, SUB), ((68, 1),), ((Verdict.WEAK, 68, 1),)),
        ((LEAF, SUB), ((26, 0),), ((Verdict.OTHER, 26, 0),)),
        ((LEAF, SUB), ((4711, 0),), ((Verdict.OTHER, 4711, 0),)),
        ((LEAF, SUB), ((62, 0),), ()),
        (
            (EXPIRED_LEAF,),
            ((26, 0), (21, 0), (20, 0)),
            ((Verdict.EXPIRED, 10, 0), (Verdict.UNTRUSTED, 20, 0), (Verdict.OTHER, 26, 0)),
        ),
        ((UNREADABLE,), ((10, 0), (20, 0)), ((Verdict.EXPIRED, 10, 0), (Verdict.UNTRUSTED, 20, 0))),
    ],
)  # fmt: skip
def test_a_chain_is_judged_by_its_decisive_faults(
    chain: tuple[Certificate | UnreadableCertificate, ...],
    seen: tuple[tuple[int, int], ...],
    expected: tuple[tuple[Verdict, int, int], ...],
) -> None:
    assert expected == tuple(
        (fault.verdict, fault.code, fault.depth) for fault in judge_chain(chain, errors(*seen), NOW)
    )


def test_the_order_in_which_errors_were_seen_does_not_matter() -> None:
    seen = errors((26, 0), (21, 0), (20, 0), (23, 0), (10, 1), (68, 1))
    assert judge_chain((LEAF, SUB), seen, NOW) == judge_chain((LEAF, SUB), seen[::-1], NOW)


def test_a_fault_names_the_subject_where_it_was_presented() -> None:
    assert judge_chain((LEAF, SUB), errors((10, 1)), NOW) == (Fault(Verdict.EXPIRED, 10, 1, "CN=sub"),)
    assert judge_chain((LEAF, SUB), errors((10, 2)), NOW) == (Fault(Verdict.EXPIRED, 10, 2, ""),)


def test_authorities_that_certify_each_other_lead_to_an_end() -> None:
    chain = (certificate("CN=a", "CN=b"), certificate("CN=b", "CN=a"))
    assert [fault.verdict for fault in judge_chain(chain, errors((20, 1)), NOW)] == [Verdict.UNTRUSTED]


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ((LEAF, SUB, ROOT), ()),
        ((certificate("CN=leaf", "CN=sub", digest="sha1"), SUB), ((68, 0),)),
        ((LEAF, certificate("CN=root", "CN=root", digest="sha1")), ()),
        ((certificate("CN=leaf", "CN=sub", key=("RSA", 1024)),), ((66, 0),)),
        ((LEAF, certificate("CN=sub", "CN=root", key=("RSA", 1024))), ((67, 1),)),
        ((certificate("CN=leaf", "CN=sub", key=("EC", 256)),), ()),
        ((certificate("CN=leaf", "CN=sub", key=("Ed25519", 0)),), ()),
        ((UNREADABLE,), ()),
    ],
)
def test_strength_is_judged_from_the_facts(
    chain: tuple[Certificate | UnreadableCertificate, ...], expected: tuple[tuple[int, int], ...]
) -> None:
    assert expected == tuple((fault.code, fault.depth) for fault in judge_strength(chain))


DAY = 86_400


@pytest.mark.parametrize(
    ("said", "ends", "proves"),
    [
        (NOW, NOW + DAY, True),
        (NOW - 7 * DAY, NOW, True),
        (NOW - 7 * DAY, NOW - 299, True),
        (NOW - 7 * DAY, NOW - 301, False),
        (NOW + 299, NOW + DAY, True),
        (NOW + 301, NOW + DAY, False),
        (NOW - 9 * DAY, None, True),
        (NOW - 11 * DAY, None, False),
    ],
)
def test_a_stapled_answer_counts_while_it_is_fresh(said: float, ends: float | None, proves: bool) -> None:
    staple = Staple(Revocation.REVOKED, int(said), None if ends is None else int(ends))
    assert judge_staple((LEAF, SUB), staple, NOW) == ((Fault(Verdict.REVOKED, 23, 0, "CN=leaf"),) if proves else ())


@pytest.mark.parametrize(
    "staple", [None, Staple(Revocation.GOOD, 999_999), Staple(Revocation.REVOKED, 999_999, fault="x")]
)
def test_what_is_not_revoked_or_not_proven_is_no_fault(staple: Staple | None) -> None:
    assert judge_staple((LEAF, SUB), staple, NOW) == ()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(Verdict.EXPIRED, 10, 1, ""), ""),
        (Fault(Verdict.OTHER, 26, 0, ""), "it was not issued for TLS servers"),
        (Fault(Verdict.OTHER, 26, 1, ""), "an authority above it may not issue for TLS servers"),
        (Fault(Verdict.OTHER, 4711, 0, ""), "OpenSSL error 4711"),
    ],
)
def test_what_openssl_holds_against_it_is_said_where_the_verdict_does_not_say_all(fault: Fault, words: str) -> None:
    assert detail_of(fault) == words
