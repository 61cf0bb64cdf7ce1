"""What the exporter does when it has more to do than it may ask of the network: the domains are not blamed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from check_autodiscover.checker.checker import DomainChecker, Overload, ProbeSet, SharedProbes
from check_autodiscover.config.file import Configuration, Module
from check_autodiscover.core.model.clients import Outcome
from check_autodiscover.core.model.policy import Resolver, TrustSettings, View
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.states import State
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.probes.endpoint import connection_slots
from check_autodiscover.probes.limits import Slots
from tests.core.incidents import row_13
from tests.core.worlds import APEX, survey_of
from tests.probes.dns_server import LONG, Server, answering, running


@pytest.fixture
def trust(tmp_path: Path) -> TrustSettings:
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    return TrustSettings((str(tmp_path / "ca.pem"),), system=False)


def asking(trust: TrustSettings, resolver: Resolver) -> Module:
    """A module that asks this resolver alone."""
    usual = Configuration().settled()
    return replace(usual, trust=trust, policy=replace(usual.policy, views=(View("default", (resolver,)),)))


Scenario = Callable[[DomainChecker, Module, Module], Awaitable[Report]]


def with_one_resolver_silent(trust: TrustSettings, slots: Slots, scenario: Scenario) -> Report:
    """Run it with a module whose resolver says nothing, and one whose resolver says that there is nothing."""

    async def main() -> Report:
        silent, quick = Server(lambda _: []), answering(rcode=3)
        prober = DomainChecker(SharedProbes(slots=(slots, connection_slots())))
        async with running(silent) as deaf, running(quick) as hearing:
            found = await scenario(prober, asking(trust, deaf), asking(trust, hearing))
            await prober.close()
        return found

    return asyncio.run(main())


async def hung(prober: DomainChecker, module: Module) -> "asyncio.Task[Report]":
    """A look that is under way and gets no answers."""
    return asyncio.create_task(prober("hung.example", module, LONG))


def test_domain_that_waited_for_our_own_slots_is_not_told_to_be_at_fault(trust: TrustSettings) -> None:
    async def scenario(prober: DomainChecker, silent: Module, quick: Module) -> Report:
        task = await hung(prober, silent)
        await asyncio.sleep(0)
        try:
            return await prober("fine.example", quick, 1.0)
        finally:
            task.cancel()
            await asyncio.wait([task])

    # The one slot is the silent resolver's, and there is no place aside.
    with pytest.raises(Overload, match=r"the exporter is too busy: fine\.example waited 0\.[5-9] s for its turn"):
        with_one_resolver_silent(trust, Slots(1, 0, aside_after=LONG), scenario)


def test_domain_that_hangs_delays_no_other(trust: TrustSettings) -> None:
    async def scenario(prober: DomainChecker, silent: Module, quick: Module) -> Report:
        task = await hung(prober, silent)
        await asyncio.sleep(0)
        report = await prober("fine.example", quick, LONG)
        assert not task.done()
        task.cancel()
        await asyncio.wait([task])
        return report

    report = with_one_resolver_silent(trust, Slots(4, 100, aside_after=0.0), scenario)
    assert report.domain == "fine.example"
    assert not report.survey.cut_short


def test_silent_resolver_of_one_view_takes_from_no_domain_what_the_other_view_says(trust: TrustSettings) -> None:
    """All that is known stays known while half of the network is down, however many domains are asked about at once."""

    async def scenario(prober: DomainChecker, silent: Module, quick: Module) -> Report:
        views = tuple(
            replace(module.policy.views[0], name=name) for name, module in (("inside", quick), ("outside", silent))
        )
        both = replace(quick, policy=replace(quick.policy, views=views))
        reports = await asyncio.gather(*(prober(f"d{number}.example", both, 6.0) for number in range(12)))
        for report in reports:
            rules = {root.finding.rule: root.finding.view for root in report.roots}
            assert rules == {"dns-domain-unresolvable": "inside", "dns-lookup-failed": "outside"}
        return reports[0]

    # Twelve domains have more questions than that, and those of the dead resolver would wait for all of the time.
    with_one_resolver_silent(trust, Slots(16, 64, aside_after=0.1), scenario)


def test_stranger_who_asks_for_passwords_is_told_however_busy_the_domain_keeps_us(
    trust: TrustSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its other addresses may lead on without end, so that the time is up before all of it was seen."""
    met = row_13("host")
    survey = survey_of(replace(met, cut=(APEX,)))
    assert survey.hurried

    async def seen(*_: object, **__: object) -> Survey:
        return survey

    async def scenario(prober: DomainChecker, silent: Module, quick: Module) -> Report:
        return await prober(survey.domain, quick, 1.0)

    monkeypatch.setattr("check_autodiscover.checker.checker.observe", seen)
    monkeypatch.setattr(ProbeSet, "longest_wait", 9.0)
    report = with_one_resolver_silent(trust, Slots(4, 0, aside_after=LONG), scenario)
    assert {walk.outcome for walk in report.walks if walk.judged} & {Outcome.WRONG_LOGIN}
    assert report.state is State.CRITICAL
