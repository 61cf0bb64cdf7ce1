"""The certificates that were served, each once: for whom, by whom, where, and its validity on a common time line."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from check_autodiscover.core import reactions
from check_autodiscover.core.certificate import Certificate
from check_autodiscover.core.finding import Endpoint
from check_autodiscover.core.meeting import Meeting
from check_autodiscover.core.observations import Scheme
from check_autodiscover.core.picture import Picture, ViewPicture
from check_autodiscover.core.policy import DAY
from check_autodiscover.core.roles import CandidateRole
from check_autodiscover.core.rules.phrases import certificate_names

__all__ = ["Bar", "Card", "Served", "cards", "served"]

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


def served(picture: Picture, views: Iterable[ViewPicture], endpoint: Endpoint | None) -> tuple[Served, ...]:
    """What is served at an endpoint in these views; at the intended one where that serves nothing."""
    found = [_served(picture, view, meeting) for view in views for meeting in _concerned(view, endpoint)]
    return tuple(dict.fromkeys(found))


def _concerned(view: ViewPicture, endpoint: Endpoint | None) -> list[Meeting]:
    met = [meeting for each in view.scene.met.values() for meeting in each if meeting.certificate or meeting.unreadable]
    there = [meeting for meeting in met if meeting.candidate.endpoint is endpoint]
    return there or [each for each in met if view.role(each.candidate) is CandidateRole.INTENDED]


def _served(picture: Picture, view: ViewPicture, meeting: Meeting) -> Served:
    name = meeting.candidate.name
    pins = picture.survey.policy.expect
    stray = view.role(meeting.candidate) is not CandidateRole.INTENDED
    wanted = [f"valid for {name}{', or nothing there' if stray else ''}"]
    wanted += [f"key {key}" for key in pins.public_keys]
    wanted += [f"certificate {fingerprint}" for fingerprint in pins.certificates]
    wanted += [f"issued by {issuer}" for issuer in pins.issuers]
    return Served(f"{name} at {meeting.address}", _names(meeting), _trouble(meeting), "; ".join(wanted))


def _names(meeting: Meeting) -> str:
    return certificate_names(meeting.certificate) if meeting.certificate else "cannot be read"


def _trouble(meeting: Meeting) -> str:
    return "" if meeting.acceptable else reactions.certificate_trouble(meeting)[1]


def cards(picture: Picture) -> tuple[Card, ...]:
    """Every certificate that was served, in the order of the walk."""
    found: dict[str, list[tuple[str, Meeting, Certificate]]] = {}
    for view, meeting in _meetings(picture.views):
        if meeting.certificate is not None:
            found.setdefault(meeting.certificate.fingerprint, []).append((view, meeting, meeting.certificate))
    scale = _Scale([item[0][2] for item in found.values()], picture.now)
    return tuple(_card(items, scale) for items in found.values())


def _meetings(views: Sequence[ViewPicture]) -> Iterator[tuple[str, Meeting]]:
    for view in views:
        for met in view.scene.met.values():
            yield from ((view.name, item) for item in met if item.candidate.scheme is Scheme.HTTPS)


def _card(items: Sequence[tuple[str, Meeting, Certificate]], scale: "_Scale") -> Card:
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
