"""TLS on an open socket, watched: what the server presents, what OpenSSL objects to, whether it asks who we are.

pyOpenSSL works on memory and asyncio moves the bytes. The endpoint probe imports this module when it first needs TLS.
No certificate is ever refused here: each objection is noted, and the core judges.
"""

import asyncio
import hashlib
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from OpenSSL import SSL, crypto

from check_autodiscover.core.model.certificate import (
    Certificate,
    Staple,
    UnreadableCertificate,
    read_certificate,
    read_staple,
)
from check_autodiscover.core.model.observations import Handshake, Tls, VerifyError
from check_autodiscover.probes.dial import cut_by
from check_autodiscover.probes.limits import LIGHT_BYTES, Effort, Spent

__all__ = ["Handshaker", "TlsStream"]

MAX_CHAIN = 16
"""Certificates that are read of one chain."""

MAX_NAME = 255
"""Octets of a server name that OpenSSL takes; escapes make a name from DNS longer."""

MAX_CACHED_BYTES = 8 << 20
"""Bytes of certificates that one cache holds: those of a fleet of thousands, at some kilobytes each."""

MAX_BYTES = 1 << 20
"""Bytes of TLS that one connection may send us, session tickets and other chatter included."""

_READ = 16_384

_TOO_DEAR = "its TLS costs more than a check may"

_ALERT, _HANDSHAKE, _MAJOR = 21, 22, 3

_REQUESTED = b"read server certificate request"

MAX_STAPLE = 65_536
"""Bytes of a stapled OCSP answer that are read."""

_PARSERS = frozenset({"asn1 encoding routines", "x509 certificate routines"})

T = TypeVar("T")


