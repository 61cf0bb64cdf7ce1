"""A command line's words, read by the table of options; the plugin and `autodiscoverctl diagnose` call it.

argparse knows flags and help. What the values mean is decided in `arguments`.
"""

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from check_autodiscover import __version__
from check_autodiscover.arguments import Arguments, Fleet, arguments_of
from check_autodiscover.option import Option, ValueKind
from check_autodiscover.options import GROUPS
from check_autodiscover.usage import DOMAIN_MISSING, RaisingParser, Told, UsageError

__all__ = ["add_options", "make_parser", "parse_arguments", "parse_fleet"]


_DESCRIPTION = """\
Find Autodiscover DNS and certificate drift: what a user's Outlook sees, from
inside and from outside, at which step, because of which record, and what fixes
it. Exit code 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN."""

_EXAMPLES = """\
examples:
  check_autodiscover -H contoso.com
  check_autodiscover -H contoso.com -S remote.contoso.com \\
      --view inside=10.0.0.2 --view outside=192.0.2.53
  check_autodiscover -H contoso.com -m inside=host -m outside=srv \\
      -a outside=203.0.113.10 -r corp-ca.pem -w 21d -c 7d
  check_autodiscover -H contoso.com -o log"""


class _Parser(RaisingParser):
    """A parser that raises where argparse prints its help."""

    def print_help(self, file: object = None) -> NoReturn:
        raise Told(self.format_help().rstrip())


def make_parser() -> argparse.ArgumentParser:
    """The options, for the command line and for whatever describes it."""
    parser = _Parser(
        prog="check_autodiscover",
        usage="check_autodiscover -H DOMAIN [options]",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
    )
    add_options(parser)
    return parser


def parse_arguments(argv: Sequence[str] | None = None) -> Arguments:
    """The arguments of the plugin. Raises UsageError, and Told for `--help` and `--version`."""
    given = _parsed(argv)
    if given.domain is None:
        raise UsageError(DOMAIN_MISSING)
    return arguments_of(given)


def parse_fleet(argv: Sequence[str]) -> Fleet:
    """What the plugin's options, but for the domain, ask for of many domains. Raises what `parse_arguments` does."""
    given = _parsed(argv)
    if given.domain is not None:
        raise UsageError("-H/--hostname/--domain: the domains are those of the list")
    return Fleet(given)


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    given = make_parser().parse_args(argv)
    if given.version:
        raise Told(f"check_autodiscover {__version__}")
    # The plugin has gone another way where it is given (`from_exporter`), so this is `autodiscoverctl`.
    if given.from_exporter is not None:
        raise UsageError("--from-exporter: for check_autodiscover alone, as an exporter has looked already")
    if given.exporter_auth_file is not None:
        raise UsageError("--exporter-auth-file: only with --from-exporter, which it logs in to")
    return given


def add_options(parser: argparse.ArgumentParser, leave_out: Sequence[str] = ()) -> None:
    """Add the table's options to a parser, but not those with the destinations to leave out."""
    for title, options in GROUPS:
        group = parser.add_argument_group(title)
        for option in options:
            if option.destination not in leave_out:
                group.add_argument(*option.flags, dest=option.destination, **_behaviour(option))


def _behaviour(option: Option) -> dict[str, Any]:
    """What argparse is to do about an option. Values stay text here, None or an empty list without any."""
    text = option.help.replace("%", "%%")
    match option.kind:
        case ValueKind.SWITCH:
            return {"help": text, "action": "store_true"}
        case ValueKind.COUNT:
            return {"help": text, "action": "count", "default": 0}
        case ValueKind.HELP:
            return {"help": text, "action": "help"}
    action = "append" if option.repeatable or option.prefixed else "store"
    return {"help": text, "action": action, "metavar": option.metavar}
