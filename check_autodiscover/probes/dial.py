"""Sockets for both probes: opened non-blocking, bound to the chosen source, connected, and how that failed."""

import asyncio
import errno
import ipaddress
import socket

from check_autodiscover.core.model.observations import Connect

__all__ = ["ClearStream", "SocketAddress", "connect", "cut_by", "open_socket", "open_stream", "socket_address"]

SocketAddress = tuple[str, int] | tuple[str, int, int, int]

_OUTCOMES = {
    errno.ECONNREFUSED: Connect.REFUSED,
    errno.ECONNRESET: Connect.RESET,
    errno.ECONNABORTED: Connect.RESET,
    errno.ETIMEDOUT: Connect.TIMEOUT,
    # This process ran out of something: that says nothing about the address.
    errno.EMFILE: Connect.EXHAUSTED,
    errno.ENFILE: Connect.EXHAUSTED,
    errno.ENOBUFS: Connect.EXHAUSTED,
    errno.ENOMEM: Connect.EXHAUSTED,
}

_GLOBAL_IPV6 = ("2000::1", 9)
"""Somewhere in the global unicast range (RFC 4291 2.4): only a route to it is looked up, nothing is sent."""


class ClearStream:
    """A connected socket without TLS; the caller closes it."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    async def send(self, data: bytes) -> None:
        """Send all of it. Raises OSError."""
        await asyncio.get_running_loop().sock_sendall(self._socket, data)

    async def receive(self) -> bytes:
        """The next bytes, none at the end. Raises OSError."""
        return await asyncio.get_running_loop().sock_recv(self._socket, 16_384)


def socket_address(host: str, port: int) -> tuple[socket.AddressFamily, SocketAddress]:
    """The family and address of an IP literal, with a scope such as `fe80::1%eth0`.

    Raises ValueError for what is no IP literal, OSError for a scope that this host lacks.
    """
    address = ipaddress.ip_address(host)
    if isinstance(address, ipaddress.IPv4Address):
        return socket.AF_INET, (host, port)
    scope = address.scope_id or "0"
    index = int(scope) if scope.isdecimal() else socket.if_nametoindex(scope)
    return socket.AF_INET6, (host.partition("%")[0], port, 0, index)


def open_socket(family: socket.AddressFamily, kind: socket.SocketKind, source: str) -> socket.socket:
    """A non-blocking socket, bound to `source` if that is an address of this family. Raises OSError."""
    opened = socket.socket(family, kind)
    try:
        opened.setblocking(False)
        if source and socket_address(source, 0)[0] == family:
            opened.bind(socket_address(source, 0)[1])
    except BaseException:
        opened.close()
        raise
    return opened


def cut_by(give_up_at: float, patience: float) -> tuple[float, bool]:
    """When to stop waiting for one step, and whether it is then the run's deadline rather than the step's patience."""
    patient_until = asyncio.get_running_loop().time() + patience
    return min(give_up_at, patient_until), give_up_at <= patient_until


async def open_stream(host: str, port: int, source: str) -> socket.socket:
    """A connected TCP socket, which the caller closes, waited for as long as it takes.

    Raises OSError, and ValueError where `host` is no IP literal.
    """
    family, address = socket_address(host, port)
    opened = open_socket(family, socket.SOCK_STREAM, source)
    try:
        # The request follows the handshake's last flight: with Nagle's algorithm each costs one more round trip.
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(opened, address)
    except BaseException:
        opened.close()
        raise
    return opened


async def connect(host: str, port: int, source: str, give_up_at: float, patience: float) -> socket.socket | Connect:
    """A connected TCP socket, which the caller closes, or why there is none."""
    when, cut = cut_by(give_up_at, patience)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        async with asyncio.timeout_at(when):
            return await open_stream(host, port, source)
    except TimeoutError:
        return Connect.CUT_SHORT if cut else Connect.TIMEOUT
    except OSError as error:
        if family == socket.AF_INET6 and _lacks_ipv6(error):
            return Connect.NO_FAMILY
        return _OUTCOMES.get(error.errno or 0, Connect.UNREACHABLE)


def _lacks_ipv6(error: OSError) -> bool:
    """Whether the failure is this host's lack of IPv6, rather than the address's fault."""
    if error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
        return True
    return error.errno == errno.ENETUNREACH and not _has_ipv6_route()


def _has_ipv6_route() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.connect(_GLOBAL_IPV6)
    except OSError:
        return False
    return True
