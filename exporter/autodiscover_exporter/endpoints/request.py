"""What the endpoints about one domain have in common: their parameters, who may ask, by which module, for how long.

The deadline is Prometheus's, less what the way there and back takes, and no longer than the module allows.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TypeVar
from urllib.parse import parse_qs

from autodiscover_exporter.results.result import Failure, Result
from autodiscover_exporter.results.results import Outcome, Results
from autodiscover_exporter.telemetry import ErrorReason
from autodiscover_exporter.web.messages import Response
from check_autodiscover.config.file import Configuration, Module, UnknownModule
from check_autodiscover.config.levels import Contradiction
from check_autodiscover.core.model.names import BadName, parse_domain
from check_autodiscover.output.terminal import sanitize

__all__ = [
    "Asking",
    "BadRequest",
    "Forbidden",
    "Format",
    "ProbeRequest",
    "ReportRequest",
    "Target",
    "parse_probe_request",
    "parse_report_request",
    "refused",
    "scrape_timeout",
]

MAX_FIELDS = 8

REMEMBERED = 1024
"""Query strings whose meaning is remembered: a scraper asks for the same domains again and again."""

MOST_VERBOSE = 3

SCRAPE_TIMEOUT_HEADER = "x-prometheus-scrape-timeout-seconds"

SWITCH: Mapping[str, bool] = {"true": True, "1": True, "false": False, "0": False}

Value = TypeVar("Value")


class BadRequest(ValueError):
    """A parameter that is missing, repeated, unknown or wrong; the text is one sentence, not yet cleaned."""


class Format(Enum):
    """The forms of a report."""

    JSON = "json"
    TEXT = "text"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class Target:
    """The domain that is asked for, in A-labels. `module` is empty where the domain's own is meant."""

    domain: str
    module: str


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """What one scrape asks for."""

    target: Target
    debug: bool


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What a request for a report asks for. `verbosity` is 0 to 3, `perfdata` False where it is to be left out."""

    target: Target
    format: Format
    verbosity: int
    perfdata: bool


@lru_cache(maxsize=REMEMBERED)
def parse_probe_request(query: bytes) -> ProbeRequest:
    """The scrape in a query string. Raises BadRequest."""
    given = _parameters(query, ("target", "module", "debug"))
    return ProbeRequest(_target(given, "/probe"), _chosen("debug", given.get("debug", "false"), SWITCH))


def parse_report_request(query: bytes) -> ReportRequest:
    """The request for a report in a query string. Raises BadRequest."""
    given = _parameters(query, ("target", "module", "format", "verbose", "perfdata"))
    return ReportRequest(
        target=_target(given, "/api/v1/report"),
        format=_chosen("format", given.get("format", Format.JSON.value), {each.value: each for each in Format}),
        verbosity=_chosen("verbose", given.get("verbose", "0"), {str(n): n for n in range(MOST_VERBOSE + 1)}),
        perfdata=_chosen("perfdata", given.get("perfdata", "true"), SWITCH),
    )


def scrape_timeout(headers: Mapping[str, str], offset: float) -> float:
    """Seconds that Prometheus leaves for this scrape, infinity where it names none. Raises BadRequest.

    `offset` is taken off for the way there and back, but never more than half.
    """
    text = headers.get(SCRAPE_TIMEOUT_HEADER)
    if text is None:
        return math.inf
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise BadRequest(f"the header X-Prometheus-Scrape-Timeout-Seconds is no number of seconds: {text!r}")
    return max(seconds - offset, seconds / 2)


def _parameters(query: bytes, known: tuple[str, ...]) -> dict[str, str]:
    try:
        fields = parse_qs(query.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise BadRequest("the query string has too many parameters") from error
    for name, values in fields.items():
        if name not in known:
            raise BadRequest(f"unknown parameter {name!r}: there are {', '.join(known)}")
        if len(values) > 1:
            raise BadRequest(f"the parameter {name} is given {len(values)} times")
    return {name: values[0] for name, values in fields.items()}


def _target(given: Mapping[str, str], path: str) -> Target:
    target = given.get("target", "")
    if not target:
        raise BadRequest(f"the parameter target is missing: {path}?target=contoso.com")
    try:
        return Target(parse_domain(target), given.get("module", ""))
    except BadName as error:
        raise BadRequest(f"target: {error}") from error


def _chosen(name: str, text: str, choices: Mapping[str, Value]) -> Value:
    if text not in choices:
        raise BadRequest(f"{name} is {text!r}: there are {', '.join(choices)}")
    return choices[text]


_NOT_ALLOWED = "is not configured here: name it under domains, or in targets.allow"


class Forbidden(Exception):
    """A domain that the configuration allows nobody to ask for; the text is one sentence."""


class Asking:
    """Obtains outcomes by the configuration of the moment. `timeout_offset` is in seconds."""

    def __init__(self, configuration: Callable[[], Configuration], results: Results, timeout_offset: float) -> None:
        self._configuration = configuration
        self._results = results
        self._timeout_offset = timeout_offset

    def at_hand(self, target: Target, headers: Mapping[str, str]) -> Outcome | None:
        """What is known of the domain and serves whoever asks now, else None. Raises BadRequest and Forbidden."""
        return self._results.at_hand(target.domain, *self._order(target, headers))

    async def obtain(self, target: Target, headers: Mapping[str, str]) -> Outcome:
        """What is known of the domain, or found out now. Raises BadRequest and Forbidden."""
        return await self._results.obtain(target.domain, *self._order(target, headers))

    def _order(self, target: Target, headers: Mapping[str, str]) -> tuple[Module, float]:
        """By which module it is looked at, and the seconds that there are for it."""
        configuration = self._configuration()
        try:
            module = configuration.settled(target.domain, target.module)
        except (UnknownModule, Contradiction) as error:
            raise BadRequest(str(error)) from error
        left = scrape_timeout(headers, self._timeout_offset)
        if not configuration.allows(target.domain):
            raise Forbidden(f"{target.domain} {_NOT_ALLOWED}")
        return module, min(left, module.policy.timeout)

    def missed(self, failure: Failure) -> tuple[Result, float] | None:
        """The last result of a domain that the schedule has long not got to, and its interval in seconds.

        None where the failure is another matter.
        """
        configuration, domain = self._configuration(), failure.domain
        last = self._results.latest.get((domain, failure.module))
        scheduled = domain in configuration.domains and failure.module == configuration.module_of(domain)
        if configuration.rhythm is None or not scheduled or failure.reason not in _WAITED or isinstance(last, Failure):
            return None
        return (last, configuration.rhythm.interval) if last else None


_WAITED = (ErrorReason.DEADLINE, ErrorReason.OVERLOAD)


def refused(error: BadRequest | Forbidden) -> Response:
    """What a request is answered that is not looked into further: one line that says why."""
    return Response(f"{sanitize(str(error))}\n".encode(), 403 if isinstance(error, Forbidden) else 400)
