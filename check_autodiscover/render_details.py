"""What `-v` adds to a report's text: the clients' walks, every observation, and timings.

Called by `render` only where it is asked for.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from check_autodiscover.core.certificate import Certificate, UnreadableCertificate
from check_autodiscover.core.clients import Walk
from check_autodiscover.core.report import Report
from check_autodiscover.core.survey import Contact, DnsAnswer, DnsQuestion, EndpointQuestion, HttpAnswer, Survey, Tls
from check_autodiscover.hostile import clean

__all__ = ["details", "same_walks"]

OBSERVATIONS = 2
TIMINGS = 3
"""Verbosity from which each is told."""


def details(report: Report, verbosity: int) -> Iterator[str]:
    """The lines that a verbosity of 1 to 3 adds."""
    for clients, walk in same_walks(report.walks):
        yield from _walk(clients, walk)
    if verbosity >= OBSERVATIONS:
        yield from _observations(report.survey, verbosity >= TIMINGS)
    if verbosity >= TIMINGS:
        yield from _timings(report.survey)


def same_walks(walks: Iterable[Walk]) -> list[tuple[str, Walk]]:
    """Each course once with the clients of a view that take it, in order."""
    groups: dict[object, list[Walk]] = {}
    for walk in walks:
        groups.setdefault((walk.view, walk.judged, walk.outcome, walk.at, walk.steps), []).append(walk)
    return [(", ".join(each.client.value for each in group), group[0]) for group in groups.values()]


def _walk(clients: str, walk: Walk) -> Iterator[str]:
    at = f" at {walk.at.value}" if walk.at else ""
    judged = "" if walk.judged else " (not judged)"
    yield f"Walk {walk.view}, {clients}{judged}: {walk.outcome.value}{at}"
    for step in walk.steps:
        code = f" {step.code}" if step.code else ""
        yield f"  {step.step.value} {clean(step.candidate)}: {step.outcome}{code}, {clean(step.why)}"


def _observations(survey: Survey, timed: bool) -> Iterator[str]:
    order = {view.name: index for index, view in enumerate(survey.policy.views)}
    for anchor in survey.anchors:
        yield f"Trusted: {clean(anchor)}"
    for question in sorted(survey.lookups, key=lambda item: (order.get(item.view, 0), _name_order(item))):
        answer = survey.lookups[question]
        yield f"DNS {_asked(question)}: {_answered(answer)}{_took(answer.seconds, timed)}"
    for met in sorted(survey.contacts, key=lambda item: (item.name, item.scheme.value, item.path, item.address)):
        contact = survey.contacts[met]
        yield f"Contact {_url(met)}: {_met(contact)}{_took(contact.seconds, timed)}"
    yield from sorted(f"Unfinished {_unfinished(question)}" for question in survey.unfinished)


def _name_order(question: DnsQuestion) -> tuple[str, str, str]:
    return question.name, question.type.value, question.resolver


def _asked(question: DnsQuestion) -> str:
    name = clean(question.name) or "."
    return f"{question.view} {clean(question.resolver)} {name} {question.type.value}"


def _answered(answer: DnsAnswer) -> str:
    services = (f"{srv.priority} {srv.weight} {srv.port} {srv.target or '.'}" for srv in answer.services)
    parts = [f"alias {clean(name)}" for name in answer.aliases]
    parts += [clean(text) for text in (*answer.addresses, *services)]
    parts += [f"zone {clean(answer.zone)}"] if answer.zone else []
    parts += [f"TTL {answer.ttl}"] if answer.ttl is not None else []
    parts += ["authoritative"] if answer.authoritative else []
    return ", ".join((answer.status.value, *parts))


def _url(question: EndpointQuestion) -> str:
    path = f"{question.scheme.value}://{question.name}:{question.port}{question.path}"
    return f"{clean(path)} at {question.address}"


def _unfinished(question: DnsQuestion | EndpointQuestion) -> str:
    match question:
        case DnsQuestion():
            return f"DNS {_asked(question)}"
        case EndpointQuestion():
            return f"contact {_url(question)}"


def _met(contact: Contact) -> str:
    tls = [] if contact.tls is None else list(_tls(contact.tls))
    return "; ".join((contact.connect.value, *tls, *map(_http, contact.answers)))


def _tls(tls: Tls) -> Iterator[str]:
    yield " ".join(filter(None, ("TLS", tls.handshake.value, clean(tls.version), clean(tls.detail))))
    for depth, certificate in enumerate(tls.chain):
        yield f"certificate {depth}: {_certificate(certificate)}"
    if tls.errors:
        yield "OpenSSL errors " + ", ".join(f"{error.code} at {error.depth}" for error in tls.errors)
    if tls.client_certificate_requested:
        yield "asks for a client certificate"


def _certificate(certificate: Certificate | UnreadableCertificate) -> str:
    match certificate:
        case UnreadableCertificate(reason=reason):
            return f"unreadable ({clean(reason)})"
        case Certificate():
            names = clean(" ".join(certificate.dns_names)) or "no names"
            until = _date(certificate.not_after)
            issuer = clean(certificate.issuer)
            return f"{clean(certificate.subject)}, for {names}, until {until}, by {issuer}, {certificate.fingerprint}"


def _http(answer: HttpAnswer) -> str:
    status = str(answer.status) if answer.status else answer.outcome.value
    headers = [f"{name}: {value}" for name, value in answer.headers]
    return " ".join(filter(None, (clean(answer.method), status, clean(", ".join(headers)), clean(answer.detail))))


def _took(seconds: float, timed: bool) -> str:
    return f" ({seconds:.3f} s)" if timed else ""


def _timings(survey: Survey) -> Iterator[str]:
    yield f"Started: {_date(survey.started)}"
    yield f"Took: {max(0.0, survey.ended - survey.started):.3f} s of {survey.policy.timeout:g} s"


def _date(timestamp: float) -> str:
    """A time in UTC; a certificate's may lie outside the calendar that there is a name for."""
    try:
        return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, OSError, ValueError):
        return f"{timestamp:.0f} (Unix time)"
