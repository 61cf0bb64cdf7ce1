"""Rules about the certificates that clients are shown."""

from collections.abc import Callable, Iterator

from check_autodiscover.core.candidates import Candidate
from check_autodiscover.core.certificate import Certificate, UnreadableCertificate, kind, life_left, lifetime
from check_autodiscover.core.finding import Endpoint, Finding
from check_autodiscover.core.meeting import Meeting, NameFault
from check_autodiscover.core.names import near_miss
from check_autodiscover.core.picture import Picture, ViewPicture
from check_autodiscover.core.policy import DAY
from check_autodiscover.core.roles import CandidateRole
from check_autodiscover.core.rules.phrases import certificate_names, date_of, joined
from check_autodiscover.core.survey import Scheme
from check_autodiscover.core.verification import Fault, Verdict, describe, judge_strength

__all__ = ["judge_certificates"]

_FAULT_RULES = {
    Verdict.EXPIRED: "certificate-expired",
    Verdict.NOT_YET_VALID: "certificate-not-yet-valid",
    Verdict.SELF_SIGNED: "certificate-self-signed",
    Verdict.CHAIN_INCOMPLETE: "certificate-chain-incomplete",
    Verdict.UNTRUSTED: "certificate-untrusted",
    Verdict.REVOKED: "certificate-revoked",
}
"""The rule for each verdict of the chain; what has no rule of its own is told as untrusted."""


def judge_certificates(picture: Picture, view: ViewPicture) -> Iterator[Finding]:
    """Every certificate rule at every candidate of a view; the `--server` hosts only where no client meets them."""
    walked = {(item.name, address) for item in view.scene.candidates if item.step for address in item.addresses}
    for candidate in (*view.scene.candidates, *view.scene.skipped):
        if candidate.scheme is Scheme.HTTP:
            continue
        met = tuple(
            item
            for item in view.scene.met[candidate]
            if candidate.step is not None or (candidate.name, item.address) not in walked
        )
        yield from _judge_names(picture, view, candidate, met)
        yield from _judge_chain(picture, view, candidate, met)
        if view.role(candidate) is CandidateRole.INTENDED:
            yield from _judge_intended(picture, view, candidate, met)


def _finding(rule: str, view: ViewPicture, candidate: Candidate, met: tuple[Meeting, ...], **args: str) -> Finding:
    return Finding(
        rule=rule,
        view=view.name,
        endpoint=candidate.endpoint,
        subject=candidate.name,
        addresses=tuple(meeting.address for meeting in met),
        args=(("where", joined(meeting.address for meeting in met)), *args.items()),
    )


def _judge_names(
    picture: Picture, view: ViewPicture, candidate: Candidate, met: tuple[Meeting, ...]
) -> Iterator[Finding]:
    lacking = tuple(item for item in met if item.name_fault is NameFault.MISMATCH)
    if lacking:
        yield _mismatch(picture, view, candidate, lacking)
        foreign = tuple(item for item in lacking if _foreign(picture, item))
        # A web site at the root is nobody's Exchange server, so that its certificate is another is no news.
        if foreign and candidate.endpoint is not Endpoint.ROOT:
            yield _finding(
                "certificate-foreign",
                view,
                candidate,
                foreign,
                host=_host(picture, foreign),
                names=_names(foreign),
                server=joined(sorted(picture.references.names)),
            )
    in_common_name = tuple(item for item in met if item.name_fault is NameFault.COMMON_NAME_ONLY)
    if in_common_name:
        yield _finding("certificate-common-name-only", view, candidate, in_common_name)


def _mismatch(picture: Picture, view: ViewPicture, candidate: Candidate, lacking: tuple[Meeting, ...]) -> Finding:
    names = tuple(name for item in lacking if item.certificate for name in item.certificate.dns_names)
    return _finding(
        "certificate-name-mismatch",
        view,
        candidate,
        lacking,
        host=_host(picture, lacking),
        names=_names(lacking),
        near=near_miss(names, candidate.name),
        advice=_advice(picture, candidate, lacking),
    )


