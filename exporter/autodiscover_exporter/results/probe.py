"""From a domain and a module to a Report: the same run that the plugin makes.

The application knows it as a Probe only; tests hand in probes that return Reports made by hand.
"""

import asyncio
from dataclasses import replace
from typing import Protocol

from check_autodiscover.config import Module
from check_autodiscover.core.judge import judge
from check_autodiscover.core.report import Report
from check_autodiscover.run import survey_domain
from check_autodiscover.store import load_baseline

__all__ = ["Probe", "probe_domain"]


class Probe(Protocol):
    """Looks at one domain the way a module says, in at most `timeout` seconds, and judges what it saw."""

    async def __call__(self, domain: str, module: Module, timeout: float) -> Report:
        """The verdict. Raises SettingsError where the module's anchors or password cannot be used; else it is a bug."""
        ...


async def probe_domain(domain: str, module: Module, timeout: float) -> Report:
    """The Probe that really looks."""
    # A network file system may take its time, and the other scrapes need not wait for it.
    baseline = await asyncio.to_thread(load_baseline, module.baseline, domain) if module.baseline else None
    survey = await survey_domain(domain, replace(module.policy, timeout=timeout), module.trust, baseline=baseline)
    return judge(survey, now=survey.ended)
