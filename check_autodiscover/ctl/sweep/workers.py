"""Looks at many domains in one event loop, by what they share, and gives each record as it comes.

How many domains of one name server are looked at together: hosters serve thousands of domains by two of them.

A domain waits for its turn before its look begins, so that waiting takes nothing of its time and changes no verdict.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from itertools import islice

from check_autodiscover.checker.checker import DomainChecker, Overload, Probe, SharedProbes, finder, registrable_parents
from check_autodiscover.checker.loop import DnsProbe
from check_autodiscover.cli import internal_error
from check_autodiscover.config.commandline import Arguments
from check_autodiscover.config.levels import Module
from check_autodiscover.core.model.observations import DnsQuestion, RecordType
from check_autodiscover.core.model.policy import Policy
from check_autodiscover.core.model.report import Report
from check_autodiscover.ctl.sweep.results import Record, record_of, record_of_failure
from check_autodiscover.settings import SettingsError

__all__ = ["Limits", "NameServerLimits", "look_at", "look_at_batch", "name_servers_of"]

PATIENCE = 3.0
"""Seconds for finding out who serves a domain; after them it is looked at as one whose servers nobody knows."""


async def name_servers_of(domain: str, policy: Policy, dns: DnsProbe) -> tuple[str, ...]:
    """The names of the servers of a domain's zone, empty where they cannot be found out."""
    resolver = finder(policy.views)
    give_up_at = asyncio.get_running_loop().time() + PATIENCE
    for name in (domain, *registrable_parents(domain)):
        question = DnsQuestion("", resolver.label, name, RecordType.NS)
        answer = await dns.probe_dns(question, resolver, give_up_at)
        if answer.names:
            return answer.names
    return ()


@dataclass(slots=True)
class _Room:
    """Places at one name server, and how many have one or wait for it."""

    places: asyncio.Semaphore
    users: int = 0


class NameServerLimits:
    """Lets no more than `limit` domains have their turn at any name server. It belongs to one event loop."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rooms: dict[str, _Room] = {}

    @asynccontextmanager
    async def turn(self, servers: Iterable[str]) -> AsyncIterator[None]:
        """A domain's turn at all of its name servers."""
        async with AsyncExitStack() as stack:
            # All take them in one order, so that no two wait for one another.
            for server in sorted(set(servers)):
                await stack.enter_async_context(self._place(server))
            yield

    @asynccontextmanager
    async def _place(self, server: str) -> AsyncIterator[None]:
        room = self._rooms.get(server)
        if room is None:
            room = self._rooms[server] = _Room(asyncio.Semaphore(self._limit))
        room.users += 1
        try:
            async with room.places:
                yield
        finally:
            room.users -= 1
            if not room.users:
                del self._rooms[server]


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
    asked: Iterable[Arguments], limits: Limits, instruments: SharedProbes | None = None, probe: Probe | None = None
) -> AsyncGenerator[Record]:
    """The record of each domain, in the order in which they are done. What goes wrong with one is its record.

    `instruments` are closed at the end; `probe` looks in place of the one that is made of them.
    Raises MissingExtra for packages that are not installed.
    """
    shared = instruments or SharedProbes()
    try:
        async with aclosing(_Crew(shared, probe or DomainChecker(shared), limits).records(asked)) as records:
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

    def __init__(self, instruments: SharedProbes, probe: Probe, limits: Limits) -> None:
        self._instruments = instruments
        self._probe = probe
        self._manners = NameServerLimits(limits.per_name_server)
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
