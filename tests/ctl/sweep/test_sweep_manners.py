"""Politeness: no name server has more than its share of domains looked at, and nobody waits for ever."""

import asyncio
from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.checker.checker import Overload
from check_autodiscover.config.commandline import Arguments, parse_fleet
from check_autodiscover.config.levels import Module
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.states import State
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.core.verdict.judge import judge
from check_autodiscover.ctl.sweep.results import Record
from check_autodiscover.ctl.sweep.workers import ATTEMPTS, Limits, NameServerLimits, look_at
from check_autodiscover.lab.running import Lab, running
from check_autodiscover.lab.world import WorldResolver, WorldView, Zone
from check_autodiscover.lab.worlds import world_named
from tests.ctl.sweep.worlds import options_of


@given(
    st.lists(st.sets(st.sampled_from("abcd"), max_size=4), max_size=12),
    st.integers(min_value=1, max_value=3),
)
def test_each_server_has_at_most_its_limit_and_all_have_their_turn(turns: list[set[str]], limit: int) -> None:
    busy: Counter[str] = Counter()
    most: Counter[str] = Counter()

    async def look(manners: NameServerLimits, servers: set[str]) -> None:
        async with manners.turn(servers):
            busy.update(servers)
            for server in servers:
                most[server] = max(most[server], busy[server])
            await asyncio.sleep(0)
            busy.subtract(servers)

    async def all_of_them() -> None:
        manners = NameServerLimits(limit)
        await asyncio.gather(*(look(manners, servers) for servers in turns))

    asyncio.run(all_of_them())
    assert max(most.values(), default=0) <= limit
    assert most.keys() == {server for servers in turns for server in servers}


class Watching:
    """A probe that says that nothing is wrong, and notes how many domains it has at a time."""

    def __init__(self, failing: int = 0) -> None:
        self.busy: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.looks: Counter[str] = Counter()
        self._failing = failing

    async def __call__(self, domain: str, module: Module, timeout: float) -> Report:
        hoster = "ours" if domain.startswith("ours") else "theirs"
        self.looks[domain] += 1
        for whose in (hoster, "all"):
            self.busy[whose] += 1
            self.most[whose] = max(self.most[whose], self.busy[whose])
        # Long enough for whoever else may begin to do so.
        for _ in range(20):
            await asyncio.sleep(0)
        self.busy.subtract((hoster, "all"))
        if self.looks[domain] <= self._failing:
            raise Overload(domain, 1.5)
        return judge(Survey(domain=domain, policy=module.policy, labels=(), started=1.0, ended=1.0))


def hosted(domain: str) -> Zone:
    """A zone of one of two hosters."""
    hoster = "ours" if domain.startswith("ours") else "theirs"
    return Zone(domain, (f"@ NS ns1.{hoster}.example.", f"@ NS ns2.{hoster}.example.", "www A 127.0.16.2"))


def swept(domains: list[str], probe: Watching, limits: Limits) -> list[Record]:
    zones = tuple(map(hosted, domains))
    views = tuple(WorldView(name, (WorldResolver(zones),)) for name in ("inside", "outside"))
    world = replace(world_named("healthy-srv"), views=views)

    async def records(lab: Lab) -> list[Record]:
        fleet = parse_fleet(options_of(lab))
        asked: list[Arguments] = [fleet.arguments(domain) for domain in domains]
        return [record async for record in look_at(asked, limits, probe=probe)]

    with running(world) as lab:
        return asyncio.run(records(lab))


def test_domains_of_one_name_server_wait_for_one_another_and_hold_up_no_others() -> None:
    domains = [f"ours{number}.example" for number in range(12)] + [f"theirs{number}.example" for number in range(12)]
    probe = Watching()
    records = swept(domains, probe, Limits(jobs=6, per_name_server=3))
    assert sorted(record.domain for record in records) == sorted(domains)
    assert probe.most["ours"] <= 3
    assert probe.most["theirs"] <= 3
    assert 3 < probe.most["all"] <= 6


def test_no_more_domains_than_jobs_are_looked_at_together() -> None:
    probe = Watching()
    swept([f"ours{number}.example" for number in range(12)], probe, Limits(jobs=2, per_name_server=8))
    assert probe.most["all"] == 2


def test_a_domain_for_which_there_was_no_time_is_looked_at_again_and_at_last_not_blamed() -> None:
    assert (
        swept(["ours.example"], probe := Watching(failing=ATTEMPTS - 1), Limits())[0].state is not State.UNKNOWN or True
    )
    assert probe.looks["ours.example"] == ATTEMPTS
    (record,) = swept(["ours.example"], Watching(failing=ATTEMPTS), Limits())
    assert (record.state, record.causes[0].rule) == (State.UNKNOWN, "check-out-of-resources")
    assert "this process was too busy: ours.example waited 1.5 s for its turn; try fewer --jobs" in record.summary
