"""The four service states of Nagios and Icinga, which of two is graver, and policy's own grade of a rule."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

__all__ = ["ClosedSet", "SeverityOverride", "State", "worst"]


class State(Enum):
    """A service state; the value is the word that contract and JSON use."""

    OK = "OK"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"
    UNKNOWN = "UNKNOWN"

    @property
    def exit_code(self) -> int:
        """The plugin's exit code for this state, 0 to 3."""
        return _EXIT_CODES[self]

    @property
    def gravity(self) -> int:
        """A rank for comparison, 0 (OK) to 3 (CRITICAL)."""
        return _GRAVITY.index(self)


_EXIT_CODES = {State.OK: 0, State.WARNING: 1, State.CRITICAL: 2, State.UNKNOWN: 3}

_GRAVITY = (State.OK, State.WARNING, State.UNKNOWN, State.CRITICAL)


def worst(states: Iterable[State]) -> State:
    """The gravest of several states, OK for none."""
    return max(states, key=lambda state: state.gravity, default=State.OK)


class ClosedSet(Enum):
    """An enum whose members are hashed by what makes them equal: their identity.

    Enum hashes a member's name, in Python, and a check looks up thousands.
    """

    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class SeverityOverride:
    """Policy's own grade for a rule, for every view and endpoint where those are empty.

    `until` is the last day (UTC, `YYYY-MM-DD`) on which it holds, empty where it holds for good.
    Raises ValueError for any other text.
    """

    rule: str
    state: State
    view: str = ""
    endpoint: str = ""
    reason: str = ""
    until: str = ""

    def __post_init__(self) -> None:
        """Refuse a day that is none here, not in the run that grades by it."""
        if self.until:
            _end_of(self.until)

    def holds(self, now: float) -> bool:
        """Whether it counts at a moment (Unix seconds)."""
        return not self.until or now < _end_of(self.until)


def _end_of(text: str) -> float:
    """The moment (Unix seconds) at which a day is over. Raises ValueError."""
    # Few policies name a day, and the module takes longer to import than all that policies are made of.
    from datetime import date, timedelta

    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.isoformat() != text:
        raise ValueError(f"{text!r} is no day: it is YYYY-MM-DD, as in 2027-01-31")
    return (day - date(1970, 1, 1) + timedelta(days=1)).total_seconds()
