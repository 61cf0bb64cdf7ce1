"""What `-v` adds to a report's text: the clients' walks, every observation, and timings.

Called by `render` only where it is asked for.

A report as the log of Outlook's "Test E-mail AutoConfiguration", client by client, without Outlook.

Each judged client's course is one log, in the spelling of a real olkdisc.log (Microsoft Support, "Unexpected
Autodiscover behavior", tells where it is kept). A line in brackets is ours: what that log has no words for, and why.
Called by `render`.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from check_autodiscover.core.analysis.assessment import CatchAll, ViewFacts, observe
from check_autodiscover.core.analysis.lookups import Presence, address_types, resolve
from check_autodiscover.core.analysis.replies import authentication_methods, decisive_answer
from check_autodiscover.core.analysis.walks import SUCCESS, UNSPECIFIED
from check_autodiscover.core.model.certificate import Certificate, UnreadableCertificate
from check_autodiscover.core.model.clients import STEP_NAMES, Walk, WalkStep
from check_autodiscover.core.model.observations import (
    Contact,
    DirectoryAnswer,
    DirectoryQuestion,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    EndpointQuestion,
    HttpAnswer,
    Question,
    RecordType,
    Tls,
)
from check_autodiscover.core.model.policy import Step
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.core.rules.phrases import joined
from check_autodiscover.output.terminal import sanitize

__all__ = ["details", "log_lines", "same_walks"]

OBSERVATIONS = 2

TIMINGS = 3
"""Verbosity from which each is told."""


def details(report: Report, verbosity: int) -> Iterator[str]:
    """The lines that a verbosity of 1 to 3 adds."""
    for views, clients, walk in same_walks(report.walks):
        yield from _walk(f"{views}, {clients}", walk)
    if verbosity >= OBSERVATIONS:
        yield from _observations(report.survey, verbosity >= TIMINGS)
    if verbosity >= TIMINGS:
        yield from _timings(report.survey)


def same_walks(walks: Iterable[Walk]) -> list[tuple[str, str, Walk]]:
    """Each course once, in order, with the views and the clients that take it."""
    groups: dict[object, list[Walk]] = {}
    for walk in walks:
        groups.setdefault((walk.view, walk.judged, walk.outcome, walk.at, walk.steps), []).append(walk)
    views: dict[object, list[tuple[str, Walk]]] = {}
    for group in groups.values():
        clients, first = ", ".join(each.client.value for each in group), group[0]
        views.setdefault((clients, first.outcome, first.at, first.steps), []).append((clients, first))
    return [
        (joined(each.view for _, each in same), clients, walk) for same in views.values() for clients, walk in same[:1]
    ]


def _walk(takers: str, walk: Walk) -> Iterator[str]:
    at = f" at {walk.at.value}" if walk.at else ""
    judged = "" if walk.judged else " (not judged)"
    yield f"Walk {sanitize(takers)}{judged}: {walk.outcome.value}{at}"
    for step in walk.steps:
        code = f" {step.code}" if step.code else ""
        yield f"  {step.step.value} {sanitize(step.candidate)}: {step.outcome}{code}, {sanitize(step.why)}"


def _observations(survey: Survey, timed: bool) -> Iterator[str]:
    order = {view.name: index for index, view in enumerate(survey.policy.views)}
    for anchor in survey.anchors:
        yield f"Trusted: {sanitize(anchor)}"
    for view in survey.policy.views:
        yield from _catch_alls(observe(survey, view, survey.ended, {}))
    for asked, found in survey.directories.items():
        yield f"{_directory(asked)}: {_found(found)}{_took(found.seconds, timed)}"
    for question in sorted(survey.lookups, key=lambda item: (order.get(item.view, 0), _name_order(item))):
        answer = survey.lookups[question]
        said = ", ".join(_said(question, answer, of_clients=_asked_by_clients(survey, question)))
        yield f"DNS {_asked(question)}: {said}{_took(answer.seconds, timed)}"
    for met in sorted(survey.contacts, key=lambda item: (item.name, item.scheme.value, item.path, item.address)):
        contact = survey.contacts[met]
        yield f"Contact {_url(met)}: {_met(contact)}{_took(contact.seconds, timed)}"
    yield from sorted(f"Unfinished {_unfinished(question)}" for question in survey.unfinished)


def _catch_alls(scene: ViewFacts) -> Iterator[str]:
    """Whether there is a catch-all in a view, and what it takes."""
    for told in (f"{_catch_all(scene.catch_all)}{_reach(scene)}", _catch_all(scene.srv_catch_all)):
        yield f"Catch-all {sanitize(scene.view.name)}: {told}"


def _catch_all(state: CatchAll) -> str:
    if state.found:
        targets = state.addresses or dict.fromkeys(service.target for service in state.services)
        leads_to = ", ".join(filter(None, (state.alias and f"alias {state.alias}", *targets)))
        return sanitize(f"*.{state.parent} exists and leads to {leads_to}")
    if state.found is None:
        why = (
            "names that do not exist are said to exist without records"
            if state.inconclusive
            else "no answer to rely on"
        )
        return sanitize(f"whether *.{state.parent} exists could not be told, {why}")
    return sanitize(f"no *.{state.parent}")


def _reach(scene: ViewFacts) -> str:
    """The names of Autodiscover that the catch-all answers for, as nothing else stands there."""
    if not scene.catch_all.found or scene.autodiscover.presence not in (Presence.PRESENT, Presence.ABSENT):
        return ""
    taken = [scene.autodiscover.name] if scene.captured else []
    taken += [scene.srv.name] if scene.srv.aliases[:1] == (scene.catch_all.alias,) else []
    kept = f"; {scene.autodiscover.name} is an entry of its own"
    return sanitize(f"{'' if scene.captured else kept}{'; it answers for ' + ' and '.join(taken) if taken else ''}")


def _name_order(question: DnsQuestion) -> tuple[str, str, str]:
    return question.name, question.type.value, question.resolver


def _asked(question: DnsQuestion) -> str:
    name = sanitize(question.name) or "."
    where = "direct" if question.direct else sanitize(question.view)
    unchecked = " unvalidated" if question.checking_disabled else ""
    return f"{where} {sanitize(question.resolver)} {name} {question.type.value}{unchecked}"


def _asked_by_clients(survey: Survey, question: DnsQuestion) -> bool:
    """Whether a client may remember the answer: it asks for no random name, and for no server of the zone."""
    random = question.name.partition(".")[0] in survey.labels
    return not random and question.type in (*address_types(survey), RecordType.SRV)


def _said(question: DnsQuestion, answer: DnsAnswer, *, of_clients: bool) -> Iterator[str]:
    services = (f"{srv.priority} {srv.weight} {srv.port} {srv.target or '.'}" for srv in answer.services)
    yield answer.status.value
    yield from (f"alias {sanitize(name)}" for name in answer.aliases)
    yield from (sanitize(text) for text in (*answer.addresses, *services, *answer.names))
    if answer.zone:
        yield f"zone {sanitize(answer.zone)}"
    if answer.serial is not None and question.type is RecordType.SOA:
        yield f"serial {answer.serial}"
    if answer.ttl is not None:
        remembered = of_clients and answer.status in (DnsStatus.NXDOMAIN, DnsStatus.NODATA)
        yield f"clients may keep this negative answer for {answer.ttl} s" if remembered else f"TTL {answer.ttl}"
    yield from (words for words, so in _MARKS.items() if so(answer))


_MARKS: dict[str, Callable[[DnsAnswer], object]] = {
    "authoritative": lambda answer: answer.authoritative,
    "made by a wildcard, as its signature shows": lambda answer: answer.synthesized,
    "denied compactly": lambda answer: answer.compact_denial,
}


def _url(question: EndpointQuestion) -> str:
    path = f"{question.scheme.value}://{question.name}:{question.port}{question.path}"
    return f"{sanitize(path)} at {sanitize(question.address)}"


def _directory(question: DirectoryQuestion) -> str:
    return f"Directory {sanitize(question.ldap_url)}{' with a login' if question.login else ''}"


def _found(answer: DirectoryAnswer) -> str:
    """The answer of a directory: each connection point with its URL and keywords, or why there is none to tell."""
    points = [
        f"{sanitize(point.name)} has {sanitize(', '.join((*point.bindings, *point.keywords)))}"
        for point in answer.points
    ]
    return "; ".join(filter(None, (answer.status.value, sanitize(answer.detail), *points)))


def _unfinished(question: Question) -> str:
    match question:
        case DirectoryQuestion():
            return _directory(question)
        case DnsQuestion():
            return f"DNS {_asked(question)}"
        case EndpointQuestion():
            return f"contact {_url(question)}"


def _met(contact: Contact) -> str:
    tls = [] if contact.tls is None else list(_tls(contact.tls))
    return "; ".join((contact.connect.value, *tls, *map(_http, contact.answers)))


def _tls(tls: Tls) -> Iterator[str]:
    yield " ".join(filter(None, ("TLS", tls.handshake.value, sanitize(tls.version), sanitize(tls.detail))))
    for depth, certificate in enumerate(tls.chain):
        yield f"certificate {depth}: {_certificate(certificate)}"
    if tls.errors:
        yield "OpenSSL errors " + ", ".join(f"{error.code} at {error.depth}" for error in tls.errors)
    if tls.staple is not None:
        yield f"stapled OCSP answer: {tls.staple.status.value}" + (
            f", {sanitize(tls.staple.fault)}" if tls.staple.fault else ""
        )
    if tls.client_certificate_requested:
        yield "asks for a client certificate"


def _certificate(certificate: Certificate | UnreadableCertificate) -> str:
    match certificate:
        case UnreadableCertificate(reason=reason):
            return f"unreadable ({sanitize(reason)})"
        case Certificate():
            names = sanitize(" ".join(certificate.dns_names)) or "no names"
            until = _date(certificate.not_after)
            issuer = sanitize(certificate.issuer)
            subject, fingerprint = sanitize(certificate.subject), sanitize(certificate.fingerprint)
            return f"{subject}, for {names}, until {until}, by {issuer}, {fingerprint}"


def _http(answer: HttpAnswer) -> str:
    status = str(answer.status) if answer.status else answer.outcome.value
    headers = [f"{name}: {value}" for name, value in answer.headers]
    what = (answer.method, answer.path, status, ", ".join(headers), answer.detail)
    return " ".join(filter(None, map(sanitize, what)))


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


_GOES_ON = ("next", "follows", "unseen", "skipped")

_NOT_MET = ("unseen", "skipped")


def log_lines(report: Report) -> Iterator[str]:
    """The logs of the judged clients, those that take the same course together."""
    yield "[Lines in brackets are not Outlook's: they say what was seen, or was not looked at, and why.]"
    for views, clients, walk in same_walks(each for each in report.walks if each.judged):
        yield ""
        yield f"Log of {clients}, {views}, for {sanitize(report.domain)}:"
        yield "  AUTODISCOVER GET SETTINGS BEGIN"
        yield from (f"  {line}" for line in _course(report.survey, walk))
        at = f" at {walk.at.value}" if walk.at else ""
        yield f"Result: {walk.outcome.value}{at}"


def _course(survey: Survey, walk: Walk) -> Iterator[str]:
    before: WalkStep | None = None
    for step in walk.steps:
        hop = before is not None and before.step is step.step and before.outcome == "follows"
        yield from _step(survey, walk.view, step, hop)
        before = step


def _step(survey: Survey, view: str, step: WalkStep, hop: bool) -> Iterator[str]:
    if step.outcome in _NOT_MET:
        what = STEP_NAMES[step.step] if step.outcome == "skipped" else sanitize(step.candidate)
        yield f"[{what}: {'skipped ' if step.outcome == 'skipped' else ''}{sanitize(step.why)}]"
    elif "://" not in step.candidate:
        yield f"{_LOOKUPS[step.step]} for {sanitize(survey.domain)} failed ({step.code or UNSPECIFIED})"
        yield f"[{sanitize(step.why)}]"
    else:
        yield from _lead(step, hop)
        yield from _attempt(survey, view, step, hop) if _attempted(step) else [f"[{sanitize(step.why)}]"]


def _attempted(step: WalkStep) -> bool:
    """Whether the client connects: it may pass a URL by, as one whose port it does not use."""
    return step.outcome != "next" or bool(step.code)


_LOOKUPS = {Step.SCP: "Local autodiscover", Step.SRV: "Srv Record Lookup"}
"""What the log calls a step that is a lookup, where it leads to no URL."""


def _lead(step: WalkStep, hop: bool) -> Iterator[str]:
    url = sanitize(step.candidate)
    if step.step is Step.SCP and not hop:
        yield f"Attempting URL {url} found through SCP"
    elif step.step is Step.SRV and not hop:
        yield f"[the SRV record leads to {url}]"


def _attempt(survey: Survey, view: str, step: WalkStep, hop: bool) -> Iterator[str]:
    check = step.step is Step.REDIRECT and not hop
    what = f"{'Redirect check' if check else 'Autodiscover'} to {sanitize(step.candidate)}"
    answer = _answer(survey, view, step)
    status = answer.status if answer is not None else 0
    yield f"{what} starting"
    # What is known without a connection, as an alias to Exchange Online, has neither.
    if answer is not None or step.code not in ("", SUCCESS):
        yield f"GetLastError={_last_error(step.code)}; httpStatus={status}."
    if answer is not None and status == _UNAUTHORIZED and (schemes := authentication_methods(answer)):
        yield "AutoDiscover supported auth schemes:"
        yield from map(sanitize, schemes)
    if step.outcome in _GOES_ON or step.code not in ("", SUCCESS):
        yield from [] if step.outcome == "follows" else [f"{what} failed ({step.code or UNSPECIFIED})"]
    elif status == _OK:
        yield "Autodiscover XML Received"
    yield f"[{_BOXES.get(step.outcome, '')}{sanitize(step.why)}]"


_OK, _UNAUTHORIZED = 200, 401

_BOXES = {
    "warned": "the user is shown a certificate warning; ",
    "asks-consent": 'the user is asked: "Allow this website to configure ... server settings?"; ',
    "wrong-login": "the user's password would go to a stranger; ",
    "wrong-settings": "the user would get a stranger's settings; ",
}
"""What the user sees of a step, which the log does not say."""


def _last_error(code: str) -> int:
    """The WinINet error behind an HRESULT of the Windows facility (0x8007 and 12000 to 12999), else 0."""
    value = int(code, 16) if re.fullmatch(r"0x[0-9A-Fa-f]{8}", code) else 0
    error = value & 0xFFFF
    return error if value >> 16 == 0x8007 and 12000 <= error < 13000 else 0


def _answer(survey: Survey, view: str, step: WalkStep) -> HttpAnswer | None:
    """The HTTP answer that the step met, None without one. A step that ends a walk names its address first."""
    if _last_error(step.code):
        return None
    addresses = _addresses(survey, view, step)
    answers = {
        question.address: answer
        for question, contact in survey.contacts.items()
        if f"{question.scheme.value}://{question.name}{question.path}" == step.candidate
        and question.address in addresses
        and (answer := decisive_answer(contact.answers)) is not None
        and answer.status
    }
    named = (answer for address, answer in answers.items() if step.why.startswith(f"{address}: "))
    return next(named, next(iter(answers.values()), None))


def _addresses(survey: Survey, view: str, step: WalkStep) -> tuple[str, ...]:
    """Where a view leads a step: the other views may lead the same URL elsewhere."""
    seen = next(each for each in survey.policy.views if each.name == view)
    return resolve(survey, seen, step.host).addresses
