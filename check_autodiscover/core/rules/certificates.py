"""Rules about the certificates that clients are shown: their names and chains, and more of what is ours to care for.

At the intended endpoint that is strength, life, sameness and pins.
"""

from collections.abc import Callable, Iterator

from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment
from check_autodiscover.core.analysis.chains import (
    CA_MD_TOO_WEAK,
    Fault,
    Verdict,
    detail_of,
    judge_strength,
    presented_at,
    reissue_of,
)
from check_autodiscover.core.analysis.contacts import EndpointState, NameFault
from check_autodiscover.core.analysis.endpoints import Candidate
from check_autodiscover.core.analysis.lookups import resolve
from check_autodiscover.core.model.certificate import (
    Certificate,
    UnreadableCertificate,
    covers,
    kind,
    life_left,
    lifetime,
)
from check_autodiscover.core.model.finding import CandidateRole, Endpoint, Finding
from check_autodiscover.core.model.names import near_miss
from check_autodiscover.core.model.observations import AUTODISCOVER_PATH, Scheme
from check_autodiscover.core.model.policy import DAY, Method
from check_autodiscover.core.rules.phrases import certificate_names, date_of, joined, srv_record

__all__ = [
    "certificate_finding",
    "issuer_of",
    "judge_certificates",
    "judge_interception",
    "judge_own_certificate",
    "leaf_issuer_of",
    "presented_chain",
]


def certificate_finding(
    rule: str, view: ViewAssessment, candidate: Candidate, met: tuple[EndpointState, ...], **args: str
) -> Finding:
    """A finding about what these addresses of a candidate present."""
    return Finding(
        rule=rule,
        view=view.name,
        endpoint=candidate.endpoint,
        subject=candidate.name,
        addresses=tuple(meeting.address for meeting in met),
        args=(("where", joined(meeting.address for meeting in met)), *args.items()),
    )


def presented_chain(meeting: EndpointState) -> tuple[Certificate | UnreadableCertificate, ...]:
    """The certificates that were presented, leaf first."""
    return meeting.contact.tls.chain if meeting.contact and meeting.contact.tls else ()


def issuer_of(meeting: EndpointState) -> str:
    """The issuer that is missing: of the last certificate that was presented."""
    chain = meeting.contact.tls.chain if meeting.contact and meeting.contact.tls else ()
    last = chain[-1] if chain and isinstance(chain[-1], Certificate) else meeting.certificate
    return _issuer_name(last)


def leaf_issuer_of(meeting: EndpointState) -> str:
    """The issuer of the server's own certificate."""
    return _issuer_name(meeting.certificate)


def _issuer_name(certificate: Certificate | None) -> str:
    if certificate is None:
        return "an unnamed issuer"
    named = certificate.issuer_common_name or certificate.issuer_organization or certificate.issuer
    return named or "an unnamed issuer"


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


_FAULT_RULES = {
    Verdict.EXPIRED: "certificate-expired",
    Verdict.NOT_YET_VALID: "certificate-not-yet-valid",
    Verdict.SELF_SIGNED: "certificate-self-signed",
    Verdict.CHAIN_INCOMPLETE: "certificate-chain-incomplete",
    Verdict.UNTRUSTED: "certificate-untrusted",
    Verdict.REVOKED: "certificate-revoked",
}
"""The rule for each verdict of the chain; what has no rule of its own is told as untrusted."""


