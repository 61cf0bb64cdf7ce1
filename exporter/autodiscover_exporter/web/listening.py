"""The addresses the exporter listens on, from `--web.listen-address` or from systemd, to bound sockets.

sd_listen_fds(3) and sd_notify(3) are two environment variables and a datagram, for which a library would be too much.
"""

import os
import socket
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

__all__ = [
    "DEFAULT_LISTEN_ADDRESS",
    "BadListenAddress",
    "CannotListen",
    "ListenAddress",
    "UnixAddress",
    "bind",
    "listening",
    "notify",
    "parse_listen_address",
    "passed_sockets",
]

BACKLOG = 1024
"""Connections that the kernel keeps for us while the loop is busy."""


class BadListenAddress(ValueError):
    """Not `HOST:PORT`, `[V6]:PORT`, `:PORT` or `unix:PATH`; the text is one sentence."""


class CannotListen(Exception):
    """An address that cannot be bound; the text is one line naming it and the fault."""


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where to listen. An empty host stands for every address of this machine, port 0 for any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """A UNIX socket's file, which the process's umask says who may connect to."""

    path: str

    def __str__(self) -> str:
        return f"{_UNIX}{self.path}"


_UNIX = "unix:"

DEFAULT_LISTEN_ADDRESS = ListenAddress("127.0.0.1", 10093)


def parse_listen_address(text: str) -> ListenAddress | UnixAddress:
    """`HOST:PORT`, `[V6]:PORT` or `:PORT`, as in exporter-toolkit, or `unix:PATH`. Raises BadListenAddress."""
    if text.startswith(_UNIX):
        return UnixAddress(_parse_path(text.removeprefix(_UNIX)))
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or (":" in host and not bracketed):
        raise BadListenAddress(f"{text!r} is not HOST:PORT, [IPv6]:PORT, :PORT or unix:PATH")
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise BadListenAddress(f"{text!r} has no port between 0 and 65535")
    return ListenAddress(host[1:-1] if bracketed else host, int(port))


def _parse_path(path: str) -> str:
    # The room that the kernel has for the name, with its end (unix(7)).
    if not path or "\0" in path or len(os.fsencode(path)) > 107:
        raise BadListenAddress(f"{path!r} is no file name of 1 to 107 bytes")
    return path


@contextmanager
def listening(addresses: Sequence[ListenAddress | UnixAddress]) -> Iterator[list[socket.socket]]:
    """The sockets of these addresses, whose files are removed at the end. Raises CannotListen."""
    sockets: list[socket.socket] = []
    try:
        for address in addresses:
            sockets += bind(address)
        files = [(path, os.stat(path).st_ino) for path in map(_file_of, sockets) if path]
        yield sockets
        for path, inode in files:
            # Another may have put its own there meanwhile.
            with suppress(FileNotFoundError):
                if os.stat(path).st_ino == inode:
                    os.unlink(path)
    finally:
        for sock in sockets:
            sock.close()


def _file_of(sock: socket.socket) -> str:
    return str(sock.getsockname()) if sock.family == socket.AF_UNIX else ""


def bind(address: ListenAddress | UnixAddress) -> tuple[socket.socket, ...]:
    """The listening sockets of one address, several where a name has several addresses. Raises CannotListen."""
    opened: list[socket.socket] = []
    try:
        if isinstance(address, UnixAddress):
            return (_bind_file(address.path),)
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


def _bind_file(path: str) -> socket.socket:
    _remove_stale(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(path)
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _remove_stale(path: str) -> None:
    """Remove what a process that was killed has left. Somebody who answers, and any other file, is left alone."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            raise OSError(0, "a file that is no socket is there")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        try:
            asking.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
    raise OSError(0, "another process answers there")


_FIRST = 3
"""The file descriptor at which the passed ones begin."""


def passed_sockets(environment: Mapping[str, str] = os.environ) -> list[socket.socket]:
    """The listening sockets of the unit that activates us. Raises CannotListen where there are none."""
    count = environment.get("LISTEN_FDS", "")
    if environment.get("LISTEN_PID") != str(os.getpid()) or not count.isdecimal() or int(count) < 1:
        raise CannotListen("systemd passes no sockets: --web.systemd-socket needs a .socket unit beside the service")
    return [_listening(fd) for fd in range(_FIRST, _FIRST + int(count))]


def _listening(fd: int) -> socket.socket:
    try:
        sock = socket.socket(fileno=fd)
        listens = sock.type == socket.SOCK_STREAM and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise CannotListen(f"file descriptor {fd} of systemd: {error.strerror}") from error
    if not listens:
        raise CannotListen(f"file descriptor {fd} of systemd is no listening stream socket")
    sock.set_inheritable(False)
    return sock


def notify(state: str, environment: Mapping[str, str] = os.environ) -> None:
    """Tell systemd a state, such as READY=1, where it wants to know; who does not listen is not waited for."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    name = f"\0{address[1:]}" if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        try:
            sock.sendto(state.encode(), name)
        except OSError:
            # The service manager's concern; ours is to serve.
            return
