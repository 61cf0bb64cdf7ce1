"""The results of all domains: what is young is given again, what is under way is shared, everything else is probed.

Each look comes in its turn, is timed and counted, and whatever goes wrong becomes a Failure. The latest outcome of a
configured domain is kept always, of others a bounded number: where nothing is configured anybody may ask for any name.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Container, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType

from autodiscover_exporter.results.result import Failure, Packing, Result, failed, kept
from autodiscover_exporter.telemetry import PENDING, CacheResult, ErrorReason, OwnMetrics, event
from check_autodiscover.checker.checker import LONG_WAIT, Overload, Probe
from check_autodiscover.cli import internal_error
from check_autodiscover.config.file import Configuration, Module, Rhythm
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.verdict.judge import INTERVALS
from check_autodiscover.named_files import PasswordError
from check_autodiscover.probes.trust import TrustError

__all__ = ["MOST_ASKED", "MOST_STRANGERS", "Kept", "Key", "Memory", "Outcome", "Probing", "Results"]

MOST_STRANGERS = 1000
"""Outcomes that are kept of domains that are not configured."""

Key = tuple[str, str]
"""A domain (A-labels) and the name of the module it is looked at by."""

Outcome = Result | Failure


@dataclass(frozen=True, slots=True)
class Kept:
    """An outcome, the module as it was then, the seconds that the probe had, and when it ended on a steady clock."""

    outcome: Outcome
    module: Module
    granted: float
    at: float


class Memory:
    """What is known of each domain."""

    def __init__(self, most_strangers: int = MOST_STRANGERS) -> None:
        self._most_strangers = most_strangers
        self._kept: dict[Key, Kept] = {}
        self._latest: dict[Key, Outcome] = {}
        self._strangers: dict[Key, None] = {}
        self._modules: dict[Module, Module] = {}
        self._configured: Container[str] = ()

    @property
    def latest(self) -> Mapping[Key, Outcome]:
        """All outcomes, in the order in which domains were first asked for."""
        return MappingProxyType(self._latest)

    def get(self, domain: str, module: Module) -> Kept | None:
        """What is known of a domain by a module as it is now; what it said before a reload does not count."""
        kept = self._kept.get((domain, module.name))
        if kept is None or (kept.module is not module and kept.module != module):
            return None
        if (domain, module.name) in self._strangers:
            self._visited((domain, module.name))
        return kept

    def keep(self, outcome: Outcome, module: Module, granted: float, at: float) -> None:
        """Remember an outcome in the place of the one before it."""
        key = outcome.domain, module.name
        # Thousands of domains are looked at alike: one module serves them all.
        self._kept[key] = Kept(outcome, self._modules.setdefault(module, module), granted, at)
        self._latest[key] = outcome
        if outcome.domain not in self._configured:
            self._visited(key)
            if len(self._strangers) > self._most_strangers:
                self._forget(next(iter(self._strangers)))

    def follow(self, configured: Container[str]) -> None:
        """Keep these domains always, and forget those that were configured and are not any more."""
        gone = [key for key in self._kept if key not in self._strangers and key[0] not in configured]
        for key in gone:
            self._forget(key)
        for key in [key for key in self._strangers if key[0] in configured]:
            del self._strangers[key]
        self._configured = configured
        self._modules = {kept.module: kept.module for kept in self._kept.values()}

    def _visited(self, key: Key) -> None:
        """Make it the last of the strangers that is forgotten."""
        self._strangers.pop(key, None)
        self._strangers[key] = None

    def _forget(self, key: Key) -> None:
        self._strangers.pop(key, None)
        del self._kept[key], self._latest[key]


OVERRUN_ALLOWANCE = 1.0
"""Seconds after its deadline that a run may still take to judge what it saw."""

TURN_SHARE = 0.9
"""The part of its time that a look may wait for its turn."""

logger = logging.getLogger(__name__)


class Probing:
    """Looks at domains with a probe. `now` is the wall clock, in Unix seconds."""

    def __init__(self, probe: Probe, own: OwnMetrics, now: Callable[[], float]) -> None:
        self._probe = probe
        self._own = own
        self._now = now
        self._packing = Packing()

    async def look(
        self, domain: str, module: Module, timeout: float, before: Outcome | None, turns: asyncio.Semaphore
    ) -> Outcome:
        """What became of it after at most `timeout` seconds and a moment; `before` is what the look before it came to.

        Waiting for one of the `turns` is part of the time.
        """
        clock = asyncio.get_running_loop().time
        started = clock()
        try:
            async with _turn(turns, domain, timeout) as left:
                with self._own.in_flight():
                    report = await self._probed(domain, module, left)
            if timeout - left >= LONG_WAIT and report.survey.hurried:
                raise Overload(domain, timeout - left)
            # As long as there is to judge.
            found = await asyncio.to_thread(kept, report, module.name, before, self._packing)
        except Exception as error:  # told in the log, with its traceback where it is a bug of ours, and counted
            seconds = clock() - started
            reason, message = _told(domain, error)
            self._own.count_error(reason, seconds)
            return failed(domain, module.name, (reason, message), ended=self._now(), seconds=seconds, timeout=timeout)
        self._own.count_verdict(found.state, clock() - started)
        return found

    async def _probed(self, domain: str, module: Module, timeout: float) -> Report:
        async with asyncio.timeout(timeout + OVERRUN_ALLOWANCE):
            report = await self._probe(domain, module, timeout)
        logger.debug("probed", extra=event(domain=domain, state=report.state.value))
        return report


@asynccontextmanager
async def _turn(turns: asyncio.Semaphore, domain: str, timeout: float) -> AsyncIterator[float]:
    """The seconds that are left when the turn has come. Raises Overload where it does not."""
    if not turns.locked():
        async with turns:
            yield timeout
        return
    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        # Whoever asked has to be told in time.
        async with asyncio.timeout(TURN_SHARE * timeout):
            await turns.acquire()
    except TimeoutError as error:
        raise Overload(domain, clock() - began) from error
    try:
        yield max(0.0, timeout - (clock() - began))
    finally:
        turns.release()


def _told(domain: str, error: Exception) -> tuple[ErrorReason, str]:
    match error:
        case TrustError():
            reason, message = ErrorReason.TRUST_ANCHORS, str(error)
        case PasswordError():
            reason, message = ErrorReason.PASSWORD_FILE, str(error)
        case Overload():
            reason, message = ErrorReason.OVERLOAD, str(error)
        case TimeoutError():
            reason, message = ErrorReason.OVERRUN, internal_error(error)
        case _:
            reason, message = ErrorReason.INTERNAL, internal_error(error)
    said = None if reason is ErrorReason.OVERLOAD else error
    logger.error("probe failed", extra=event(domain=domain, reason=reason.value, error=str(error)), exc_info=said)
    return reason, message


MOST_ASKED = 64
"""Probes at a time for those who ask; the schedule's are counted by themselves, so that nobody can hold it up."""

