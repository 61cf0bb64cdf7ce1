"""The loop over the ports, and the wiring that every front end uses.

`survey_domain` observes a domain and returns the Survey; it judges nothing. After each answer that can lead on, `plan`
is asked what is wanted; what is not yet asked starts at once, so that no wave waits for its slowest member.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from check_autodiscover.core.answers import asks_authority
from check_autodiscover.core.denial import denies
from check_autodiscover.core.leading import leads_on
from check_autodiscover.core.observations import (
    Connect,
    Contact,
    DirectoryAnswer,
    DirectoryQuestion,
    DirectoryStatus,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    EndpointQuestion,
    Observation,
    Question,
    RecordType,
)
from check_autodiscover.core.plan import plan
from check_autodiscover.core.policy import Policy, Resolver, Transport, View, ViewRole
from check_autodiscover.core.survey import BaselineFile, Survey
from check_autodiscover.instruments import Instruments, Observers
from check_autodiscover.parents import registrable_parents
from check_autodiscover.ports import Deadline, DirectoryProbe, DnsProbe, EndpointProbe
from check_autodiscover.trust import Trust, TrustSettings

__all__ = ["DNS_SHARE", "Probes", "conduct", "directory_probe", "finder", "observe", "survey_domain"]

DNS_SHARE = 0.6
"""The part of the time limit after which DNS gives up, so that what was found can still be contacted."""

DIRECT_PATIENCE = 2.0
"""Seconds that a domain's own server gets for its answer."""

REPLY_SHARE = 0.05
"""The part of the time limit kept for judging and printing."""

LABELS = 3
"""Random labels asked for: answers may rotate, and no one of them decides alone."""


_LEADING = {RecordType.SRV: 0, RecordType.NS: 1, RecordType.A: 2, RecordType.AAAA: 3}


@dataclass(frozen=True, slots=True)
class Probes:
    """The observers of the world that a run uses."""

    dns: DnsProbe
    endpoint: EndpointProbe
    directory: DirectoryProbe | None = None
    """None in a run whose policy names no directory."""


