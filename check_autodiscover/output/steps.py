"""The steps of all walks as rungs of a ladder: what stands at each in every view, and what clients do about it.

Used by `diagnose` and by the exporter's pages. Texts are not yet cleaned of what hostile servers may have put into
them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from check_autodiscover.core.analysis import walks as reactions
from check_autodiscover.core.analysis.assessment import ViewAssessment
from check_autodiscover.core.analysis.contacts import EndpointState, Reach
from check_autodiscover.core.analysis.endpoints import Candidate
from check_autodiscover.core.analysis.replies import AnswerClass
from check_autodiscover.core.model.clients import STEP_NAMES, Outcome, Walk, WalkStep
from check_autodiscover.core.model.observations import AUTODISCOVER_PATH, Connect, Scheme
from check_autodiscover.core.model.policy import Step
from check_autodiscover.core.rules.phrases import certificate_names

__all__ = ["WORDS", "OutlookCode", "Place", "Rung", "clients_of", "fares", "ladder"]

_NAMED = (Step.ROOT, Step.AUTODISCOVER, Step.REDIRECT)
"""The steps that lead to one URL, the same in every view."""

WORDS = {
    "next": "go on",
    "follows": "follow",
    "unseen": "not known",
    "skipped": "skipped",
    Outcome.CONFIGURED.value: "configured",
    Outcome.ASKS_CONSENT.value: "configured, after consent",
    Outcome.WARNED.value: "CERTIFICATE WARNING",
    Outcome.WRONG_LOGIN.value: "PASSWORD TO A STRANGER",
    Outcome.WRONG_SETTINGS.value: "A STRANGER'S SETTINGS",
    Outcome.NOTHING.value: "FIND NOTHING",
    Outcome.UNKNOWN.value: "not known",
}
"""What clients do at a step, or how they end, in words; capitals where users are hit."""


@dataclass(frozen=True, slots=True)
class OutlookCode:
    """What some clients do at a place, all of them the same. `clients` is empty for all who come there."""

    clients: str
    outcome: str
    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Place:
    """One URL of a rung in one view, or none: what stands at each of its addresses, and what clients do about it."""

    url: str
    found: tuple[str, ...]
    reactions: tuple[OutlookCode, ...]


@dataclass(frozen=True, slots=True)
class Rung:
    """One step, or a server that no step leads to. `roles` are what the methods make of it, `places` stand by view."""

    title: str
    roles: str
    places: tuple[tuple[Place, ...], ...]


def ladder(views: Sequence[ViewAssessment]) -> tuple[Rung, ...]:
    """The rungs in the order of the walk, `--server` hosts that nobody meets last."""
    walked = {item.url for view in views for item in _candidates(view) if item.step is not None}
    servers = dict.fromkeys(item.url for view in views for item in _candidates(view) if item.url not in walked)
    steps = tuple(_rung(views, step) for step in Step if any(_at(view, step) for view in views))
    return (*steps, *(_server(views, url) for url in servers))


def _candidates(view: ViewAssessment) -> tuple[Candidate, ...]:
    return (*view.scene.candidates, *view.scene.skipped)


def _rung(views: Sequence[ViewAssessment], step: Step) -> Rung:
    firsts = [item for view in views for item in _candidates(view) if item.step is step and item.hop == 0]
    title = firsts[0].site if firsts and step in _NAMED else STEP_NAMES[step]
    roles = {view.name: role for view in views if (role := _role(view, step))}
    same = len(set(roles.values())) < 2
    words = next(iter(roles.values()), "") if same else ", ".join(f"{name} {role}" for name, role in roles.items())
    return Rung(title, words, tuple(tuple(_places(view, step, title)) for view in views))


def _role(view: ViewAssessment, step: Step) -> str:
    return next((view.role(item).value for item in _candidates(view) if item.step is step), "")


def _places(view: ViewAssessment, step: Step, title: str) -> Iterator[Place]:
    """The places of a step, in the order in which redirects lead to them; none where no client has the step."""
    steps = _at(view, step)
    candidates = {item.url: item for item in reversed(_candidates(view)) if item.step is step}
    urls = dict.fromkeys((*reversed(candidates), *(seen.candidate for _, seen in steps)))
    for url in urls:
        candidate = candidates.get(url)
        found = tuple(_found(view, candidate)) if candidate else ()
        site = url.removesuffix(AUTODISCOVER_PATH)
        named = "" if site == title else _record(candidate) if candidate else ""
        yield Place(named, found, tuple(_reactions(url, steps, found)))


def _record(candidate: Candidate) -> str:
    """How a place that the rung does not name is reached."""
    if candidate.hop:
        return f"redirect to {candidate.site}"
    port = f" (port {candidate.srv.port})" if candidate.srv and candidate.srv.port != _HTTPS_PORT else ""
    return f"{candidate.site}{port}"


_HTTPS_PORT = 443


def _server(views: Sequence[ViewAssessment], url: str) -> Rung:
    places = []
    for view in views:
        candidate = next((item for item in _candidates(view) if item.url == url), None)
        places.append((Place("", tuple(_found(view, candidate)), ()),) if candidate else ())
    return Rung(url.removesuffix(AUTODISCOVER_PATH), "the named server; no step leads here", tuple(places))


def _found(view: ViewAssessment, candidate: Candidate) -> Iterator[str]:
    if candidate.resolution.aliases:
        yield f"alias of {', then '.join(candidate.resolution.aliases)}"
    if candidate.cloud:
        return
    if not candidate.addresses:
        yield f"{'no address' if candidate.resolution.presence.value == 'absent' else 'not looked up'}"
    for meeting in view.scene.met[candidate]:
        yield f"{meeting.address}: {_shown(meeting)}"


_REACHES = {
    Reach.UNSEEN: "not looked at",
    Reach.SILENT: "no answer",
    Reach.NO_TLS: "no TLS session",
}

_CONNECTS = {
    Connect.REFUSED: "connection refused",
    Connect.RESET: "connection reset",
    Connect.UNREACHABLE: "no route",
}


def _shown(meeting: EndpointState) -> str:
    """What stands at one address, as far as it was seen."""
    if meeting.reach is Reach.DEAD and meeting.contact is not None:
        return _CONNECTS.get(meeting.contact.connect, meeting.contact.connect.value)
    if meeting.reach is not Reach.OPEN:
        return _REACHES[meeting.reach]
    return "; ".join(part for part in (_certificate(meeting), _answer(meeting)) if part)


def _answer(meeting: EndpointState) -> str:
    if meeting.answer is AnswerClass.REDIRECT and meeting.redirect is not None:
        return f"redirects to {meeting.redirect.host}"
    return reactions.ANSWERS[meeting.answer][1]


def _certificate(meeting: EndpointState) -> str:
    if meeting.candidate.scheme is Scheme.HTTP:
        return ""
    names = certificate_names(meeting.certificate) if meeting.certificate else "no name"
    trouble = "" if meeting.acceptable else reactions.certificate_trouble(meeting)[1]
    fault = f": {trouble.removeprefix('the certificate ')}" if trouble else ""
    return f"certificate of {names}{fault}"


def _at(view: ViewAssessment, step: Step) -> list[tuple[Walk, WalkStep]]:
    return [(walk, item) for walk in view.walks for item in walk.steps if item.step is step]


def _reactions(url: str, steps: Sequence[tuple[Walk, WalkStep]], found: Sequence[str]) -> Iterator[OutlookCode]:
    """What the clients that come to a place do there, those together that do the same."""
    groups: dict[tuple[str, str, str], list[Walk]] = {}
    for walk, item in steps:
        if item.candidate == url:
            groups.setdefault((item.outcome, item.code, item.why), []).append(walk)
    for (outcome, code, why), walks in groups.items():
        everybody = {walk.client for walk in walks} == {walk.client for walk, _ in steps}
        # One address has said already why.
        told = (code or outcome == "follows") and len(found) == 1
        yield OutlookCode("" if everybody else clients_of(walks), outcome, code, "" if told else why)


def clients_of(walks: Iterable[Walk]) -> str:
    """The clients of some walks, those in parentheses that are not judged."""
    judged = dict.fromkeys(walk.client.value for walk in walks if walk.judged)
    others = dict.fromkeys(walk.client.value for walk in walks if not walk.judged)
    return " ".join(filter(None, (", ".join(judged), f"({', '.join(others)})" if others else "")))


def fares(views: Sequence[ViewAssessment]) -> list[list[list[Walk]]]:
    """The walks of clients that fare alike in every view: by group, view and client."""
    groups: dict[object, list[tuple[Walk, ...]]] = {}
    for walks in zip(*(view.walks for view in views), strict=True):
        key = (walks[0].judged, *((walk.outcome, walk.at) for walk in walks))
        groups.setdefault(key, []).append(walks)
    return [[list(of_view) for of_view in zip(*group, strict=True)] for group in groups.values()]
