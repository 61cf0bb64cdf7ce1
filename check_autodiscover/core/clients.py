"""How each client walks the candidates."""

from dataclasses import dataclass
from enum import Enum

from check_autodiscover.core.policy import ClientName, Step

__all__ = ["Outcome", "Walk", "WalkStep"]


class Outcome(Enum):
    """How a client's walk ends (contract section 1)."""

    CONFIGURED = "configured"
    ASKS_CONSENT = "asks-consent"
    WARNED = "warned"
    WRONG_LOGIN = "wrong-login"
    WRONG_SETTINGS = "wrong-settings"
    NOTHING = "nothing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class WalkStep:
    """One candidate met on a walk. `outcome` is a word (`next`, `configured`, `warned`, ...), `code` the HRESULT Outlook logs."""

    step: Step
    candidate: str
    outcome: str
    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Walk:
    """One client's course in one view; `at` is the step where it ended, None where it ran out of candidates."""

    view: str
    client: ClientName
    judged: bool
    outcome: Outcome
    at: Step | None
    steps: tuple[WalkStep, ...]
