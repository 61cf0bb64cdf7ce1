"""What stands behind a verdict: certificates on a time line, the views side by side, commands that show a cause."""

import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from autodiscover_exporter.pages.templating import Verbatim
from check_autodiscover.core.analysis import walks as reactions
from check_autodiscover.core.analysis.assessment import Assessment, CatchAll, ViewAssessment
from check_autodiscover.core.analysis.contacts import EndpointState
from check_autodiscover.core.analysis.endpoints import srv_name
from check_autodiscover.core.analysis.lookups import Presence, Resolution, address_types, answer_of
from check_autodiscover.core.model.certificate import Certificate
from check_autodiscover.core.model.clients import Outcome
from check_autodiscover.core.model.finding import CandidateRole, Endpoint, Finding
from check_autodiscover.core.model.names import is_address
from check_autodiscover.core.model.observations import DnsAnswer, RecordType, Scheme
from check_autodiscover.core.model.policy import DAY, Resolver, Transport
from check_autodiscover.core.rules.phrases import certificate_names
from check_autodiscover.output.steps import WORDS, clients_of, fares
from check_autodiscover.output.terminal import sanitize

__all__ = ["Bar", "Card", "Line", "Served", "at_a_glance", "cards", "commands", "dns_answers", "served"]

SPAN = 730 * DAY
"""What lies further from now than this is cut from the time line, so that a year can still be seen."""

WIDTH = 1000
"""The width of a time line, in its own units."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A certificate's validity and now on the time line, from 0 to WIDTH."""

    start: int
    length: int
    now: int


@dataclass(frozen=True, slots=True)
class Card:
    """One certificate. `places` are the names and addresses that serve it; `trouble` what clients hold against it."""

    certificate: Certificate
    names: str
    places: tuple[str, ...]
    trouble: tuple[str, ...]
    bar: Bar
    left: float
    """Seconds until it expires, negative afterwards."""


@dataclass(frozen=True, slots=True)
class Served:
    """What one address serves, beside what would be right there."""

    place: str
    names: str
    trouble: str
    wanted: str


def served(picture: Assessment, views: Iterable[ViewAssessment], endpoint: Endpoint | None) -> tuple[Served, ...]:
    """What is served at an endpoint in these views; at the intended one where that serves nothing."""
    found = [_served(picture, view, meeting) for view in views for meeting in _concerned(view, endpoint)]
    return tuple(dict.fromkeys(found))


def _concerned(view: ViewAssessment, endpoint: Endpoint | None) -> list[EndpointState]:
    met = [meeting for each in view.scene.met.values() for meeting in each if meeting.certificate or meeting.unreadable]
    there = [meeting for meeting in met if meeting.candidate.endpoint is endpoint]
    return there or [each for each in met if view.role(each.candidate) is CandidateRole.INTENDED]


def _served(picture: Assessment, view: ViewAssessment, meeting: EndpointState) -> Served:
    name = meeting.candidate.name
    pins = picture.survey.policy.expect
    stray = view.role(meeting.candidate) is not CandidateRole.INTENDED
    wanted = [f"valid for {name}{', or nothing there' if stray else ''}"]
    wanted += [f"key {key}" for key in pins.public_keys]
    wanted += [f"certificate {fingerprint}" for fingerprint in pins.certificates]
    wanted += [f"issued by {issuer}" for issuer in pins.issuers]
    return Served(f"{name} at {meeting.address}", _names(meeting), _trouble(meeting), "; ".join(wanted))


def _names(meeting: EndpointState) -> str:
    return certificate_names(meeting.certificate) if meeting.certificate else "cannot be read"


def _trouble(meeting: EndpointState) -> str:
    return "" if meeting.acceptable else reactions.certificate_trouble(meeting)[1]


def cards(picture: Assessment) -> tuple[Card, ...]:
    """Every certificate that was served, in the order of the walk."""
    found: dict[str, list[tuple[str, EndpointState, Certificate]]] = {}
    for view, meeting in _meetings(picture.views):
        if meeting.certificate is not None:
            found.setdefault(meeting.certificate.fingerprint, []).append((view, meeting, meeting.certificate))
    scale = _Scale([item[0][2] for item in found.values()], picture.now)
    return tuple(_card(items, scale) for items in found.values())


def _meetings(views: Sequence[ViewAssessment]) -> Iterator[tuple[str, EndpointState]]:
    for view in views:
        for met in view.scene.met.values():
            yield from ((view.name, item) for item in met if item.candidate.scheme is Scheme.HTTPS)


