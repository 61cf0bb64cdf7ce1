"""The parameters of the endpoints about one domain, from a query string to values that they can use.

Called by those endpoints. Nothing that a client sends gets further without having been parsed here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TypeVar
from urllib.parse import parse_qs

from check_autodiscover.core.names import BadName, parse_domain

__all__ = [
    "BadRequest",
    "Format",
    "ProbeRequest",
    "ReportRequest",
    "Target",
    "parse_probe_request",
    "parse_report_request",
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
