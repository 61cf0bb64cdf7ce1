"""How the exporter logs: one line an event on standard error, as logfmt or JSON.

Called by main, once. Fields beyond the message travel in the record's `fields` (`extra=event(domain=...)`).
"""

import json
import logging
import sys
import time
from collections.abc import Callable, Mapping
from enum import Enum

__all__ = ["LOG_LEVELS", "LogFormat", "event", "set_up_logging"]


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
