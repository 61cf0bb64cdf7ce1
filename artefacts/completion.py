"""Completion for bash, zsh and fish, made by shtab."""

from argparse import Action, ArgumentParser
from collections.abc import Iterator

import shtab

from artefacts.programs import programs, subcommands
from check_autodiscover.config.options import CHOICES, OPTIONS, ValueKind
from check_autodiscover.core.rules.catalogue import CATALOGUE
from check_autodiscover.lab.worlds import WORLDS

__all__ = ["artefacts"]

FILES = {"bash": "{}.bash", "zsh": "_{}", "fish": "{}.fish"}
"""The name of a program's completion, as each shell finds it."""

PATHS = {
    ValueKind.FILE: shtab.FILE,
    ValueKind.DIRECTORY: shtab.DIRECTORY,
    ValueKind.PATH: shtab.FILE,
}
_KINDS = {option.destination: option.kind for option in OPTIONS}
_WORDS = {
    "rule": tuple(rule.id for rule in CATALOGUE),
    "world": tuple(world.name for world in WORLDS),
}
_FILES = ("config_file", "web_config_file", "file", "save", "survey")


def artefacts() -> dict[str, str]:
    """A script for each program and shell."""
    return {
        f"{shell}/{pattern.format(name)}": shtab.complete(_described(parser), shell=shell)
        for shell, pattern in FILES.items()
        for name, parser in programs().items()
    }


def _described(parser: ArgumentParser) -> ArgumentParser:
    """The parser, with what may stand as each value."""
    if "sweep" in subcommands(parser):
        # It parses its list by itself, as options may stand before it and behind it.
        subcommands(parser)["sweep"].add_argument("file", nargs="?", metavar="FILE", help="a domain a line")
    for action in _actions(parser):
        kind = _KINDS.get(action.dest)
        words = _WORDS.get(action.dest) or (CHOICES.get(kind) if kind else None)
        if words and action.nargs != 0 and not action.choices:
            action.choices = list(words)
        elif (kind in PATHS or action.dest in _FILES) and action.nargs != 0:
            action.complete = PATHS.get(kind or ValueKind.FILE, shtab.FILE)  # type: ignore[attr-defined]  # shtab's own
    return parser


def _actions(parser: ArgumentParser) -> Iterator[Action]:
    yield from parser._actions
    for command in subcommands(parser).values():
        yield from _actions(command)
