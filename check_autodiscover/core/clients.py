"""The clients that are judged: their steps and habits, and how their walks end, as tables.

Order of steps: KB 3211279 (Outlook 2016), KB 940881 (SRV), EWS Managed API `AutodiscoverService`. The function that
walks is in `walking`.
"""

from dataclasses import dataclass
from enum import Enum

from check_autodiscover.core.policy import ClientName, Step

__all__ = ["CLIENTS", "OUTCOMES", "UNOBSERVED", "ClientProfile", "Outcome", "Walk", "WalkStep"]


class Outcome(Enum):
    """How a client's walk ends (contract section 1)."""

    CONFIGURED = "configured"
    ASKS_CONSENT = "asks-consent"
    WARNED = "warned"
    WRONG_LOGIN = "wrong-login"
    WRONG_SETTINGS = "wrong-settings"
    NOTHING = "nothing"
    UNKNOWN = "unknown"

    @property
    def good(self) -> bool:
        """Whether the user gets the right settings; a consent box is no fault."""
        return self in (Outcome.CONFIGURED, Outcome.ASKS_CONSENT)

    @property
    def bad(self) -> bool:
        """Whether the user is hit."""
        return self in (Outcome.WRONG_LOGIN, Outcome.WRONG_SETTINGS, Outcome.WARNED, Outcome.NOTHING)


OUTCOMES = (
    Outcome.WRONG_LOGIN,
    Outcome.WRONG_SETTINGS,
    Outcome.WARNED,
    Outcome.NOTHING,
    Outcome.UNKNOWN,
    Outcome.ASKS_CONSENT,
    Outcome.CONFIGURED,
)
"""All outcomes, the worst first."""


@dataclass(frozen=True, slots=True)
class WalkStep:
    """One candidate met on a walk. `outcome` is `next`, `follows`, `unseen` or an Outcome; `code` Outlook's HRESULT."""

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


@dataclass(frozen=True, slots=True)
class ClientProfile:
    """A client's habits.

    Its steps in order, whether it shows a certificate warning or silently goes on, where it asks for consent, and
    whether it minds the port of an SRV record.
    """

    name: ClientName
    steps: tuple[Step, ...]
    warns: bool
    consents: tuple[Step, ...]
    minds_srv_port: bool


_DNS_STEPS = (Step.ROOT, Step.AUTODISCOVER, Step.REDIRECT, Step.SRV)
_CONSENTS = (Step.REDIRECT, Step.SRV)
UNOBSERVED = {
    Step.OFFICE365: ("Office 365 endpoint", "not observed: never contacted"),
    Step.SCP: ("Active Directory", "not observed: no directory was asked"),
}

CLIENTS = (
    ClientProfile(ClientName.OUTLOOK_2016, (Step.OFFICE365, Step.SCP, *_DNS_STEPS), True, _CONSENTS, False),
    ClientProfile(ClientName.OUTLOOK_2013, (Step.SCP, *_DNS_STEPS), True, _CONSENTS, False),
    ClientProfile(ClientName.OUTLOOK_2010, (Step.SCP, *_DNS_STEPS), True, _CONSENTS, False),
    ClientProfile(ClientName.EWS, (Step.SCP, *_DNS_STEPS), False, (), True),
)
