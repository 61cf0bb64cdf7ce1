"""Asks DNS servers; implements `ports.DnsProbe` for `run`.

`dns_plain` reads most replies, and dnspython the others; messages travel by the carriers of `dns_datagram`,
`dns_stream` and `dns_https`.

What resolver probes share: the decoder, TLS contexts, connections that are kept, slots, and who is silent.
"""

import asyncio
import errno
import ipaddress
import os
import ssl
from collections.abc import Callable, Iterable
from dataclasses import replace

from check_autodiscover.core.model.observations import DnsAnswer, DnsQuestion, DnsStatus, RecordType
from check_autodiscover.core.model.policy import Resolver, Transport, TrustSettings
from check_autodiscover.probes.dial import socket_address
from check_autodiscover.probes.dns.transports import (
    FORMERR,
    Carrier,
    CarrierPool,
    DatagramCarrier,
    Unusable,
    is_truncated,
    rcode,
)
from check_autodiscover.probes.dns.wire import encode, read_plain
from check_autodiscover.probes.limits import Prepared, SilentServers, Slots
from check_autodiscover.probes.trust import Trust, load_trust

__all__ = ["MAX_ASIDE", "MAX_IN_FLIGHT", "ResolverProbe", "ResolverTools", "dns_slots"]

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
        self, trust: Trust | None = None, slots: Slots | None = None, silences: SilentServers | None = None
    ) -> None:
        self.slots = slots or dns_slots()
        self.silences = silences or SilentServers()
        self.decoder = Prepared(_load_decoder)
        self.kept = CarrierPool()
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
    from check_autodiscover.probes.dns.full_wire import decode

    return decode


LOCATE_PATIENCE = 2.0
"""Seconds that one server gets to tell the address of a resolver that is given by name."""

