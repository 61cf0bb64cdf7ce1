"""What every command of `autodiscoverctl` may raise to end with one line and exit code 3."""

from argparse import ArgumentParser
from typing import NoReturn

__all__ = ["Parser", "Refused"]


class Refused(Exception):
    """A command that cannot be carried out; the text is one line."""


class Parser(ArgumentParser):
    """An argparse parser that raises Refused instead of ending the process with a code of its own."""

    def error(self, message: str) -> NoReturn:
        """What argparse calls for a usage error."""
        raise Refused(f"{message}; see {self.prog} --help")
