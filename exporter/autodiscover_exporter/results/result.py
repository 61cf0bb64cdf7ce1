"""What is kept of a look at a domain: the verdict's outline, its metrics as text, and the survey for everything else.

Thousands of these are in memory, so the texts are compressed, and surveys against one that came before (a preset
dictionary, RFC 1950 section 2.2), as they resemble each other: that halves them. `judge` is a function of the survey,
so that a report made again says what the first one said. A look without a Report says that nothing is known, and that
it is our fault.
"""

import copyreg
import gzip
import pickle
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from io import BytesIO
from operator import attrgetter
from typing import Any

from prometheus_client.utils import floatToGoString

from autodiscover_exporter.telemetry import ErrorReason
from check_autodiscover.core.analysis.drift import accept, compare_baselines
from check_autodiscover.core.model.baseline import Change
from check_autodiscover.core.model.clients import Outcome
from check_autodiscover.core.model.finding import Endpoint
from check_autodiscover.core.model.metrics import METRICS, Measure
from check_autodiscover.core.model.observations import (
    Contact,
    DnsAnswer,
    DnsQuestion,
    EndpointQuestion,
    HttpAnswer,
    Tls,
)
from check_autodiscover.core.model.report import Cause, Report, Role, causes_of, outcomes_of
from check_autodiscover.core.model.states import State
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.core.verdict.judge import assemble, judge
from check_autodiscover.output.terminal import sanitize

__all__ = [
    "OPENMETRICS_END",
    "RULES",
    "Failure",
    "Packed",
    "Packing",
    "Result",
    "Turn",
    "failed",
    "failure_measures",
    "kept",
    "render_measures",
    "turn_of",
]

OPENMETRICS_END = b"# EOF\n"
"""What makes this text one of OpenMetrics 1.0: there is nothing but gauges in it, which both write alike."""

_Labels = tuple[tuple[str, str], ...]


def render_measures(measures: Iterable[Measure]) -> bytes:
    """These measures in the text format 0.0.4, families and series in the order of their names.

    What was not looked at is absent; a series that is given twice has the value that was given last.
    """
    families: dict[str, dict[_Labels, float]] = {}
    cleaned, written = _Cleaned(), _Written()
    for item in measures:
        if item.metric and item.value is not None:
            labels = tuple([(name, cleaned[text]) for name, text in item.labels])
            families.setdefault(item.metric, {})[labels] = item.value
    return "".join(line for name in sorted(families) for line in _family(name, families[name], written)).encode()


class _Cleaned(dict[str, str]):
    """Texts as they may be shown, each cleaned once: hundreds of labels have some dozens of values."""

    def __missing__(self, text: str) -> str:
        self[text] = cleaned = sanitize(text)
        return cleaned


class _Written(dict[tuple[str, str], str]):
    """Labels as they stand in a series, each written once."""

    def __missing__(self, label: tuple[str, str]) -> str:
        self[label] = written = f'{label[0]}="{_escaped(label[1])}"'
        return written


def _family(name: str, series: dict[_Labels, float], written: _Written) -> Iterator[str]:
    yield f"# HELP {name} {METRICS.get(name, '').replace(chr(92), chr(92) * 2)}\n# TYPE {name} gauge\n"
    for labels, value in sorted(series.items()):
        inside = ",".join([written[label] for label in sorted(labels)])
        # The library left this one without types.
        number = floatToGoString(value)  # type: ignore[no-untyped-call]  # without types there
        yield f"{name}{{{inside}}} {number}\n" if inside else f"{name} {number}\n"


def _escaped(text: str) -> str:
    if "\\" in text or '"' in text or "\n" in text:
        return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    return text


RULES = {
    ErrorReason.OVERLOAD: "check-out-of-resources",
    ErrorReason.DEADLINE: "check-timed-out",
}
"""The rules of failures that are no bug of ours, and that the configuration is not to blame for."""


def failure_measures(reason: ErrorReason, seconds: float, timeout: float) -> tuple[Measure, ...]:
    """The measures of a probe that failed after so many seconds of those it had."""
    labels = (("rule", RULES.get(reason, "check-internal-error")), *_PLACE)
    return (
        Measure(metric="probe_success", value=0),
        Measure(metric="probe_duration_seconds", value=round(seconds, 3)),
        Measure(metric="probe_timeout_seconds", value=timeout),
        Measure(metric="autodiscover_exit_code", value=State.UNKNOWN.exit_code),
        *(_only_unknown("autodiscover_state", "state", state) for state in State),
        *(_only_unknown("autodiscover_findings", "severity", state) for state in State),
        Measure(metric="autodiscover_finding", labels=labels, value=1),
    )


def _only_unknown(metric: str, label: str, state: State) -> Measure:
    return Measure(metric=metric, labels=((label, state.value.lower()),), value=int(state is State.UNKNOWN))


_PLACE = (
    ("severity", State.UNKNOWN.value.lower()),
    ("role", Role.ROOT.value),
    ("view", ""),
    ("endpoint", Endpoint.ZONE.value),
)

MOST_CHANGES = 12
"""Changes that are kept of a turn."""


@dataclass(frozen=True, slots=True)
class Turn:
    """When the causes last became others (Unix seconds), what was said before, and what was seen to change then."""

    at: float
    state: State
    summary: str
    changes: tuple[Change, ...]


def turn_of(report: Report, before: Report) -> Turn:
    """The turn that a report is after another, which said something else."""
    old, new = (accept(assemble(each.survey, each.survey.ended)) for each in (before, report))
    changes = compare_baselines(old, new)[:MOST_CHANGES]
    return Turn(report.survey.ended, before.state, before.summary, changes)


LEVEL = 6
"""zlib's: against a dictionary it costs hardly more than the lowest."""

WINDOW = 32 * 1024
"""Bytes of a dictionary that are looked back at (RFC 1951 section 2)."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A survey in few bytes, and the dictionary that it was compressed against."""

    data: bytes
    dictionary: bytes

    def unpacked(self) -> Survey:
        """The survey."""
        stream = zlib.decompressobj(zdict=self.dictionary)
        # It never leaves this process: nobody else writes what is read here.
        survey: Survey = pickle.loads(stream.decompress(self.data) + stream.flush())
        return survey


class Packing:
    """Packs surveys. The first that saw all there is to see serves those after it as their dictionary."""

    def __init__(self) -> None:
        self._dictionary = b""

    def packed(self, survey: Survey) -> Packed:
        """The survey as it is kept."""
        data = _pickled(survey)
        dictionary = self._dictionary
        if not dictionary and survey.contacts and not survey.cut_short:
            self._dictionary = data[-WINDOW:]
        stream = zlib.compressobj(LEVEL, zdict=dictionary)
        return Packed(stream.compress(data) + stream.flush(), dictionary)


def _by_fields(type_: type[Any]) -> Callable[[Any], tuple[type[Any], tuple[Any, ...]]]:
    values = attrgetter(*(field.name for field in fields(type_)))
    return lambda value: (type_, values(value))


class _Pickler(pickle.Pickler):
    """Writes what a survey has many of by its fields: a dataclass's own way of telling them takes twice as long."""

    dispatch_table = copyreg.dispatch_table | {
        type_: _by_fields(type_) for type_ in (DnsQuestion, DnsAnswer, EndpointQuestion, Contact, Tls, HttpAnswer)
    }


def _pickled(survey: Survey) -> bytes:
    stream = BytesIO()
    _Pickler(stream, pickle.HIGHEST_PROTOCOL).dump(survey)
    return stream.getvalue()


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
