"""Rules about the certificate at the intended endpoint, which is ours to care for: strength, life, sameness, pins."""

from collections.abc import Callable, Iterator

from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment
from check_autodiscover.core.analysis.chains import CA_MD_TOO_WEAK, Fault, detail_of, judge_strength
from check_autodiscover.core.analysis.contacts import EndpointState
from check_autodiscover.core.analysis.endpoints import Candidate
from check_autodiscover.core.model.certificate import Certificate, UnreadableCertificate, kind, life_left, lifetime
from check_autodiscover.core.model.finding import Finding
from check_autodiscover.core.model.policy import DAY
from check_autodiscover.core.rules.phrases import certificate_names, date_of, joined
from check_autodiscover.core.rules.presented import certificate_finding, issuer_of, presented_chain

__all__ = ["judge_own_certificate"]


def judge_own_certificate(
    picture: Assessment, view: ViewAssessment, candidate: Candidate, met: tuple[EndpointState, ...]
) -> Iterator[Finding]:
    """`certificate-unreadable`, `-weak`, `-expiring`, `-addresses-differ`, `-unexpected` at an intended candidate."""
    for judge in (_unreadable, _weak, _expiring, _differ, _pins):
        yield from judge(picture, view, candidate, met)


def _unreadable(
    _picture: Assessment, view: ViewAssessment, candidate: Candidate, met: tuple[EndpointState, ...]
) -> Iterator[Finding]:
    broken = tuple(item for item in met if isinstance(item.unreadable, UnreadableCertificate))
    if broken and broken[0].unreadable is not None:
        address, reason = broken[0].address, broken[0].unreadable.reason
        socket = f"[{address}]:443" if ":" in address else f"{address}:443"
        yield certificate_finding("certificate-unreadable", view, candidate, broken, reason=reason, socket=socket)


def _weak(
    _picture: Assessment, view: ViewAssessment, candidate: Candidate, met: tuple[EndpointState, ...]
) -> Iterator[Finding]:
    """`certificate-weak`, of whatever certificate of the chain; which one is said."""
    weak = [(item, faults[0]) for item in met if (faults := judge_strength(presented_chain(item)))]
    if weak:
        weakness = _weakness(presented_chain(weak[0][0]), weak[0][1])
        yield certificate_finding(
            "certificate-weak", view, candidate, tuple(item for item, _ in weak), weakness=weakness
        )


def _weakness(chain: tuple[Certificate | UnreadableCertificate, ...], fault: Fault) -> str:
    """What is weak in a certificate of the chain, and whose it is where it is not the server's."""
    certificate = chain[fault.depth]
    if not isinstance(certificate, Certificate):
        return detail_of(fault)
    digest = f"signed with {certificate.signature_hash.upper()}"
    words = digest if fault.code == CA_MD_TOO_WEAK else f"{certificate.key_type} key of {certificate.key_bits} bits"
    return f"{words}, in the certificate of its issuer {certificate.common_name}" if fault.depth else words


def _expiring(
    picture: Assessment, view: ViewAssessment, candidate: Candidate, met: tuple[EndpointState, ...]
) -> Iterator[Finding]:
    short = []
    for meeting in met:
        certificate = meeting.certificate
        if certificate is None or life_left(certificate, picture.now) < 0:
            continue
        left = life_left(certificate, picture.now)
        warning, critical = picture.survey.policy.thresholds.for_lifetime(lifetime(certificate))
        if left < warning:
            short.append((left, left < critical, meeting, certificate))
    if short:
        left, grave, _, certificate = min(short, key=lambda item: item[0])
        yield certificate_finding(
            "certificate-expiring",
            view,
            candidate,
            tuple(meeting for _, _, meeting, _ in short),
            days=str(int(left // DAY)),
            date=date_of(certificate.not_after),
            critical="yes" if grave else "",
        )


def _differ(
    picture: Assessment, view: ViewAssessment, candidate: Candidate, met: tuple[EndpointState, ...]
) -> Iterator[Finding]:
    """`certificate-addresses-differ`: which address is the odd one, and in what."""
    groups: dict[Certificate, list[str]] = {}
    for item in met:
        if item.certificate:
            groups.setdefault(item.certificate, []).append(item.address)
    if len(groups) < 2:
        return
    # Of as many addresses on either side, what the `--server` hosts present is usual, and what lasts longest.
    usual = max(groups, key=lambda it: (len(groups[it]), it.public_key in picture.references.keys, it.not_after))
    odd = [each for each in groups if each != usual]
    identities = {(kind(item), item.issuer_organization, item.issuer_common_name) for item in groups}
    yield certificate_finding(
        "certificate-addresses-differ",
        view,
        candidate,
        met,
        odd=joined(address for each in odd for address in groups[each]),
        usual=joined(groups[usual]),
        differ=_difference(odd[0], usual),
        kinds="yes" if len(identities) > 1 else "",
    )


def _difference(odd: Certificate, usual: Certificate) -> str:
    """What tells two certificates apart for somebody who looks for the server that was forgotten."""
    for word, told in _TOLD_APART:
        if told(odd) != told(usual):
            return f"{word}{told(odd)}, not {told(usual)}"
    return "another key" if odd.public_key != usual.public_key else "another serial number"


def _named_issuer(certificate: Certificate) -> str:
    return certificate.issuer_common_name or certificate.issuer_organization or "nobody named"


_TOLD_APART: tuple[tuple[str, Callable[[Certificate], str]], ...] = (
    ("issued by ", _named_issuer),
    ("", certificate_names),
    ("until ", lambda item: date_of(item.not_after)),
)


def _pins(
    picture: Assessment, view: ViewAssessment, candidate: Candidate, met: tuple[EndpointState, ...]
) -> Iterator[Finding]:
    # What an inspecting machine presents is not what was pinned, and says nothing about it.
    met = tuple(item for item in met if item not in picture.intercepted)
    expect = picture.survey.policy.expect
    pins: tuple[tuple[str, tuple[str, ...], Callable[[EndpointState], str]], ...] = (
        ("the fingerprint", expect.certificates, lambda item: item.certificate.fingerprint if item.certificate else ""),
        ("the public key", expect.public_keys, lambda item: item.certificate.public_key if item.certificate else ""),
    )
    for what, allowed, found in pins:
        broken = tuple(item for item in met if item.certificate and allowed and found(item) not in allowed)
        if broken:
            yield certificate_finding(
                "certificate-unexpected", view, candidate, broken, what=what, found=found(broken[0])
            )
    strange = tuple(item for item in met if item.certificate and expect.issuers and not _issued(item, expect.issuers))
    if strange:
        issuer = issuer_of(strange[0])
        yield certificate_finding(
            "certificate-unexpected", view, candidate, strange, what="the issuer", found=issuer, issuer="yes"
        )


def _issued(meeting: EndpointState, issuers: tuple[str, ...]) -> bool:
    """Whether one of the expected issuers is the CN or O of any member of the chain, or of its issuer."""
    chain = meeting.contact.tls.chain if meeting.contact and meeting.contact.tls else ()
    names = {name.casefold() for item in chain if isinstance(item, Certificate) for name in _authorities(item)}
    return any(issuer.casefold() in names for issuer in issuers)


def _authorities(member: Certificate) -> tuple[str, ...]:
    own = (member.common_name,) if member.is_authority else ()
    return (member.issuer_common_name, member.issuer_organization, *own)
