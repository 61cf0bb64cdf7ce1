"""Looks at many domains in one event loop, by what they share, and gives each record as it comes."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from itertools import islice

from check_autodiscover.arguments import Arguments
from check_autodiscover.configuration import Module
from check_autodiscover.core.report import Report
from check_autodiscover.ctl.sweep.manners import Manners, name_servers_of
from check_autodiscover.ctl.sweep.record import Record, record_of, record_of_failure
from check_autodiscover.failures import internal_error
from check_autodiscover.instruments import Instruments
from check_autodiscover.prober import Overload, Probe, Prober
from check_autodiscover.settings import SettingsError

__all__ = ["Limits", "look_at", "look_at_batch"]

AHEAD = 4
"""For each domain that is looked at, how many have been begun: one whose name server is busy holds up no other."""

ATTEMPTS = 3
"""Looks at a domain for which this process had no time."""

OVERRUN_ALLOWANCE = 5.0
"""Seconds after its deadline that a look may still take."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many domains are looked at together, and how many of one name server."""

    jobs: int = 64
    per_name_server: int = 8


async def look_at(
    asked: Iterable[Arguments], limits: Limits, instruments: Instruments | None = None, probe: Probe | None = None
) -> AsyncGenerator[Record]:
    """The record of each domain, in the order in which they are done. What goes wrong with one is its record.

    `instruments` are closed at the end; `probe` looks in place of the one that is made of them.
    Raises MissingExtra for packages that are not installed.
    """
    shared = instruments or Instruments()
    try:
        async with aclosing(_Crew(shared, probe or Prober(shared), limits).records(asked)) as records:
            async for record in records:
                yield record
    finally:
        await shared.close()


def look_at_batch(asked: Iterable[Arguments], limits: Limits) -> tuple[Record, ...]:
    """The records of a batch, for a process or thread without an event loop. Raises what `look_at` does."""

    async def whole() -> tuple[Record, ...]:
        return tuple([record async for record in look_at(asked, limits)])

    return asyncio.run(whole())


class _Crew:
    """The looks under way."""

    def __init__(self, instruments: Instruments, probe: Probe, limits: Limits) -> None:
        self._instruments = instruments
        self._probe = probe
        self._manners = Manners(limits.per_name_server)
        self._turns = asyncio.Semaphore(limits.jobs)
        self._ahead = AHEAD * limits.jobs
        self._done: asyncio.Queue[asyncio.Task[Record]] = asyncio.Queue()

    async def records(self, asked: Iterable[Arguments]) -> AsyncGenerator[Record]:
        """The record of each, as they come."""
        waiting, under_way = iter(asked), set[asyncio.Task[Record]]()
        try:
            while True:
                for arguments in islice(waiting, self._ahead - len(under_way)):
                    task = asyncio.create_task(self._look(arguments))
                    task.add_done_callback(self._done.put_nowait)
                    under_way.add(task)
                if not under_way:
                    return
                task = await self._done.get()
                under_way.discard(task)
                yield task.result()
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _look(self, arguments: Arguments) -> Record:
        domain, started = arguments.domain, time.time()
        try:
            async with self._manners.turn(await self._name_servers(arguments)), self._turns:
                started = time.time()
                return record_of(await self._report(arguments))
        except Overload as error:
            told = f"this process was too busy: {domain} waited {error.seconds:.1f} s for its turn; try fewer --jobs"
            return record_of_failure(domain, "check-out-of-resources", told, started)
        except SettingsError as error:
            return record_of_failure(domain, "check-internal-error", str(error), started)
        except ImportError:
            # It would be the same with every other domain.
            raise
        except Exception as error:
            return record_of_failure(domain, "check-internal-error", internal_error(error), started)

    async def _name_servers(self, arguments: Arguments) -> tuple[str, ...]:
        async with self._instruments.observers(arguments.domain, arguments.policy, arguments.trust) as observers:
            return await name_servers_of(arguments.domain, arguments.policy, observers.dns)

    async def _report(self, arguments: Arguments) -> Report:
        """The verdict, tried again where we had too much to do. Raises Overload, SettingsError and TimeoutError."""
        timeout = arguments.policy.timeout
        module = Module("", arguments.policy, arguments.trust, arguments.baseline)
        for _ in range(ATTEMPTS - 1):
            try:
                async with asyncio.timeout(timeout + OVERRUN_ALLOWANCE):
                    return await self._probe(arguments.domain, module, timeout)
            except Overload:
                continue
        async with asyncio.timeout(timeout + OVERRUN_ALLOWANCE):
            return await self._probe(arguments.domain, module, timeout)
