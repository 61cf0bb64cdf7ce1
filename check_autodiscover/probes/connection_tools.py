"""What connection probes share: the TLS contexts, the memory of certificates, and the slots of the process."""

import ssl
from functools import cached_property
from typing import TYPE_CHECKING

from check_autodiscover.probes.preparation import Prepared
from check_autodiscover.probes.slots import Slots
from check_autodiscover.trust import FINITE_FIELDS, Trust

if TYPE_CHECKING:
    from check_autodiscover.probes.exchange import Visitor
    from check_autodiscover.probes.handshake import Handshaker

__all__ = ["MAX_ASIDE", "MAX_IN_FLIGHT", "ConnectionTools", "connection_slots"]

MAX_IN_FLIGHT = 64
"""Connections at a time: more gain nothing (measured)."""

MAX_ASIDE = 192
"""Connections beside them whose servers have kept us waiting for longer."""


def connection_slots() -> Slots:
    """The slots for all connections of a process."""
    return Slots(MAX_IN_FLIGHT, MAX_ASIDE)


class ConnectionTools:
    """Made once for the anchors that certificates are judged against."""

    def __init__(self, trust: Trust, slots: Slots | None = None) -> None:
        self.slots = slots or connection_slots()
        self._trust = trust
        self._loaded = Prepared(self._load)

    def _load(self) -> "tuple[Handshaker, type[Visitor]]":
        # OpenSSL and h11 cost more than a DNS round trip: a plugin's first questions leave before the imports.
        from check_autodiscover.probes.exchange import Visitor
        from check_autodiscover.probes.handshake import Handshaker

        return Handshaker(self._trust.context), Visitor

    def begin_soon(self) -> None:
        """Start to load what the first connection needs."""
        self._loaded.begin_soon()

    async def prepare(self) -> None:
        """Load it. Raises TrustError for unusable anchors, ImportError for a missing library."""
        await self._loaded.get()

    async def handshaker(self) -> "Handshaker":
        """What starts the usual TLS sessions. Raises what `prepare` does."""
        return (await self._loaded.get())[0]

    async def visitor(self, domain: str, user_agent: str) -> "Visitor":
        """What speaks HTTP about a domain. Raises what `prepare` does."""
        return (await self._loaded.get())[1](domain, user_agent)

    @cached_property
    def finite_fields(self) -> "Handshaker":
        """What starts sessions with Diffie-Hellman in finite fields, whose size the server chooses."""
        from check_autodiscover.probes.handshake import Handshaker

        return Handshaker(self._trust.make_context(FINITE_FIELDS), dear=True)

    @cached_property
    def tls_1_2(self) -> "Handshaker":
        """What starts sessions of TLS 1.2 at most."""
        from check_autodiscover.probes.experiment import tls_1_2_context
        from check_autodiscover.probes.handshake import Handshaker

        return Handshaker(tls_1_2_context())

    @cached_property
    def post_handshake(self) -> ssl.SSLContext:
        """The context of sessions that offer authentication after the handshake."""
        from check_autodiscover.probes.experiment import post_handshake_context

        return post_handshake_context()
