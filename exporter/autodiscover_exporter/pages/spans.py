"""Times and spans of time in words that fit a column."""

from datetime import UTC, datetime

__all__ = ["moment", "span"]

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
