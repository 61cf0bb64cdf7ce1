"""Takes connections from a listening socket, and none for a while when there are no file descriptors left."""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable

from autodiscover_exporter.log_format import event

__all__ = ["Acceptor"]

logger = logging.getLogger(__name__)

_AT_ONCE = 64
"""Connections accepted before others get their turn."""
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Acceptor:
    """Gives each connection of a listening socket, with its peer's address, to `take`, which closes it in the end."""

    def __init__(self, listening: socket.socket, take: Callable[[socket.socket, object], None], pause: float) -> None:
        self._listening = listening
        self._take = take
        self._pause = pause
        self._loop = asyncio.get_running_loop()
        self._resumption: asyncio.TimerHandle | None = None
        listening.setblocking(False)
        self._resume()

    def close(self) -> None:
        """Accept no more; who waits to be accepted is turned away by the kernel."""
        if self._resumption is not None:
            self._resumption.cancel()
        self._loop.remove_reader(self._listening)
        self._listening.close()

    def _resume(self) -> None:
        self._resumption = None
        self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                accepted, address = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                self._wait(error)
                return
            accepted.setblocking(False)
            self._take(accepted, address)

    def _wait(self, error: OSError) -> None:
        """Asked again at once, the kernel would give the same answer for as long as somebody waits."""
        logger.error("cannot accept connections", extra=event(error=error.strerror or str(error)))
        self._loop.remove_reader(self._listening)
        self._resumption = self._loop.call_later(self._pause, self._resume)
