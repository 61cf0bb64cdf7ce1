"""The loop: it asks all that the plan wants, once, and ends in time with what was seen."""

import asyncio
from collections.abc import Set
from dataclasses import replace

import pytest

from check_autodiscover.checker.checker import DNS_SHARE, REPLY_SHARE, conduct, reply_seconds
from check_autodiscover.checker.loop import Probes
from check_autodiscover.core.analysis.plan import plan
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
    Question,
)
from check_autodiscover.core.model.policy import Resolver
from check_autodiscover.core.model.states import State
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.core.verdict.judge import judge
from tests.core import incidents
from tests.core.directories import DC, PARTNER, answer, asking, point, pointer
from tests.core.worlds import DOMAIN, NOW, World, survey_of


class MadeUpWorld:
    """Both probes, answering from a World; counts what it was asked."""

    def __init__(self, world: World) -> None:
        survey = survey_of(world)
        self._lookups, self._contacts = survey.lookups, survey.contacts
        self._directories = survey.directories
        self.asked: list[Question] = []

    async def probe_dns(self, question: DnsQuestion, resolver: Resolver, give_up_at: float) -> DnsAnswer:
        self.asked.append(question)
        await asyncio.sleep(0)
        return self._lookups[question]

    async def probe_endpoint(self, question: EndpointQuestion, give_up_at: float) -> Contact:
        self.asked.append(question)
        await asyncio.sleep(0)
        return self._contacts[question]

    async def probe_directory(self, question: DirectoryQuestion, give_up_at: float) -> DirectoryAnswer:
        self.asked.append(question)
        await asyncio.sleep(0)
        return self._directories[question]


class SilentWorld(MadeUpWorld):
    """A world whose hosts never answer and that minds no deadline."""

    async def probe_endpoint(self, question: EndpointQuestion, give_up_at: float) -> Contact:
        self.asked.append(question)
        await asyncio.get_running_loop().create_future()
        raise AssertionError("nothing wakes this up")


class BrokenProbe(MadeUpWorld):
    """A probe with a bug."""

    async def probe_dns(self, question: DnsQuestion, resolver: Resolver, give_up_at: float) -> DnsAnswer:
        raise ZeroDivisionError("a bug of ours")


def start(world: World) -> Survey:
    """The survey that a run in this world begins with; its one random label is the made-up world's."""
    return Survey(domain=DOMAIN, policy=world.policy, labels=("xrandom",), started=NOW)


@pytest.mark.parametrize("method", ["srv", "host", "redirect", "exchange-online", "none"])
def test_a_run_asks_all_that_the_plan_wants_and_each_question_once(method: str) -> None:
    world = incidents.healthy(method)
    probe = MadeUpWorld(world)
    survey = asyncio.run(conduct(start(world), Probes(probe, probe)))
    assert plan(survey) == set(probe.asked)
    assert len(probe.asked) == len(set(probe.asked))
    assert not survey.unfinished


def test_the_plan_is_not_asked_again_after_answers_that_lead_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    known: list[Survey] = []

    def counting(survey: Survey) -> Set[Question]:
        known.append(survey)
        return plan(survey)

    monkeypatch.setattr("check_autodiscover.checker.loop.plan", counting)
    probe = MadeUpWorld(incidents.healthy("srv"))
    survey = asyncio.run(conduct(start(incidents.healthy("srv")), Probes(probe, probe)))
    assert survey.contacts
    assert not any(each.contacts for each in known)


def test_a_run_sees_what_the_same_world_shows_at_once() -> None:
    world = incidents.row_1("srv")
    probe = MadeUpWorld(world)
    survey = asyncio.run(conduct(start(world), Probes(probe, probe)))
    assert judge(replace(survey, ended=NOW)).summary == judge(survey_of(world)).summary


def test_a_world_that_never_answers_is_cut_off_and_named() -> None:
    world = incidents.healthy("srv").with_policy(timeout=0.2)
    probe = SilentWorld(world)
    survey = asyncio.run(conduct(start(world), Probes(probe, probe)))
    assert {type(question) for question in survey.unfinished} == {EndpointQuestion}
    report = judge(survey, NOW)
    assert report.state is State.CRITICAL
    assert report.roots[0].finding.rule == "check-timed-out"


def test_no_dns_question_is_asked_after_its_share_of_the_time() -> None:
    world = incidents.healthy("srv").with_policy(timeout=0.0)
    probe = MadeUpWorld(world)
    survey = asyncio.run(conduct(start(world), Probes(probe, probe)))
    assert probe.asked == []
    assert {answer.status for answer in survey.lookups.values()} <= {DnsStatus.CUT_SHORT}


def test_a_bug_in_a_probe_is_raised_and_not_taken_for_the_world() -> None:
    world = incidents.healthy("srv")
    probe = BrokenProbe(world)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(conduct(start(world), Probes(probe, probe)))


def test_a_refused_contact_is_a_contact() -> None:
    world = incidents.row_33("host")
    assert world is not None
    probe = MadeUpWorld(world)
    survey = asyncio.run(conduct(start(world), Probes(probe, probe)))
    assert Connect.REFUSED in {contact.connect for contact in survey.contacts.values()}


def test_a_directory_is_asked_with_its_pointers_and_what_it_names_is_looked_up() -> None:
    points = {PARTNER: answer(point("remote.contoso.com"))}
    world = asking(incidents.healthy("srv"), pointer(PARTNER, DOMAIN), more=points)
    probe = MadeUpWorld(world)
    survey = asyncio.run(conduct(start(world), Probes(probe, probe, probe)))
    assert plan(survey) == set(probe.asked)
    assert {question.ldap_url for question in survey.directories} == {DC, PARTNER}
    assert judge(survey, NOW).state is State.OK


def test_no_directory_is_asked_when_there_is_no_time_left_to_look_up_what_it_names() -> None:
    world = asking(incidents.healthy("srv"), point("remote.contoso.com")).with_policy(timeout=0.0)
    probe = MadeUpWorld(world)
    survey = asyncio.run(conduct(start(world), Probes(probe, probe, probe)))
    assert probe.asked == []
    assert {found.status for found in survey.directories.values()} <= {DirectoryStatus.CUT_SHORT}


@pytest.mark.parametrize("limit", [0.5, 1.0, 2.0, 5.0, 8.0, 10.0, 60.0])
def test_some_of_the_time_is_kept_for_starting_and_printing_and_most_is_for_looking(limit: float) -> None:
    kept = reply_seconds(limit)
    assert limit * REPLY_SHARE <= kept <= limit * (1 - DNS_SHARE)
    assert kept >= min(0.4, limit / 4)
