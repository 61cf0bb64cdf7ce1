"""Small web servers on loopback for the endpoint tests: a handler says byte by byte what they do."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import trustme

__all__ = ["Handler", "Site", "abort", "answer", "serve", "silent", "tls_context"]

Handler = Callable[["Site", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Site:
    """What a server saw."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.port = 0
        self.requests: list[bytes] = []
        self.clients: set[str] = set()
        self.names: list[str | None] = []
        self.alpn: str | None = None
        self.visits: list[asyncio.Task[None]] = []

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits.append(asyncio.create_task(self.attend(reader, writer)))

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients.add(writer.get_extra_info("peername")[0])
        if session := writer.get_extra_info("ssl_object"):
            self.alpn = session.selected_alpn_protocol()
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            await self.handler(self, reader, writer)
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    async def read_request(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        self.requests.append(head + await reader.readexactly(length))
        return self.requests[-1]


def answer(*answers: bytes) -> Handler:
    """Answers each request in turn, the last for ever."""

    async def handle(site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await site.read_request(reader)
            writer.write(answers[min(len(site.requests), len(answers)) - 1])
            await writer.drain()

    return handle


async def silent(_site: Site, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Reads until the client leaves, and says nothing."""
    await reader.read(-1)


def abort(writer: asyncio.StreamWriter) -> None:
    """Reset the connection."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def serve(
    handler: Handler, context: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Site]:
    """A listening site; `port` is the one the system chose."""
    site = Site(handler)
    if context is not None:
        context.sni_callback = lambda _session, name, _context: site.names.append(name)
    server = await asyncio.start_server(site.connected, host, 0, ssl=context)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.gather(*site.visits)


def tls_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """A server's context that presents this certificate and its chain."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context
