"""The guard that holds at the moment: its files are looked at again while requests and connections come.

exporter-toolkit reads the file anew for each of them; here a look at the files' dates, once a second, does.
"""

import logging
import os
import time
from collections.abc import Callable, Mapping
from ssl import SSLContext
from typing import Any

from autodiscover_exporter.log_format import event
from autodiscover_exporter.web.guard import Guard
from autodiscover_exporter.web.guard_file import load_guard
from autodiscover_exporter.web.tls import names_of
from check_autodiscover.strict_yaml import ConfigurationError, Fault

__all__ = ["LiveGuard"]

logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds."""
Stamps = tuple[tuple[int, int, int] | None, ...]


class LiveGuard:
    """The guard of `file`. To call it is to ask for it. Raises ConfigurationError at first."""

    def __init__(self, file: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._stamps = _stamps((file,))
        self._guard = load_guard(file)
        # Those of before the reading: what changed meanwhile is read again.
        self._stamps = (*self._stamps, *_stamps(self._guard.files[1:]))
        self._files = self._guard.files
        self._looked = clock()

    def __call__(self) -> Guard:
        """The guard that holds now."""
        now = self._clock()
        if now - self._looked >= LOOK_EVERY:
            self._looked = now
            stamps = _stamps(self._files)
            if stamps != self._stamps:
                self._stamps = stamps
                self._read_again()
        return self._guard

    def context(self) -> SSLContext | None:
        """How the next connection speaks TLS, or None where it does not."""
        return self().context

    def admits(self, certificate: Mapping[str, Any] | None) -> bool:
        """Whether who shows this certificate, whose chain is verified, may come in."""
        allowed = self._guard.allowed_sans
        return not allowed or bool(allowed & names_of(certificate or {}))

    def _read_again(self) -> None:
        try:
            found = load_guard(self._file)
            self._require_no_less(found)
        except ConfigurationError as error:
            for fault in error.faults:
                logger.error("web configuration not taken up, that of before holds", extra=event(error=str(fault)))
            return
        self._guard = found
        if found.files != self._files:
            self._files = found.files
            self._stamps = _stamps(found.files)
        logger.info("web configuration taken up", extra=event(file=self._file))

    def _require_no_less(self, found: Guard) -> None:
        """A file that is half written, or emptied by mistake, must not open the door to everybody."""
        for key, before, after in (
            ("tls_server_config", self._guard.context, found.context),
            ("basic_auth_users", self._guard.users, found.users),
        ):
            if before and not after:
                raise ConfigurationError(Fault(self._file, 0, f"{key}: is gone, which takes a restart"))


def _stamps(files: tuple[str, ...]) -> Stamps:
    return tuple([_stamp(file) for file in files])


def _stamp(file: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
