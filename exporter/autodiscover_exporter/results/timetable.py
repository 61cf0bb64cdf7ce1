"""When each domain is due, as data: no clock, no tasks; the schedule tells the time and does what is said here.

A domain keeps its place in the interval by a hash of its name, so that thousands are spread evenly, and a restart or a
second exporter moves none of them. A little is added that differs from round to round, lest something else that has
the same rhythm is met each time.
"""

import heapq
from collections.abc import Iterable
from hashlib import blake2b
from math import floor

__all__ = ["JITTER", "Timetable", "due_after"]

JITTER = 0.05
"""The part of the interval within which a round varies."""


def due_after(moment: float, domain: str, interval: float, seed: str = "") -> float:
    """The first time after a moment at which a domain is due; `seed` makes one process's small variations its own."""
    phase = _fraction(domain) * interval
    turn = floor((moment - phase) / interval) + 1
    return phase + turn * interval + _fraction(f"{seed} {turn} {domain}") * JITTER * interval


def _fraction(text: str) -> float:
    """A number from 0 to 1 that goes with a text."""
    return int.from_bytes(blake2b(text.encode(), digest_size=6).digest(), "big") / (1 << 48)


class Timetable:
    """The domains that wait for their time, and those that are being looked at. Times are in seconds."""

    def __init__(self, seed: str = "") -> None:
        self._seed = seed
        self._interval = 1.0
        self._due: dict[str, float] = {}
        self._running: set[str] = set()
        self._heap: list[tuple[float, str]] = []

    @property
    def running(self) -> int:
        """How many are being looked at; one that was taken out meanwhile is among them."""
        return len(self._running)

    def follow(self, domains: Iterable[str], interval: float, now: float) -> None:
        """Have these domains and no others, each once an interval; who was there keeps its turn."""
        before = self._due if interval == self._interval else {}
        self._interval = interval
        self._due = {domain: before.get(domain) or self._next(domain, now) for domain in domains}
        self._heap = [(due, domain) for domain, due in self._due.items() if domain not in self._running]
        heapq.heapify(self._heap)

    def start(self, now: float) -> str | None:
        """Of the domains that are due the one that has waited longest, which now runs."""
        if not self._heap or self._heap[0][0] > now:
            return None
        due, domain = heapq.heappop(self._heap)
        self._running.add(domain)
        # One that came late is not looked at again at once: the others have waited as long. Nor does it lose a turn.
        self._due[domain] = max(self._next(domain, due), now + self._interval / 2)
        return domain

    def done(self, domain: str) -> None:
        """It has been looked at."""
        self._running.discard(domain)
        if domain in self._due:
            heapq.heappush(self._heap, (self._due[domain], domain))

    @property
    def next_due(self) -> float | None:
        """When the next domain is due, None where all are being looked at."""
        return self._heap[0][0] if self._heap else None

    def lag(self, now: float) -> float:
        """For how long the domain that has waited longest has been due."""
        return max(0.0, now - self._heap[0][0]) if self._heap else 0.0

    def _next(self, domain: str, moment: float) -> float:
        return due_after(moment, domain, self._interval, self._seed)
