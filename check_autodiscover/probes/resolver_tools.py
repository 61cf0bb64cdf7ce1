"""What resolver probes share: the decoder, TLS contexts, connections that are kept, slots, and who is silent."""

import ssl
from collections.abc import Callable

from check_autodiscover.core.observations import DnsAnswer, DnsQuestion
from check_autodiscover.core.policy import Transport
from check_autodiscover.probes.kept_carriers import KeptCarriers
from check_autodiscover.probes.preparation import Prepared
from check_autodiscover.probes.silences import Silences
from check_autodiscover.probes.slots import Slots
from check_autodiscover.trust import Trust, TrustSettings, load_trust

__all__ = ["MAX_ASIDE", "MAX_IN_FLIGHT", "ResolverTools", "dns_slots"]

MAX_IN_FLIGHT = 128
"""Queries at a time: more overflow the host's receive buffer, and healthy domains time out (measured)."""

MAX_ASIDE = 256
"""Queries beside them that a resolver has kept waiting for longer."""


def dns_slots() -> Slots:
    """The slots for all DNS questions of a process."""
    return Slots(MAX_IN_FLIGHT, MAX_ASIDE)


class ResolverTools:
    """Made once for the anchors that resolvers over TLS and HTTPS are trusted by; those of the system without any."""

    def __init__(
        self, trust: Trust | None = None, slots: Slots | None = None, silences: Silences | None = None
    ) -> None:
        self.slots = slots or dns_slots()
        self.silences = silences or Silences()
        self.decoder = Prepared(_load_decoder)
        self.kept = KeptCarriers()
        self._trust = trust
        self._contexts: dict[Transport, ssl.SSLContext] = {}

    def context(self, transport: Transport) -> ssl.SSLContext:
        """The context of a transport: HTTPS adds its protocols to its own. Raises TrustError."""
        if transport not in self._contexts:
            self._trust = self._trust or load_trust(TrustSettings())
            self._contexts[transport] = self._trust.resolver_context()
        return self._contexts[transport]


def _load_decoder() -> Callable[[bytes, DnsQuestion], DnsAnswer]:
    # Not at the head of the module: the first questions leave before the library is there.
    from dns import _features

    # All our names are A-labels already: dnspython would load the tables of IDNA 2008 with each start. Its own
    # switch, given for cases where asking the installation for optional packages serves badly.
    _features.force("idna", False)
    from check_autodiscover.probes.dns_wire import decode

    return decode
