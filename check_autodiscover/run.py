"""The wiring that every front end uses: `survey_domain` observes a domain and returns the Survey; it judges nothing."""

import asyncio
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from check_autodiscover.conductor import Conductor
from check_autodiscover.core.answers import asks_authority
from check_autodiscover.core.policy import Policy, Resolver, Transport, View, ViewRole
from check_autodiscover.core.survey import BaselineFile, Survey
from check_autodiscover.instruments import Instruments, Observers
from check_autodiscover.parents import registrable_parents
from check_autodiscover.ports import Deadline, DirectoryProbe, Probes
from check_autodiscover.trust import Trust, TrustSettings

__all__ = ["DNS_SHARE", "conduct", "directory_probe", "finder", "observe", "reply_seconds", "survey_domain"]

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
    instruments = Instruments()
    try:
        async with instruments.observers(domain, policy, trust) as observers:
            return await observe(domain, policy, observers, baseline=baseline, meanwhile=meanwhile, begun=begun)
    finally:
        await instruments.close()


async def observe(
    domain: str,
    policy: Policy,
    observers: Observers,
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
    conductor = Conductor(probes, survey.policy, _resolvers(survey), deadline, meanwhile)
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
