"""The parameters of `/probe`, from a query string to values that a probe can use.

Called by the application. Nothing that a client sends gets further without having been parsed here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from check_autodiscover.core.names import BadName, parse_domain

__all__ = ["BadRequest", "ProbeRequest", "parse_probe_request", "scrape_timeout"]

PARAMETERS = ("target", "module", "debug")
MAX_FIELDS = 8
SCRAPE_TIMEOUT_HEADER = "x-prometheus-scrape-timeout-seconds"
SWITCH: Mapping[str, bool] = {"true": True, "1": True, "false": False, "0": False}


class BadRequest(ValueError):
    """A parameter that is missing, repeated, unknown or wrong; the text is one sentence, not yet cleaned."""


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """What one scrape asks for. `module` is empty where the domain's own is meant."""

    domain: str
    module: str
    debug: bool


def parse_probe_request(query: bytes) -> ProbeRequest:
    """The request in a query string. Raises BadRequest."""
    given = _parameters(query)
    target = given.get("target", "")
    if not target:
        raise BadRequest("the parameter target is missing: /probe?target=contoso.com")
    try:
        domain = parse_domain(target)
    except BadName as error:
        raise BadRequest(f"target: {error}") from error
    return ProbeRequest(domain, given.get("module", ""), _switch(given.get("debug", "false")))


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


def _parameters(query: bytes) -> dict[str, str]:
    try:
        fields = parse_qs(query.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise BadRequest("the query string has too many parameters") from error
    for name, values in fields.items():
        if name not in PARAMETERS:
            raise BadRequest(f"unknown parameter {name!r}: there are {', '.join(PARAMETERS)}")
        if len(values) > 1:
            raise BadRequest(f"the parameter {name} is given {len(values)} times")
    return {name: values[0] for name, values in fields.items()}


def _switch(text: str) -> bool:
    if text not in SWITCH:
        raise BadRequest(f"debug is {text!r}: there are {', '.join(SWITCH)}")
    return SWITCH[text]