def _card(items: Sequence[tuple[str, EndpointState, Certificate]], scale: "_Scale") -> Card:
    certificate = items[0][2]
    places: dict[str, dict[str, None]] = {}
    for view, meeting, _ in items:
        places.setdefault(f"{meeting.candidate.name} at {meeting.address}", {})[view] = None
    trouble = dict.fromkeys(filter(None, (_trouble(meeting) for _, meeting, _ in items)))
    return Card(
        certificate,
        certificate_names(certificate),
        tuple(f"{place} ({', '.join(views)})" for place, views in places.items()),
        tuple(trouble),
        scale.bar(certificate),
        certificate.not_after - scale.now,
    )


class _Scale:
    """The common scale of several certificates, around now (Unix seconds)."""

    def __init__(self, certificates: Sequence[Certificate], now: float) -> None:
        self.now = now
        earliest = min((each.not_before for each in certificates), default=int(now))
        latest = max((each.not_after for each in certificates), default=int(now))
        self._start = max(min(earliest, now) - DAY, now - SPAN)
        self._end = min(max(latest, now) + DAY, now + SPAN)

    def bar(self, certificate: Certificate) -> Bar:
        start, end = self._place(certificate.not_before), self._place(certificate.not_after)
        return Bar(start, max(1, end - start), self._place(self.now))

    def _place(self, moment: float) -> int:
        share = (moment - self._start) / (self._end - self._start)
        return round(WIDTH * min(1.0, max(0.0, share)))


@dataclass(frozen=True, slots=True)
class Line:
    """One thing, and what each view says of it, a text or several."""

    title: str
    cells: tuple[tuple[str, ...], ...]

    @property
    def differs(self) -> bool:
        """Whether the views say different things, in whatever order."""
        return len({frozenset(cell) for cell in self.cells}) > 1


def at_a_glance(picture: Assessment) -> tuple[Line, ...]:
    """How clients fare in each view, and the records that lead them there."""
    told: tuple[tuple[str, Callable[[ViewAssessment], Iterable[str]]], ...] = (
        ("Method", lambda view: [view.method.value]),
        (f"autodiscover.{picture.survey.domain}", lambda view: _records(view.scene.autodiscover)),
        ("SRV record", _services),
        ("Catch-all", lambda view: [_catch_all(view.scene.catch_all)]),
    )
    lines = (Line(title, tuple(tuple(say(view)) for view in picture.views)) for title, say in told)
    return (*_clients(picture.views), *lines)


def _clients(views: tuple[ViewAssessment, ...]) -> Iterable[Line]:
    judged = (walks for walks in fares(views) if walks[0][0].judged)
    for walks in judged:
        cells = ((f"{ending(each[0].outcome)}{f' at {each[0].at.value}' if each[0].at else ''}",) for each in walks)
        yield Line(clients_of(walks[0]), tuple(cells))


def ending(outcome: Outcome) -> str:
    """How a walk ends, in words."""
    return WORDS[outcome.value].lower()


_PRESENCE = {
    Presence.ABSENT: "no record",
    Presence.FAILED: "could not be looked up",
    Presence.PENDING: "not looked up in time",
}


def _records(resolution: Resolution) -> tuple[str, ...]:
    aliases = tuple(f"alias of {name}" for name in resolution.aliases)
    return (*aliases, *resolution.addresses) or (_PRESENCE.get(resolution.presence, "a record without data"),)


def _services(view: ViewAssessment) -> tuple[str, ...]:
    found = view.scene.srv
    records = tuple(f"{each.priority} {each.weight} {each.port} {each.target}" for each in found.records)
    return records or ("not offered (target .)" if found.not_offered else _PRESENCE.get(found.presence, "no record"),)


def _catch_all(state: CatchAll) -> str:
    if state.found is None:
        return "could not be told"
    return f"{state.record} leads to {state.leads_to or ', '.join(state.addresses)}" if state.found else "none"


def dns_answers(picture: Assessment) -> tuple[Line, ...]:
    """Every name that a client asks for and the answer of each view, TTLs aside: those count down between two looks."""
    survey = picture.survey
    names: dict[tuple[str, RecordType], None] = {}
    for view in picture.views:
        names.update(dict.fromkeys((view.scene.srv.name, kind) for kind in (RecordType.SRV,)))
        for candidate in (*view.scene.candidates, *view.scene.skipped):
            names.update(dict.fromkeys((candidate.name, kind) for kind in address_types(survey)))
    found = (
        Line(
            f"{name} {kind.value}",
            tuple(_said(answer_of(survey, view.scene.view, name, kind)) for view in picture.views),
        )
        for name, kind in names
    )
    return tuple(line for line in found if any(line.cells))


