"""The plugin for Nagios and Icinga: one domain, one verdict, exit code 0 to 3.

Everything that the monitoring system should show goes to standard output, mistakes and bugs of ours too. The process
lives for a moment: modules are imported where they are needed, so that help is quick, a mistake on the command line
needs no library, and a library that is missing is a sentence instead of a traceback.
"""

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from check_autodiscover.arguments import Arguments
    from check_autodiscover.core.report import Report
    from check_autodiscover.core.survey import BaselineFile

__all__ = ["main", "run"]

UNKNOWN = 3
"""The exit code for whatever is no verdict: usage, help, version, bad configuration, a missing module, a bug."""

TRACEBACK = 3
"""Verbosity from which a bug is told with its traceback."""

SWITCH_SECONDS = 0.0005
"""How long the importing thread may hold up the one that reads answers."""

_DISTRIBUTIONS = {"OpenSSL": "pyOpenSSL", "dns": "dnspython", "yaml": "PyYAML"}
"""What to install for a module that is called otherwise."""


def run() -> None:
    """The program: check, print, exit."""
    # A process that ends within seconds never gets back what a collection costs.
    gc.disable()
    # Answers are read while a thread imports: with the usual pauses each system call would wait for 5 ms, and the
    # resolvers would look slow.
    sys.setswitchinterval(SWITCH_SECONDS)
    exit_code = main()
    # Nor what it costs to take a hundred modules down in order: all output is flushed, nothing else is held.
    os._exit(exit_code)


def main(argv: Sequence[str] | None = None) -> int:
    """Check what the command line says (`sys.argv` without one), print the verdict, return the exit code."""
    try:
        return _checked(argv)
    except ImportError as error:
        _print(_failure("", _missing(error)))
    except KeyboardInterrupt:
        _print(_failure("", "interrupted before there was a verdict"))
    except Exception as error:
        _print("\n".join(_reported("", 0, error)))
    return UNKNOWN


def _checked(argv: Sequence[str] | None) -> int:
    from check_autodiscover.usage import UsageError

    try:
        return _answered(sys.argv[1:] if argv is None else argv)
    except UsageError as error:
        _print(f"{_failure('', str(error))}\nSee check_autodiscover --help.")
        return UNKNOWN


def _answered(words: Sequence[str]) -> int:
    if any(word.partition("=")[0] == "--from-exporter" for word in words):
        # The one way that needs none of the others' modules.
        from check_autodiscover.from_exporter.command import asked

        answer = asked(words)
        if answer is not None:
            exit_code, text = answer
            _print(text)
            return exit_code
    return _looked(words)


def _looked(words: Sequence[str]) -> int:
    from check_autodiscover.arguments import BadFile
    from check_autodiscover.commandline import parse_arguments
    from check_autodiscover.usage import Told

    try:
        arguments = parse_arguments(words)
    except BadFile as error:
        _print(_failure("", str(error)))
        return UNKNOWN
    except Told as told:
        _print(str(told))
        return UNKNOWN
    try:
        return _judged(arguments)
    except ImportError as error:
        _print(_failure(arguments.domain, _missing(error)))
    except KeyboardInterrupt:
        _print(_failure(arguments.domain, "interrupted before there was a verdict"))
    except Exception as error:
        _print("\n".join(_reported(arguments.domain, arguments.verbosity, error)))
    return UNKNOWN


def _judged(arguments: "Arguments") -> int:
    from check_autodiscover.settings import SettingsError

    try:
        report = _report(arguments)
    except SettingsError as error:
        _print(_failure(arguments.domain, str(error)))
        return UNKNOWN
    exit_code = _exit_code(report)
    _print(_rendered(arguments, report))
    return exit_code


def _report(arguments: "Arguments") -> "Report":
    """Acquisition and evaluation: what is so, and what it means."""
    import asyncio

    from check_autodiscover.run import survey_domain

    survey = asyncio.run(
        survey_domain(
            arguments.domain,
            arguments.policy,
            arguments.trust,
            baseline=_baseline(arguments),
            meanwhile=_load_what_follows,
        )
    )
    from check_autodiscover.core.judge import judge

    return judge(survey, now=survey.ended)


def _baseline(arguments: "Arguments") -> "BaselineFile | None":
    if not arguments.baseline:
        return None
    from check_autodiscover.store import load_baseline

    return load_baseline(arguments.baseline, arguments.domain)


def _load_what_follows() -> None:
    """Import what comes after the survey."""
    import nagiosplugin  # noqa: F401

    import check_autodiscover.core.judge
    import check_autodiscover.render  # noqa: F401


def _exit_code(report: "Report") -> int:
    """The grade, by the framework: a check with the one result that the report is.

    The report has weighed its findings already; nagiosplugin alone would let UNKNOWN hide CRITICAL.
    """
    from nagiosplugin import Check, Critical, Ok, Result, Results, Unknown, Warn

    states = (Ok, Warn, Critical, Unknown)
    check = Check(Results(Result(states[report.state.exit_code], report.summary)), name="AUTODISCOVER")
    return int(check.exitcode)


def _rendered(arguments: "Arguments", report: "Report") -> str:
    """Presentation."""
    from check_autodiscover.parsers import Output
    from check_autodiscover.render import render_log, render_text

    match arguments.output:
        case Output.TEXT:
            return render_text(report, arguments.verbosity, arguments.perfdata)
        case Output.LOG:
            return render_log(report)
        case Output.JSON:
            from check_autodiscover.report_json import render_json

            return render_json(report)


def _failure(domain: str, fault: str) -> str:
    from check_autodiscover.first_line import first_line

    return first_line("UNKNOWN", domain, fault)


def _missing(error: ImportError) -> str:
    from check_autodiscover.probes.extra import MissingExtra

    if isinstance(error, MissingExtra):
        return str(error)
    module = (error.name or "").partition(".")[0] or "?"
    package = _DISTRIBUTIONS.get(module, module)
    return f"Python module {module} is missing or cannot be used ({error}); install it: pip install {package}"


def _reported(domain: str, verbosity: int, error: Exception) -> list[str]:
    """A bug in one line; with `-vvv` the traceback below it."""
    from check_autodiscover.failures import internal_error
    from check_autodiscover.hostile import clean

    lines = [_failure(domain, internal_error(error))]
    if verbosity >= TRACEBACK:
        import traceback

        lines += [clean(line) for text in traceback.format_exception(error) for line in text.splitlines()]
    return lines


def _print(text: str) -> None:
    """Write the whole output. Where nobody can read it there is the exit code still."""
    if sys.stdout is None:
        return
    with suppress(OSError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    run()
