"""What the surveys of one process share, and what each has for itself."""

import asyncio
from pathlib import Path

import pytest
import trustme

from check_autodiscover.checker.checker import SharedProbes, observe
from check_autodiscover.config.file import load_configuration
from check_autodiscover.core.model.observations import DnsQuestion, DnsStatus, RecordType
from check_autodiscover.core.model.policy import Policy, Resolver, Transport, TrustSettings, View
from check_autodiscover.core.model.states import State
from check_autodiscover.core.verdict.judge import judge
from check_autodiscover.lab.running import running
from check_autodiscover.lab.worlds import world_named
from check_autodiscover.probes.trust import TrustCache, TrustError
from tests.probes.dns_server import LONG, NAME
from tests.probes.test_dns_streams import each
from tests.probes.web import Site, serve


def looking(resolver: Resolver) -> Policy:
    return Policy(views=(View("default", (resolver,)),))


async def ask(instruments: SharedProbes, trust: TrustSettings, resolver: Resolver, patience: float = LONG) -> DnsStatus:
    async with instruments.observers("contoso.com", looking(resolver), trust) as observers:
        question = DnsQuestion("default", resolver.label, NAME, RecordType.A)
        give_up_at = asyncio.get_running_loop().time() + patience
        return (await observers.dns.probe_dns(question, resolver, give_up_at)).status


@pytest.fixture
def trust(tmp_path: Path) -> TrustSettings:
    path = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(path)
    return TrustSettings((str(path),), system=False)


def test_surveys_by_the_same_anchors_share_them_and_no_others(trust: TrustSettings) -> None:
    async def main() -> list[bool]:
        instruments = SharedProbes()
        policy = looking(Resolver("127.0.0.1"))
        async with (
            instruments.observers("a.example", policy, trust) as one,
            instruments.observers("b.example", policy, trust) as two,
            instruments.observers("c.example", policy, TrustSettings()) as other,
        ):
            return [one.trust is two.trust, one.trust is other.trust, one.dns is two.dns]

    assert asyncio.run(main()) == [True, False, False]


def test_verdicts_are_the_same_when_the_instruments_have_been_used_before() -> None:
    world = world_named("healthy-srv")

    async def main(file: str) -> list[State]:
        instruments = SharedProbes()
        module = load_configuration(file).settled()
        found = []
        for _ in range(2):
            async with instruments.observers(world.domain, module.policy, module.trust) as observers:
                survey = await observe(world.domain, module.policy, observers)
            found.append(judge(survey, now=survey.ended).state)
        await instruments.close()
        return found

    with running(world) as lab:
        assert asyncio.run(main(str(lab.configuration))) == [State.OK, State.OK]


def test_connection_to_a_resolver_serves_the_next_survey_and_only_one_at_a_time(trust: TrustSettings) -> None:
    async def main() -> tuple[set[DnsStatus], int, int]:
        instruments = SharedProbes()
        async with serve(each()) as site:
            resolver = Resolver("127.0.0.1", site.port, Transport.TCP)
            said = {await ask(instruments, trust, resolver) for _ in range(3)}
            one_by_one = len(site.visits)
            said |= set(await asyncio.gather(*(ask(instruments, trust, resolver) for _ in range(3))))
            at_once = len(site.visits)
            await instruments.close()
        return said, one_by_one, at_once

    said, one_by_one, at_once = asyncio.run(main())
    assert said == {DnsStatus.ANSWER}
    assert one_by_one == 1
    assert at_once == 3


def test_connection_that_left_a_question_open_serves_nobody_else(trust: TrustSettings) -> None:
    async def deaf(site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(site.visits) == 1:
            await reader.read(-1)
        else:
            await each()(site, reader, writer)

    async def main() -> list[DnsStatus]:
        instruments = SharedProbes()
        async with serve(deaf) as site:
            resolver = Resolver("127.0.0.1", site.port, Transport.TCP)
            said = [await ask(instruments, trust, resolver, patience) for patience in (0.05, LONG)]
            await instruments.close()
        return said

    assert asyncio.run(main()) == [DnsStatus.CUT_SHORT, DnsStatus.ANSWER]


def test_changed_anchors_are_those_of_the_next_survey_while_the_last_keeps_its_own(trust: TrustSettings) -> None:
    async def main() -> list[bool]:
        instruments = SharedProbes(TrustCache(recheck=0.0))
        policy = looking(Resolver("127.0.0.1"))
        async with instruments.observers("a.example", policy, trust) as before:
            trustme.CA(organization_name="Another").cert_pem.write_to_path(trust.ca_files[0])
            async with instruments.observers("a.example", policy, trust) as after:
                return [before.trust is after.trust]

    assert asyncio.run(main()) == [False]


def test_anchors_that_went_missing_fail_the_next_survey(trust: TrustSettings) -> None:
    async def main() -> None:
        instruments = SharedProbes(TrustCache(recheck=0.0))
        policy = looking(Resolver("127.0.0.1"))
        async with instruments.observers("a.example", policy, trust):
            Path(trust.ca_files[0]).unlink()
        async with instruments.observers("a.example", policy, trust):
            raise AssertionError("it has no anchors")

    with pytest.raises(TrustError, match="No such file"):
        asyncio.run(main())
