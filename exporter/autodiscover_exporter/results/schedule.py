"""Looks at the configured domains in time, unasked; runs beside the server for as long as that does.

When each is due is data, without a clock: a domain keeps its place in the interval by a hash of its name, so that
thousands are spread evenly, and a restart or a second exporter moves none of them.
"""

import asyncio
import heapq
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from hashlib import blake2b
from math import floor

from autodiscover_exporter.results.results import Results
from check_autodiscover.config.file import Configuration

__all__ = ["JITTER", "Schedule", "Timetable", "due_after"]

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


class Schedule:
    """Has results made as the configuration's rhythm says; without a rhythm it rests. It belongs to one event loop."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._timetable = Timetable(seed=os.urandom(8).hex())
        self._configuration = Configuration()
        self._turns = asyncio.Semaphore(0)
        self._wake = asyncio.Event()
        self._looks: set[asyncio.Task[None]] = set()
        # Wall time at the start and a steady clock from then on: setting the former must neither stop it nor hurry it.
        self._offset = time.time() - time.monotonic()

    @property
    def lag(self) -> float:
        """Seconds for which the most overdue domain has waited for its look."""
        return self._timetable.lag(self._now())

    def follow(self, configuration: Configuration) -> None:
        """Go by this configuration."""
        self._configuration = configuration
        rhythm = configuration.rhythm
        domains = configuration.domains if rhythm else ()
        self._timetable.follow(domains, rhythm.interval if rhythm else 1.0, self._now())
        self._turns = asyncio.Semaphore(rhythm.concurrency if rhythm else 0)
        self._wake.set()

    async def run(self) -> None:
        """Keep time until cancelled."""
        while True:
            self._wake.clear()
            self._start_due()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._rest()):
                    await self._wake.wait()

    def _start_due(self) -> None:
        while self._has_room() and (domain := self._timetable.start(self._now())) is not None:
            look = asyncio.create_task(self._look(domain))
            self._looks.add(look)
            look.add_done_callback(self._looks.discard)

    def _has_room(self) -> bool:
        rhythm = self._configuration.rhythm
        return rhythm is not None and self._timetable.running < rhythm.concurrency

    def _rest(self) -> float | None:
        """Seconds until something is due, None where that depends on other things than time."""
        due = self._timetable.next_due
        return None if due is None or not self._has_room() else max(0.0, due - self._now())

    async def _look(self, domain: str) -> None:
        try:
            await self._results.refresh(domain, self._configuration.settled(domain), self._turns)
        finally:
            self._timetable.done(domain)
            self._wake.set()

    def _now(self) -> float:
        return self._offset + time.monotonic()