def _advice(picture: Picture, candidate: Candidate, lacking: tuple[Meeting, ...]) -> str:
    """A certificate is mended where it is ours; a stranger's shows that the record is wrong."""
    addresses = joined(item.address for item in lacking)
    if candidate.endpoint is Endpoint.ROOT:
        return f"Add {candidate.name} to the web site's certificate, or close port 443 at {addresses}."
    if any(_foreign(picture, item) for item in lacking):
        return f"{addresses} is another machine: correct the record that leads {candidate.name} there."
    host = _host(picture, lacking)
    return f"Reissue the certificate of {host} with {candidate.name} as a subject alternative name."


def _names(met: tuple[Meeting, ...]) -> str:
    return joined(certificate_names(item.certificate) for item in met if item.certificate)


def _host(picture: Picture, met: tuple[Meeting, ...]) -> str:
    """Whose certificate it is: the `--server` host's where the key is its, else the address's."""
    keys = {item.certificate.public_key for item in met if item.certificate}
    own = keys <= picture.references.keys and picture.references.names
    return joined(sorted(picture.references.names)) if own else joined(item.address for item in met)


def _foreign(picture: Picture, meeting: Meeting) -> bool:
    """A completely different certificate: no name and no key in common with any reference."""
    references, certificate = picture.references.certificates, meeting.certificate
    if certificate is None or not references:
        return False
    return all(
        certificate.public_key != item.public_key and not set(certificate.dns_names) & set(item.dns_names)
        for item in references
    )


def _judge_chain(
    picture: Picture, view: ViewPicture, candidate: Candidate, met: tuple[Meeting, ...]
) -> Iterator[Finding]:
    found: dict[str, list[tuple[Meeting, Fault]]] = {}
    for meeting in met:
        for fault in meeting.faults:
            rule = _FAULT_RULES.get(fault.verdict, "certificate-untrusted")
            found.setdefault(rule, []).append((meeting, fault))
    for rule, items in found.items():
        meeting, fault = items[0]
        if meeting.certificate is None or meeting.contact is None or meeting.contact.tls is None:
            continue
        whose = meeting.contact.tls.chain[fault.depth] if fault.depth < len(meeting.contact.tls.chain) else None
        certificate = whose if isinstance(whose, Certificate) else meeting.certificate
        yield _finding(
            rule,
            view,
            candidate,
            tuple(dict.fromkeys(item for item, _ in items)),
            names=certificate_names(meeting.certificate),
            issuer=_issuer(meeting),
            whose=f"its issuer's: {certificate.common_name}" if fault.depth else "",
            **(_revocation(meeting) if rule == "certificate-revoked" else _dates(rule, certificate, picture.now)),
        )


def _revocation(meeting: Meeting) -> dict[str, str]:
    """When and why a certificate was revoked, as its stapled answer says; what it does not say is empty."""
    staple = meeting.contact.tls.staple if meeting.contact and meeting.contact.tls else None
    revoked_at = staple.revoked_at if staple else None
    return {
        "date": "" if revoked_at is None else date_of(revoked_at),
        "reason": _in_words(staple.reason) if staple else "",
    }


