"""From a domain and a policy to a survey and a Report: the wiring that every front end uses.

`survey_domain` is the plugin's way: instruments of its own, one survey, the end. The exporter and `sweep` keep one
`SharedProbes` for as long as they run, by which all domains together ask no more of the network at once than the slots
allow, and look by a `DomainChecker`. Both belong to one event loop.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Protocol

from check_autodiscover.checker.loop import Deadline, DirectoryProbe, Probes, SurveyLoop
from check_autodiscover.config.levels import Module
from check_autodiscover.core.analysis.lookups import asks_authority
from check_autodiscover.core.model.policy import Policy, Resolver, Transport, TrustSettings, View, ViewRole
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.survey import BaselineFile, Survey
from check_autodiscover.core.verdict.judge import judge
from check_autodiscover.probes.trust import Trust, TrustCache
from check_autodiscover.store import load_baseline

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

    from check_autodiscover.probes.dns.resolver import ResolverProbe, ResolverTools
    from check_autodiscover.probes.endpoint import ConnectionProbe, ConnectionTools
    from check_autodiscover.probes.limits import Slots

__all__ = [
    "DNS_SHARE",
    "LONG_WAIT",
    "DomainChecker",
    "Overload",
    "Probe",
    "ProbeSet",
    "SharedProbes",
    "conduct",
    "directory_probe",
    "finder",
    "observe",
    "registrable_parents",
    "reply_seconds",
    "survey_domain",
]


class ProbeSet:
    """The probes of one survey, made of what is shared. `trust` are the anchors that they go by."""

    def __init__(self, trust: Trust, dns: "ResolverProbe", endpoint: "ConnectionProbe") -> None:
        self.trust = trust
        self.dns = dns
        self.endpoint = endpoint

    @property
    def longest_wait(self) -> float:
        """Seconds that a question of this survey waited for our own slots: that says nothing about the domain."""
        return max(self.dns.longest_wait, self.endpoint.longest_wait)


class SharedProbes:
    """Keeps what is shared, and makes the probes of each survey of it."""

    def __init__(self, kept_trust: TrustCache | None = None, slots: "tuple[Slots, Slots] | None" = None) -> None:
        """`slots` are those for questions and for connections, where they are not the usual ones."""
        self._trust = kept_trust or TrustCache()
        self._tools: dict[TrustSettings, _Tools] = {}
        self._slots = slots

    @asynccontextmanager
    async def observers(self, domain: str, policy: Policy, settings: TrustSettings) -> AsyncIterator[ProbeSet]:
        """The probes for a survey of this domain (A-labels).

        Raises TrustError for anchors that cannot be used, and MissingExtra for a resolver that needs more packages.
        """
        # Imported here: the parser, help and usage errors need none of it, and it is half of a cold start.
        from check_autodiscover.probes.dns.resolver import ResolverProbe
        from check_autodiscover.probes.endpoint import ConnectionProbe

        tools = await self._tools_for(settings)
        dns = ResolverProbe(policy.source_address, tools=tools.dns)
        endpoint = ConnectionProbe(
            tools.trust,
            domain,
            connect_timeout=policy.connect_timeout,
            user_agent=policy.user_agent,
            source_address=policy.source_address,
            tools=tools.connections,
        )
        tools.users += 1
        try:
            dns.require(resolver for view in policy.views for resolver in view.resolvers)
            yield ProbeSet(tools.trust, dns, endpoint)
        finally:
            await dns.close()
            tools.users -= 1
            if tools is not self._tools.get(settings):
                await tools.close_if_unused()

    def recheck(self) -> None:
        """Take up changed trust anchors with the next survey, as a reload wants it."""
        self._trust.recheck()

    async def close(self) -> None:
        """Close the connections that are kept."""
        while self._tools:
            _, tools = self._tools.popitem()
            await tools.close_if_unused()

    async def _tools_for(self, settings: TrustSettings) -> "_Tools":
        found = self._tools.get(settings)
        if found is None or self._trust.is_fresh(settings):
            trust = self._trust.load(settings)
        else:
            # A network file system may take its time, and the other domains need not wait for it.
            trust = await asyncio.to_thread(self._trust.load, settings)
            found = self._tools.get(settings)
        if found is None or found.trust is not trust:
            self._tools[settings] = self._made(trust)
            if found is not None:
                await found.close_if_unused()
        return self._tools[settings]

    def _made(self, trust: Trust) -> "_Tools":
        from check_autodiscover.probes.dns.resolver import ResolverTools, dns_slots
        from check_autodiscover.probes.endpoint import ConnectionTools, connection_slots

        dns, connections = self._slots = self._slots or (dns_slots(), connection_slots())
        return _Tools(trust, ResolverTools(trust, dns), ConnectionTools(trust, connections))


class _Tools:
    """What is shared by the surveys that trust the same anchors."""

    def __init__(self, trust: Trust, dns: "ResolverTools", connections: "ConnectionTools") -> None:
        self.trust = trust
        self.dns = dns
        self.connections = connections
        self.users = 0

    async def close_if_unused(self) -> None:
        """Close what is kept unless a survey uses it, which does so at its end."""
        if not self.users:
            await self.dns.kept.close()


def registrable_parents(domain: str) -> tuple[str, ...]:
    """The parents of a domain that somebody can own, nearest first: those below the public suffix."""
    labels = domain.split(".")
    if len(labels) < 3:
        return ()
    owned = _public_suffixes().privatesuffix(domain) or domain
    parents = (".".join(labels[index:]) for index in range(1, len(labels)))
    return tuple(parent for parent in parents if parent == owned or parent.endswith("." + owned))


@cache
def _public_suffixes() -> "PublicSuffixList":
    # The list takes a while to read, and most domains need none of it.
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


DNS_SHARE = 0.6
"""The part of the time limit after which DNS gives up, so that what was found can still be contacted."""

REPLY_SHARE, REPLY_SECONDS, REPLY_LIMIT = 0.05, 0.4, 0.25
"""What is kept of the time limit for starting, judging and printing: a part, at least some seconds, at most a part."""

LABELS = 3
"""Random labels asked for: answers may rotate, and no one of them decides alone."""


async def survey_domain(
    domain: str,
    policy: Policy,
    trust: TrustSettings,
    *,
    baseline: BaselineFile | None = None,
    meanwhile: Callable[[], object] | None = None,
    begun: float | None = None,
) -> Survey:
    """Observe one domain (A-labels) in a process of its own, within the policy's time limit.

    `baseline` is kept with what is seen. `meanwhile` is called in a thread, once, while connections are under way, if
    there are any: what is needed afterwards is imported there. `begun` is when the limit began to count, by
    `time.monotonic`; now if not given.

    Raises:
        SettingsError: the trust anchors, or the password for the directory, cannot be loaded.
        MissingExtra: a resolver or the directory needs packages that are not installed.
    """
    instruments = SharedProbes()
    try:
        async with instruments.observers(domain, policy, trust) as observers:
            return await observe(domain, policy, observers, baseline=baseline, meanwhile=meanwhile, begun=begun)
    finally:
        await instruments.close()


async def observe(
    domain: str,
    policy: Policy,
    observers: ProbeSet,
    *,
    baseline: BaselineFile | None = None,
    meanwhile: Callable[[], object] | None = None,
    begun: float | None = None,
) -> Survey:
    """Observe a domain as `survey_domain` does, by observers of instruments that many surveys share.

    Raises SettingsError and MissingExtra for the directory's sake.
    """
    directory = directory_probe(policy, observers.trust)
    survey = Survey(
        domain=domain,
        policy=replace(policy, views=tuple(_with_system(view) for view in policy.views)),
        labels=_labels(),
        started=time.time(),
        anchors=observers.trust.description,
        parents=registrable_parents(domain),
        baseline=baseline,
    )
    return await conduct(survey, Probes(observers.dns, observers.endpoint, directory), meanwhile, begun)


def directory_probe(policy: Policy, trust: Trust) -> DirectoryProbe | None:
    """What asks the policy's directory, None where it names none. Raises MissingExtra and PasswordError."""
    if policy.directory is None:
        return None
    from check_autodiscover.probes.directory import ProcessDirectoryProbe

    return ProcessDirectoryProbe(policy.directory, trust, policy.connect_timeout)


