"""`autodiscoverctl diagnose`: observe a domain, or take a saved survey, and show the verdict as a tree.

The exit code is the plugin's.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from check_autodiscover.core.judge import assemble, judge
from check_autodiscover.core.survey import Survey
from check_autodiscover.core.survey_json import SurveyFormatError, survey_from_json, survey_to_json
from check_autodiscover.ctl.tree import draw
from check_autodiscover.ctl.usage import Refused

__all__ = ["diagnose"]


def diagnose(domain: str, plugin_options: Sequence[str], *, save: str, saved: str) -> int:
    """Diagnose a domain by the plugin's options, or a saved survey; the report's exit code. Raises Refused."""
    survey = _saved(saved, domain, plugin_options) if saved else _observed(domain, plugin_options)
    if save:
        _write(survey, save)
    report = judge(survey)
    Console(highlight=False, emoji=False).print(draw(report, assemble(survey, survey.ended)))
    return report.state.exit_code


def _observed(domain: str, plugin_options: Sequence[str]) -> Survey:
    if not domain:
        raise Refused("diagnose needs a DOMAIN before its options, or --survey FILE")
    # A saved survey needs neither the network nor the option parser.
    import asyncio

    from check_autodiscover.arguments import UsageError
    from check_autodiscover.commandline import parse_arguments
    from check_autodiscover.run import survey_domain
    from check_autodiscover.trust import TrustError

    try:
        arguments = parse_arguments(["-H", domain, *plugin_options])
        return asyncio.run(survey_domain(arguments.domain, arguments.policy, arguments.trust))
    except (UsageError, TrustError) as error:
        raise Refused(str(error)) from error


def _saved(file: str, domain: str, plugin_options: Sequence[str]) -> Survey:
    if plugin_options:
        raise Refused(f"{plugin_options[0]} has no effect on a saved survey, which brings its own policy")
    try:
        survey = survey_from_json(json.loads(Path(file).read_bytes()))
    except OSError as error:
        raise Refused(f"{file}: {error.strerror}") from error
    except SurveyFormatError as error:
        raise Refused(f"{file}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise Refused(f"{file}: no JSON") from error
    if domain not in ("", survey.domain):
        raise Refused(f"{file}: the survey is about {survey.domain}, not {domain}")
    return survey


def _write(survey: Survey, file: str) -> None:
    try:
        Path(file).write_text(json.dumps(survey_to_json(survey), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise Refused(f"{file}: {error.strerror}") from error
