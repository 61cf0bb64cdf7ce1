"""Asks DNS servers; implements `ports.DnsProbe` for `run`.

dnspython reads the replies; messages travel by the carriers of `dns_datagram`, `dns_stream` and `dns_https`.
"""

import asyncio
import errno
import ipaddress
import os
import ssl
from collections.abc import Callable, Iterable
from dataclasses import replace

from check_autodiscover.core.observations import DnsAnswer, DnsQuestion, DnsStatus, RecordType
from check_autodiscover.core.policy import Resolver, Transport
from check_autodiscover.probes.dial import enter, socket_address
from check_autodiscover.probes.dns_datagram import DatagramCarrier
from check_autodiscover.probes.dns_header import FORMERR, Carrier, Unusable, is_truncated, rcode
from check_autodiscover.probes.dns_query import encode
from check_autodiscover.probes.preparation import Prepared
from check_autodiscover.trust import Trust, TrustSettings, load_trust

__all__ = ["MAX_IN_FLIGHT", "ResolverProbe"]

MAX_IN_FLIGHT = 128
"""Queries at a time: more overflow the host's receive buffer, and healthy domains time out (measured)."""

LOCATE_PATIENCE = 2.0
"""Seconds that one server gets to tell the address of a resolver that is given by name."""

_LOCAL_FAULTS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class ResolverProbe:
    """Asks one resolver one question, any number at a time.

    `source_address` is the local address to ask from where the family fits. A lost datagram is repeated after
    `retransmit_after` seconds, and from then on after twice that. `trust` holds the anchors for resolvers over TLS and
    HTTPS, those of the system where none is given; `bootstrap` the servers that know the addresses of resolvers given
    by name, this host's own where none are given. `close` ends what it keeps open between questions.
    """

    def __init__(
        self,
        source_address: str = "",
        *,
        trust: Trust | None = None,
        bootstrap: tuple[Resolver, ...] = (),
        retransmit_after: float = 1.0,
    ) -> None:
        self._decoder = Prepared(_load_decoder)
        self._source = source_address
        self._trust = trust
        self._bootstrap = bootstrap
        self._retransmit_after = retransmit_after
        self._slots = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._carriers: dict[Resolver, Carrier] = {}

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
        """Load what the first reply needs, which does it otherwise. Raises ImportError for a missing library."""
        await self._decoder.get()

    async def close(self) -> None:
        """Close the connections that are kept for further questions."""
        while self._carriers:
            _, carrier = self._carriers.popitem()
            await carrier.close()

    async def probe_dns(self, question: DnsQuestion, resolver: Resolver, give_up_at: float) -> DnsAnswer:
        """The resolver's answer, or why there is none by `give_up_at` (seconds on the loop's clock).

        Raises what `require` would have raised, and ValueError for what is no server: `system` and `authoritative`
        stand for others.
        """
        if not await enter(self._slots, give_up_at):
            return DnsAnswer(DnsStatus.CUT_SHORT)
        self._decoder.begin_soon()
        started = asyncio.get_running_loop().time()
        try:
            reply = await self._ask(question, resolver, give_up_at)
        finally:
            self._slots.release()
        seconds = asyncio.get_running_loop().time() - started
        return replace(await self._read(reply, question), seconds=seconds)

    async def _read(self, reply: bytes | DnsStatus, question: DnsQuestion) -> DnsAnswer:
        if isinstance(reply, DnsStatus):
            return DnsAnswer(reply)
        decode = await self._decoder.get()
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
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with asyncio.timeout_at(give_up_at):
                return await self._carry(query, resolver)
        except TimeoutError:
            # A silence shorter than one retransmission is our haste, not the resolver's.
            waited = loop.time() - started >= self._retransmit_after
            return DnsStatus.TIMEOUT if waited else DnsStatus.CUT_SHORT
        except Unusable:
            return DnsStatus.MALFORMED
        except ssl.SSLCertVerificationError:
            return DnsStatus.UNTRUSTED
        except OSError as error:
            return DnsStatus.EXHAUSTED if error.errno in _LOCAL_FAULTS else DnsStatus.UNREACHABLE

    async def _carry(self, query: bytes, resolver: Resolver) -> bytes:
        reply = await self._carrier(resolver).exchange(query)
        if resolver.transport is Transport.UDP and is_truncated(reply):
            reply = await self._carrier(replace(resolver, transport=Transport.TCP)).exchange(query)
        if is_truncated(reply):
            # Nothing is cut off where there is room for all: what is left of it proves nothing (RFC 7766 section 5).
            raise Unusable
        return reply

    def _carrier(self, resolver: Resolver) -> Carrier:
        """The one carrier to this resolver."""
        if resolver not in self._carriers:
            self._carriers[resolver] = self._new_carrier(resolver)
        return self._carriers[resolver]

    def _new_carrier(self, resolver: Resolver) -> Carrier:
        # A check over datagrams alone does without the other modules.
        match resolver.transport:
            case Transport.UDP:
                return DatagramCarrier(resolver, self._source, self._retransmit_after)
            case Transport.TCP | Transport.TLS:
                from check_autodiscover.probes.dns_stream import StreamCarrier

                context = self._context() if resolver.transport is Transport.TLS else None
                return StreamCarrier(resolver, self._source, context)
            case Transport.HTTPS:
                from check_autodiscover.probes.dns_https import HttpsCarrier

                return HttpsCarrier(resolver, self._source_for(resolver), self._context(), self._locate)
            case _:
                raise ValueError(f"{resolver.label} is no server")

    def _context(self) -> ssl.SSLContext:
        """A context of each resolver's own, because HTTPS adds its protocols to it."""
        self._trust = self._trust or load_trust(TrustSettings())
        return self._trust.resolver_context()

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


def _load_decoder() -> Callable[[bytes, DnsQuestion], DnsAnswer]:
    # Not at the head of the module: the first questions leave before the library is there.
    from dns import _features

    # All our names are A-labels already: dnspython would load the tables of IDNA 2008 with each start. Its own
    # switch, given for cases where asking the installation for optional packages serves badly.
    _features.force("idna", False)
    from check_autodiscover.probes.dns_wire import decode

    return decode


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _own_servers() -> tuple[Resolver, ...]:
    from check_autodiscover.probes.system import system_resolvers

    return system_resolvers()