def _in_words(reason: str) -> str:
    """A CRLReason (RFC 5280 5.3.1) as people write it: `keyCompromise` is `key compromise`."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in reason)


def _issuer(meeting: Meeting) -> str:
    """The issuer that is missing: of the last certificate that was presented."""
    chain = meeting.contact.tls.chain if meeting.contact and meeting.contact.tls else ()
    last = chain[-1] if chain and isinstance(chain[-1], Certificate) else meeting.certificate
    if last is None:
        return "an unnamed issuer"
    return last.issuer_common_name or last.issuer_organization or last.issuer or "an unnamed issuer"


def _dates(rule: str, certificate: Certificate, now: float) -> dict[str, str]:
    if rule == "certificate-not-yet-valid":
        return {"date": date_of(certificate.not_before)}
    past = max(0, int(now) - certificate.not_after)
    return {"date": date_of(certificate.not_after), "days": str(past // DAY)}


def _judge_intended(
    picture: Picture, view: ViewPicture, candidate: Candidate, met: tuple[Meeting, ...]
) -> Iterator[Finding]:
    for judge in (_unreadable, _weak, _expiring, _differ, _pins):
        yield from judge(picture, view, candidate, met)


def _unreadable(
    _picture: Picture, view: ViewPicture, candidate: Candidate, met: tuple[Meeting, ...]
) -> Iterator[Finding]:
    broken = tuple(item for item in met if isinstance(item.unreadable, UnreadableCertificate))
    if broken and broken[0].unreadable is not None:
        yield _finding("certificate-unreadable", view, candidate, broken, reason=broken[0].unreadable.reason)


def _weak(_picture: Picture, view: ViewPicture, candidate: Candidate, met: tuple[Meeting, ...]) -> Iterator[Finding]:
    """`certificate-weak`, of whatever certificate of the chain; which one is said."""
    weak = [(item, faults[0]) for item in met if (faults := judge_strength(_presented(item)))]
    if weak:
        yield _finding(
            "certificate-weak", view, candidate, tuple(item for item, _ in weak), weakness=describe(weak[0][1])
        )


def _presented(meeting: Meeting) -> tuple[Certificate | UnreadableCertificate, ...]:
    return meeting.contact.tls.chain if meeting.contact and meeting.contact.tls else ()


def _expiring(picture: Picture, view: ViewPicture, candidate: Candidate, met: tuple[Meeting, ...]) -> Iterator[Finding]:
    thresholds = picture.survey.policy.thresholds
    short = []
    for meeting in met:
        certificate = meeting.certificate
        if certificate is None or life_left(certificate, picture.now) < 0:
            continue
        if life_left(certificate, picture.now) < thresholds.warning.for_lifetime(lifetime(certificate)):
            short.append((life_left(certificate, picture.now), meeting, certificate))
    if short:
        left, _, certificate = min(short, key=lambda item: item[0])
        critical = left < thresholds.critical.for_lifetime(lifetime(certificate))
        yield _finding(
            "certificate-expiring",
            view,
            candidate,
            tuple(meeting for _, meeting, _ in short),
            days=str(int(left // DAY)),
            date=date_of(certificate.not_after),
            critical="yes" if critical else "",
        )


def _differ(_picture: Picture, view: ViewPicture, candidate: Candidate, met: tuple[Meeting, ...]) -> Iterator[Finding]:
    presented = {item.certificate: item for item in reversed(met) if item.certificate}
    if len(presented) < 2:
        return
    kinds = {(kind(item), item.issuer_organization, item.issuer_common_name) for item in presented}
    odd = "; ".join(
        f"{item.address}: {certificate_names(certificate)}" for certificate, item in reversed(presented.items())
    )
    issuers_or_kinds = len({entry[0] for entry in kinds}) > 1 or len({entry[1:] for entry in kinds}) > 1
    yield _finding(
        "certificate-addresses-differ",
        view,
        candidate,
        met,
        differ=odd,
        kinds="yes" if issuers_or_kinds else "",
    )


def _pins(picture: Picture, view: ViewPicture, candidate: Candidate, met: tuple[Meeting, ...]) -> Iterator[Finding]:
    expect = picture.survey.policy.expect
    pins: tuple[tuple[str, tuple[str, ...], Callable[[Meeting], str]], ...] = (
        ("the fingerprint", expect.certificates, lambda item: item.certificate.fingerprint if item.certificate else ""),
        ("the public key", expect.public_keys, lambda item: item.certificate.public_key if item.certificate else ""),
    )
    for what, allowed, found in pins:
        broken = tuple(item for item in met if item.certificate and allowed and found(item) not in allowed)
        if broken:
            yield _finding("certificate-unexpected", view, candidate, broken, what=what, found=found(broken[0]))
    strange = tuple(item for item in met if item.certificate and expect.issuers and not _issued(item, expect.issuers))
    if strange:
        issuer = _issuer(strange[0])
        yield _finding(
            "certificate-unexpected", view, candidate, strange, what="the issuer", found=issuer, issuer="yes"
        )


def _issued(meeting: Meeting, issuers: tuple[str, ...]) -> bool:
    """Whether one of the expected issuers is the CN or O of any member of the chain, or of its issuer."""
    chain = meeting.contact.tls.chain if meeting.contact and meeting.contact.tls else ()
    names = {name.casefold() for item in chain if isinstance(item, Certificate) for name in _authorities(item)}
    return any(issuer.casefold() in names for issuer in issuers)


def _authorities(member: Certificate) -> tuple[str, ...]:
    own = (member.common_name,) if member.is_authority else ()
    return (member.issuer_common_name, member.issuer_organization, *own)
