"""What the exporter tells of itself: a line an event on standard error, as logfmt or JSON, and metrics of its own."""

import json
import logging
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from enum import Enum

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from check_autodiscover.core.model.states import State

__all__ = [
    "LOG_LEVELS",
    "OUTCOME_ERROR",
    "PENDING",
    "CacheResult",
    "ErrorReason",
    "LogFormat",
    "OwnMetrics",
    "event",
    "set_up_logging",
]

LOG_LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}


class LogFormat(Enum):
    """The formats of `--log.format`."""

    LOGFMT = "logfmt"
    JSON = "json"


def event(**fields: str) -> dict[str, dict[str, str]]:
    """The `extra` of a log call that carries these fields."""
    return {"fields": fields}


def set_up_logging(level: str, style: LogFormat) -> None:
    """Send everything of at least this level, a key of LOG_LEVELS, to standard error in this format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(_WRITERS[style]))
    logging.basicConfig(level=LOG_LEVELS[level], handlers=[handler])
    # asyncio tells at INFO and below what is of use to its developers.
    logging.getLogger("asyncio").setLevel(max(logging.WARNING, LOG_LEVELS[level]))


class _Formatter(logging.Formatter):
    def __init__(self, write: Callable[[Mapping[str, str]], str]) -> None:
        super().__init__()
        self._write = write

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "ts": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "msg": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return self._write(fields)


def _logfmt(fields: Mapping[str, str]) -> str:
    return " ".join(f"{key}={_quoted(value)}" for key, value in fields.items())


def _quoted(value: str) -> str:
    plain = value.isascii() and value.isprintable() and not set(value) & set(' "=')
    return value if plain and value else json.dumps(value)


_WRITERS: Mapping[LogFormat, Callable[[Mapping[str, str]], str]] = {
    LogFormat.LOGFMT: _logfmt,
    LogFormat.JSON: json.dumps,
}

OUTCOME_ERROR = "error"
"""The outcome of a probe that ended without a verdict."""

PENDING = "pending"
"""The state of a configured domain that was not looked at yet."""

DURATIONS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds: from a healthy domain nearby to one that runs into its deadline."""


class ErrorReason(Enum):
    """Why a probe ended without a verdict; none of them is about the domain."""

    INTERNAL = "internal"
    """A bug of ours."""
    OVERRUN = "overrun"
    """The run did not end by its deadline as it should have: a bug of ours too."""
    TRUST_ANCHORS = "trust-anchors"
    """A CA file or folder of the configuration cannot be used any more."""
    PASSWORD_FILE = "password-file"
    """Nor can the file with the directory's password."""
    OVERLOAD = "overload"
    """This process had too much to do to look at the domain in time."""
    DEADLINE = "deadline"
    """Whoever asked could not wait for the probe that was under way, and there was no earlier result to give."""


class CacheResult(Enum):
    """How a request for a domain was served."""

    HIT = "hit"
    """From memory."""
    MISS = "miss"
    """By a probe that it began."""
    SHARED = "shared"
    """By a probe that was under way already."""
    STALE = "stale"
    """By an older result, as the probe did not end in time."""


class OwnMetrics:
    """What happens in this process; every label value of a closed set exists from the start, at 0."""

    def __init__(self, version: str) -> None:
        # The setting is the process's, but nobody here wants a `_created` series beside each counter.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # prometheus_client left this one without types
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        name = "autodiscover_exporter_"
        info = Gauge(f"{name}build_info", "Version of the exporter, always 1.", ["version"], registry=registry)
        info.labels(version).set(1)
        self._reloaded = Gauge(
            f"{name}config_last_reload_successful",
            "1 if the configuration file could be used when it was last read.",
            registry=registry,
        )
        self._reload_time = Gauge(
            f"{name}config_last_reload_success_timestamp_seconds",
            "Unix time at which the configuration that holds was read.",
            registry=registry,
        )
        self._in_flight = Gauge(f"{name}probes_in_flight", "Probes under way.", registry=registry)
        self._lag = Gauge(
            f"{name}schedule_lag_seconds",
            "For how long the most overdue domain of the schedule has waited.",
            registry=registry,
        )
        self._domains = Gauge(
            f"{name}domains",
            "Configured domains, by the state of the last look or pending.",
            ["state"],
            registry=registry,
        )
        self.follow_domains(dict)
        self._duration = Histogram(
            f"{name}probe_duration_seconds", "Time that probes took.", buckets=DURATIONS, registry=registry
        )
        self._probes = _counter(
            registry,
            f"{name}probes_total",
            "Probes that ended, by the state of the domain or error.",
            "outcome",
            (*(state.value.lower() for state in State), OUTCOME_ERROR),
        )
        self._errors = _counter(
            registry,
            f"{name}probe_errors_total",
            "Probes that ended without a verdict, by reason.",
            "reason",
            (reason.value for reason in ErrorReason),
        )
        requests = _counter(
            registry,
            f"{name}cache_requests_total",
            "Requests for a domain, by how they were served: hit, miss, shared or stale.",
            "result",
            (result.value for result in CacheResult),
        )
        self._requests = {result: requests.labels(result.value) for result in CacheResult}

    def follow_reloads(self, successful: Callable[[], bool], succeeded: Callable[[], float]) -> None:
        """Expose whether the last reload succeeded, and when the last that did was, in Unix seconds."""
        self._reloaded.set_function(successful)
        self._reload_time.set_function(succeeded)

    def follow_schedule(self, lag: Callable[[], float]) -> None:
        """Expose by how much the schedule is late, in seconds."""
        self._lag.set_function(lag)

    def follow_domains(self, count: Callable[[], Mapping[str, int]]) -> None:
        """Expose how many configured domains there are of each state."""
        self._count_domains = count

    def in_flight(self) -> AbstractContextManager[None]:
        """Counts a probe while it is under way."""
        return self._in_flight.track_inprogress()

    def count_verdict(self, state: State, seconds: float) -> None:
        """A probe ended with this verdict after so many seconds."""
        self._probes.labels(state.value.lower()).inc()
        self._duration.observe(seconds)

    def count_error(self, reason: ErrorReason, seconds: float) -> None:
        """A probe ended without a verdict after so many seconds."""
        self._errors.labels(reason.value).inc()
        self._probes.labels(OUTCOME_ERROR).inc()
        self._duration.observe(seconds)

    def count_request(self, result: CacheResult) -> None:
        """A request for a domain was served."""
        self._requests[result].inc()

    def count_unanswered(self) -> None:
        """A request ended before the probe that it waited for."""
        self._errors.labels(ErrorReason.DEADLINE.value).inc()

    def render(self, openmetrics: bool = False) -> bytes:
        """The exposition of now, in the text format 0.0.4 or as OpenMetrics 1.0."""
        counts = self._count_domains()
        for state in (*(state.value.lower() for state in State), PENDING):
            self._domains.labels(state).set(counts.get(state, 0))
        if openmetrics:
            # The library left this one without types.
            return generate_openmetrics(self._registry)  # type: ignore[no-untyped-call, no-any-return]  # without types there
        return generate_latest(self._registry)


def _counter(registry: CollectorRegistry, name: str, text: str, label: str, values: Iterable[str]) -> Counter:
    counter = Counter(name, text, [label], registry=registry)
    for value in values:
        counter.labels(value)
    return counter
