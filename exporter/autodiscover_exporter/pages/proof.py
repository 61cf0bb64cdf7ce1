"""Commands that show a cause without us: the names, addresses and resolvers of the view that it was seen in."""

import shlex
from collections.abc import Iterable, Iterator

from autodiscover_exporter.pages.templating import Verbatim
from check_autodiscover.core.candidates import srv_name
from check_autodiscover.core.finding import Endpoint, Finding
from check_autodiscover.core.meeting import Meeting
from check_autodiscover.core.names import is_address
from check_autodiscover.core.observations import Scheme
from check_autodiscover.core.picture import ViewPicture
from check_autodiscover.core.policy import Resolver, Transport
from check_autodiscover.hostile import clean

__all__ = ["commands"]

MOST = 4
"""Addresses or resolvers for which a command is shown; the others differ by that word alone."""

INVENTED = "no-such-name-4711"
"""A label that nobody publishes, which a catch-all answers for all the same."""


def commands(view: ViewPicture, finding: Finding) -> tuple[Verbatim, ...]:
    """What to paste into a shell to see what a finding says."""
    return tuple(dict.fromkeys((*_digs(view, finding), *_connections(view, finding))))


def _digs(view: ViewPicture, finding: Finding) -> Iterator[Verbatim]:
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


def _connections(view: ViewPicture, finding: Finding) -> Iterator[Verbatim]:
    meetings = [
        meeting
        for met in view.scene.met.values()
        for meeting in met
        if meeting.candidate.endpoint is finding.endpoint and _concerned(meeting, finding)
    ]
    places = {(item.candidate.scheme, item.candidate.name, item.address): item for item in meetings}
    for item in list(places.values())[:MOST]:
        if item.candidate.scheme is Scheme.HTTPS:
            yield _handshake(item)
        if item.candidate.scheme is Scheme.HTTP or finding.rule.startswith("service-"):
            yield _request(item)


def _concerned(meeting: Meeting, finding: Finding) -> bool:
    return not finding.addresses or meeting.address in finding.addresses


def _handshake(meeting: Meeting) -> Verbatim:
    candidate = meeting.candidate
    words = ("openssl", "s_client", "-connect", f"{_host(meeting)}:{candidate.port}", "-servername", candidate.name)
    shown = _command("openssl", "x509", "-noout", "-subject", "-issuer", "-dates", "-ext", "subjectAltName")
    return Verbatim(f"{_command(*words)} </dev/null | {shown}")


def _request(meeting: Meeting) -> Verbatim:
    """What the server answers, whatever its certificate, and without a login."""
    candidate = meeting.candidate
    name = f"[{candidate.name}]" if ":" in candidate.name else candidate.name
    where = f"{name}:{candidate.port}:{_host(meeting)}"
    url = f"{candidate.scheme.value}://{name}:{candidate.port}{candidate.path}"
    return _command("curl", "-sSki", "--resolve", where, url)


def _host(meeting: Meeting) -> str:
    return f"[{meeting.address}]" if ":" in meeting.address else meeting.address


def _command(*words: str) -> Verbatim:
    return Verbatim(_joined(words))


def _joined(words: Iterable[str]) -> str:
    return shlex.join(clean(word) for word in words)
