"""What the surveys of one process share: anchors, TLS contexts, connections to resolvers, and slots.

A plugin makes one for its one survey. The exporter keeps one for as long as it runs: there all domains together ask no
more of the network at once than the slots allow. It belongs to one event loop.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from check_autodiscover.core.policy import Policy
from check_autodiscover.kept_trust import KeptTrust
from check_autodiscover.trust import Trust, TrustSettings

if TYPE_CHECKING:
    from check_autodiscover.probes.connection_tools import ConnectionTools
    from check_autodiscover.probes.endpoint import ConnectionProbe
    from check_autodiscover.probes.resolver import ResolverProbe
    from check_autodiscover.probes.resolver_tools import ResolverTools
    from check_autodiscover.probes.slots import Slots

__all__ = ["Instruments", "Observers"]


class Observers:
    """The probes of one survey, made of what is shared. `trust` are the anchors that they go by."""

    def __init__(self, trust: Trust, dns: "ResolverProbe", endpoint: "ConnectionProbe") -> None:
        self.trust = trust
        self.dns = dns
        self.endpoint = endpoint

    @property
    def longest_wait(self) -> float:
        """Seconds that a question of this survey waited for our own slots: that says nothing about the domain."""
        return max(self.dns.longest_wait, self.endpoint.longest_wait)


class Instruments:
    """Keeps what is shared, and makes the probes of each survey of it."""

    def __init__(self, kept_trust: KeptTrust | None = None, slots: "tuple[Slots, Slots] | None" = None) -> None:
        """`slots` are those for questions and for connections, where they are not the usual ones."""
        self._trust = kept_trust or KeptTrust()
        self._tools: dict[TrustSettings, _Tools] = {}
        self._slots = slots

    @asynccontextmanager
    async def observers(self, domain: str, policy: Policy, settings: TrustSettings) -> AsyncIterator[Observers]:
        """The probes for a survey of this domain (A-labels).

        Raises TrustError for anchors that cannot be used, and MissingExtra for a resolver that needs more packages.
        """
        # Imported here: the parser, help and usage errors need none of it, and it is half of a cold start.
        from check_autodiscover.probes.endpoint import ConnectionProbe
        from check_autodiscover.probes.resolver import ResolverProbe

        tools = await self._tools_for(settings)
        dns = ResolverProbe(policy.source_address, tools=tools.dns)
        endpoint = ConnectionProbe(
            tools.trust,
            domain,
            connect_timeout=policy.connect_timeout,
            user_agent=policy.user_agent,
            source_address=policy.source_address,
            tools=tools.connections,
        )
        tools.users += 1
        try:
            dns.require(resolver for view in policy.views for resolver in view.resolvers)
            yield Observers(tools.trust, dns, endpoint)
        finally:
            await dns.close()
            tools.users -= 1
            if tools is not self._tools.get(settings):
                await tools.close_if_unused()

    def recheck(self) -> None:
        """Take up changed trust anchors with the next survey, as a reload wants it."""
        self._trust.recheck()

    async def close(self) -> None:
        """Close the connections that are kept."""
        while self._tools:
            _, tools = self._tools.popitem()
            await tools.close_if_unused()

    async def _tools_for(self, settings: TrustSettings) -> "_Tools":
        found = self._tools.get(settings)
        if found is None or self._trust.is_fresh(settings):
            trust = self._trust.load(settings)
        else:
            # A network file system may take its time, and the other domains need not wait for it.
            trust = await asyncio.to_thread(self._trust.load, settings)
            found = self._tools.get(settings)
        if found is None or found.trust is not trust:
            self._tools[settings] = self._made(trust)
            if found is not None:
                await found.close_if_unused()
        return self._tools[settings]

    def _made(self, trust: Trust) -> "_Tools":
        from check_autodiscover.probes.connection_tools import ConnectionTools, connection_slots
        from check_autodiscover.probes.resolver_tools import ResolverTools, dns_slots

        dns, connections = self._slots = self._slots or (dns_slots(), connection_slots())
        return _Tools(trust, ResolverTools(trust, dns), ConnectionTools(trust, connections))


class _Tools:
    """What is shared by the surveys that trust the same anchors."""

    def __init__(self, trust: Trust, dns: "ResolverTools", connections: "ConnectionTools") -> None:
        self.trust = trust
        self.dns = dns
        self.connections = connections
        self.users = 0

    async def close_if_unused(self) -> None:
        """Close what is kept unless a survey uses it, which does so at its end."""
        if not self.users:
            await self.dns.kept.close()
