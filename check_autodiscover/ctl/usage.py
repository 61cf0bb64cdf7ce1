"""What each command of `autodiscoverctl` may raise to end with a line and exit code 3; lines beside its results."""

import sys
from argparse import ArgumentParser
from contextlib import suppress
from typing import NoReturn

from check_autodiscover.hostile import clean

__all__ = ["Parser", "Refused", "warn"]


class Refused(Exception):
    """A command that cannot be carried out; the text is one line."""


class Parser(ArgumentParser):
    """An argparse parser that raises Refused instead of ending the process with a code of its own."""

    def error(self, message: str) -> NoReturn:
        """What argparse calls for a usage error."""
        raise Refused(f"{message}; see {self.prog} --help")


def warn(text: str) -> None:
    """Tell something on standard error. With nobody there to be told, the results are still worth having."""
    with suppress(OSError):
        # Lists and files may hold anything, and be called anything.
        print(f"autodiscoverctl: {clean(text)}", file=sys.stderr)
