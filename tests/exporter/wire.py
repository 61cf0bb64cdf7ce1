"""Bytes to a server and back, as clients of every kind send and read them."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from autodiscover_exporter.web.limits import Limits
from autodiscover_exporter.web.listening import ListenAddress, bind
from autodiscover_exporter.web.messages import Handler, Request, Response
from autodiscover_exporter.web.server import Listener, Server
from tests.exporter.conftest import Serving, running

__all__ = ["PATIENT", "TIMEOUT", "Client", "Raw", "connected", "echo", "served"]

TIMEOUT = 30
ENDLESS = 3600.0
PATIENT = Limits(
    request_seconds=ENDLESS, idle_seconds=ENDLESS, fetch_seconds=ENDLESS, linger_seconds=ENDLESS, sweep_seconds=0.01
)
"""No time ever ends, so that a test that sets one proves that one."""


async def echo(request: Request) -> Response:
    return Response(f"{request.method} {request.path} {request.query.decode()}".encode())


@dataclass(frozen=True, slots=True)
class Raw:
    """One answer as it came."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Client:
    """A connection that is read with patience and without understanding more than lengths."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._buffer = b""

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self, head_only: bool = False) -> Raw:
        """The next answer. Raises EOFError where the connection ends instead."""
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        found = re.fullmatch(r"HTTP/1\.1 (\d{3}) [ -~]+", first)
        assert found, first
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        assert len(headers) == len(lines)
        length = 0 if head_only else int(headers.get("content-length", 0))
        while len(self._buffer) < length:
            self._more()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return Raw(int(found[1]), headers, body)

    def rest(self) -> bytes:
        """Everything until the end."""
        while True:
            try:
                self._more()
            except EOFError:
                return self._buffer

    def _more(self) -> None:
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            raise EOFError
        self._buffer += data


@contextmanager
def connected(port: int, source: str = "127.0.0.1") -> Iterator[Client]:
    """A client of a server on loopback, from an address of loopback."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT, (source, 0)) as sock:
        yield Client(sock)


@contextmanager
def served(handler: Handler = echo, limits: Limits = PATIENT) -> Iterator[Serving]:
    (sock,) = bind(ListenAddress("127.0.0.1", 0))
    with running([Listener(sock, handler)], Server(limits)) as serving:
        yield serving
