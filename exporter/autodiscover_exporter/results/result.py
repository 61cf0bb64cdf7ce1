"""What is kept of a probe: the verdict's outline, its metrics as text, and the survey for everything else.

Thousands of these are in memory, so both texts are compressed. `judge` is a function of the survey, so that a report
made again says what the first one said.
"""

import gzip
from dataclasses import dataclass

from autodiscover_exporter.own_metrics import ErrorReason
from autodiscover_exporter.results.exposition import render_measures
from autodiscover_exporter.results.failure import failure_measures
from autodiscover_exporter.results.history import Turn, turn_of
from autodiscover_exporter.results.packing import Packed, Packing
from check_autodiscover.core.clients import Outcome
from check_autodiscover.core.judge import judge
from check_autodiscover.core.outline import Cause, causes_of, outcomes_of
from check_autodiscover.core.report import Report
from check_autodiscover.core.state import State

__all__ = ["Failure", "Result", "failed", "kept"]

FAST = 1
"""zlib's level: the higher ones save a tenth and cost three times as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A verdict on a domain by a module. Times are Unix times in seconds.

    `exposition` is the metrics' text format 0.0.4, gzipped; `since` is when the first of the probes in a row that gave
    this state ended; `complete` is False where more time would have shown more. `causes` and `outcomes` outline it,
    `turn` when it last came to other causes, None where no result of this process had others.
    """

    domain: str
    module: str
    state: State
    summary: str
    ended: float
    since: float
    exposition: bytes
    survey: Packed
    complete: bool = True
    causes: tuple[Cause, ...] = ()
    outcomes: tuple[tuple[str, Outcome], ...] = ()
    turn: Turn | None = None

    def report(self) -> Report:
        """The whole of what the probe said. Costs some milliseconds."""
        survey = self.survey.unpacked()
        return judge(survey, now=survey.ended)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A probe that ended without a verdict, for a reason that is not the domain's.

    `message` is what the plugin says of the same, not yet cleaned.
    """

    domain: str
    module: str
    reason: ErrorReason
    message: str
    ended: float
    exposition: bytes

    @property
    def state(self) -> State:
        """Nothing is known."""
        return State.UNKNOWN


def kept(report: Report, module: str, before: Result | Failure | None, packing: Packing | None = None) -> Result:
    """What is kept of a report; `before` is what the probe before it came to."""
    ended = report.survey.ended
    same = isinstance(before, Result) and before.state is report.state
    causes = causes_of(report)
    return Result(
        domain=report.domain,
        module=module,
        state=report.state,
        summary=report.summary,
        ended=ended,
        since=before.since if same and isinstance(before, Result) else ended,
        exposition=_packed(render_measures(report.measures)),
        survey=(packing or Packing()).packed(report.survey),
        complete=not report.survey.cut_short,
        causes=causes,
        outcomes=outcomes_of(report),
        turn=_turn(report, causes, before) if isinstance(before, Result) else None,
    )


def _turn(report: Report, causes: tuple[Cause, ...], before: Result) -> Turn | None:
    if before.state is report.state and before.causes == causes:
        return before.turn
    return turn_of(report, before.report())


def failed(
    domain: str, module: str, error: tuple[ErrorReason, str], *, ended: float, seconds: float, timeout: float
) -> Failure:
    """What is kept of a probe that failed after so many seconds of those it had."""
    reason, message = error
    exposition = _packed(render_measures(failure_measures(reason, seconds, timeout)))
    return Failure(domain=domain, module=module, reason=reason, message=message, ended=ended, exposition=exposition)


def _packed(text: bytes) -> bytes:
    return gzip.compress(text, FAST, mtime=0)
