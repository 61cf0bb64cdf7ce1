"""A command line that cannot be used; the plugin's parsers raise it where argparse would print and exit."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from functools import partial
from typing import Any, NoReturn

__all__ = ["DOMAIN_MISSING", "RaisingParser", "Told", "UsageError"]

DOMAIN_MISSING = "-H/--hostname/--domain: the mail domain is missing, as in -H contoso.com"


class UsageError(Exception):
    """A command line that cannot be used; the text is one sentence that names the option."""


class Told(Exception):
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
