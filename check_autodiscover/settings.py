"""Small values that need no core, and what is raised for a setting that cannot be used: one line that names it.

Who needs spans of time or the name of an extra alone need not wait for anything else.
"""

import re

__all__ = ["BadValue", "MissingExtra", "SettingsError", "install_command", "parse_duration", "parse_span", "quoted"]


class SettingsError(Exception):
    """A setting that cannot be used, found before anything is asked; one line that names it and the fault."""


_QUOTED = 80


class BadValue(ValueError):
    """The text is no such value; the message is one sentence that names the text and its fault."""


def quoted(text: str) -> str:
    """A text as messages name it, cut where it is long."""
    return f"'{text}'" if len(text) <= _QUOTED else f"'{text[:_QUOTED]}...'"


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


def install_command(*extras: str) -> str:
    """What installs extras, as they are told of where one is missing."""
    return f"pip install '.[{','.join(extras)}]' in a checkout"


class MissingExtra(ImportError):
    """A feature whose packages are not installed, in one line with the command that installs them."""

    def __init__(self, feature: str, extra: str, cause: ImportError) -> None:
        super().__init__(
            f"{feature} needs more packages: the extra '{extra}', as in {install_command(extra)}", name=cause.name
        )