def _said(answer: DnsAnswer | None) -> tuple[str, ...]:
    if answer is None:
        return ()
    services = (f"{each.priority} {each.weight} {each.port} {each.target or '.'}" for each in answer.services)
    data = (*(f"alias of {name}" for name in answer.aliases), *answer.addresses, *services)
    return data or (answer.status.value,)


MOST = 4
"""Addresses or resolvers for which a command is shown; the others differ by that word alone."""

INVENTED = "no-such-name-4711"
"""A label that nobody publishes, which a catch-all answers for all the same."""


def commands(view: ViewAssessment, finding: Finding) -> tuple[Verbatim, ...]:
    """What to paste into a shell to see what a finding says."""
    return tuple(dict.fromkeys((*_digs(view, finding), *_connections(view, finding))))


def _digs(view: ViewAssessment, finding: Finding) -> Iterator[Verbatim]:
    name = f"{INVENTED}.{finding.subject[2:]}" if finding.subject.startswith("*.") else finding.subject
    if not name or is_address(name) or "." not in name or "/" in name:
        return
    asked = [(name, "A")]
    if finding.rule.startswith("dns-wildcard-captures"):
        parent = view.scene.srv_catch_all.parent if "-srv" in finding.rule else view.scene.catch_all.parent
        asked.append((f"{INVENTED}.{parent}", "SRV" if "-srv" in finding.rule else "A"))
    if finding.endpoint is Endpoint.SRV or "-srv" in finding.rule:
        asked.insert(0, (srv_name(view.scene.domain.name), "SRV"))
    for resolver in view.scene.view.resolvers[:MOST]:
        yield from (_command("dig", *_server(resolver), wanted, type_) for wanted, type_ in dict.fromkeys(asked))


def _server(resolver: Resolver) -> Iterator[str]:
    """How dig is told of a resolver (dig(1), BIND 9.18)."""
    if resolver.transport is Transport.SYSTEM:
        return
    if resolver.transport is Transport.AUTHORITATIVE:
        yield "+trace"
        return
    yield f"@{resolver.host}"
    if resolver.port != resolver.transport.port:
        yield from ("-p", str(resolver.port))
    match resolver.transport:
        case Transport.TCP:
            yield "+tcp"
        case Transport.TLS:
            yield "+tls"
        case Transport.HTTPS:
            yield f"+https={resolver.path}"


def _connections(view: ViewAssessment, finding: Finding) -> Iterator[Verbatim]:
    meetings = [
        meeting
        for met in view.scene.met.values()
        for meeting in met
        if meeting.candidate.endpoint is finding.endpoint and _is_concerned(meeting, finding)
    ]
    places = {(item.candidate.scheme, item.candidate.name, item.address): item for item in meetings}
    for item in list(places.values())[:MOST]:
        if item.candidate.scheme is Scheme.HTTPS:
            yield _handshake(item)
        if item.candidate.scheme is Scheme.HTTP or finding.rule.startswith("service-"):
            yield _request(item)


def _is_concerned(meeting: EndpointState, finding: Finding) -> bool:
    return not finding.addresses or meeting.address in finding.addresses


def _handshake(meeting: EndpointState) -> Verbatim:
    candidate = meeting.candidate
    words = ("openssl", "s_client", "-connect", f"{_host(meeting)}:{candidate.port}", "-servername", candidate.name)
    shown = _command("openssl", "x509", "-noout", "-subject", "-issuer", "-dates", "-ext", "subjectAltName")
    return Verbatim(f"{_command(*words)} </dev/null | {shown}")


def _request(meeting: EndpointState) -> Verbatim:
    """What the server answers, whatever its certificate, and without a login."""
    candidate = meeting.candidate
    name = f"[{candidate.name}]" if ":" in candidate.name else candidate.name
    where = f"{name}:{candidate.port}:{_host(meeting)}"
    url = f"{candidate.scheme.value}://{name}:{candidate.port}{candidate.path}"
    return _command("curl", "-sSki", "--resolve", where, url)


def _host(meeting: EndpointState) -> str:
    return f"[{meeting.address}]" if ":" in meeting.address else meeting.address


def _command(*words: str) -> Verbatim:
    return Verbatim(_joined(words))


def _joined(words: Iterable[str]) -> str:
    return shlex.join(sanitize(word) for word in words)
