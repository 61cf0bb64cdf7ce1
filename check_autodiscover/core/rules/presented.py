"""What was presented at a candidate, as findings and words; for the rules about certificates."""

from check_autodiscover.core.analysis.assessment import ViewAssessment
from check_autodiscover.core.analysis.contacts import EndpointState
from check_autodiscover.core.analysis.endpoints import Candidate
from check_autodiscover.core.model.certificate import Certificate, UnreadableCertificate
from check_autodiscover.core.model.finding import Finding
from check_autodiscover.core.rules.phrases import joined

__all__ = ["certificate_finding", "issuer_of", "leaf_issuer_of", "presented_chain"]


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
