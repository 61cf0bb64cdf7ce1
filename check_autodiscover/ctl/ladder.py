"""The candidates of a view as rungs of a ladder: what each address shows, and what each client does about it.

Used by `tree`. Texts are not yet cleaned of what hostile servers may have put into them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from check_autodiscover.core.candidates import Candidate
from check_autodiscover.core.clients import UNOBSERVED, Walk
from check_autodiscover.core.meeting import Meeting, Reach
from check_autodiscover.core.picture import ViewPicture
from check_autodiscover.core.reactions import certificate_trouble
from check_autodiscover.core.survey import AUTODISCOVER_PATH, Scheme

__all__ = ["Reaction", "Rung", "ladder"]

EVERYBODY = "all clients"

_REACHES = {
    Reach.UNSEEN: "not looked at",
    Reach.SILENT: "connected or not, it says nothing",
    Reach.NO_TLS: "no TLS session",
}


@dataclass(frozen=True, slots=True)
class Reaction:
    """What some clients do at a rung, all of them the same. `outcome` and `code` are those of the walk's step."""

    clients: tuple[str, ...]
    outcome: str
    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Rung:
    """One candidate, or a step without one such as a missing SRV record. `label` is a URL without the usual path."""

    label: str
    role: str
    meetings: tuple[str, ...]
    reactions: tuple[Reaction, ...]


def ladder(view: ViewPicture) -> tuple[Rung, ...]:
    """The rungs of a view in the order of the walk; those without a candidate stand where their step does."""
    candidates = {candidate.url: candidate for candidate in reversed(view.scene.candidates)}
    rungs = [_rung(view, candidate) for candidate in reversed(candidates.values())]
    others = {step.candidate: step.step for walk in view.walks for step in walk.steps}
    bare = {label: Rung(label, "", (), _reactions(view, label)) for label in others if label not in candidates}
    first = [rung for label, rung in bare.items() if others[label] in UNOBSERVED]
    return (*first, *rungs, *(rung for rung in bare.values() if rung not in first))


def _rung(view: ViewPicture, candidate: Candidate) -> Rung:
    label = candidate.url.removesuffix(AUTODISCOVER_PATH)
    return Rung(label, _role(view, candidate), tuple(_met(view, candidate)), _reactions(view, candidate.url))


def _role(view: ViewPicture, candidate: Candidate) -> str:
    hop = f", after {candidate.hop} redirect{'s' if candidate.hop > 1 else ''}" if candidate.hop else ""
    return f"{candidate.endpoint.value}, {view.role(candidate).value}{hop}"


def _met(view: ViewPicture, candidate: Candidate) -> Iterator[str]:
    if candidate.resolution.aliases:
        yield f"alias of {' -> '.join(candidate.resolution.aliases)}"
    if candidate.cloud:
        return
    if not candidate.addresses:
        yield f"no address ({candidate.resolution.presence.value})"
    for meeting in view.scene.met[candidate]:
        yield f"{meeting.address}: {_shown(meeting)}"


def _shown(meeting: Meeting) -> str:
    """What stands at one address, as far as it was seen."""
    if meeting.reach is Reach.DEAD and meeting.contact is not None:
        return meeting.contact.connect.value
    if meeting.reach is not Reach.OPEN:
        return _REACHES[meeting.reach]
    return ", ".join(part for part in (_certificate(meeting), meeting.answer.value) if part)


def _certificate(meeting: Meeting) -> str:
    if meeting.candidate.scheme is Scheme.HTTP:
        return ""
    names = meeting.certificate.dns_names or (meeting.certificate.common_name,) if meeting.certificate else ()
    trouble = "" if meeting.acceptable else f" ({certificate_trouble(meeting)[1]})"
    return f"certificate for {', '.join(names) or 'no name'}{trouble}"


def _reactions(view: ViewPicture, label: str) -> tuple[Reaction, ...]:
    """The clients that come to a rung, those together that do the same there."""
    everybody = {_client(walk) for walk in view.walks}
    found: dict[tuple[str, str, str], list[str]] = {}
    for walk in view.walks:
        for step in walk.steps:
            if step.candidate == label:
                found.setdefault((step.outcome, step.code, step.why), []).append(_client(walk))
    return tuple(
        Reaction((EVERYBODY,) if set(who) == everybody else tuple(dict.fromkeys(who)), *what)
        for what, who in found.items()
    )


def _client(walk: Walk) -> str:
    return walk.client.value if walk.judged else f"{walk.client.value} (not judged)"
