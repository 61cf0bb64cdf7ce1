"""The web servers of the lab: many loopback addresses that share one https port and one http port.

Runs in the lab's event loop, called by `running`.
"""

import asyncio
from collections.abc import Sequence
from socket import SO_LINGER, SO_REUSEADDR, SOL_SOCKET, socket
from ssl import SSLContext
from struct import pack

from check_autodiscover.lab.answers import answer_to
from check_autodiscover.lab.connections import conversation
from check_autodiscover.lab.world import Behaviour

__all__ = ["bind_everywhere", "serve_site"]

ATTEMPTS = 50
READ_SIZE = 4096


def bind_everywhere(addresses: Sequence[str]) -> tuple[int, dict[str, socket]]:
    """One port that is free on all these addresses, and a socket bound to it on each, not listening.

    An address where nothing listens keeps its bound socket, so that no other program can take the port and answer.
    Raises OSError if there is no such port.
    """
    for _ in range(ATTEMPTS):
        sockets = {address: socket() for address in addresses}
        port = 0
        try:
            for address, bound in sockets.items():
                bound.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
                bound.bind((address, port))
                port = bound.getsockname()[1]
        except OSError:
            for bound in sockets.values():
                bound.close()
        else:
            return port, sockets
    raise OSError(f"no port is free on all of {', '.join(addresses)}")


async def serve_site(
    bound: socket, behaviour: Behaviour, context: SSLContext | None, redirect_to: str
) -> asyncio.Server | None:
    """Start one port of one site; None where it refuses. The socket belongs to the server from now on."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with conversation(writer):
            while request := await _read_request(reader):
                method, path = request
                answer = answer_to(behaviour, path, _version(writer))
                if answer is None:
                    _reset(writer)
                    return
                writer.write(answer.encode(method, redirect_to))
                await writer.drain()
                if answer.closes:
                    return

    async def stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with conversation(writer):
            while await reader.read(READ_SIZE):
                pass

    if behaviour is Behaviour.REFUSED:
        return None
    if behaviour is Behaviour.SILENT:
        return await asyncio.start_server(stay_silent, sock=bound)
    return await asyncio.start_server(converse, sock=bound, ssl=context)


def _version(writer: asyncio.StreamWriter) -> str | None:
    session = writer.get_extra_info("ssl_object")
    return session.version() if session is not None else None


def _reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))
    writer.transport.abort()


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, str] | None:
    """Method and path of the next request, its body read and dropped; None for what is no request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request_line, *headers = head.split("\r\n")
    fields = dict(header.lower().split(":", 1) for header in headers if ":" in header)
    length = fields.get("content-length", "0").strip()
    await reader.readexactly(int(length) if length.isdecimal() else 0)
    words = request_line.split(" ")
    return (words[0], words[1]) if len(words) == 3 else None