class _CertificateCache:
    """Certificates already read, by the SHA-256 of their DER: the addresses of a domain mostly present the same."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[Certificate | UnreadableCertificate, int]] = {}
        self.held = 0
        """Bytes of the certificates that are known."""

    def read(self, der: bytes) -> Certificate | UnreadableCertificate:
        """The facts of a certificate; the oldest known are forgotten first."""
        key = hashlib.sha256(der).digest()
        if key not in self._known:
            self.held += len(der)
            while self._known and self.held > MAX_CACHED_BYTES:
                _, freed = self._known.pop(next(iter(self._known)))
                self.held -= freed
            self._known[key] = read_certificate(der), len(der)
        return self._known[key][0]


class Handshaker:
    """Starts TLS sessions that share a context, which `trust.watch` has prepared, and a memory of certificates.

    With `dear`, each step is one that the event loop does not wait for.
    """

    def __init__(self, context: SSL.Context, *, dear: bool = False) -> None:
        self._context = context
        self._dear = dear
        self._cache = _CertificateCache()

    def open(self, connected: socket.socket, name: str, effort: Effort) -> "TlsStream":
        """A session, not yet begun, on a connected socket, which the caller closes."""
        return TlsStream(SSL.Connection(self._context, None), connected, name, self._cache, effort, dear=self._dear)


class _NotTls(Exception):
    """The first bytes are no TLS record."""


class _Seen:
    """What OpenSSL's callbacks tell (`trust.watch`).

    It must not refer to the connection: that cycle would outlive every handshake.
    """

    def __init__(self) -> None:
        self.errors: set[VerifyError] = set()
        self.certificate_requested = False
        self.staple = b""

    def note_objection(self, code: int, depth: int) -> None:
        self.errors.add(VerifyError(code, depth))

    def note_state(self, state: bytes) -> None:
        if _REQUESTED in state:
            self.certificate_requested = True


class TlsStream:
    """One TLS session on a connected socket. `name` goes into SNI unless it is an address."""

    def __init__(
        self,
        session: SSL.Connection,
        connected: socket.socket,
        name: str,
        cache: _CertificateCache,
        effort: Effort,
        *,
        dear: bool = False,
    ) -> None:
        self._socket = connected
        self._effort = effort
        self._dear = dear
        self._unworked = 0
        self._before_answers = 0
        self._cache = cache
        self._seen = _Seen()
        self._received = 0
        self._handshake = Handshake.SILENT
        self._detail = ""
        self._unreadable = ""
        self._session = session
        self._session.set_app_data(self._seen)
        self._session.request_ocsp()
        if server_name := _server_name(name):
            self._session.set_tlsext_host_name(server_name)
        self._session.set_connect_state()

    async def shake_hands(self, give_up_at: float, patience: float) -> bool:
        """Whether a session came about within `patience` seconds and by `give_up_at`; `describe` says how."""
        when, cut = cut_by(give_up_at, patience)
        try:
            async with asyncio.timeout_at(when):
                await self._drive(self._session.do_handshake)
        except (TimeoutError, Spent):
            self._fail(Handshake.CUT_SHORT if cut or self._effort.is_spent else Handshake.SILENT, "")
        except _NotTls as error:
            self._fail(Handshake.NOT_TLS, str(error))
        except OSError as error:
            self._fail(Handshake.RESET, error.strerror or str(error))
        except SSL.Error as error:
            self._unreadable = _reason(error) if _libraries(error) & _PARSERS else ""
            self._fail(Handshake.REJECTED, _reason(error))
        else:
            self._handshake = Handshake.ESTABLISHED
        self._before_answers = self._received
        return self._handshake is Handshake.ESTABLISHED

    @property
    def is_heavy(self) -> bool:
        """Whether the server sent so much before any answer that describing it is nothing for an event loop."""
        return self._before_answers > LIGHT_BYTES

    def _fail(self, handshake: Handshake, detail: str) -> None:
        self._handshake, self._detail = handshake, detail

    def describe(self) -> Tls:
        """What the session showed so far; a server may ask for a certificate as late as in its answer to a request."""
        established = self._handshake is Handshake.ESTABLISHED
        return Tls(
            self._handshake,
            version=self._session.get_protocol_version_name() if established else "",
            chain=self._chain(),
            errors=tuple(sorted(self._seen.errors)),
            client_certificate_requested=self._seen.certificate_requested,
            detail=self._detail,
            staple=self._staple(),
        )

    def _staple(self) -> Staple | None:
        """What the server stapled; the issuer that must have signed it may be an anchor that no server sends."""
        if not self._seen.staple:
            return None
        chain = [*self._presented(), *map(_der, self._session.get_verified_chain() or [])]
        return read_staple(self._seen.staple[:MAX_STAPLE], list(dict.fromkeys(chain)))

    def _presented(self) -> list[bytes]:
        return [_der(item) for item in (self._session.get_peer_cert_chain() or [])[:MAX_CHAIN]]

    def _chain(self) -> tuple[Certificate | UnreadableCertificate, ...]:
        presented = self._presented()
        if not presented and self._unreadable:
            # OpenSSL could not parse it and does not hand out the bytes.
            return (UnreadableCertificate("", self._unreadable),)
        return tuple(map(self._cache.read, presented))

    async def send(self, data: bytes) -> None:
        """Encrypt and send, together with what the handshake left to send. Raises OSError."""
        try:
            await self._drive(lambda: self._session.send(data))
        except SSL.Error as error:
            raise ConnectionResetError(None, _reason(error)) from error
        except Spent as error:
            raise ConnectionAbortedError(None, _TOO_DEAR) from error
        await self._flush()

    async def receive(self) -> bytes:
        """The next bytes of the answer, none at its end. Raises OSError for a reset or an alert, with its text."""
        try:
            return await self._drive(lambda: self._session.recv(_READ))
        except (SSL.ZeroReturnError, _Ended):
            return b""
        except SSL.Error as error:
            raise ConnectionResetError(None, _reason(error)) from error
        except Spent as error:
            raise ConnectionAbortedError(None, _TOO_DEAR) from error

    async def _drive(self, operation: Callable[[], T]) -> T:
        """Do something with the session, moving bytes until it has what it needs."""
        while True:
            try:
                return await self._step(operation)
            except SSL.WantReadError:
                await self._flush()
                await self._fill()

    async def _step(self, operation: Callable[[], T]) -> T:
        # OpenSSL works on a message once it is whole, however small the pieces are that it comes in.
        if self._dear or self._unworked > LIGHT_BYTES:
            done = await self._effort.do_aside(operation)
        else:
            done = self._effort.do(operation)
        self._unworked = 0
        return done

    async def _flush(self) -> None:
        pieces = []
        with suppress(SSL.WantReadError):
            while True:
                pieces.append(self._session.bio_read(_READ))
        if pieces:
            # A server that has sent its alert may be gone already: what it sent is still there to be read.
            with suppress(ConnectionError):
                await asyncio.get_running_loop().sock_sendall(self._socket, b"".join(pieces))

    async def _fill(self) -> None:
        data = await asyncio.get_running_loop().sock_recv(self._socket, _READ)
        if not data:
            raise _Ended
        if not self._received and not _is_tls(data):
            raise _NotTls(f"first bytes {data[:24].decode('latin-1')!a}")
        self._received += len(data)
        if self._received > MAX_BYTES:
            raise ConnectionAbortedError(None, f"more than {MAX_BYTES} bytes")
        self._unworked += len(data)
        self._session.bio_write(data)


class _Ended(ConnectionResetError):
    """The server closed the connection: no session if that is in the handshake, the end of an answer later."""

    def __init__(self) -> None:
        super().__init__(None, "closed by the server")


def _der(certificate: crypto.X509) -> bytes:
    return crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)


def _server_name(name: str) -> bytes:
    """What SNI may carry: a host name without the final dot, no address (RFC 6066 section 3)."""
    host = name.rstrip(".")
    if ":" in host or host.rpartition(".")[2].isdecimal() or len(host) > MAX_NAME:
        return b""
    return host.encode("ascii", "replace").replace(b"\0", b"?")


def _is_tls(data: bytes) -> bool:
    """Whether a TLS record may begin so: an alert or handshake message of version 3.x (RFC 8446 5.1)."""
    return data[0] in (_ALERT, _HANDSHAKE) and data[1:2] in (b"", bytes([_MAJOR]))


def _reason(error: SSL.Error) -> str:
    """OpenSSL's own words for a failure."""
    match error.args:
        case (list() as entries,):
            return "; ".join(dict.fromkeys(reason for _, _, reason in entries if reason)) or "TLS failure"
        case _:
            return str(error.args[-1]) if error.args else "closed by the server"


def _libraries(error: SSL.Error) -> set[str]:
    match error.args:
        case (list() as entries,):
            return {library for library, _, _ in entries}
        case _:
            return set()