_LOCAL_FAULTS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class ResolverProbe:
    """Asks one resolver one question, any number at a time.

    `source_address` is the local address to ask from where the family fits. A lost datagram is repeated after
    `retransmit_after` seconds, and from then on after twice that. `trust` holds the anchors for resolvers over TLS and
    HTTPS, those of the system where none is given; `bootstrap` the servers that know the addresses of resolvers given
    by name, this host's own where none are given. `tools` are shared by the probes of a process, which makes `trust`
    theirs to know. `close` ends what it keeps open between questions, or leaves it to those who share the tools.
    """

    def __init__(
        self,
        source_address: str = "",
        *,
        trust: Trust | None = None,
        bootstrap: tuple[Resolver, ...] = (),
        retransmit_after: float = 1.0,
        tools: ResolverTools | None = None,
    ) -> None:
        self._tools = tools or ResolverTools(trust)
        self._owns_tools = tools is None
        self._source = source_address
        self._bootstrap = bootstrap
        self._retransmit_after = retransmit_after
        self._lane = self._tools.slots.lane()
        self._carriers: dict[Resolver, Carrier] = {}
        self._declared: set[Resolver] = set()
        self._doubtful: set[Resolver] = set()

    @property
    def longest_wait(self) -> float:
        """Seconds that a question had to wait here because the process had asked enough already."""
        return self._lane.longest_wait

    def require(self, resolvers: Iterable[Resolver]) -> None:
        """See that these resolvers can be asked, before anything is.

        Raises:
            MissingExtra: the packages for a resolver's transport are not installed.
            TrustError: the trust anchors cannot be loaded.
        """
        for resolver in resolvers:
            if resolver.transport in (Transport.TLS, Transport.HTTPS):
                self._carrier(resolver)

    async def prepare(self) -> None:
        """Load what a reply that is not plain needs; the first such does it otherwise.

        Raises ImportError for a missing library.
        """
        await self._tools.decoder.get()

    async def close(self) -> None:
        """Give back the connections to declared resolvers on which nothing is left open, and close the others."""
        while self._carriers:
            resolver, carrier = self._carriers.popitem()
            if resolver in self._declared - self._doubtful:
                await self._tools.kept.give_back((resolver, self._source), carrier)
            else:
                await carrier.close()
        if self._owns_tools:
            await self._tools.kept.close()

    async def probe_dns(self, question: DnsQuestion, resolver: Resolver, give_up_at: float) -> DnsAnswer:
        """The resolver's answer, or why there is none by `give_up_at` (seconds on the loop's clock).

        Raises what `require` would have raised, and ValueError for what is no server: `system` and `authoritative`
        stand for others.
        """
        slot = await self._lane.enter(give_up_at)
        if slot is None:
            return DnsAnswer(DnsStatus.CUT_SHORT)
        if resolver.transport is not Transport.UDP:
            self._declared.add(resolver)
        started = asyncio.get_running_loop().time()
        try:
            reply = await self._ask(question, resolver, give_up_at)
        finally:
            slot.leave()
        seconds = asyncio.get_running_loop().time() - started
        return replace(await self._read(reply, question), seconds=seconds)

    async def _read(self, reply: bytes | DnsStatus, question: DnsQuestion) -> DnsAnswer:
        if isinstance(reply, DnsStatus):
            return DnsAnswer(reply)
        if (plain := read_plain(reply, question)) is not None:
            return plain
        decode = await self._tools.decoder.get()
        return decode(reply, question)

    async def _ask(self, question: DnsQuestion, resolver: Resolver, give_up_at: float) -> bytes | DnsStatus:
        for edns in (True, False):
            try:
                query = encode(question, int.from_bytes(os.urandom(2), "big"), edns=edns)
            except ValueError:
                # Names come from other people's records too; one that cannot be asked has no answer.
                return DnsStatus.MALFORMED
            reply = await self._reply(query, resolver, give_up_at)
            if isinstance(reply, DnsStatus) or rcode(reply) != FORMERR:
                return reply
        return DnsStatus.MALFORMED

    async def _reply(self, query: bytes, resolver: Resolver, give_up_at: float) -> bytes | DnsStatus:
        if self._tools.silences.silent(resolver):
            return DnsStatus.TIMEOUT
        loop = asyncio.get_running_loop()
        started = loop.time()
        limit = asyncio.timeout_at(give_up_at)
        try:
            async with limit:
                return await self._heard(query, resolver, limit)
        except TimeoutError:
            # A silence shorter than one retransmission is our haste, not the resolver's, unless others waited longer.
            waited = limit.when() != give_up_at or loop.time() - started >= self._retransmit_after
            return DnsStatus.TIMEOUT if waited else DnsStatus.CUT_SHORT
        except Unusable:
            return DnsStatus.MALFORMED
        except ssl.SSLCertVerificationError:
            return DnsStatus.UNTRUSTED
        except OSError as error:
            return DnsStatus.EXHAUSTED if error.errno in _LOCAL_FAULTS else DnsStatus.UNREACHABLE

    async def _heard(self, query: bytes, resolver: Resolver, limit: asyncio.Timeout) -> bytes:
        """The reply, waited for together with all others of the process who wait for this resolver."""
        silences = self._tools.silences
        silences.wait(resolver, limit)
        try:
            reply = await self._carry(query, resolver)
            silences.heard(resolver)
            return reply
        finally:
            silences.leave(resolver, limit)

    async def _carry(self, query: bytes, resolver: Resolver) -> bytes:
        reply = await self._exchange(query, resolver)
        if resolver.transport is Transport.UDP and is_truncated(reply):
            reply = await self._exchange(query, replace(resolver, transport=Transport.TCP))
        if is_truncated(reply):
            # Nothing is cut off where there is room for all: what is left of it proves nothing (RFC 7766 section 5).
            raise Unusable
        return reply

    async def _exchange(self, query: bytes, resolver: Resolver) -> bytes:
        try:
            return await self._carrier(resolver).exchange(query)
        except BaseException:
            # Nobody else shall wait for what may still come over it, or on what has gone silent.
            self._doubtful.add(resolver)
            raise

    def _carrier(self, resolver: Resolver) -> Carrier:
        """The one carrier to this resolver."""
        if resolver not in self._carriers:
            kept = self._tools.kept.take((resolver, self._source))
            self._carriers[resolver] = kept or self._new_carrier(resolver)
        return self._carriers[resolver]

    def _new_carrier(self, resolver: Resolver) -> Carrier:
        # A check over datagrams alone does without the other modules.
        match resolver.transport:
            case Transport.UDP:
                return DatagramCarrier(resolver, self._source, self._retransmit_after)
            case Transport.TCP | Transport.TLS:
                from check_autodiscover.probes.dns.transports import StreamCarrier

                context = self._tools.context(Transport.TLS) if resolver.transport is Transport.TLS else None
                return StreamCarrier(resolver, self._source, context)
            case Transport.HTTPS:
                from check_autodiscover.probes.dns.https import HttpsCarrier

                context = self._tools.context(Transport.HTTPS)
                return HttpsCarrier(resolver, self._source_for(resolver), context, self._locate)
            case _:
                raise ValueError(f"{resolver.label} is no server")

    def _source_for(self, resolver: Resolver) -> str:
        """The source address unless it is of another family than the resolver's."""
        if not self._source or not _is_address(resolver.host):
            return self._source
        same = socket_address(self._source, 0)[0] == socket_address(resolver.host, 0)[0]
        return self._source if same else ""

    async def _locate(self, host: str) -> str:
        """The address of a resolver that is given by name or address. Raises OSError where nobody tells."""
        if _is_address(host):
            return host
        for server in self._bootstrap or _own_servers():
            for type_ in (RecordType.A, RecordType.AAAA):
                question = DnsQuestion("", server.label, host, type_)
                reply = await self._ask(question, server, asyncio.get_running_loop().time() + LOCATE_PATIENCE)
                if addresses := (await self._read(reply, question)).addresses:
                    return addresses[0]
        raise OSError(errno.EHOSTUNREACH, f"no address for {host}")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _own_servers() -> tuple[Resolver, ...]:
    from check_autodiscover.probes.system import system_resolvers

    return system_resolvers()
