"""What several views say alike but for addresses, told once: `127.0.0.1 inside and 192.0.2.1 outside`."""

import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest

__all__ = ["Told", "joined_views", "merged", "parts_of", "told_by_view"]

_PLACE = r"(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}|\[[0-9a-f:]+\])(?::[0-9]+)?"
_PLACES = re.compile(rf"(?<![\w.:])({_PLACE}(?:(?:, | and ){_PLACE})*)(?!\w|:\w)")
"""IP addresses in a sentence, with or without a port: what usually differs where views have the same fault."""

Told = Mapping[str, tuple[str, ...]]
"""By view, the addresses in a text; all else in it is the same in these views."""


def parts_of(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a text says around its addresses, and these."""
    pieces = _PLACES.split(text)
    return tuple(pieces[::2]), tuple(pieces[1::2])


def merged(said: Sequence[str], told: Told) -> str:
    """The text with the addresses of all its views."""
    places = (_places(dict(zip(told, each, strict=True))) for each in zip(*told.values(), strict=True))
    return "".join(piece for pair in zip_longest(said, places, fillvalue="") for piece in pair)


def told_by_view(texts: Mapping[str, str]) -> str:
    """The one text of several views; those that differ by more than addresses one after another, with their views."""
    groups: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = {}
    for view, text in texts.items():
        said, places = parts_of(text)
        groups.setdefault(said, {})[view] = places
    if len(groups) <= 1:
        return "".join(merged(said, told) for said, told in groups.items())
    return " ".join(f"{joined_views(tuple(told))}: {merged(said, told)}" for said, told in groups.items())


def _places(places: Mapping[str, str]) -> str:
    """`127.0.0.1 inside and 192.0.2.1 outside`, or the address alone where all views have the same."""
    views: dict[str, list[str]] = {}
    for view, place in places.items():
        views.setdefault(place, []).append(view)
    several = len(views) > 1
    return " and ".join(f"{place} {joined_views(where)}" if several else place for place, where in views.items())


def joined_views(views: Sequence[str]) -> str:
    """`inside`, `inside and outside`, `inside, dmz and outside`."""
    *others, last = dict.fromkeys(views)
    return f"{', '.join(others)} and {last}" if others else last
