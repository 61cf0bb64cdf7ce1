"""The rule about the addresses of the intended endpoint: `dns-address-unexpected`."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment
from check_autodiscover.core.analysis.contacts import EndpointState, NameFault, Reach
from check_autodiscover.core.analysis.endpoints import Candidate
from check_autodiscover.core.analysis.replies import AnswerClass
from check_autodiscover.core.model.finding import Endpoint, Finding
from check_autodiscover.core.model.observations import Scheme
from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.rules.host_records import autodiscover_candidate, declared
from check_autodiscover.core.rules.phrases import foreign_certificate, joined

__all__ = ["judge_addresses"]


def judge_addresses(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """`dns-address-unexpected`: against `--expected-address`, else against the server's addresses."""
    expected = declared(picture.survey.policy.expect.addresses, view)
    for candidate in view.intended:
        if candidate.hop or candidate.cloud or candidate.scheme is Scheme.HTTP:
            continue
        if expected:
            yield from _against_expected(picture, view, candidate, expected)
        elif view.method is Method.HOST:
            yield from _against_server(picture, view, candidate)
    if view.method is Method.REDIRECT and not view.scene.captured:
        host = autodiscover_candidate(view)
        if host is not None and expected:
            yield from _against_expected(picture, view, host, expected)
        elif host is not None:
            yield from _against_server(picture, view, host)


def _against_expected(
    picture: Assessment, view: ViewAssessment, candidate: Candidate, expected: tuple[str, ...]
) -> Iterator[Finding]:
    networks = [ip_network(text, strict=False) for text in expected]
    found = {text: ip_address(text) for text in candidate.resolution.addresses}
    wrong = [text for text, address in found.items() if not any(address in network for network in networks)]
    # Of a family that was not asked for, or gave no answer, nothing is missing.
    asked = {family.value for family in picture.survey.policy.families}
    missing = [
        str(network.network_address)
        for network in networks
        if network.prefixlen == network.max_prefixlen and network.version in asked
        if network.network_address not in found.values()
    ]
    if wrong:
        yield _address_finding(view, candidate, tuple(wrong), joined(expected))
    elif missing and found and candidate.resolution.complete:
        yield Finding(
            rule="dns-address-unexpected",
            view=view.name,
            endpoint=candidate.endpoint,
            subject=candidate.name,
            addresses=tuple(missing),
            args=(("where", joined(missing)), ("expected", joined(expected)), ("missing", "yes")),
        )


def _against_server(picture: Assessment, view: ViewAssessment, candidate: Candidate) -> Iterator[Finding]:
    references = picture.references
    if not references.addresses or view.scene.captured:
        return
    wrong = tuple(
        meeting.address
        for meeting in view.scene.met[candidate]
        if meeting.address not in references.addresses and _suspect(picture, view, meeting)
    )
    if wrong:
        own = _addresses_here(view, references.names) or tuple(sorted(references.addresses))
        yield _address_finding(view, candidate, wrong, f"{joined(own)} ({joined(sorted(references.names))})")


def _addresses_here(view: ViewAssessment, names: frozenset[str]) -> tuple[str, ...]:
    return tuple(
        address
        for candidate in view.scene.candidates
        if candidate.endpoint is Endpoint.SERVER and candidate.name in names
        for address in candidate.addresses
    )


def _suspect(picture: Assessment, view: ViewAssessment, meeting: EndpointState) -> bool:
    """Whether an address that is not the server's is wrong.

    It has no valid certificate with an Exchange answer, and does not redirect to the server. With `redirect`,
    another host is normal: only one that answers https for it is not.
    """
    if meeting.reach is Reach.UNSEEN or (meeting.acceptable and meeting.exchange):
        return False
    key = meeting.certificate.public_key if meeting.certificate else ""
    if key in picture.references.keys or _leads_to_server(picture, view, meeting.address):
        return False
    answers = meeting.name_fault is NameFault.MISMATCH or meeting.answer is AnswerClass.PASSWORD
    return view.method is Method.HOST or answers


def _leads_to_server(picture: Assessment, view: ViewAssessment, address: str) -> bool:
    return any(
        item.address == address and item.redirect is not None and item.redirect.host in picture.references.names
        for item in view.scene.at(Endpoint.REDIRECT)
        if item.candidate.hop == 0
    )


def _address_finding(view: ViewAssessment, candidate: Candidate, wrong: tuple[str, ...], expected: str) -> Finding:
    met = [meeting for meeting in view.scene.met[candidate] if meeting.address in wrong]
    return Finding(
        rule="dns-address-unexpected",
        view=view.name,
        endpoint=candidate.endpoint,
        subject=candidate.name,
        addresses=wrong,
        args=(("where", joined(wrong)), ("expected", expected), ("certificate", foreign_certificate(met))),
    )
