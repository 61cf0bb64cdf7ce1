"""Spans of time as people type them. Apart from `values`, as who needs this alone need not wait for the core."""

import re

from check_autodiscover.bad_value import BadValue, quoted

__all__ = ["parse_duration", "parse_span"]

_SECONDS = {"": 1, "ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_duration(text: str) -> float:
    """A time span in seconds, more than none: a number of seconds, or with one of ms, s, m, h, d. Raises BadValue."""
    seconds = parse_span(text)
    if seconds <= 0:
        raise BadValue(f"{quoted(text)} is no duration to work with: it must be more than 0")
    return seconds


def parse_span(text: str) -> float:
    """A time span in seconds that may be none, in the spellings of a duration. Raises BadValue."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h|d|)", text)
    if match is None:
        raise BadValue(f"{quoted(text)} is no duration: it is a number of seconds, or as in 500ms, 10s, 5m")
    return float(match[1]) * _SECONDS[match[2]]
