"""The templates, and the one place where what they show is made harmless.

Every expression passes `sanitize` and then Jinja's own escaping, so that a template cannot forget either.

Times and spans of time in words that fit a column.
"""

from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from check_autodiscover.output.terminal import sanitize

__all__ = ["Verbatim", "make_environment", "moment", "span"]

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def span(seconds: float) -> str:
    """The span in its two greatest units, as `2 d 3 h`; what is negative is none."""
    left = max(0, int(seconds))
    parts: list[str] = []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0 s"


def moment(seconds: float) -> str:
    """A Unix time in UTC, as `2026-11-23 06:45 UTC`; years that the calendar lacks are named as such."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return "a time outside the calendar"


class Verbatim(str):
    """Text whose parts are clean already, and which has pipes and angle brackets of ours: commands to paste, logs."""

    __slots__ = ()


def make_environment() -> Environment:
    """The environment of all pages."""
    environment = Environment(
        loader=PackageLoader("autodiscover_exporter.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(moment=moment, span=span)
    return environment


def _shown(value: Any) -> Any:
    return sanitize(value) if isinstance(value, str) and not isinstance(value, Verbatim | Markup) else value
