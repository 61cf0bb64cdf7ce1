"""The results of all domains: probes one where it is wanted, counts what became of it, and keeps it.

Called by the endpoints. Whatever goes wrong in a probe becomes a Failure: one domain must not break the scrape of the
others.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from autodiscover_exporter.log_format import event
from autodiscover_exporter.own_metrics import ErrorReason, OwnMetrics
from autodiscover_exporter.results.probe import Probe
from autodiscover_exporter.results.result import Failure, Result, failed, kept
from check_autodiscover.config import Module
from check_autodiscover.failures import internal_error
from check_autodiscover.password import PasswordError
from check_autodiscover.trust import TrustError

__all__ = ["Key", "Outcome", "Results"]

OVERRUN_ALLOWANCE = 1.0
"""Seconds after its deadline that a run may still take to judge what it saw."""

Key = tuple[str, str]
"""A domain (A-labels) and the name of the module it is looked at by."""
Outcome = Result | Failure

logger = logging.getLogger(__name__)


class Results:
    """What the probe came to for each domain and module. `now` is the wall clock, in Unix seconds."""

    def __init__(self, probe: Probe, own: OwnMetrics, now: Callable[[], float] = time.time) -> None:
        self._probe = probe
        self._own = own
        self._now = now
        self._latest: dict[Key, Outcome] = {}

    @property
    def latest(self) -> Mapping[Key, Outcome]:
        """What is known now, in the order in which domains were first asked for."""
        return MappingProxyType(self._latest)

    async def obtain(self, domain: str, module: Module, timeout: float) -> Outcome:
        """What is known of the domain, probed where that is too old; after at most `timeout` seconds and a moment."""
        clock = asyncio.get_running_loop().time
        started = clock()
        with self._own.in_flight():
            found = await self._look(domain, module, timeout)
        outcome = self._counted(found, domain, module, clock() - started, timeout)
        self._latest[domain, module.name] = outcome
        return outcome

    def _counted(
        self, found: Result | tuple[ErrorReason, str], domain: str, module: Module, seconds: float, timeout: float
    ) -> Outcome:
        match found:
            case Result():
                self._own.count_verdict(found.state, seconds)
                return found
            case reason, _:
                self._own.count_error(reason, seconds)
                return failed(domain, module.name, found, ended=self._now(), seconds=seconds, timeout=timeout)

    async def _look(self, domain: str, module: Module, timeout: float) -> Result | tuple[ErrorReason, str]:
        try:
            async with asyncio.timeout(timeout + OVERRUN_ALLOWANCE):
                report = await self._probe(domain, module, timeout)
            logger.debug("probed", extra=event(domain=domain, state=report.state.value))
            return kept(report, module.name, self._latest.get((domain, module.name)))
        except TrustError as error:
            return _told(ErrorReason.TRUST_ANCHORS, domain, error, str(error))
        except PasswordError as error:
            return _told(ErrorReason.PASSWORD_FILE, domain, error, str(error))
        except TimeoutError as error:
            return _told(ErrorReason.OVERRUN, domain, error, internal_error(error))
        except Exception as error:  # a bug of ours, told in the log with its traceback and counted
            return _told(ErrorReason.INTERNAL, domain, error, internal_error(error))


def _told(reason: ErrorReason, domain: str, error: Exception, message: str) -> tuple[ErrorReason, str]:
    logger.error("probe failed", extra=event(domain=domain, reason=reason.value, error=str(error)), exc_info=error)
    return reason, message
