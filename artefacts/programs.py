"""The parsers of the three programs, as manual and completion describe them."""

from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Mapping

from autodiscover_exporter.commandline import make_parser as exporter_parser
from check_autodiscover.config.commandline import add_options
from check_autodiscover.config.commandline import make_parser as plugin_parser
from check_autodiscover.ctl.main import make_parser as ctl_parser

__all__ = ["programs", "subcommands"]

_ALONE = ("domain", "output", "help", "from_exporter", "exporter_auth_file")
OF_OPTIONS = {
    "diagnose": (*_ALONE, "verbosity", "no_perfdata"),
    "sweep": (*_ALONE, "verbosity", "no_perfdata"),
    "baseline": _ALONE,
}
"""The commands that take the plugin's options too, and which they have themselves or not at all."""


def programs() -> Mapping[str, ArgumentParser]:
    """A parser for each program, by its name; commands that take the plugin's options know them."""
    ctl = ctl_parser()
    commands = subcommands(ctl)
    for name, own in OF_OPTIONS.items():
        add_options(commands[name], own)
    parsers = (plugin_parser(), exporter_parser(), ctl)
    return {parser.prog: parser for parser in parsers}


def subcommands(parser: ArgumentParser) -> Mapping[str, ArgumentParser]:
    """The commands of a parser, by their names; none for a program without."""
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            return dict(action.choices)
    return {}
