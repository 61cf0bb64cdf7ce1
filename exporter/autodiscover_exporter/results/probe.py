"""From a domain and a module to a Report: the same run that the plugin makes.

The application knows it as a Probe only; tests hand in probes that return Reports made by hand.
"""

import asyncio
from dataclasses import replace
from typing import Protocol

from check_autodiscover.config import Module
from check_autodiscover.core.judge import judge
from check_autodiscover.core.report import Report
from check_autodiscover.instruments import Instruments
from check_autodiscover.run import observe
from check_autodiscover.store import load_baseline

__all__ = ["Probe", "Prober"]


class Probe(Protocol):
    """Looks at one domain the way a module says, in at most `timeout` seconds, and judges what it saw."""

    async def __call__(self, domain: str, module: Module, timeout: float) -> Report:
        """The verdict. Raises SettingsError where the module's anchors or password cannot be used; else it is a bug."""
        ...


class Prober:
    """The Probe that really looks, by instruments that all domains share."""

    def __init__(self) -> None:
        self._instruments = Instruments()

    async def __call__(self, domain: str, module: Module, timeout: float) -> Report:
        """The verdict of now. Raises SettingsError."""
        # A network file system may take its time, and the other domains need not wait for it.
        baseline = await asyncio.to_thread(load_baseline, module.baseline, domain) if module.baseline else None
        policy = replace(module.policy, timeout=timeout)
        async with self._instruments.observers(domain, policy, module.trust) as observers:
            survey = await observe(domain, policy, observers, baseline=baseline)
        return judge(survey, now=survey.ended)

    def recheck(self) -> None:
        """Take up changed trust anchors with the next probe, as a reload wants it."""
        self._instruments.recheck()

    async def close(self) -> None:
        """Close the connections that are kept between probes."""
        await self._instruments.close()
