"""The plugin for Nagios and Icinga: one domain, one verdict, exit code 0 to 3.

Everything that the monitoring system should show goes to standard output, mistakes and bugs of ours too. The process
lives for a moment: modules are imported where they are needed, so that help is quick, a mistake on the command line
needs no library, and a library that is missing is a sentence instead of a traceback.
"""

import gc
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from check_autodiscover.cli import UsageError
    from check_autodiscover.config.commandline import Arguments
    from check_autodiscover.core.model.report import Report
    from check_autodiscover.core.model.survey import BaselineFile
    from check_autodiscover.time_limit import TimeLimit

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
    started = time.monotonic()
    # A process that ends within seconds never gets back what a collection costs.
    gc.disable()
    # Answers are read while a thread imports: with the usual pauses each system call would wait for 5 ms, and the
    # resolvers would look slow.
    sys.setswitchinterval(SWITCH_SECONDS)
    exit_code = main(started=started)
    # Nor what it costs to take a hundred modules down in order: all output is flushed, nothing else is held.
    os._exit(exit_code)


def main(argv: Sequence[str] | None = None, started: float | None = None) -> int:
    """Check what the command line says (`sys.argv` without one), print the verdict, return the exit code.

    With `started`, when the process did by `time.monotonic`, the process ends when its time limit is over.
    """
    words = sys.argv[1:] if argv is None else argv
    limit = None
    try:
        if any(word.partition("=")[0] == "--from-exporter" for word in words):
            exit_code, text = _asked(words)
        else:
            limit = None if started is None else _limit(words, started)
            exit_code, text = _looked(words, limit)
    except ImportError as error:
        exit_code, text = UNKNOWN, _failure("", _missing(error))
    except KeyboardInterrupt:
        exit_code, text = UNKNOWN, _failure("", "interrupted before there was a verdict")
    except Exception as error:
        exit_code, text = UNKNOWN, _reported("", 0, error)
    if limit is not None:
        limit.claim_output()
    _print(text)
    return exit_code


def _asked(words: Sequence[str]) -> tuple[int, str]:
    """What an exporter says: the one way that needs none of the others' modules, and that keeps its time by itself."""
    from check_autodiscover.cli import UsageError
    from check_autodiscover.from_exporter.command import asked

    try:
        answer = asked(words)
    except UsageError as error:
        return UNKNOWN, _misused(error)
    return _looked(words, None) if answer is None else answer


def _limit(words: Sequence[str], started: float) -> "TimeLimit":
    from check_autodiscover.time_limit import limit_of

    return limit_of(words, started)


def _looked(words: Sequence[str], limit: "TimeLimit | None") -> tuple[int, str]:
    from check_autodiscover.cli import HelpRequested, UsageError
    from check_autodiscover.config.commandline import BadFile, parse_arguments

    try:
        _tell(limit, "reading the command line and the configuration")
        arguments = parse_arguments(words)
    except BadFile as error:
        return UNKNOWN, _failure("", str(error))
    except UsageError as error:
        return UNKNOWN, _misused(error)
    except HelpRequested as told:
        return UNKNOWN, str(told)
    if limit is not None:
        limit.domain = arguments.domain
        limit.set(arguments.policy.timeout, arguments.policy.timeout_result.exit_code)
    try:
        return _judged(arguments, limit)
    except ImportError as error:
        return UNKNOWN, _failure(arguments.domain, _missing(error))
    except KeyboardInterrupt:
        return UNKNOWN, _failure(arguments.domain, "interrupted before there was a verdict")
    except Exception as error:
        return UNKNOWN, _reported(arguments.domain, arguments.verbosity, error)


def _tell(limit: "TimeLimit | None", doing: str) -> None:
    if limit is not None:
        limit.doing = doing


def _judged(arguments: "Arguments", limit: "TimeLimit | None") -> tuple[int, str]:
    """Acquisition, evaluation and presentation: what is so, what it means, how it is told."""
    import asyncio

    from check_autodiscover.checker.checker import survey_domain
    from check_autodiscover.settings import SettingsError

    try:
        _tell(limit, "reading the files that it names")
        baseline = _baseline(arguments)
        _tell(limit, "looking at DNS and servers")
        survey = asyncio.run(
            survey_domain(
                arguments.domain,
                arguments.policy,
                arguments.trust,
                baseline=baseline,
                meanwhile=_load_what_follows,
                begun=None if limit is None else limit.started,
            )
        )
    except SettingsError as error:
        return UNKNOWN, _failure(arguments.domain, str(error))
    _tell(limit, "judging what was seen")
    from check_autodiscover.core.verdict.judge import judge

    report = judge(survey, now=survey.ended)
    return _exit_code(report), _rendered(arguments, report)


def _baseline(arguments: "Arguments") -> "BaselineFile | None":
    if not arguments.baseline:
        return None
    from check_autodiscover.store import load_baseline

    return load_baseline(arguments.baseline, arguments.domain)


def _load_what_follows() -> None:
    """Import what comes after the survey."""
    import nagiosplugin  # noqa: F401

    import check_autodiscover.core.verdict.judge
    import check_autodiscover.output.text  # noqa: F401


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
    from check_autodiscover.config.values import Output
    from check_autodiscover.output.text import render_log, render_text

    match arguments.output:
        case Output.TEXT:
            return render_text(report, arguments.verbosity, arguments.perfdata)
        case Output.LOG:
            return render_log(report)
        case Output.JSON:
            from check_autodiscover.output.report_json import render_json

            return render_json(report)


def _failure(domain: str, fault: str) -> str:
    from check_autodiscover.output.terminal import first_line

    return first_line("UNKNOWN", domain, fault)


def _misused(error: "UsageError") -> str:
    return f"{_failure('', str(error))}\nSee check_autodiscover --help."


def _missing(error: ImportError) -> str:
    from check_autodiscover.settings import MissingExtra

    if isinstance(error, MissingExtra):
        return str(error)
    module = (error.name or "").partition(".")[0] or "?"
    package = _DISTRIBUTIONS.get(module, module)
    return f"Python module {module} is missing or cannot be used ({error}); install it: pip install {package}"


def _reported(domain: str, verbosity: int, error: Exception) -> str:
    """A bug in one line; with `-vvv` the traceback below it."""
    from check_autodiscover.cli import internal_error
    from check_autodiscover.output.terminal import sanitize

    lines = [_failure(domain, internal_error(error))]
    if verbosity >= TRACEBACK:
        import traceback

        lines += [sanitize(line) for text in traceback.format_exception(error) for line in text.splitlines()]
    return "\n".join(lines)


def _print(text: str) -> None:
    """Write the whole output. Where nobody can read it there is the exit code still."""
    if sys.stdout is None:
        return
    with suppress(OSError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    run()
