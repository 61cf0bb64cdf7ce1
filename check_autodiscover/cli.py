"""What all programs share at their start and end: usage errors, bugs of ours in one line, outputs that nobody takes."""

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from functools import partial
from types import TracebackType
from typing import Any, NoReturn, TextIO

__all__ = [
    "DOMAIN_MISSING",
    "HelpRequested",
    "RaisingParser",
    "UsageError",
    "drop",
    "forget_untold",
    "internal_error",
    "open_closed",
]

DOMAIN_MISSING = "-H/--hostname/--domain: the mail domain is missing, as in -H contoso.com"


class UsageError(Exception):
    """A command line that cannot be used; the text is one sentence that names the option."""


class HelpRequested(Exception):
    """The command line asked for help or the version only; the text is that."""


class RaisingParser(ArgumentParser):
    """A parser that raises UsageError: argparse's exit code 2 would be CRITICAL."""

    def __init__(self, **settings: Any) -> None:
        # Without a width argparse asks for the terminal's, and imports all that unpacks archives on the way.
        formatter = partial(RawDescriptionHelpFormatter, width=79, max_help_position=26)
        super().__init__(formatter_class=formatter, add_help=False, allow_abbrev=False, **settings)
        # Python 3.14 colours help texts; a monitoring system would show the escapes.
        self.color = False

    def error(self, message: str) -> NoReturn:
        """What argparse calls for a mistake."""
        raise UsageError(message.removeprefix("argument "))


def internal_error(error: BaseException) -> str:
    """The sentence of `check-internal-error`, for an error that nothing has handled."""
    where = _place(error.__traceback__)
    return f"internal error, please report: {type(error).__name__} in {where} [check-internal-error]"


def _place(trace: TracebackType | None) -> str:
    """`module:line` of the innermost code of ours."""
    place = "?"
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", "?"))
        if module.startswith(_OURS) or place == "?":
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


_OURS = ("check_autodiscover", "autodiscover_exporter")


def open_closed() -> None:
    """Let outputs that were closed before the start lead nowhere, so that no file that is opened takes their place."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # as long as the process


def forget_untold(stream: TextIO) -> None:
    """Let go of what an output could not take. From 3.13 on Python would make the exit code 120 of it, at its end."""
    try:
        stream.flush()
    except OSError:
        drop(stream)


def drop(stream: TextIO) -> None:
    """Let an output lead nowhere from now on: the interpreter flushes it once more at its end, and would complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
