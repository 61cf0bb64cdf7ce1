"""Queries over HTTPS (RFC 8484), with the packages of the extra `doh`.

The resolver probe imports this module when it first needs it; without the extra that is a MissingExtra.
"""

import asyncio
import errno
import ssl
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable
from importlib import import_module

from check_autodiscover import __version__
from check_autodiscover.core.model.policy import Resolver
from check_autodiscover.probes.dns.transports import Unusable, answers, renumbered
from check_autodiscover.settings import MissingExtra

__all__ = ["HttpsCarrier"]

try:
    # Without the client above it: no proxies or passwords from the environment, no redirects, no cookies, no log.
    import httpcore2

    # It imports these with its first request, which is too late to learn that they are missing.
    import_module("anyio")
    import_module("h2.connection")
except ImportError as error:
    raise MissingExtra("DNS over HTTPS", "doh", error) from error

MAX_REPLY = 0xFFFF
"""Octets of the longest DNS message."""

MAX_STREAMS = 4
"""Requests under way to one server: servers stall those that open many streams at once."""

_MEDIA_TYPE = b"application/dns-message"

_OK = 200


class HttpsCarrier:
    """Asks one server over connections that it shares and keeps.

    By GET, which every server must know as well as POST: a question is then one frame. BIND 9.18 for one forgets
    questions over HTTP/2 when the headers of many arrive before their bodies.

    The server's certificate must hold the resolver's name, or without one the host of its URL. `locate` tells the
    address of that host.
    """

    def __init__(
        self, resolver: Resolver, source: str, context: ssl.SSLContext, locate: Callable[[str], Awaitable[str]]
    ) -> None:
        self._resolver = resolver
        self._locate = locate
        self._locating = asyncio.Lock()
        self._slots = asyncio.Semaphore(MAX_STREAMS)
        self._address = ""
        self._pool = httpcore2.AsyncConnectionPool(ssl_context=context, http2=True, local_address=source or None)

    async def exchange(self, query: bytes) -> bytes:
        """The reply, for as long as it takes.

        Raises OSError, of it ssl.SSLCertVerificationError where the certificate does not fit, and Unusable.
        """
        # One ID for all, so that caches take equal questions for equal (RFC 8484 4.1).
        own = renumbered(query, 0)
        async with self._slots:
            try:
                reply = await self._get(own)
            except ssl.SSLCertVerificationError:
                raise
            except OSError:
                # The server may have closed a connection that served before: once more, on another.
                reply = await self._get(own)
        if not answers(own, reply):
            raise Unusable
        return renumbered(reply, int.from_bytes(query[:2], "big"))

    async def _get(self, query: bytes) -> bytes:
        url = await self._url(query)
        name = self._resolver.name or self._resolver.host
        # An address is checked without the scope that it has on this host alone.
        tls = {"sni_hostname": name.partition("%")[0]}
        try:
            async with self._pool.stream("GET", url, headers=self._headers(name), extensions=tls) as response:
                return await _body(response)
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise _plain(error) from error

    async def _url(self, query: bytes) -> httpcore2.URL:
        async with self._locating:
            self._address = self._address or await self._locate(self._resolver.host)
        return httpcore2.URL(
            scheme=b"https",
            host=self._address.encode("ascii"),
            port=self._resolver.port,
            target=_target(self._resolver.path, query),
        )

    def _headers(self, name: str) -> list[tuple[bytes, bytes]]:
        host = f"[{name}]" if ":" in name else name
        usual = self._resolver.port == self._resolver.transport.port
        return [
            (b"Host", (host if usual else f"{host}:{self._resolver.port}").encode("ascii")),
            (b"Accept", _MEDIA_TYPE),
            # What a cache in between still holds is not what the resolver says (RFC 8484 5.1).
            (b"Cache-Control", b"no-cache"),
            (b"User-Agent", f"check_autodiscover/{__version__}".encode("ascii")),
        ]

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


async def _body(response: httpcore2.Response) -> bytes:
    if response.status != _OK:
        raise Unusable
    body = bytearray()
    async for piece in response.aiter_stream():
        body += piece
        if len(body) > MAX_REPLY:
            raise Unusable
    return bytes(body)


def _plain(error: Exception) -> OSError:
    """The fault as the standard library tells it, a certificate that does not fit above all."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return ConnectionResetError(errno.ECONNRESET, str(error))


def _target(path: str, query: bytes) -> bytes:
    """The request target of a question (RFC 8484 4.1): nothing but visible ASCII (RFC 9112 3.2)."""
    octets = (path or "/").encode("utf-8")
    resource = b"".join(bytes([octet]) if 0x21 <= octet <= 0x7E else b"%%%02X" % octet for octet in octets)
    return resource + (b"&" if b"?" in resource else b"?") + b"dns=" + urlsafe_b64encode(query).rstrip(b"=")
