"""One scrape of one domain: probe it, count the outcome, write down the answer.

Called by the application. Whatever goes wrong here is told in the answer and the own metrics, never as a 500: one
domain must not break the scrape of the others.
"""

import asyncio
import logging

from autodiscover_exporter.exposition import render_measures
from autodiscover_exporter.failure import failure_measures
from autodiscover_exporter.log_format import event
from autodiscover_exporter.own_metrics import ErrorReason, OwnMetrics
from autodiscover_exporter.probe_request import ProbeRequest
from autodiscover_exporter.probing import Probe
from autodiscover_exporter.responses import EXPOSITION, Response
from check_autodiscover.config import Module
from check_autodiscover.core.report import Report
from check_autodiscover.core.state import State
from check_autodiscover.password import PasswordError
from check_autodiscover.render import render_text
from check_autodiscover.trust import TrustError

__all__ = ["Scraper"]

OVERRUN_ALLOWANCE = 1.0
"""Seconds after its deadline that a run may still take to judge what it saw."""
DEBUG_VERBOSITY = 2

logger = logging.getLogger(__name__)


class Scraper:
    """Answers `/probe`, with a probe that looks at domains and the metrics that count what became of it."""

    def __init__(self, probe: Probe, own: OwnMetrics) -> None:
        self._probe = probe
        self._own = own

    async def scrape(self, request: ProbeRequest, module: Module, timeout: float) -> Response:
        """The answer, after at most `timeout` seconds and a moment."""
        clock = asyncio.get_running_loop().time
        started = clock()
        with self._own.in_flight():
            outcome = await self._outcome(request, module, timeout)
        seconds = clock() - started
        match outcome:
            case ErrorReason():
                self._own.count_error(outcome, seconds)
                return Response(render_measures(failure_measures(seconds, timeout)), content_type=EXPOSITION)
            case state, answer:
                self._own.count_verdict(state, seconds)
                return answer

    async def _outcome(
        self, request: ProbeRequest, module: Module, timeout: float
    ) -> tuple[State, Response] | ErrorReason:
        try:
            async with asyncio.timeout(timeout + OVERRUN_ALLOWANCE):
                report = await self._probe(request.domain, module, timeout)
            return report.state, _told(report, debug=request.debug)
        except TrustError as error:
            return _failed(ErrorReason.TRUST_ANCHORS, request.domain, error)
        except PasswordError as error:
            return _failed(ErrorReason.PASSWORD_FILE, request.domain, error)
        except TimeoutError as error:
            return _failed(ErrorReason.OVERRUN, request.domain, error)
        except Exception as error:
            return _failed(ErrorReason.INTERNAL, request.domain, error)


def _told(report: Report, *, debug: bool) -> Response:
    logger.debug("probed", extra=event(domain=report.domain, state=report.state.value))
    exposition = render_measures(report.measures)
    if debug:
        return Response(render_text(report, DEBUG_VERBOSITY, True).encode() + b"\n\n" + exposition)
    return Response(exposition, content_type=EXPOSITION)


def _failed(reason: ErrorReason, domain: str, error: Exception) -> ErrorReason:
    logger.error("probe failed", extra=event(domain=domain, reason=reason.value, error=str(error)), exc_info=error)
    return reason
