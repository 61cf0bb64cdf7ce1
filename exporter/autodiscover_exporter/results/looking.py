"""One look at a domain: in its turn, timed and counted, and whatever goes wrong becomes a Failure."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from autodiscover_exporter.log_format import event
from autodiscover_exporter.own_metrics import ErrorReason, OwnMetrics
from autodiscover_exporter.results.memory import Outcome
from autodiscover_exporter.results.packing import Packing
from autodiscover_exporter.results.result import failed, kept
from check_autodiscover.config import Module
from check_autodiscover.core.report import Report
from check_autodiscover.failures import internal_error
from check_autodiscover.password import PasswordError
from check_autodiscover.prober import LONG_WAIT, Overload, Probe
from check_autodiscover.trust import TrustError

__all__ = ["Looking"]

OVERRUN_ALLOWANCE = 1.0
"""Seconds after its deadline that a run may still take to judge what it saw."""

TURN_SHARE = 0.9
"""The part of its time that a look may wait for its turn."""

logger = logging.getLogger(__name__)


class Looking:
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