def judge_certificates(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
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
        if view.role(candidate) is CandidateRole.INTENDED or _only_by_directory(view, candidate):
            yield from judge_own_certificate(picture, view, candidate, met)


def _only_by_directory(view: ViewAssessment, candidate: Candidate) -> bool:
    """Whether the directory alone leads to a server; what is true of the intended one is said there."""
    intended = {item.name for item in view.intended}
    return view.role(candidate) is CandidateRole.DIRECTORY and candidate.name not in intended


MAX_COMPARED = 256
"""Names of certificates among which a misspelling is looked for."""


_SHOWN = 3
"""Certificates whose first name a sentence about many has room for."""


def judge_interception(picture: Assessment) -> Iterator[Finding]:
    """`certificate-intercepted`, once for all views: it is about our own way out."""
    met = picture.intercepted
    if met:
        firsts = dict.fromkeys(name for item in met if item.certificate for name in item.certificate.dns_names[:1])
        names = joined(list(firsts)[:_SHOWN])
        addresses = tuple(dict.fromkeys(item.address for item in met))
        yield Finding(
            rule="certificate-intercepted",
            view="",
            endpoint=Endpoint.ZONE,
            subject=picture.survey.domain,
            addresses=addresses,
            args=(("issuer", leaf_issuer_of(met[0])), ("names", names), ("where", joined(addresses))),
        )


def _judge_names(
    picture: Assessment, view: ViewAssessment, candidate: Candidate, met: tuple[EndpointState, ...]
) -> Iterator[Finding]:
    lacking = tuple(item for item in met if item.name_fault is NameFault.MISMATCH)
    if lacking:
        yield _mismatch(picture, view, candidate, lacking)
        foreign = tuple(item for item in lacking if _foreign(picture, item))
        # A web site at the root is nobody's Exchange server, so that its certificate is another is no news.
        if foreign and candidate.endpoint is not Endpoint.ROOT:
            yield certificate_finding(
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
        yield certificate_finding("certificate-common-name-only", view, candidate, in_common_name)


def _mismatch(
    picture: Assessment, view: ViewAssessment, candidate: Candidate, lacking: tuple[EndpointState, ...]
) -> Finding:
    near = near_miss(_compared(lacking), candidate.name)
    by_directory = candidate.endpoint is Endpoint.SCP
    return certificate_finding(
        "directory-scp-name-mismatch" if by_directory else "certificate-name-mismatch",
        view,
        candidate,
        lacking,
        host=_host(picture, lacking),
        names=_names(lacking),
        near=near,
        controller="yes" if _controllers(lacking) else "",
        renewed=_renewed(picture, view, candidate, lacking),
        point=candidate.point,
        advice=_advice(picture, view, candidate, lacking, near),
    )


def _renewed(
    picture: Assessment, view: ViewAssessment, candidate: Candidate, lacking: tuple[EndpointState, ...]
) -> str:
    """The day of the renewal that lost the name which the accepted certificate had, else empty."""
    lost = any(
        (change.kind.value, change.view, change.endpoint) == ("certificate-names-lost", view.name, candidate.endpoint)
        and candidate.name in change.detail.split(", ")
        for change in picture.changes
    )
    if not lost or any(_foreign(picture, item) for item in lacking):
        return ""
    return date_of(max(item.certificate.not_before for item in lacking if item.certificate))


def _advice(
    picture: Assessment, view: ViewAssessment, candidate: Candidate, lacking: tuple[EndpointState, ...], near: str
) -> str:
    """A certificate is mended where it is ours; a stranger's shows that the record is wrong."""
    addresses = joined(item.address for item in lacking)
    if candidate.endpoint is Endpoint.ROOT and _controllers(lacking):
        return f"Close port 443 on the domain controllers ({addresses}), or add {candidate.name} to their certificates."
    if candidate.endpoint is Endpoint.ROOT:
        return f"Add {candidate.name} to the web site's certificate, or close port 443 at {addresses}."
    if candidate.endpoint is Endpoint.SCP:
        return _directory_advice(picture, candidate, lacking)
    if view.method is Method.REDIRECT and candidate.endpoint is Endpoint.AUTODISCOVER:
        return (
            f"Close port 443 at {addresses}, which is there to redirect from port 80; or give it a certificate with "
            f"{candidate.name}."
        )
    if any(_foreign(picture, item) for item in lacking):
        return f"{addresses} is another machine: correct the record that leads {candidate.name} there."
    host = _host(picture, lacking)
    wanted = f"{candidate.name} in place of {near}" if near else f"{candidate.name} as a subject alternative name"
    named = _leading_there(picture, view, lacking)
    reissue = f"Reissue the certificate of {host} with {wanted}"
    if candidate.endpoint is Endpoint.SRV and named:
        record = srv_record(picture.survey.domain, named)
        return f"{reissue}, or let the SRV record lead to a name that it has: {record}"
    return f"{reissue}."


def _leading_there(picture: Assessment, view: ViewAssessment, lacking: tuple[EndpointState, ...]) -> str:
    """The first name of a certificate that may lead to where it is presented, else empty."""
    there = {item.address for item in lacking}
    held = (name for name in _compared(lacking) if "*" not in name)
    led = ((name, resolve(picture.survey, view.scene.view, name).addresses) for name in held)
    return next((name for name, addresses in led if not addresses or there & set(addresses)), "")


def _compared(met: tuple[EndpointState, ...]) -> tuple[str, ...]:
    """The first names of each certificate that was presented, few of each where there are many certificates."""
    shown = {item.certificate.fingerprint: item.certificate for item in met if item.certificate}
    share = MAX_COMPARED // max(len(shown), 1)
    return tuple(dict.fromkeys(name for certificate in shown.values() for name in certificate.dns_names[:share]))


def _controllers(met: tuple[EndpointState, ...]) -> bool:
    """Whether all are domain controllers, as where the directory's name is the mail domain's."""
    return all(item.certificate is not None and item.certificate.domain_controller for item in met)


def _directory_advice(picture: Assessment, candidate: Candidate, lacking: tuple[EndpointState, ...]) -> str:
    """The URL is mended where the certificate is of use; that of an installation names the server alone."""
    held = [name for item in lacking if item.certificate for name in item.certificate.dns_names if "." in name]
    host = next(iter((*picture.survey.policy.servers, *(name for name in held if "*" not in name))), "NAME")
    change = f"Set-ClientAccessService -Identity {candidate.point} -AutoDiscoverServiceInternalUri"
    return (
        f"Let the directory give a name that the certificate has: {change} https://{host}{AUTODISCOVER_PATH}; "
        f"or install a certificate with {candidate.name}."
    )


def _names(met: tuple[EndpointState, ...]) -> str:
    return joined(certificate_names(item.certificate) for item in met if item.certificate)


def _host(picture: Assessment, met: tuple[EndpointState, ...]) -> str:
    """Whose certificate it is: the `--server` host's where the key is its, else the address's."""
    keys = {item.certificate.public_key for item in met if item.certificate}
    own = keys <= picture.references.keys and picture.references.names
    return joined(sorted(picture.references.names)) if own else joined(item.address for item in met)


def _foreign(picture: Assessment, meeting: EndpointState) -> bool:
    """A completely different certificate: no name and no key in common with any reference."""
    references, certificate = picture.references.certificates, meeting.certificate
    if certificate is None or not references:
        return False
    if any(covers(certificate, name) for name in picture.references.names):
        return False
    return all(
        certificate.public_key != item.public_key and not set(certificate.dns_names) & set(item.dns_names)
        for item in references
    )


def _judge_chain(
    picture: Assessment, view: ViewAssessment, candidate: Candidate, met: tuple[EndpointState, ...]
) -> Iterator[Finding]:
    found: dict[str, list[tuple[EndpointState, Fault]]] = {}
    for meeting in met:
        for fault in meeting.faults:
            rule = _FAULT_RULES.get(fault.verdict, "certificate-untrusted")
            found.setdefault(rule, []).append((meeting, fault))
    for rule, items in found.items():
        meeting, fault = items[0]
        if meeting.certificate is None or meeting.contact is None or meeting.contact.tls is None:
            continue
        certificate = presented_at(meeting.contact.tls.chain, fault.depth)
        yield certificate_finding(
            rule,
            view,
            candidate,
            tuple(dict.fromkeys(item for item, _ in items)),
            names=certificate_names(meeting.certificate),
            issuer=issuer_of(meeting),
            fault=detail_of(fault) if fault.verdict is Verdict.OTHER else "",
            reissue=reissue_of(fault),
            above=_authority(meeting, certificate) if fault.depth else "",
            **(_revocation(meeting) if rule == "certificate-revoked" else _dates(rule, certificate, picture.now)),
        )


def _authority(meeting: EndpointState, presented: Certificate | None) -> str:
    """The authority whose own certificate is at fault: as it was presented, else who must stand above all that was."""
    return (presented and (presented.common_name or presented.subject)) or issuer_of(meeting)


def _revocation(meeting: EndpointState) -> dict[str, str]:
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


def _dates(rule: str, certificate: Certificate | None, now: float) -> dict[str, str]:
    """Empty for a certificate that nobody presented: OpenSSL has it from the anchors, and tells no dates."""
    if certificate is None:
        return {"date": "", "days": ""}
    if rule == "certificate-not-yet-valid":
        return {"date": date_of(certificate.not_before)}
    past = max(0, int(now) - certificate.not_after)
    return {"date": date_of(certificate.not_after), "days": str(past // DAY)}
