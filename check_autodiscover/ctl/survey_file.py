"""Surveys in files: what `diagnose --save` writes and `--survey` reads. Whatever is wrong with one is a line.

A file is there whole or not at all, and its owner alone may read it: it tells names and addresses of the inside.
"""

import json
from pathlib import Path
from typing import Any

from check_autodiscover.core.names import parse_domain
from check_autodiscover.core.survey import Survey
from check_autodiscover.core.survey_json import SurveyFormatError, survey_from_json, survey_to_json
from check_autodiscover.ctl.usage import Refused
from check_autodiscover.named_files import SURVEY, UnusableFile, read_file, require_regular
from check_autodiscover.store import write_whole
from check_autodiscover.views import parse_view_name

__all__ = ["load_survey", "save_survey"]

OWNER_ALONE = 0o600


def load_survey(file: str) -> Survey:
    """The survey in a file. Raises Refused with a line that names the file and the fault."""
    try:
        survey = survey_from_json(_parsed(read_file(file, SURVEY)))
    except UnusableFile as error:
        raise Refused(str(error)) from error
    except SurveyFormatError as error:
        raise Refused(f"{file}: {error}") from error
    if not survey.policy.views:
        raise Refused(f"{file}: it has no view, so nothing was looked at")
    try:
        # They go into performance data and to terminals, and are never other than we write them.
        parse_domain(survey.domain)
        for view in survey.policy.views:
            parse_view_name(view.name)
    except ValueError as error:
        raise Refused(f"{file}: {error}") from error
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
    """Write a survey for its owner alone to read, whole or not at all. Raises Refused."""
    text = json.dumps(survey_to_json(survey), indent=1, allow_nan=False) + "\n"
    path = Path(file)
    try:
        if path.exists():
            # It would be replaced.
            require_regular(file, path.stat().st_mode)
        write_whole(path, text, OWNER_ALONE)
    except UnusableFile as error:
        raise Refused(str(error)) from error
    except OSError as error:
        raise Refused(f"{file}: {error.strerror}") from error
