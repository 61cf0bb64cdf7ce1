"""The four service states of Nagios and Icinga, and which of two is graver.

For the whole core and every front end. The order CRITICAL > UNKNOWN > WARNING > OK is not the
order of the exit codes (Monitoring Plugins Development Guidelines, "Plugin Return Codes"): an
outage that is seen must not hide behind a resolver that is not.
"""

from collections.abc import Iterable
from enum import Enum

__all__ = ["State", "worst"]


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
