"""`autodiscoverctl diagnose`: observe a domain, or take a saved survey, and show the verdict.

It is shown as a tree, or in one of the plugin's forms. The exit code is the plugin's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from check_autodiscover.core.judge import assemble, judge
from check_autodiscover.core.report import Report
from check_autodiscover.core.survey import Survey
from check_autodiscover.ctl.survey_file import load_survey, save_survey
from check_autodiscover.ctl.usage import Refused

__all__ = ["Form", "diagnose"]


@dataclass(frozen=True, slots=True)
class Form:
    """How a verdict is shown: `output` is one of the plugin's, or empty for the tree; the rest is as there."""

    output: str = ""
    verbosity: int = 0
    perfdata: bool = True


def diagnose(domain: str, plugin_options: Sequence[str], form: Form, *, save: str, saved: str, redacted: bool) -> int:
    """Diagnose a domain by the plugin's options, or a saved survey; the report's exit code. Raises Refused.

    What is `redacted` is saved and shown with pseudonyms in place of names and addresses.
    """
    survey = _saved(saved, domain, plugin_options) if saved else _observed(domain, plugin_options)
    report = _judged(survey, saved)
    if redacted:
        report = _redacted(report)
    if save:
        save_survey(report.survey, save)
    _show(report, form)
    return report.state.exit_code


def _observed(domain: str, plugin_options: Sequence[str]) -> Survey:
    if not domain:
        raise Refused("diagnose needs a DOMAIN before its options, or --survey FILE")
    # A saved survey needs neither the network nor the option parser.
    from check_autodiscover.ctl.observing import observe_domain, parsed

    return observe_domain(parsed(domain, plugin_options))


def _saved(file: str, domain: str, plugin_options: Sequence[str]) -> Survey:
    if plugin_options:
        raise Refused(f"{plugin_options[0]} has no effect on a saved survey, which brings its own policy")
    survey = load_survey(file)
    if domain not in ("", survey.domain):
        raise Refused(f"{file}: the survey is about {survey.domain}, not {domain}")
    return survey


def _judged(survey: Survey, file: str) -> Report:
    """The verdict at the survey's end. What a run of ours never writes, a file may hold. Raises Refused."""
    try:
        return judge(survey)
    # A file may hold what no run can have seen, and so trip whatever rule comes first.
    except Exception as error:
        if not file:
            raise
        raise Refused(f"{file}: no run can have seen this ({type(error).__name__} when it was judged)") from error


def _redacted(report: Report) -> Report:
    """The same verdict on other names. Raises Refused where it would be another."""
    from publicsuffixlist import PublicSuffixList

    from check_autodiscover.core.redaction import redact
    from check_autodiscover.core.redaction.comparison import difference

    suffixes = PublicSuffixList(accept_unknown=False, only_icann=True)
    hidden = judge(redact(report.survey, lambda name: suffixes.publicsuffix(name) or ""))
    if changed := difference(report, hidden):
        raise Refused(f"--redact would change {changed} of this survey: a defect of ours, nothing was saved")
    return hidden


def _show(report: Report, form: Form) -> None:
    match form.output:
        case "":
            _draw(report)
        case "json":
            from check_autodiscover.report_json import render_json

            print(render_json(report))
        case "log":
            from check_autodiscover.render import render_log

            print(render_log(report))
        case _:
            from check_autodiscover.render import render_text

            print(render_text(report, form.verbosity, form.perfdata))


def _draw(report: Report) -> None:
    # The plugin's forms need none of it.
    from rich.console import Console

    from check_autodiscover.ctl.tree import draw

    picture = assemble(report.survey, report.survey.ended)
    Console(highlight=False, emoji=False).print(draw(report, picture))
