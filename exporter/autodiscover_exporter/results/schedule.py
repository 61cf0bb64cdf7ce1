"""Looks at the configured domains in time, unasked; runs beside the server for as long as that does."""

import asyncio
import os
import time
from contextlib import suppress

from autodiscover_exporter.results.results import Results
from autodiscover_exporter.results.timetable import Timetable
from check_autodiscover.config import Configuration

__all__ = ["Schedule"]


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
