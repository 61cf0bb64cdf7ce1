"""The addresses the exporter listens on: from `--web.listen-address` to bound sockets.

Called by the command line (parsing) and by main (binding). Sockets are bound before the server starts, so that
an address in use is one line and an exit code instead of a traceback out of the event loop.
"""

import socket
from dataclasses import dataclass

__all__ = [
    "DEFAULT_LISTEN_ADDRESS",
    "BadListenAddress",
    "CannotListen",
    "ListenAddress",
    "bind",
    "parse_listen_address",
]

BACKLOG = 1024
"""Connections that the kernel keeps for us while the loop is busy."""


class BadListenAddress(ValueError):
    """Not `HOST:PORT`, `[V6]:PORT` or `:PORT`; the text is one sentence."""


class CannotListen(Exception):
    """An address that cannot be bound; the text is one line naming it and the fault."""


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where to listen. An empty host stands for every address of this machine, port 0 for any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


DEFAULT_LISTEN_ADDRESS = ListenAddress("127.0.0.1", 10093)


def parse_listen_address(text: str) -> ListenAddress:
    """`HOST:PORT`, `[V6]:PORT` or `:PORT`, as in exporter-toolkit. Raises BadListenAddress."""
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or (":" in host and not bracketed):
        raise BadListenAddress(f"{text!r} is not HOST:PORT, [IPv6]:PORT or :PORT")
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise BadListenAddress(f"{text!r} has no port between 0 and 65535")
    return ListenAddress(host[1:-1] if bracketed else host, int(port))


def bind(address: ListenAddress) -> tuple[socket.socket, ...]:
    """The listening sockets of one address, several where a name has several addresses. Raises CannotListen."""
    opened: list[socket.socket] = []
    try:
        for family, target in _targets(address):
            opened.append(_listen(family, target))
    except OSError as error:
        for sock in opened:
            sock.close()
        raise CannotListen(f"cannot listen on {address}: {error.strerror or error}") from error
    return tuple(opened)


def _targets(address: ListenAddress) -> list[tuple[int, tuple[str, int]]]:
    if not address.host:
        family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
        return [(family, ("", address.port))]
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return [(family, (str(name[0]), address.port)) for family, _, _, _, name in found]


def _listen(family: int, target: tuple[str, int]) -> socket.socket:
    everything = family == socket.AF_INET6 and not target[0]
    return socket.create_server(target, family=family, backlog=BACKLOG, dualstack_ipv6=everything)
