"""What is probed, what is given again, and who waits for whom."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from autodiscover_exporter.results.result import Failure, Result
from autodiscover_exporter.results.results import MOST_ASKED, MOST_STRANGERS, Outcome, Results
from autodiscover_exporter.telemetry import ErrorReason, OwnMetrics
from check_autodiscover.config.file import Configuration, Domain, Module
from check_autodiscover.core.model.observations import DnsQuestion, RecordType
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.states import State
from tests.exporter.reports import HEALTHY, TRAPPED

LONG = 30.0
MODULE = Configuration().settled()


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Held:
    """A probe that waits for its release, and counts."""

    def __init__(self, report: Report = HEALTHY) -> None:
        self.report = report
        self.asked: list[tuple[str, float]] = []
        self.release = asyncio.Event()

    async def __call__(self, domain: str, module: Module, timeout: float) -> Report:
        self.asked.append((domain, timeout))
        await self.release.wait()
        return replace(self.report, domain=domain)


class Setup:
    """Results over a held probe, with a clock of their own."""

    def __init__(self, report: Report = HEALTHY) -> None:
        self.clock = Clock()
        self.probe = Held(report)
        self.own = OwnMetrics("1.2.3")
        self.results = Results(self.probe, self.own, clock=self.clock)

    async def ask(self, domain: str = "contoso.com", timeout: float = LONG, module: Module = MODULE) -> Outcome:
        return await self.results.obtain(domain, module, timeout)

    def begin(self, domain: str = "contoso.com", timeout: float = LONG) -> "asyncio.Task[Outcome]":
        return asyncio.create_task(self.ask(domain, timeout))

    def counted(self, metric: str) -> dict[str, float]:
        return {
            next(iter(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(self.own.render().decode())
            for sample in family.samples
            if sample.name == f"autodiscover_exporter_{metric}" and sample.value
        }


async def settle() -> None:
    """Let everything run that is ready to."""
    for _ in range(20):
        await asyncio.sleep(0)


def run(scenario: Callable[[Setup], Awaitable[None]], report: Report = HEALTHY, *, held: bool = False) -> None:
    async def main() -> None:
        setup = Setup(report)
        if not held:
            setup.probe.release.set()
        await scenario(setup)

    asyncio.run(main())


CUT = replace(
    TRAPPED,
    survey=replace(TRAPPED.survey, unfinished=frozenset({DnsQuestion("v", "192.0.2.53", "contoso.com", RecordType.A)})),
)


def test_young_result_is_given_again_and_an_old_one_is_not() -> None:
    async def scenario(setup: Setup) -> None:
        first = await setup.ask()
        setup.clock.now += MODULE.cache - 1
        assert await setup.ask() is first
        setup.clock.now += 1
        assert await setup.ask() is not first
        assert len(setup.probe.asked) == 2
        assert setup.counted("cache_requests_total") == {"hit": 1, "miss": 2}

    run(scenario)


def test_nothing_is_given_again_where_the_module_says_so() -> None:
    async def scenario(setup: Setup) -> None:
        for _ in range(2):
            await setup.ask(module=replace(MODULE, cache=0.0))
        assert len(setup.probe.asked) == 2

    run(scenario)


def test_what_was_seen_by_other_settings_is_not_given() -> None:
    async def scenario(setup: Setup) -> None:
        await setup.ask()
        await setup.ask(module=replace(MODULE, policy=replace(MODULE.policy, https_port=8443)))
        assert len(setup.probe.asked) == 2

    run(scenario)


def test_two_requests_at_once_cost_one_probe() -> None:
    async def scenario(setup: Setup) -> None:
        both = [setup.begin(), setup.begin()]
        await settle()
        setup.probe.release.set()
        one, two = await asyncio.gather(*both)
        assert one is two
        assert len(setup.probe.asked) == 1
        assert setup.counted("cache_requests_total") == {"miss": 1, "shared": 1}

    run(scenario, held=True)


def test_one_who_goes_away_takes_the_probe_from_nobody() -> None:
    async def scenario(setup: Setup) -> None:
        first, second = setup.begin(), setup.begin()
        await settle()
        first.cancel()
        await settle()
        setup.probe.release.set()
        assert isinstance(await second, Result)
        assert isinstance(await setup.ask(), Result)
        assert len(setup.probe.asked) == 1

    run(scenario, held=True)


def test_who_cannot_wait_gets_the_last_result_if_there_is_one() -> None:
    async def scenario(setup: Setup) -> None:
        setup.probe.release.set()
        last = await setup.ask()
        setup.probe.release.clear()
        setup.clock.now += MODULE.cache
        patient = setup.begin()
        await settle()
        assert await setup.ask(timeout=0.01) is last
        setup.clock.now += 2 * MODULE.cache
        too_old = await setup.ask(timeout=0.01)
        assert isinstance(too_old, Failure)
        setup.probe.release.set()
        assert isinstance(await patient, Result)
        assert setup.counted("cache_requests_total") == {"miss": 2, "stale": 1, "shared": 1}

    run(scenario, held=True)


def test_who_cannot_wait_for_a_first_result_is_told_so_and_the_domain_is_not_blamed() -> None:
    async def scenario(setup: Setup) -> None:
        outcome = await setup.ask(timeout=0.01)
        assert isinstance(outcome, Failure)
        assert (outcome.reason, outcome.state) == (ErrorReason.DEADLINE, State.UNKNOWN)
        assert b'rule="check-timed-out",severity="unknown"' in gzip.decompress(outcome.exposition)
        assert setup.counted("probe_errors_total") == {"deadline": 1}
        assert not setup.results.latest
        setup.probe.release.set()

    run(scenario, held=True)


@pytest.mark.parametrize(("timeout", "probes"), [(LONG, 2), (5.0, 1), (4.9, 1), (2.0, 1)])
def test_result_that_was_cut_short_serves_those_alone_who_have_no_more_time(timeout: float, probes: int) -> None:
    async def scenario(setup: Setup) -> None:
        await setup.ask(timeout=5.0)
        await setup.ask(timeout=timeout)
        assert len(setup.probe.asked) == probes

    run(scenario, CUT)


def test_who_joined_a_probe_with_less_time_looks_again_where_that_was_too_little() -> None:
    async def scenario(setup: Setup) -> None:
        hasty, patient = setup.begin(timeout=5.0), setup.begin(timeout=LONG)
        await settle()
        setup.probe.release.set()
        await asyncio.gather(hasty, patient)
        (_, first), (_, second) = setup.probe.asked
        assert first == 5.0 < second <= LONG

    run(scenario, CUT, held=True)


def test_strangers_are_forgotten_in_turn_and_configured_domains_never() -> None:
    async def scenario(setup: Setup) -> None:
        setup.results.follow(Configuration(domains={"contoso.com": Domain()}))
        await setup.ask()
        for number in range(MOST_STRANGERS + 1):
            await setup.ask(f"d{number}.example")
            await setup.ask("d0.example")
        known = {domain for domain, _ in setup.results.latest}
        assert len(known) == MOST_STRANGERS + 1
        assert {"contoso.com", "d0.example"} <= known
        assert "d1.example" not in known

    run(scenario)


def test_domain_that_is_configured_no_more_is_forgotten() -> None:
    async def scenario(setup: Setup) -> None:
        setup.results.follow(Configuration(domains={"contoso.com": Domain(), "b.example": Domain()}))
        await setup.ask()
        await setup.ask("b.example")
        setup.results.follow(Configuration(domains={"b.example": Domain()}))
        assert [domain for domain, _ in setup.results.latest] == ["b.example"]

    run(scenario)


def test_more_probes_than_turns_wait_and_who_waits_in_vain_is_not_told_of_the_domain() -> None:
    async def scenario(setup: Setup) -> None:
        busy = [setup.begin(f"d{number}.example") for number in range(MOST_ASKED)]
        await settle()
        outcome = await setup.ask("late.example", timeout=0.1)
        assert len(setup.probe.asked) == MOST_ASKED
        assert isinstance(outcome, Failure)
        assert (outcome.reason, outcome.state) == (ErrorReason.OVERLOAD, State.UNKNOWN)
        assert outcome.message.startswith("the exporter is too busy: late.example waited 0.1 s")
        setup.probe.release.set()
        await asyncio.gather(*busy)
        assert setup.counted("probe_errors_total") == {"overload": 1}
        assert b'rule="check-out-of-resources"' in gzip.decompress(outcome.exposition)

    run(scenario, held=True)


def test_that_we_were_too_busy_leaves_an_earlier_result_in_place() -> None:
    async def scenario(setup: Setup) -> None:
        setup.probe.release.set()
        earlier = await setup.ask("late.example")
        setup.clock.now += MODULE.cache
        setup.probe.release.clear()
        busy = [setup.begin(f"d{number}.example") for number in range(MOST_ASKED)]
        await settle()
        assert await setup.ask("late.example", timeout=0.1) is earlier
        assert setup.counted("probe_errors_total") == {"overload": 1}
        assert setup.results.latest["late.example", "default"] is earlier
        setup.probe.release.set()
        await asyncio.gather(*busy)

    run(scenario, held=True)
