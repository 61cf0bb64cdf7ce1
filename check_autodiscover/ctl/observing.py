"""Looking at a domain for a command of `autodiscoverctl`, by the plugin's options."""

import asyncio
from collections.abc import Sequence

from check_autodiscover.arguments import Arguments, UsageError
from check_autodiscover.commandline import parse_arguments
from check_autodiscover.core.survey import Survey
from check_autodiscover.ctl.usage import Refused
from check_autodiscover.run import survey_domain
from check_autodiscover.settings import SettingsError
from check_autodiscover.store import load_baseline

__all__ = ["observe_domain", "parsed"]


def parsed(domain: str, options: Sequence[str]) -> Arguments:
    """What the plugin's options ask for. Raises Refused."""
    try:
        return parse_arguments(["-H", domain, *options])
    except UsageError as error:
        raise Refused(str(error)) from error


def observe_domain(arguments: Arguments) -> Survey:
    """The survey of a run with these options. Raises Refused."""
    baseline = load_baseline(arguments.baseline, arguments.domain) if arguments.baseline else None
    try:
        return asyncio.run(survey_domain(arguments.domain, arguments.policy, arguments.trust, baseline=baseline))
    except SettingsError as error:
        raise Refused(str(error)) from error