async def survey_domain(
    domain: str,
    policy: Policy,
    trust: TrustSettings,
    *,
    baseline: BaselineFile | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> Survey:
    """Observe one domain (A-labels) in a process of its own, within the policy's time limit.

    `baseline` is kept with what is seen. `meanwhile` is called in a thread, once, while connections are under way, if
    there are any: what is needed afterwards is imported there.

    Raises:
        SettingsError: the trust anchors, or the password for the directory, cannot be loaded.
        MissingExtra: a resolver or the directory needs packages that are not installed.
    """
    instruments = Instruments()
    try:
        async with instruments.observers(domain, policy, trust) as observers:
            return await observe(domain, policy, observers, baseline=baseline, meanwhile=meanwhile)
    finally:
        await instruments.close()


async def observe(
    domain: str,
    policy: Policy,
    observers: Observers,
    *,
    baseline: BaselineFile | None = None,
    meanwhile: Callable[[], object] | None = None,
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
    return await conduct(survey, Probes(observers.dns, observers.endpoint, directory), meanwhile)


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


async def conduct(survey: Survey, probes: Probes, meanwhile: Callable[[], object] | None = None) -> Survey:
    """Ask what the plan wants until nothing is left to ask or the time is up; the survey says what was cut off.

    `meanwhile` is called in a thread as soon as a first connection has told what it can.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    limit = survey.policy.timeout
    deadline = Deadline(begun + limit * (1 - REPLY_SHARE), begun + limit * DNS_SHARE)
    conductor = _Conductor(probes, survey.policy, _resolvers(survey), deadline, meanwhile)
    survey = await conductor.conduct(survey)
    return replace(survey, ended=survey.started + loop.time() - begun)


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


def _urgency(question: Question) -> tuple[bool, int]:
    """The place of a question among those asked together: first what leads to further questions, last connections."""
    match question:
        case DirectoryQuestion():
            return False, -1
        case DnsQuestion():
            return False, _LEADING.get(question.type, len(_LEADING))
        case EndpointQuestion():
            return True, 0


class _Conductor:
    """The tasks under way in one run."""

    def __init__(
        self,
        probes: Probes,
        policy: Policy,
        resolvers: Mapping[tuple[str, str], Resolver],
        deadline: Deadline,
        meanwhile: Callable[[], object] | None,
    ) -> None:
        self._probes = probes
        self._policy = policy
        self._denied = policy.denied_networks
        self._resolvers = resolvers
        self._deadline = deadline
        self._tasks: dict[asyncio.Task[Observation], Question] = {}
        self._asked: set[Question] = set()
        self._done: list[asyncio.Task[Observation]] = []
        self._awaited: asyncio.Future[None] | None = None
        self._over = False
        self._meanwhile = meanwhile
        self._aside: list[asyncio.Future[object]] = []

    async def conduct(self, survey: Survey) -> Survey:
        self._ask(plan(survey))
        # Probes that end at the deadline get a moment more.
        timer = asyncio.get_running_loop().call_at(self._deadline.run + 0.02, self._end)
        try:
            while self._tasks and (answers := await self._some_answers()):
                known, survey = survey, survey.observed_all(answers)
                if any(leads_on(known, *answer) for answer in answers.items()):
                    self._ask(plan(survey))
                self._use_wait(survey)
            return replace(survey, unfinished=frozenset(self._tasks.values()))
        finally:
            timer.cancel()
            await self._stop()

    async def _some_answers(self) -> dict[Question, Observation]:
        """The next answers, none once the time is up."""
        if not self._done and not self._over:
            self._awaited = asyncio.get_running_loop().create_future()
            await self._awaited
            await self._others()
        done, self._done = self._done, []
        return {self._tasks.pop(task): task.result() for task in done}

    async def _others(self) -> None:
        """Let in what comes with the next turns of the loop: a plan for many answers is as dear as for one."""
        before = 0
        while before < len(self._done):
            before = len(self._done)
            await asyncio.sleep(0)

    def _finish(self, task: asyncio.Task[Observation]) -> None:
        self._done.append(task)
        self._wake()

    def _end(self) -> None:
        self._over = True
        self._wake()

    def _wake(self) -> None:
        if self._awaited is not None and not self._awaited.done():
            self._awaited.set_result(None)

    def _ask(self, wanted: frozenset[Question]) -> None:
        for question in sorted(wanted - self._asked, key=_urgency):
            self._asked.add(question)
            task = asyncio.ensure_future(self._answer(question))
            self._tasks[task] = question
            task.add_done_callback(self._finish)

    def _use_wait(self, survey: Survey) -> None:
        # The quickest connection is done, others take another round trip or two: nothing else is to be done until then.
        if survey.contacts and self._tasks and self._meanwhile and not self._aside:
            self._aside.append(asyncio.get_running_loop().run_in_executor(None, self._meanwhile))

    async def _answer(self, question: Question) -> Observation:
        match question:
            case DirectoryQuestion():
                return await self._read(question)
            case DnsQuestion():
                return await self._look_up(question)
            case EndpointQuestion():
                return await self._contact(question)

    async def _look_up(self, question: DnsQuestion) -> DnsAnswer:
        if question.direct and denies(self._denied, question.resolver):
            return DnsAnswer(DnsStatus.DENIED)
        if asyncio.get_running_loop().time() >= self._deadline.dns:
            return DnsAnswer(DnsStatus.CUT_SHORT)
        give_up_at = self._deadline.dns
        if question.direct:
            # They tell what is wrong with the zone; the verdict does not wait for servers that are out of reach.
            give_up_at = min(give_up_at, asyncio.get_running_loop().time() + DIRECT_PATIENCE)
        return await self._probes.dns.probe_dns(question, self._resolver(question), give_up_at)

    async def _read(self, question: DirectoryQuestion) -> DirectoryAnswer:
        if self._denied and self._policy.directory and question.ldap_url != self._policy.directory.url:
            # The LDAP library looks up the names of pointers by itself: what it would connect to is not known here.
            return DirectoryAnswer(DirectoryStatus.DENIED)
        # What the directory names has to be looked up in DNS yet, and that in time.
        if self._probes.directory is None or asyncio.get_running_loop().time() >= self._deadline.dns:
            return DirectoryAnswer(DirectoryStatus.CUT_SHORT)
        return await self._probes.directory.probe_directory(question, self._deadline.dns)

    def _resolver(self, question: DnsQuestion) -> Resolver:
        if question.direct:
            return Resolver(question.resolver)
        return self._resolvers[question.view, question.resolver]

    async def _contact(self, question: EndpointQuestion) -> Contact:
        if denies(self._denied, question.address):
            return Contact(Connect.DENIED)
        return await self._probes.endpoint.probe_endpoint(question, self._deadline.run)

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._aside, return_exceptions=True)
