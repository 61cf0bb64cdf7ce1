"""What the views say, side by side, with what differs marked: arrangement of facts for reading, no verdict."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from check_autodiscover.core.answers import address_types, answer_of
from check_autodiscover.core.clients import Outcome
from check_autodiscover.core.observations import DnsAnswer, RecordType
from check_autodiscover.core.picture import CatchAll, Picture, ViewPicture
from check_autodiscover.core.records import Presence, Resolution
from check_autodiscover.ladder import WORDS, clients_of, fares

__all__ = ["Line", "at_a_glance", "dns_answers"]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing, and what each view says of it, a text or several."""

    title: str
    cells: tuple[tuple[str, ...], ...]

    @property
    def differs(self) -> bool:
        """Whether the views say different things, in whatever order."""
        return len({frozenset(cell) for cell in self.cells}) > 1


def at_a_glance(picture: Picture) -> tuple[Line, ...]:
    """How clients fare in each view, and the records that lead them there."""
    told: tuple[tuple[str, Callable[[ViewPicture], Iterable[str]]], ...] = (
        ("Method", lambda view: [view.method.value]),
        (f"autodiscover.{picture.survey.domain}", lambda view: _records(view.scene.autodiscover)),
        ("SRV record", _services),
        ("Catch-all", lambda view: [_catch_all(view.scene.catch_all)]),
    )
    lines = (Line(title, tuple(tuple(say(view)) for view in picture.views)) for title, say in told)
    return (*_clients(picture.views), *lines)


def _clients(views: tuple[ViewPicture, ...]) -> Iterable[Line]:
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


def _services(view: ViewPicture) -> tuple[str, ...]:
    found = view.scene.srv
    records = tuple(f"{each.priority} {each.weight} {each.port} {each.target}" for each in found.records)
    return records or ("not offered (target .)" if found.not_offered else _PRESENCE.get(found.presence, "no record"),)


def _catch_all(state: CatchAll) -> str:
    if state.found is None:
        return "could not be told"
    return f"{state.record} leads to {state.leads_to or ', '.join(state.addresses)}" if state.found else "none"


def dns_answers(picture: Picture) -> tuple[Line, ...]:
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
