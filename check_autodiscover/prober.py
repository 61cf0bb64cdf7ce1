"""From a domain and a module to a Report: the run that the plugin makes, by what many domains of a process share.

The exporter and `autodiscoverctl sweep` know it as a Probe only; tests hand in probes with Reports made by hand.
"""

import asyncio
from dataclasses import replace
from typing import Protocol

from check_autodiscover.configuration import Module
from check_autodiscover.core.judge import judge
from check_autodiscover.core.report import Report
from check_autodiscover.instruments import Instruments
from check_autodiscover.run import observe
from check_autodiscover.store import load_baseline

__all__ = ["LONG_WAIT", "Overload", "Probe", "Prober"]

LONG_WAIT = 0.5
"""Seconds of waiting for our own slots, after which what then came too late is not told of the domain."""


class Overload(Exception):
    """This process had too much to do to look at a domain in time; the text is one sentence."""

    def __init__(self, domain: str, seconds: float) -> None:
        """`seconds` is how long the domain waited for its turn."""
        super().__init__(f"the exporter is too busy: {domain} waited {seconds:.1f} s for its turn")
        self.seconds = seconds


class Probe(Protocol):
    """Looks at one domain the way a module says, in at most `timeout` seconds, and judges what it saw."""

    async def __call__(self, domain: str, module: Module, timeout: float) -> Report:
        """The verdict. Raises Overload, and SettingsError for anchors or a password that cannot be used."""
        ...


class Prober:
    """The Probe that really looks, by instruments that all domains share."""

    def __init__(self, instruments: Instruments | None = None) -> None:
        self._instruments = instruments or Instruments()

    async def __call__(self, domain: str, module: Module, timeout: float) -> Report:
        """The verdict of now. Raises Overload and SettingsError."""
        # A network file system may take its time, and the other domains need not wait for it.
        baseline = await asyncio.to_thread(load_baseline, module.baseline, domain) if module.baseline else None
        policy = replace(module.policy, timeout=timeout)
        async with self._instruments.observers(domain, policy, module.trust) as observers:
            survey = await observe(domain, policy, observers, baseline=baseline)
        # Usually some milliseconds; but the domain's owner decides how much there is to judge.
        report = await asyncio.to_thread(judge, survey, survey.ended)
        # A stranger who was met was met: a domain whose servers keep us busy must not hide one.
        if survey.hurried and observers.longest_wait >= LONG_WAIT and not _misled(report):
            raise Overload(domain, observers.longest_wait)
        return report

    def recheck(self) -> None:
        """Take up changed trust anchors with the next probe, as a reload wants it."""
        self._instruments.recheck()

    async def close(self) -> None:
        """Close the connections that are kept between probes."""
        await self._instruments.close()


def _misled(report: Report) -> bool:
    """Whether judged clients hand a password to a stranger, or take settings from one."""
    return any(walk.judged and walk.outcome.misled for walk in report.walks)
