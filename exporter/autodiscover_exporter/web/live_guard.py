"""The guard that holds at the moment: its files are looked at again while requests and connections come.

exporter-toolkit reads the file anew for each of them; here a look at the files' dates, once a second and beside the
event loop, does.
"""

import asyncio
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any

from autodiscover_exporter.log_format import event
from autodiscover_exporter.reading import LONGEST, Reading, StillReading
from autodiscover_exporter.web.guard import Guard
from autodiscover_exporter.web.guard_file import load_guard
from autodiscover_exporter.web.tls import names_of
from check_autodiscover.strict_yaml import ConfigurationError, Fault

__all__ = ["LiveGuard"]

logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds."""
Stamps = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class _Change:
    """What the files say since they changed; `stamps` are those of `files`, from before the reading."""

    stamps: Stamps
    files: tuple[str, ...]
    found: Guard | ConfigurationError


class LiveGuard:
    """The guard of `file`. To call it is to ask for it. Raises ConfigurationError at first."""

    def __init__(self, file: str, longest: float = LONGEST) -> None:
        self._file = file
        stamps = _stamps((file,))
        self._guard = load_guard(file)
        self._files = self._guard.files
        # Those of before the reading: what changed meanwhile is read again.
        self._stamps = (*stamps, *_stamps(self._files[1:]))
        self._reading = Reading(self._read_changed, longest)
        self._hangs = False

    def __call__(self) -> Guard:
        """Return the guard that holds now."""
        return self._guard

    async def follow(self) -> None:
        """Look at the files once a second, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.look()

    async def look(self) -> None:
        """Take up what the files say, if they have changed."""
        try:
            change = await self._reading()
        except StillReading as error:
            if not self._hangs:
                logger.error("web configuration not looked at, that of before holds", extra=event(error=str(error)))
            self._hangs = True
            return
        self._hangs = False
        if change is not None:
            self._take(change)

    def context(self) -> SSLContext | None:
        """How the next connection speaks TLS, or None where it does not."""
        return self().context

    def admits(self, certificate: Mapping[str, Any] | None) -> bool:
        """Whether who shows this certificate, whose chain is verified, may come in."""
        allowed = self._guard.allowed_sans
        return not allowed or bool(allowed & names_of(certificate or {}))

    def _read_changed(self) -> _Change | None:
        """Called in a thread."""
        stamps = _stamps(self._files)
        if stamps == self._stamps:
            return None
        try:
            found = load_guard(self._file)
            self._require_no_less(found)
        except ConfigurationError as error:
            return _Change(stamps, self._files, error)
        return _Change(stamps if found.files == self._files else _stamps(found.files), found.files, found)

    def _take(self, change: _Change) -> None:
        self._stamps, self._files = change.stamps, change.files
        match change.found:
            case ConfigurationError(faults=faults):
                for fault in faults:
                    logger.error("web configuration not taken up, that of before holds", extra=event(error=str(fault)))
            case guard:
                self._guard = guard
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
