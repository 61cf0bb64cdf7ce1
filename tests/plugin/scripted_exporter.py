"""A server on loopback that answers one request with the bytes that a test gives it, however broken."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread

__all__ = ["ScriptedExporter", "answer", "answering", "serving"]

REPORT = b"AUTODISCOVER OK - contoso.com: srv to remote.contoso.com | time=0.1s\n"


def answer(body: bytes = REPORT, status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer, with the headers of an exporter unless others are given; one that is empty is left out."""
    given = {
        "content-type": "text/plain; charset=utf-8",
        "content-length": str(len(body)),
        "x-autodiscover-exit-code": "0",
        **{name.replace("_", "-"): text for name, text in headers.items()},
    }
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {text}" for name, text in given.items() if text)]
    return "\r\n".join((*lines, "", "")).encode() + body


@dataclass(slots=True)
class ScriptedExporter:
    """Where it listens, and what it was sent."""

    place: str
    requests: list[bytes] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """The lines of the only request."""
        (request,) = self.requests
        return request.decode().split("\r\n")


@contextmanager
def answering(text: bytes, *, stay: bool = False) -> Iterator[ScriptedExporter]:
    """One that listens on TCP. It closes the connection after its answer, unless it is to stay."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        place = "http://127.0.0.1:{1}".format(*listening.getsockname())
        with serving(listening, place, text, stay=stay) as exporter:
            yield exporter


@contextmanager
def serving(
    listening: socket.socket, place: str, text: bytes, *, stay: bool = False, context: ssl.SSLContext | None = None
) -> Iterator[ScriptedExporter]:
    """One that listens on this socket, with TLS where a context is given."""
    exporter = ScriptedExporter(place)
    over, leave = socket.socketpair()
    thread = Thread(target=_serve, args=(listening, exporter, text, over if stay else None, context))
    thread.start()
    try:
        yield exporter
    finally:
        leave.close()
        # Nobody may have connected, and a thread that accepts can only be freed so.
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        thread.join()
        over.close()


def _serve(
    listening: socket.socket,
    exporter: ScriptedExporter,
    text: bytes,
    over: socket.socket | None,
    context: ssl.SSLContext | None,
) -> None:
    with suppress(OSError), listening.accept()[0] as plain:
        connection = context.wrap_socket(plain, server_side=True) if context else plain
        with connection:
            request = b""
            # A TLS greeting is no request, and has no such end.
            while not request.endswith(b"\r\n\r\n") and request[:1] != b"\x16":
                request += (more := connection.recv(65536))
                if not more:
                    break
            exporter.requests.append(request)
            connection.sendall(text)
            if over:
                over.recv(1)
