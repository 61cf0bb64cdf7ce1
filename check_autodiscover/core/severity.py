"""Policy's own grade of a rule: where it holds, how long, and why.

Part of a Policy; `grading` applies it.
"""

from dataclasses import dataclass

from check_autodiscover.core.state import State

__all__ = ["SeverityOverride"]


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
