"""What a sweep came to: how many domains of each state, and each cause with the domains that have it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from check_autodiscover.core.names import is_below
from check_autodiscover.core.state import State
from check_autodiscover.ctl.sweep.record import KeptCause, Record

__all__ = ["Shared", "Tally"]


@dataclass(slots=True)
class Shared:
    """A cause as the first domain had it, and all domains that share rule and place.

    `place` is empty where each has a name of its own to blame.
    """

    cause: KeptCause
    place: str
    severity: State
    domains: list[str] = field(default_factory=list)


class Tally:
    """Counts records."""

    def __init__(self) -> None:
        self._states: Counter[State] = Counter()
        self._shared: dict[tuple[str, str], Shared] = {}
        self.oldest = ""
        """When the first of them was begun, UTC as in ISO 8601; empty without any."""

    @property
    def states(self) -> Mapping[State, int]:
        """How many domains there are of each state; of others none."""
        return self._states

    @property
    def domains(self) -> int:
        """How many there are."""
        return self._states.total()

    @property
    def causes(self) -> list[Shared]:
        """The causes that alarm: the gravest first, of those the one that most domains have."""
        return sorted(self._shared.values(), key=_order)

    def add(self, record: Record) -> None:
        """Count one."""
        self._states[record.state] += 1
        self.oldest = min(self.oldest or record.started, record.started)
        for cause in record.causes:
            if cause.severity is not State.OK:
                self._share(cause, record.domain)

    def _share(self, cause: KeptCause, domain: str) -> None:
        # Five hundred names that nobody renewed are one matter to who reads it.
        place = "" if is_below(cause.place, domain) else cause.place
        shared = self._shared.setdefault((cause.rule, place), Shared(cause, place, cause.severity))
        if cause.severity.gravity > shared.severity.gravity:
            shared.severity = cause.severity
        if domain not in shared.domains[-1:]:
            shared.domains.append(domain)


def _order(shared: Shared) -> tuple[int, int, str, str]:
    return -shared.severity.gravity, -len(shared.domains), shared.cause.rule, shared.place
