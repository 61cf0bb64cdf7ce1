"""The clients that are walked: their steps and habits, and how their walks end, as tables.

Each profile names its source. The function that walks is in `walking`, the page for people is made of these tables.
"""

from dataclasses import dataclass

from check_autodiscover.core.model.observations import AUTODISCOVER_PATH
from check_autodiscover.core.model.policy import ClientName, Step
from check_autodiscover.core.model.states import ClosedSet

__all__ = [
    "CLIENTS",
    "OUTCOMES",
    "REGISTRY",
    "STEP_NAMES",
    "UNOBSERVED",
    "ClientProfile",
    "Outcome",
    "SrvChoice",
    "Walk",
    "WalkStep",
]


class Outcome(ClosedSet):
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
        return self.harmful or self is Outcome.NOTHING

    @property
    def misled(self) -> bool:
        """Whether a stranger gets the password, or gives the settings."""
        return self in (Outcome.WRONG_LOGIN, Outcome.WRONG_SETTINGS)

    @property
    def harmful(self) -> bool:
        """Whether the user meets something that should not be: a warning, or a stranger."""
        return self.misled or self is Outcome.WARNED


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
    """One candidate met on a walk, or a step without one.

    `outcome` is `next`, `follows`, `unseen`, `skipped` or an Outcome; `code` Outlook's HRESULT.
    """

    step: Step
    candidate: str
    outcome: str
    code: str
    why: str

    @property
    def host(self) -> str:
        """The host of the URL, without a port; empty for a step without a URL."""
        place = self.candidate.split("/")[2] if "//" in self.candidate else ""
        return place[1:].partition("]")[0] if place.startswith("[") else place.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Walk:
    """One client's course in one view; `at` is the step where it ended, None where it ran out of candidates."""

    view: str
    client: ClientName
    judged: bool
    outcome: Outcome
    at: Step | None
    steps: tuple[WalkStep, ...]


class SrvChoice(ClosedSet):
    """Which of several SRV records a client takes; the value is how documentation says it."""

    ANY = "any of them: the order is not documented, so the worst counts"
    LOWEST = "the lowest priority number, any of equals"
    HIGHEST = "the highest priority number, against RFC 2782; any of equals"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientProfile:
    """A client's habits: its steps in order, and how it reacts where clients differ."""

    name: ClientName
    title: str
    """The product, as people know it."""
    source: str
    """Where its steps and habits are documented."""
    steps: tuple[Step, ...]
    warns: bool = True
    """Whether it shows a warning for a certificate that it does not accept, or silently goes on."""
    consents: tuple[Step, ...] = ()
    """The steps at which it asks the user before it takes another host's settings (KB 2480582)."""
    srv_choice: SrvChoice = SrvChoice.ANY
    minds_srv_port: bool = False
    """Whether it takes SRV records of port 443 alone; others connect to 443 whatever the record says."""
    needs_ipv4: bool = False
    """Whether it passes by a name that has no A record."""
    path: str = AUTODISCOVER_PATH
    """What it asks for; only the usual path is observed."""
    parallel_scp: bool = False
    """Whether it asks DNS beside the directory, so that what DNS leads to disturbs although the directory serves."""
    unseen: str = ""
    """Why its outcome cannot be seen from here, empty where it can."""

    def habits(self, steps: tuple[Step, ...]) -> tuple[object, ...]:
        """All that its course through the last steps depends on: clients that have this in common fare alike there."""
        parallel = self.parallel_scp and Step.SCP in steps
        choice = self.srv_choice, self.minds_srv_port, self.needs_ipv4
        return steps, self.warns, self.consents, choice, parallel, self.unseen


_DNS_STEPS = (Step.ROOT, Step.AUTODISCOVER, Step.REDIRECT, Step.SRV)

_CONSENTS = (Step.REDIRECT, Step.SRV)

STEP_NAMES = {
    Step.OFFICE365: "Office 365 endpoint",
    Step.SCP: "Active Directory",
    Step.ROOT: "root domain",
    Step.AUTODISCOVER: "autodiscover name",
    Step.REDIRECT: "redirect of the autodiscover name",
    Step.SRV: "SRV record",
}
"""What a step is called where there is no URL to name."""

REGISTRY = {
    Step.OFFICE365: "ExcludeExplicitO365Endpoint",
    Step.SCP: "ExcludeScpLookup",
    Step.ROOT: "ExcludeHttpsRootDomain",
    Step.AUTODISCOVER: "ExcludeHttpsAutoDiscoverDomain",
    Step.REDIRECT: "ExcludeHttpRedirect",
    Step.SRV: "ExcludeSrvRecord",
}
"""The value that makes Outlook leave a step out (Microsoft Support, "Unexpected Autodiscover behavior", KB 2612922)."""

UNOBSERVED = {
    Step.OFFICE365: "not observed: never contacted",
    Step.SCP: "not observed: no directory was asked",
}
"""Why what a client meets at a step is not known."""

CLIENTS = (
    ClientProfile(
        name=ClientName.OUTLOOK_2016,
        title="Outlook 2016, 2019, 2021 and for Microsoft 365 (classic, on Windows)",
        source='Microsoft KB 3211279, "Outlook 2016 implementation of Autodiscover"',
        steps=(Step.OFFICE365, Step.SCP, *_DNS_STEPS),
        consents=_CONSENTS,
    ),
    ClientProfile(
        name=ClientName.OUTLOOK_2013,
        title="Outlook 2013",
        source='Rhoderick Milne, "Outlook 2013 Autodiscover" (2018); Microsoft KB 940881 (SRV)',
        steps=(Step.SCP, *_DNS_STEPS),
        consents=_CONSENTS,
        parallel_scp=True,
    ),
    ClientProfile(
        name=ClientName.OUTLOOK_2010,
        title="Outlook 2010, and 2007 with Service Pack 1 or KB 939184",
        source="Microsoft KB 940881",
        steps=(Step.SCP, *_DNS_STEPS),
        consents=_CONSENTS,
    ),
    ClientProfile(
        name=ClientName.EWS,
        title="EWS Managed API, and what is built on it",
        source="ews-managed-api, Autodiscover/AutodiscoverService.cs",
        steps=(Step.SCP, *_DNS_STEPS),
        warns=False,
        srv_choice=SrvChoice.LOWEST,
        minds_srv_port=True,
    ),
    ClientProfile(
        name=ClientName.OUTLOOK_2007,
        title="Outlook 2007 as released, without Service Pack 1",
        source="Microsoft KB 940881, which added the SRV step to later ones",
        steps=(Step.SCP, Step.ROOT, Step.AUTODISCOVER, Step.REDIRECT),
        consents=(Step.REDIRECT,),
    ),
    ClientProfile(
        name=ClientName.EXCHANGELIB,
        title="exchangelib, the Python library",
        source="exchangelib, autodiscover/discovery",
        steps=_DNS_STEPS,
        warns=False,
        srv_choice=SrvChoice.HIGHEST,
        minds_srv_port=True,
        needs_ipv4=True,
        path="/autodiscover/autodiscover.svc",
    ),
    ClientProfile(
        name=ClientName.OUTLOOK_MOBILE,
        title="Outlook for iOS and Android, by Microsoft's AutoDetect service",
        source='Microsoft, "Using hybrid Modern Authentication with Outlook for iOS and Android"',
        steps=(Step.OFFICE365,),
        warns=False,
        path="/autodiscover/autodiscover.json",
        unseen="not observed: Exchange Online is asked first, and leads Microsoft's servers, not the phone, to ours",
    ),
)
"""Every client that is walked, those that are judged by default first."""
