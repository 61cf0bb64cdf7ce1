"""What a search list makes of the Autodiscover name.

We ask absolute names alone. Hosts that append suffixes to a name which they do not find ask for
`autodiscover.D.<suffix>` next, and a catch-all below the suffix answers it. `plan` asks what they would,
`rules.suffixes` tells of it.
"""

from collections.abc import Iterator

from check_autodiscover.core.candidates import autodiscover_name
from check_autodiscover.core.names import is_below
from check_autodiscover.core.observations import RecordType
from check_autodiscover.core.policy import View
from check_autodiscover.core.records import Presence, Resolution, resolve
from check_autodiscover.core.survey import Survey

__all__ = ["catch_all_below", "suffix_names", "suffixes"]

MAX_SUFFIXES = 6
"""Suffixes of one view that are looked at: as many as resolvers of old read."""


def suffixes(survey: Survey, view: View) -> tuple[str, ...]:
    """The suffixes that this host appends, for a view of its own resolvers; none that lie in the domain itself.

    What answers there is the domain's own catch-all, and told as such.
    """
    found = dict.fromkeys(suffix for resolver in view.resolvers for suffix in resolver.search)
    return tuple(suffix for suffix in found if not is_below(suffix, survey.domain))[:MAX_SUFFIXES]


def suffix_names(survey: Survey, view: View) -> Iterator[str]:
    """The names to ask for addresses: what a client would, and where that exists a random one beside it."""
    for suffix in suffixes(survey, view):
        name = f"{autodiscover_name(survey.domain)}.{suffix}"
        yield name
        if resolve(survey, view, name, (RecordType.A,)).presence is Presence.PRESENT:
            yield from _random_names(survey, suffix)


def catch_all_below(survey: Survey, view: View, suffix: str) -> Resolution | None:
    """What a client that appends this suffix is told by a catch-all, if there is one; a record of that name is none."""
    found = resolve(survey, view, f"{autodiscover_name(survey.domain)}.{suffix}", (RecordType.A,))
    beside = [resolve(survey, view, name, (RecordType.A,)) for name in _random_names(survey, suffix)]
    everywhere = bool(beside) and all(other.presence is Presence.PRESENT for other in (found, *beside))
    return found if everywhere else None


def _random_names(survey: Survey, suffix: str) -> Iterator[str]:
    for label in survey.labels[:1]:
        yield f"{label}.{survey.domain}.{suffix}"
