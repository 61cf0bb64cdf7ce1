"""What systemd and we tell each other: sockets that it passes, and the state that we are in.

sd_listen_fds(3) and sd_notify(3): two environment variables and a datagram, for which a library would be too much.
"""

import os
import socket
from collections.abc import Mapping

from autodiscover_exporter.web.listening import CannotListen

__all__ = ["notify", "passed_sockets"]

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