def _labels() -> tuple[str, ...]:
    """Random labels that start with a letter and that nobody has asked for before."""
    return tuple(f"x{os.urandom(8).hex()}" for _ in range(LABELS))


def _with_system(view: View) -> View:
    """A view whose `system` resolvers are replaced by the nameservers of this host."""
    if all(resolver.transport is not Transport.SYSTEM for resolver in view.resolvers):
        return view
    from check_autodiscover.probes.system import system_resolvers

    resolvers: dict[Resolver, None] = {}
    for resolver in view.resolvers:
        found = system_resolvers() if resolver.transport is Transport.SYSTEM else (resolver,)
        resolvers.update(dict.fromkeys(found))
    return replace(view, resolvers=tuple(resolvers))


async def conduct(
    survey: Survey,
    probes: Probes,
    meanwhile: Callable[[], object] | None = None,
    begun: float | None = None,
) -> Survey:
    """Ask what the plan wants until nothing is left to ask or the time is up; the survey says what was cut off.

    `meanwhile` is called in a thread as soon as a first connection has told what it can. `begun` as in
    `survey_domain`.
    """
    loop = asyncio.get_running_loop()
    here = loop.time()
    begun = here if begun is None else begun
    limit = survey.policy.timeout
    deadline = Deadline(begun + limit - reply_seconds(limit), begun + limit * DNS_SHARE)
    conductor = SurveyLoop(probes, survey.policy, _resolvers(survey), deadline, meanwhile)
    survey = await conductor.conduct(survey)
    return replace(survey, ended=survey.started + loop.time() - here)


