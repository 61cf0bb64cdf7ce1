"""What each command of `autodiscoverctl` may raise to end with a line and exit code 3; lines beside its results.

Looking at a domain for a command of `autodiscoverctl`, by the plugin's options.

Surveys in files: what `diagnose --save` writes and `--survey` reads. Whatever is wrong with one is a line.

A file is there whole or not at all, and its owner alone may read it: it tells names and addresses of the inside.
"""

import asyncio
import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from check_autodiscover.checker.checker import survey_domain
from check_autodiscover.config.commandline import Arguments, UsageError, parse_arguments
from check_autodiscover.config.values import parse_view_name
from check_autodiscover.core.model.names import parse_domain
from check_autodiscover.core.model.survey import Survey, SurveyFormatError, survey_from_json, survey_to_json
from check_autodiscover.named_files import SURVEY, UnusableFile, read_file, require_regular
from check_autodiscover.output.terminal import sanitize
from check_autodiscover.settings import SettingsError
from check_autodiscover.store import load_baseline, write_whole

__all__ = ["CommandError", "Parser", "load_survey", "observe_domain", "parsed", "save_survey", "warn"]


class CommandError(Exception):
    """A command that cannot be carried out; the text is one line."""


class Parser(ArgumentParser):
    """An argparse parser that raises CommandError instead of ending the process with a code of its own."""

    def error(self, message: str) -> NoReturn:
        """What argparse calls for a usage error."""
        raise CommandError(f"{message}; see {self.prog} --help")


def warn(text: str) -> None:
    """Tell something on standard error. With nobody there to be told, the results are still worth having."""
    with suppress(OSError):
        # Lists and files may hold anything, and be called anything.
        print(f"autodiscoverctl: {sanitize(text)}", file=sys.stderr)


def parsed(domain: str, options: Sequence[str]) -> Arguments:
    """What the plugin's options ask for. Raises CommandError."""
    try:
        return parse_arguments(["-H", domain, *options])
    except UsageError as error:
        raise CommandError(str(error)) from error


def observe_domain(arguments: Arguments) -> Survey:
    """The survey of a run with these options. Raises CommandError."""
    baseline = load_baseline(arguments.baseline, arguments.domain) if arguments.baseline else None
    try:
        return asyncio.run(survey_domain(arguments.domain, arguments.policy, arguments.trust, baseline=baseline))
    except SettingsError as error:
        raise CommandError(str(error)) from error


OWNER_ALONE = 0o600


def load_survey(file: str) -> Survey:
    """The survey in a file. Raises CommandError with a line that names the file and the fault."""
    try:
        survey = survey_from_json(_parsed(read_file(file, SURVEY)))
    except UnusableFile as error:
        raise CommandError(str(error)) from error
    except SurveyFormatError as error:
        raise CommandError(f"{file}: {error}") from error
    if not survey.policy.views:
        raise CommandError(f"{file}: it has no view, so nothing was looked at")
    try:
        # They go into performance data and to terminals, and are never other than we write them.
        parse_domain(survey.domain)
        for view in survey.policy.views:
            parse_view_name(view.name)
    except ValueError as error:
        raise CommandError(f"{file}: {error}") from error
    return survey


def _parsed(content: bytes) -> Any:
    """JSON as Python has it. Raises SurveyFormatError."""
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        begun, whole = error.doc.lstrip().startswith("{"), error.doc.rstrip()
        cut = begun and (error.pos >= len(whole) or not whole.endswith("}"))
        fault = "it is cut off" if cut else "it is not JSON"
        raise SurveyFormatError(f"{fault} (line {error.lineno}: {error.msg})" if whole else "it is empty") from None
    except RecursionError:
        raise SurveyFormatError("it is nested too deeply to be a survey") from None
    except ValueError:
        raise SurveyFormatError("it is not JSON") from None


def save_survey(survey: Survey, file: str) -> None:
    """Write a survey for its owner alone to read, whole or not at all. Raises CommandError."""
    text = json.dumps(survey_to_json(survey), indent=1, allow_nan=False) + "\n"
    path = Path(file)
    try:
        if path.exists():
            # It would be replaced.
            require_regular(file, path.stat().st_mode)
        write_whole(path, text, OWNER_ALONE)
    except UnusableFile as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from error
