"""TLS in the two ways that show whether a path demands a client certificate; the endpoint probe uses it at need.

pyOpenSSL offers no post-handshake authentication, so the standard library's `ssl` speaks that. Both sessions are only
read for what the path does: certificates are judged on the usual connection.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable

from OpenSSL import SSL

from check_autodiscover.core.model.observations import Handshake, Tls
from check_autodiscover.probes.dial import cut_by
from check_autodiscover.probes.trust import USUAL_CIPHERS, watch

__all__ = ["PostHandshakeStream", "post_handshake_context", "tls_1_2_context"]

MAX_BYTES = 1 << 20
"""Bytes that one such connection may send us."""

_READ = 16_384


def tls_1_2_context() -> SSL.Context:
    """A context for TLS 1.2 at most, where a server asks by renegotiation, which the usual stream's callback sees."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_VERSION)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(USUAL_CIPHERS)
    context.set_alpn_protos([b"http/1.1"])
    watch(context)
    return context


def post_handshake_context() -> ssl.SSLContext:
    """A context for TLS 1.3 that offers post-handshake authentication, and verifies nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["http/1.1"])
    context.post_handshake_auth = True
    return context


_LONGEST_LABEL = 63


def _sent(name: str) -> str | None:
    """What SNI may carry (RFC 6066 section 3): a name whose labels all fit in the DNS, escapes and all."""
    labels = name.rstrip(".").split(".")
    return name if all(0 < len(label) <= _LONGEST_LABEL for label in labels) else None


_Operation = Callable[[], object]


class PostHandshakeStream:
    """One TLS session of the standard library on a connected socket, which the caller closes."""

    def __init__(self, context: ssl.SSLContext, connected: socket.socket, name: str) -> None:
        self._socket = connected
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._session = context.wrap_bio(self._incoming, self._outgoing, server_hostname=_sent(name))
        self._handshake = Handshake.SILENT
        self._detail = ""
        self._received = 0

    async def shake_hands(self, give_up_at: float, patience: float) -> bool:
        """Whether a session came about within `patience` seconds and by `give_up_at`."""
        when, cut = cut_by(give_up_at, patience)
        try:
            async with asyncio.timeout_at(when):
                await self._drive(self._session.do_handshake)
        except TimeoutError:
            self._handshake = Handshake.CUT_SHORT if cut else Handshake.SILENT
        except ssl.SSLError as error:
            self._handshake, self._detail = Handshake.REJECTED, _reason(error)
        except OSError as error:
            self._handshake, self._detail = Handshake.RESET, error.strerror or str(error)
        else:
            self._handshake = Handshake.ESTABLISHED
        return self._handshake is Handshake.ESTABLISHED

    @property
    def is_heavy(self) -> bool:
        """Whether describing it takes long: no certificate is read here."""
        return False

    def describe(self) -> Tls:
        """How the session came about; a demand after the handshake shows as an alert in the answer."""
        version = self._session.version() if self._handshake is Handshake.ESTABLISHED else ""
        return Tls(self._handshake, version=version or "", detail=self._detail)

    async def send(self, data: bytes) -> None:
        """Encrypt and send. Raises OSError."""
        await self._guarded(lambda: self._session.write(data))
        await self._flush()

    async def receive(self) -> bytes:
        """The next bytes of the answer, none at its end. Raises OSError for a reset or an alert, with its text."""
        try:
            return await self._guarded(lambda: self._session.read(_READ))
        except (ssl.SSLZeroReturnError, EOFError):
            return b""

    async def _guarded(self, operation: _Operation) -> bytes:
        try:
            return await self._drive(operation) or b""
        except ssl.SSLZeroReturnError:
            raise
        except ssl.SSLError as error:
            raise ConnectionResetError(None, _reason(error)) from error

    async def _drive(self, operation: _Operation) -> bytes | None:
        while True:
            try:
                result = operation()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            else:
                await self._flush()
                return result if isinstance(result, bytes) else None

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await asyncio.get_running_loop().sock_sendall(self._socket, self._outgoing.read())

    async def _fill(self) -> None:
        data = await asyncio.get_running_loop().sock_recv(self._socket, _READ)
        if not data:
            self._incoming.write_eof()
            raise ConnectionResetError(None, "closed by the server")
        self._received += len(data)
        if self._received > MAX_BYTES:
            raise ConnectionAbortedError(None, f"more than {MAX_BYTES} bytes")
        self._incoming.write(data)


def _reason(error: ssl.SSLError) -> str:
    """OpenSSL's reason in the spelling of the usual connection: `tlsv13 alert certificate required`."""
    return (error.reason or str(error)).lower().replace("_", " ")
