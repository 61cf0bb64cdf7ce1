"""Trust anchors of a process that lives on: loaded once, and taken up again when their files have changed.

OpenSSL reads a hashed directory a certificate at a time when it meets an issuer, and keeps what it has read; so a
directory counts as changed when its entries did.
"""

import os
import time
from collections.abc import Callable

from check_autodiscover.trust import Trust, TrustSettings, load_trust

__all__ = ["RECHECK", "KeptTrust"]

RECHECK = 30.0
"""Seconds for which files are taken to be as they were."""

_Look = tuple[tuple[str, int, int, int], ...]


class KeptTrust:
    """Anchors by the settings that name them. `clock` is in seconds and runs steadily."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, recheck: float = RECHECK) -> None:
        self._clock = clock
        self._recheck = recheck
        self._kept: dict[TrustSettings, tuple[float, _Look, Trust]] = {}

    def load(self, settings: TrustSettings) -> Trust:
        """The anchors, the same object for as long as their files stay the same.

        Raises TrustError where they cannot be used any more, each time until they can.
        """
        since, look, trust = self._kept.pop(settings, (0.0, (), None))
        now = self._clock()
        if trust is None or now - since >= self._recheck:
            since = now
            # Whoever cannot look any more must be told why, which loading does.
            if trust is None or look != (look := _look(trust)):
                trust = load_trust(settings)
                look = _look(trust)
        self._kept[settings] = since, look, trust
        return trust

    def is_fresh(self, settings: TrustSettings) -> bool:
        """Whether `load` touches no file now."""
        since, _, trust = self._kept.get(settings, (0.0, (), None))
        return trust is not None and self._clock() - since < self._recheck

    def recheck(self) -> None:
        """Look at all files again when they are next wanted."""
        self._kept = {settings: (-self._recheck, look, trust) for settings, (_, look, trust) in self._kept.items()}


def _look(trust: Trust) -> _Look:
    return tuple(sorted(_stat(name) for name in trust.places))


def _stat(name: str) -> tuple[str, int, int, int]:
    try:
        found = os.stat(name)
    except OSError:
        return name, 0, 0, 0
    return name, found.st_ino, found.st_size, found.st_mtime_ns
