"""Makes one connection and asks it what a client would; implements `EndpointProbe` of the loop.

One connection shows everything: whether it opens, what TLS presents and demands, what HTTP answers. TLS contexts, the
memory of certificates and the slots are shared by the probes of a process.
"""

import asyncio
import socket
import ssl
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from check_autodiscover import __version__
from check_autodiscover.core.model.observations import (
    Connect,
    Contact,
    EndpointQuestion,
    Handshake,
    HttpAnswer,
    Scheme,
    Variant,
)
from check_autodiscover.probes.dial import ClearStream, connect
from check_autodiscover.probes.limits import Effort, Prepared, Slots
from check_autodiscover.probes.trust import FINITE_FIELDS, Trust

if TYPE_CHECKING:
    from check_autodiscover.probes.experiment import PostHandshakeStream
    from check_autodiscover.probes.http_exchange import Visitor
    from check_autodiscover.probes.tls import Handshaker, TlsStream

__all__ = ["MAX_ASIDE", "MAX_IN_FLIGHT", "ConnectionProbe", "ConnectionTools", "connection_slots"]

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
        from check_autodiscover.probes.http_exchange import Visitor
        from check_autodiscover.probes.tls import Handshaker

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
        from check_autodiscover.probes.tls import Handshaker

        return Handshaker(self._trust.make_context(FINITE_FIELDS), dear=True)

    @cached_property
    def tls_1_2(self) -> "Handshaker":
        """What starts sessions of TLS 1.2 at most."""
        from check_autodiscover.probes.experiment import tls_1_2_context
        from check_autodiscover.probes.tls import Handshaker

        return Handshaker(tls_1_2_context())

    @cached_property
    def post_handshake(self) -> ssl.SSLContext:
        """The context of sessions that offer authentication after the handshake."""
        from check_autodiscover.probes.experiment import post_handshake_context

        return post_handshake_context()


class ConnectionProbe:
    """Contacts the endpoints of one mail domain, any number at a time.

    `connect_timeout` (seconds) limits the connection; the handshake and each request may take twice that, a glance no
    more than that in all. Without a `user_agent` the probe names itself. `slots` is shared by the probes of a process
    that limits them together.
    """

    def __init__(
        self,
        trust: Trust,
        domain: str,
        *,
        connect_timeout: float = 3.0,
        user_agent: str = "",
        source_address: str = "",
        tools: ConnectionTools | None = None,
    ) -> None:
        self._tools = tools or ConnectionTools(trust)
        self._lane = self._tools.slots.lane()
        self._effort = Effort()
        self._domain = domain
        self._connect_timeout = connect_timeout
        self._user_agent = user_agent or f"check_autodiscover/{__version__}"
        self._source = source_address
        self._visitor: Visitor | None = None

    @property
    def longest_wait(self) -> float:
        """Seconds that a connection had to wait here because the process had opened enough already."""
        return self._lane.longest_wait

    async def prepare(self) -> None:
        """Load what a connection needs; the first contact does it otherwise.

        Raises TrustError for unusable anchors, ImportError for a missing library.
        """
        await self._tools.prepare()

    async def probe_endpoint(self, question: EndpointQuestion, give_up_at: float) -> Contact:
        """All that one connection yields by `give_up_at` (seconds on the loop's clock)."""
        if self._effort.is_spent:
            return Contact(Connect.OVER_BUDGET)
        slot = await self._lane.enter(give_up_at)
        if slot is None:
            return Contact(Connect.CUT_SHORT)
        started = asyncio.get_running_loop().time()
        if question.variant is Variant.GLANCE:
            # No verdict waits for a host that no client is meant to use.
            give_up_at = min(give_up_at, started + self._connect_timeout)
        try:
            contact = await self._contact(question, give_up_at)
        finally:
            slot.leave()
        return replace(contact, seconds=asyncio.get_running_loop().time() - started)

    async def _contact(self, question: EndpointQuestion, give_up_at: float) -> Contact:
        # While the connection opens there is nothing else to do.
        self._tools.begin_soon()
        connected = await connect(question.address, question.port, self._source, give_up_at, self._connect_timeout)
        if isinstance(connected, Connect):
            return Contact(connected)
        with connected:
            if question.scheme is Scheme.HTTPS:
                return await self._over_tls(connected, question, give_up_at)
            return await self._in_clear(connected, question, give_up_at)

    async def _over_tls(self, connected: socket.socket, question: EndpointQuestion, give_up_at: float) -> Contact:
        stream = await self._stream(connected, question)
        seen = await self._converse(stream, question, give_up_at)
        if question.variant in (Variant.USUAL, Variant.GLANCE) and _agreed_on_nothing(seen):
            seen = await self._with_finite_fields(question, give_up_at) or seen
        established = seen.tls is not None and seen.tls.handshake is Handshake.ESTABLISHED
        return seen if established or not self._effort.is_spent else Contact(Connect.OVER_BUDGET)

    async def _converse(
        self, stream: "TlsStream | PostHandshakeStream", question: EndpointQuestion, give_up_at: float
    ) -> Contact:
        visitor = await self._visiting()
        answers: tuple[HttpAnswer, ...] = ()
        if await stream.shake_hands(give_up_at, 2 * self._connect_timeout):
            answers = await visitor.converse(stream, question, give_up_at, 2 * self._connect_timeout)
        # A server chooses how much there is to read of its chain.
        tls = await asyncio.to_thread(stream.describe) if stream.is_heavy else stream.describe()
        return Contact(Connect.CONNECTED, tls, answers)

    async def _with_finite_fields(self, question: EndpointQuestion, give_up_at: float) -> Contact | None:
        """What a server of old shows that has Diffie-Hellman in finite fields alone; None where it shows no more."""
        connected = await connect(question.address, question.port, self._source, give_up_at, self._connect_timeout)
        if isinstance(connected, Connect):
            return None
        with connected:
            stream = self._tools.finite_fields.open(connected, question.name, self._effort)
            seen = await self._converse(stream, question, give_up_at)
        return None if _agreed_on_nothing(seen) else seen

    async def _in_clear(self, connected: socket.socket, question: EndpointQuestion, give_up_at: float) -> Contact:
        visitor = await self._visiting()
        stream = ClearStream(connected)
        return Contact(
            Connect.CONNECTED, None, await visitor.converse(stream, question, give_up_at, 2 * self._connect_timeout)
        )

    async def _stream(self, connected: socket.socket, question: EndpointQuestion) -> "TlsStream | PostHandshakeStream":
        """The session that a question's variant asks for."""
        if question.variant in (Variant.USUAL, Variant.GLANCE):
            return (await self._tools.handshaker()).open(connected, question.name, self._effort)
        # Only a path that fails is experimented on; a healthy run never loads this.
        if question.variant is Variant.TLS_1_2:
            return self._tools.tls_1_2.open(connected, question.name, self._effort)
        from check_autodiscover.probes.experiment import PostHandshakeStream

        return PostHandshakeStream(self._tools.post_handshake, connected, question.name)

    async def _visiting(self) -> "Visitor":
        if self._visitor is None:
            self._visitor = await self._tools.visitor(self._domain, self._user_agent)
        return self._visitor


def _agreed_on_nothing(seen: Contact) -> bool:
    """Whether the server ended the handshake before it showed anything, as one does that shares no cipher with us."""
    tls = seen.tls
    return tls is not None and tls.handshake in (Handshake.REJECTED, Handshake.RESET) and not tls.chain