SIMILAR = 0.9
"""The part of one's time that counts as all of it: two scrapes alike do not have the same to the microsecond."""


@dataclass(frozen=True, slots=True)
class _Flight:
    """A probe under way, and the seconds that it has."""

    module: Module
    granted: float
    task: asyncio.Task[Outcome]


class Results:
    """What the probe came to for each domain and module.

    `now` is the wall clock, in Unix seconds; `clock` counts seconds and runs steadily, whoever sets the other.
    """

    def __init__(
        self,
        probe: Probe,
        own: OwnMetrics,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._own = own
        self._now = now
        self._clock = clock
        self._memory = Memory()
        self._looking = Probing(probe, own, now)
        self._flights: dict[Key, _Flight] = {}
        self._asked = asyncio.Semaphore(MOST_ASKED)
        self._configuration = Configuration()

    @property
    def latest(self) -> Mapping[Key, Outcome]:
        """What is known now, in the order in which domains were first asked for."""
        return self._memory.latest

    def follow(self, configuration: Configuration) -> None:
        """Go by this configuration: what it does not name any more is forgotten."""
        gone = self._configuration.domains.keys() - configuration.domains.keys()
        # What comes of a look at one of them is for those alone who wait for it.
        self._flights = {key: flight for key, flight in self._flights.items() if key[0] not in gone}
        self._configuration = configuration
        self._memory.follow(configuration.domains)

    def count_domains(self) -> Mapping[str, int]:
        """How many configured domains there are of each state, in lower case, and not yet looked at."""
        latest, configuration = self.latest, self._configuration
        found = (latest.get((domain, configuration.module_of(domain))) for domain in configuration.domains)
        return Counter(PENDING if outcome is None else outcome.state.value.lower() for outcome in found)

    def at_hand(self, domain: str, module: Module, timeout: float) -> Outcome | None:
        """What is known of the domain, None where it has to be probed or waited for."""
        kept = self._memory.get(domain, module)
        if kept is None or not self._serves(kept, module, timeout):
            return None
        self._own.count_request(CacheResult.HIT)
        return kept.outcome

    async def obtain(self, domain: str, module: Module, timeout: float) -> Outcome:
        """What is known of the domain, probed where that is too old; after at most `timeout` seconds and a moment.

        Who waits in vain gets the last result, unless that is out of date, and else a Failure.
        """
        if (known := self.at_hand(domain, module, timeout)) is not None:
            return known
        how = CacheResult.SHARED if self._under_way(domain, module) else CacheResult.MISS
        found = await self._waited_for(domain, module, timeout)
        if found is None or _is_overload(found):
            last = self._last(domain, module)
            how = how if last is None else CacheResult.STALE
            found = last or found or self._unanswered(domain, module, timeout)
        self._own.count_request(how)
        return found

    async def refresh(self, domain: str, module: Module, turns: asyncio.Semaphore) -> None:
        """Probe the domain, unless somebody does so just now. `turns` are the schedule's own."""
        timeout = module.policy.timeout
        while True:
            flight = self._under_way(domain, module) or self._start(domain, module, timeout, turns)
            await asyncio.wait([flight.task])
            if flight.granted >= SIMILAR * timeout or flight.task.cancelled() or _is_complete(flight.task.result()):
                return

    def _serves(self, kept: Kept, module: Module, timeout: float) -> bool:
        """Whether an outcome is young enough, and no other would come of the time that there is now."""
        if self._rhythm(kept) is not None:
            return self._clock() - kept.at < self._out_of_date(kept)
        if not isinstance(kept.outcome, Result) or self._clock() - kept.at >= module.cache:
            return False
        return kept.outcome.complete or kept.granted >= SIMILAR * timeout

    async def _waited_for(self, domain: str, module: Module, timeout: float) -> Outcome | None:
        """The outcome of a probe, None where the time is up before it."""
        loop = asyncio.get_running_loop()
        give_up_at, left = loop.time() + timeout, timeout
        while True:
            flight = self._under_way(domain, module) or self._start(domain, module, left, self._asked)
            # A probe goes on for the others, and for whoever comes next, when one of those who wait has to leave.
            await asyncio.wait([flight.task], timeout=max(0.0, give_up_at - loop.time()))
            if not flight.task.done():
                return None
            left = give_up_at - loop.time()
            outcome = flight.task.result()
            if _is_complete(outcome) or left <= flight.granted:
                return outcome

    def _last(self, domain: str, module: Module) -> Result | None:
        """The last result, for those who can get no other, unless it is out of date."""
        kept = self._memory.get(domain, module)
        if kept is None or self._clock() - kept.at >= self._out_of_date(kept):
            return None
        return kept.outcome if isinstance(kept.outcome, Result) else None

    def _rhythm(self, kept: Kept) -> Rhythm | None:
        """How often it is looked at unasked."""
        domain, configuration = kept.outcome.domain, self._configuration
        scheduled = domain in configuration.domains and kept.module.name == configuration.module_of(domain)
        return configuration.rhythm if scheduled else None

    def _out_of_date(self, kept: Kept) -> float:
        """Seconds after which an outcome says nothing about the present, by the schedule or else by `cache`."""
        rhythm = self._rhythm(kept)
        return INTERVALS * (kept.module.cache if rhythm is None else rhythm.interval)

    def _unanswered(self, domain: str, module: Module, timeout: float) -> Failure:
        self._own.count_unanswered()
        error = ErrorReason.DEADLINE, f"{domain} is being looked at, which takes longer than there was time to wait"
        return failed(domain, module.name, error, ended=self._now(), seconds=timeout, timeout=timeout)

    def _under_way(self, domain: str, module: Module) -> _Flight | None:
        flight = self._flights.get((domain, module.name))
        return flight if flight is not None and flight.module == module else None

    def _start(self, domain: str, module: Module, timeout: float, turns: asyncio.Semaphore) -> _Flight:
        key = domain, module.name
        before = self._memory.latest.get(key)
        task = asyncio.create_task(self._looking.look(domain, module, timeout, before, turns))
        flight = self._flights[key] = _Flight(module, timeout, task)
        task.add_done_callback(lambda _: self._landed(key, flight))
        return flight

    def _landed(self, key: Key, flight: _Flight) -> None:
        if self._flights.get(key) is not flight:
            # A reload has come between, and another looks by what holds now.
            return
        del self._flights[key]
        if flight.task.cancelled():
            return
        outcome = flight.task.result()
        if not _is_overload(outcome) or key not in self._memory.latest:
            # That we were too busy does not make an earlier result untrue.
            self._memory.keep(outcome, flight.module, flight.granted, self._clock())


def _is_complete(outcome: Outcome) -> bool:
    """Whether more time would have made it no other."""
    return isinstance(outcome, Failure) or outcome.complete


def _is_overload(outcome: Outcome) -> bool:
    return isinstance(outcome, Failure) and outcome.reason is ErrorReason.OVERLOAD
