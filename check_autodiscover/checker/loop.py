"""The loop of a check: what `plan` wants is asked, until nothing is wanted or the time is up.

After each answer that can lead on, `plan` is asked again; what is not yet asked starts at once, so that no wave waits
for its slowest member. What asks the world is known here as Protocols alone; the probes implement them, tests replace
them by ten-line classes. All times are on the event loop's clock (monotonic seconds).
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from check_autodiscover.core.analysis.plan import ConnectionBudget, may_need_more, plan
from check_autodiscover.core.model.addresses import denies
from check_autodiscover.core.model.observations import (
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
from check_autodiscover.core.model.policy import Policy, Resolver
from check_autodiscover.core.model.survey import Survey

__all__ = ["Deadline", "DirectoryProbe", "DnsProbe", "EndpointProbe", "Probes", "SurveyLoop"]


@dataclass(frozen=True, slots=True)
class Deadline:
    """When the whole run ends, and when DNS gives up so that what was found can still be contacted."""

    run: float
    dns: float


class DnsProbe(Protocol):
    """Asks one resolver one question. Never raises for what the world does: that is an observation."""

    async def probe_dns(self, question: DnsQuestion, resolver: Resolver, give_up_at: float) -> DnsAnswer:
        """The resolver's answer, or why there is none by `give_up_at`."""
        ...


class EndpointProbe(Protocol):
    """Makes one connection and asks it what a client would. Never raises for what the world does."""

    async def probe_endpoint(self, question: EndpointQuestion, give_up_at: float) -> Contact:
        """All that the connection yielded by `give_up_at`."""
        ...


class DirectoryProbe(Protocol):
    """Looks up service connection points in one directory. Never raises for what the world does."""

    async def probe_directory(self, question: DirectoryQuestion, give_up_at: float) -> DirectoryAnswer:
        """What the directory says, or why it says nothing by `give_up_at`."""
        ...


@dataclass(frozen=True, slots=True)
class Probes:
    """The observers of the world that a run uses."""

    dns: DnsProbe
    endpoint: EndpointProbe
    directory: DirectoryProbe | None = None
    """None in a run whose policy names no directory."""


DIRECT_PATIENCE = 2.0
"""Seconds that a domain's own server gets for its answer."""

_LEADING = {RecordType.SRV: 0, RecordType.NS: 1, RecordType.A: 2, RecordType.AAAA: 3}


def _urgency(question: Question) -> tuple[bool, int]:
    """The place of a question among those asked together: first what leads to further questions, last connections."""
    match question:
        case DirectoryQuestion():
            return False, -1
        case DnsQuestion():
            return False, _LEADING.get(question.type, len(_LEADING))
        case EndpointQuestion():
            return True, 0


class SurveyLoop:
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
        self._budget = ConnectionBudget()
        self._meanwhile = meanwhile
        self._aside: list[asyncio.Future[object]] = []

    async def conduct(self, survey: Survey) -> Survey:
        """The survey with all that was answered by the deadline, and what was not as unfinished."""
        self._ask(plan(survey))
        # Probes that end at the deadline get a moment more.
        timer = asyncio.get_running_loop().call_at(self._deadline.run + 0.02, self._end)
        try:
            while self._tasks and (answers := await self._some_answers()):
                known, survey = survey, survey.observed_all(answers)
                if any(may_need_more(known, *answer) for answer in answers.items()):
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

    def _ask(self, wanted: Iterable[Question]) -> None:
        for question in sorted((each for each in wanted if each not in self._asked), key=_urgency):
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
        if not self._budget.spend(question):
            return Contact(Connect.OVER_BUDGET)
        return await self._probes.endpoint.probe_endpoint(question, self._deadline.run)

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._aside, return_exceptions=True)
