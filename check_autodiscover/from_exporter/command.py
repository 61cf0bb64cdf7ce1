"""The command line of `--from-exporter`.

Every other option is the exporter's to decide, by its configuration, so that it is refused here.
"""

from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import TypeVar

from check_autodiscover.cli import DOMAIN_MISSING, RaisingParser, UsageError
from check_autodiscover.from_exporter.connection import parse_place
from check_autodiscover.from_exporter.request import OUTPUTS, STATES, Question, ask
from check_autodiscover.settings import BadValue, parse_duration, quoted

__all__ = ["FLAG", "OPTIONS", "TIMEOUT", "TIMEOUT_RESULTS", "asked"]

FLAG = "--from-exporter"
OPTIONS = {
    "from_exporter": (FLAG,),
    "exporter_auth_file": ("--exporter-auth-file",),
    "ca_files": ("-r", "--ca-file"),
    "domain": ("-H", "--hostname", "--domain"),
    "timeout": ("-t", "--timeout"),
    "timeout_result": ("--timeout-result",),
    "output": ("-o", "--output"),
    "verbosity": ("-v", "--verbose"),
    "no_perfdata": ("--no-perfdata",),
}
"""The options that may be given, as the table `options` has them: that takes longer to import than all of this."""
_ACTIONS = {"ca_files": "append", "verbosity": "count", "no_perfdata": "store_true"}

TIMEOUT = 10.0
"""Seconds."""
TIMEOUT_RESULTS = {word: code for code, state in enumerate(STATES) for word in (state.lower(), str(code))}
"""What `--timeout-result` may be, with its exit code."""
_CRITICAL = 2

_Value = TypeVar("_Value")


def asked(words: Sequence[str]) -> tuple[int, str] | None:
    """The exit code and what to print, None where the words ask for help or the version. Raises UsageError."""
    parser = RaisingParser()
    for destination, flags in OPTIONS.items():
        parser.add_argument(*flags, dest=destination, action=_ACTIONS.get(destination, "store"))
    parser.add_argument("-h", "--help", "-V", "--version", dest="told", action="store_true")
    given, others = parser.parse_known_args(words)
    if given.told:
        return None
    if others:
        beside = ", ".join(flags[0] for flags in list(OPTIONS.values())[1:])
        raise UsageError(f"{others[0]}: not with {FLAG}, whose configuration decides; beside it there are {beside}")
    return ask(_question(given), _read(given, "timeout", parse_duration, TIMEOUT), _late(given))


def _question(given: Namespace) -> Question:
    if given.domain is None:
        raise UsageError(DOMAIN_MISSING)
    return Question(
        given.domain,
        _read(given, "from_exporter", parse_place),
        login_file=given.exporter_auth_file or "",
        ca_files=given.ca_files or (),
        output=_read(given, "output", _output, OUTPUTS[0]),
        verbosity=given.verbosity or 0,
        perfdata=not given.no_perfdata,
    )


def _late(given: Namespace) -> int:
    return _read(given, "timeout_result", _state, _CRITICAL)


def _read(given: Namespace, destination: str, parse: Callable[[str], _Value], default: _Value | None = None) -> _Value:
    text = getattr(given, destination)
    if text is None and default is not None:
        return default
    try:
        return parse(text)
    except BadValue as error:
        raise UsageError(f"{'/'.join(OPTIONS[destination])}: {error}") from None


def _output(text: str) -> str:
    if text not in OUTPUTS:
        raise BadValue(f"{quoted(text)} is no output: it is one of {', '.join(OUTPUTS)}")
    return text


def _state(text: str) -> int:
    if text.lower() not in TIMEOUT_RESULTS:
        raise BadValue(f"{quoted(text)} is no state: it is one of ok, warning, critical, unknown, or 0 to 3")
    return TIMEOUT_RESULTS[text.lower()]
