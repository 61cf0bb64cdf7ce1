"""The exporter's own looks: all domains, again and again, and none at the cost of another."""

import asyncio
import urllib.request
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from autodiscover_exporter.results.result import Result
from autodiscover_exporter.results.results import Results
from autodiscover_exporter.results.schedule import Schedule
from autodiscover_exporter.telemetry import OwnMetrics
from autodiscover_exporter.web.listening import ListenAddress, bind
from check_autodiscover.config.file import Configuration, Domain, Module, Rhythm
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.verdict.judge import INTERVALS
from tests.exporter.exporter_process import ANY_PORT, TIMEOUT, address_of, started
from tests.exporter.reports import HEALTHY
from tests.exporter.test_results import Clock

QUICK = 0.02
"""Seconds of an interval: nothing here waits for a certain number of them."""


class Watched:
    """A probe that hangs for some domains, and can be waited for."""

    def __init__(self, *hanging: str) -> None:
        self.hanging = hanging
        self.asked: Counter[str] = Counter()
        self.running: set[str] = set()
        self.most = 0
        self._changed = asyncio.Condition()

    async def __call__(self, domain: str, module: Module, timeout: float) -> Report:
        self.running.add(domain)
        self.most = max(self.most, len(self.running))
        async with self._changed:
            self.asked[domain] += 1
            self._changed.notify_all()
        if domain in self.hanging:
            await asyncio.Event().wait()
        self.running.discard(domain)
        return replace(HEALTHY, domain=domain)

    async def until(self, enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(enough)


def configured(*domains: str, concurrency: int = 64, interval: float = QUICK) -> Configuration:
    return Configuration(domains={domain: Domain() for domain in domains}, rhythm=Rhythm(interval, concurrency))


class Setup:
    def __init__(self, probe: Watched) -> None:
        self.clock = Clock()
        self.probe = probe
        self.own = OwnMetrics("1.2.3")
        self.results = Results(probe, self.own, clock=self.clock)
        self.schedule = Schedule(self.results)

    def follow(self, configuration: Configuration) -> None:
        self.results.follow(configuration)
        self.schedule.follow(configuration)

    async def get(self, configuration: Configuration, domain: str) -> object:
        return await self.results.obtain(domain, configuration.settled(domain), 5.0)


def run(scenario: Callable[[Setup], Awaitable[None]], *hanging: str) -> None:
    async def main() -> None:
        setup = Setup(Watched(*hanging))
        running = asyncio.create_task(setup.schedule.run())
        await scenario(setup)
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(main())


def test_all_domains_are_looked_at_again_and_again() -> None:
    async def scenario(setup: Setup) -> None:
        setup.follow(configured("a.example", "b.example"))
        await setup.probe.until(lambda: min(setup.probe.asked["a.example"], setup.probe.asked["b.example"]) > 2)

    run(scenario)


def test_domain_that_hangs_is_looked_at_once_and_delays_no_other() -> None:
    async def scenario(setup: Setup) -> None:
        setup.follow(configured("a.example", "b.example"))
        await setup.probe.until(lambda: setup.probe.asked["a.example"] > 0 and setup.probe.asked["b.example"] > 3)
        assert setup.probe.asked["a.example"] == 1

    run(scenario, "a.example")


def test_no_more_run_at_once_than_the_configuration_says() -> None:
    async def scenario(setup: Setup) -> None:
        domains = [f"d{number}.example" for number in range(20)]
        setup.follow(configured(*domains, concurrency=3))
        await setup.probe.until(lambda: len(setup.probe.asked) == 20)
        assert setup.probe.most <= 3

    run(scenario)


def test_lag_shows_where_the_fleet_does_not_fit() -> None:
    async def scenario(setup: Setup) -> None:
        setup.follow(configured("a.example", "b.example", concurrency=1))
        await setup.probe.until(lambda: len(setup.probe.running) == 1)
        while setup.schedule.lag == 0:
            await asyncio.sleep(QUICK)
        assert len(setup.probe.asked) == 1

    run(scenario, "a.example", "b.example")


def test_reload_takes_domains_in_and_out() -> None:
    async def scenario(setup: Setup) -> None:
        setup.follow(configured("a.example"))
        await setup.probe.until(lambda: setup.probe.asked["a.example"] > 0)
        setup.follow(configured("b.example"))
        before = setup.probe.asked["a.example"]
        await setup.probe.until(lambda: setup.probe.asked["b.example"] > 2)
        assert setup.probe.asked["a.example"] == before
        assert [domain for domain, _ in setup.results.latest] == ["b.example"]

    run(scenario)


def test_scheduled_result_is_given_at_any_age_up_to_three_intervals() -> None:
    async def scenario(setup: Setup) -> None:
        configuration = configured("a.example", interval=300.0)
        setup.follow(configuration)
        first = await setup.get(configuration, "a.example")
        setup.clock.now += INTERVALS * 300.0 - 1
        assert await setup.get(configuration, "a.example") is first
        setup.clock.now += 1
        second = await setup.get(configuration, "a.example")
        assert isinstance(second, Result)
        assert second is not first
        assert setup.results.count_domains() == {"ok": 1}

    run(scenario)


def test_domain_that_was_not_looked_at_yet_is_pending() -> None:
    async def scenario(setup: Setup) -> None:
        setup.follow(configured("a.example", interval=300.0))
        assert setup.results.count_domains() == {"pending": 1}
        assert b'autodiscover_exporter_domains{state="critical"} 0.0' in setup.own.render()

    run(scenario)


def test_installed_command_looks_by_itself_and_ends_when_told_to(tmp_path: Path) -> None:
    (dead,) = bind(ListenAddress("127.0.0.1", 0))
    file = tmp_path / "exporter.yml"
    file.write_text(
        f"views: {{inside: {{resolvers: ['tcp://127.0.0.1:{dead.getsockname()[1]}']}}}}\n"
        "timeout: 1s\ndomains: {contoso.com: {}}\nschedule: {interval: 1s}\n"
    )
    dead.close()
    with started(ANY_PORT, "--config.file", str(file)) as process:
        address = address_of(process)
        text = ""
        while 'domains{state="unknown"} 1.0' not in text:
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=TIMEOUT) as answer:
                text = answer.read().decode()
        process.terminate()
        assert process.wait(TIMEOUT) == 0
    assert 'cache_requests_total{result="miss"} 0.0' in text