def reply_seconds(limit: float) -> float:
    """The seconds of a time limit that are not for looking."""
    return min(limit * REPLY_LIMIT, max(REPLY_SECONDS, limit * REPLY_SHARE))


def _resolvers(survey: Survey) -> dict[tuple[str, str], Resolver]:
    """The resolvers by view and label; a view of the domain's own servers finds them through another's resolver."""
    views = survey.policy.views
    known = {(view.name, resolver.label): resolver for view in views for resolver in view.resolvers}
    for view in views:
        if asks_authority(view):
            known[view.name, Transport.SYSTEM.value] = finder(views)
    return known


def finder(views: Iterable[View]) -> Resolver:
    """The resolver that helps to find the domain's own servers: one that looks outward, this host's own without any."""
    from check_autodiscover.probes.system import system_resolvers

    asked = [_with_system(view) for view in views if not asks_authority(view)]
    # The inside may have a zone of its own of that name, whose servers are others.
    outer = [view for view in asked if view.role is not ViewRole.INSIDE]
    return outer[0].resolvers[0] if outer else system_resolvers()[0]


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


FILE_THREADS = 4
"""Baselines that are read at a time."""


class DomainChecker:
    """The Probe that really looks, by instruments that all domains share."""

    def __init__(self, instruments: SharedProbes | None = None) -> None:
        self._instruments = instruments or SharedProbes()
        self._files = ThreadPoolExecutor(FILE_THREADS, "baseline")

    async def __call__(self, domain: str, module: Module, timeout: float) -> Report:
        """The verdict of now. Raises Overload and SettingsError."""
        # A network file system may take its time, and the other domains need not wait for it.
        # It has threads of its own: those that hang there are missing nowhere else.
        baseline = None
        if module.baseline:
            loop = asyncio.get_running_loop()
            baseline = await loop.run_in_executor(self._files, load_baseline, module.baseline, domain)
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
        self._files.shutdown(wait=False, cancel_futures=True)
        await self._instruments.close()


def _misled(report: Report) -> bool:
    """Whether judged clients hand a password to a stranger, or take settings from one."""
    return any(walk.judged and walk.outcome.misled for walk in report.walks)
