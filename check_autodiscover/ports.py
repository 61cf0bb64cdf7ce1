"""What the loop needs of the world, as Protocols; the probes implement them, tests replace them by ten-line classes.

All times are on the event loop's clock (monotonic seconds).
"""

from dataclasses import dataclass
from typing import Protocol

from check_autodiscover.core.directory_observations import DirectoryAnswer, DirectoryQuestion
from check_autodiscover.core.observations import Contact, DnsAnswer, DnsQuestion, EndpointQuestion
from check_autodiscover.core.policy import Resolver

__all__ = ["Deadline", "DirectoryProbe", "DnsProbe", "EndpointProbe", "Probes"]


@dataclass(frozen=True, slots=True)
class Deadline:
    """When the whole run ends, and when DNS gives up so that what was found can still be contacted."""

    run: float
    dns: float


class DnsProbe(Protocol):
    """Asks one resolver one question. Never raises for what the world does: that is an observation."""

    async def probe_dns(self, question: DnsQuestion, resolver: Resolver, give_up_at: float) -> DnsAnswer:
        """The resolver's answer, or why there is none by `give_up_at`."""
        ...


class EndpointProbe(Protocol):
    """Makes one connection and asks it what a client would. Never raises for what the world does."""

    async def probe_endpoint(self, question: EndpointQuestion, give_up_at: float) -> Contact:
        """All that the connection yielded by `give_up_at`."""
        ...


class DirectoryProbe(Protocol):
    """Looks up service connection points in one directory. Never raises for what the world does."""

    async def probe_directory(self, question: DirectoryQuestion, give_up_at: float) -> DirectoryAnswer:
        """What the directory says, or why it says nothing by `give_up_at`."""
        ...


@dataclass(frozen=True, slots=True)
class Probes:
    """The observers of the world that a run uses."""

    dns: DnsProbe
    endpoint: EndpointProbe
    directory: DirectoryProbe | None = None
    """None in a run whose policy names no directory."""
