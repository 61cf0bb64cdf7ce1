"""A server that answers nobody keeps a few waiting, not a process full of questions; one that answers keeps all."""

import asyncio
from collections.abc import Awaitable, Callable

from check_autodiscover.core.model.observations import DnsAnswer, DnsQuestion, DnsStatus, RecordType
from check_autodiscover.core.model.policy import Resolver
from check_autodiscover.probes.dns.resolver import ResolverProbe, ResolverTools
from check_autodiscover.probes.limits import SilentServers
from tests.probes.dns_server import LONG, Server, message, running

FEW = 2
MANY = 5

Ask = Callable[[], "asyncio.Task[DnsAnswer]"]
Scenario = Callable[[Ask, Server], Awaitable[None]]


def asked_of(server: Server, scenario: Scenario) -> None:
    """Run it with a server at which `FEW` may wait once it was silent for a moment."""

    async def main() -> None:
        probe = ResolverProbe(retransmit_after=LONG, tools=ResolverTools(silences=SilentServers(FEW, patience=0.05)))
        async with running(server) as resolver:
            asked: list[asyncio.Task[DnsAnswer]] = []

            def ask() -> "asyncio.Task[DnsAnswer]":
                asked.append(asyncio.create_task(_answer(probe, resolver, f"n{len(asked)}.example")))
                return asked[-1]

            try:
                await scenario(ask, server)
            finally:
                for task in asked:
                    task.cancel()
                await asyncio.gather(*asked, return_exceptions=True)
                await probe.close()

    asyncio.run(main())


async def _answer(probe: ResolverProbe, resolver: Resolver, name: str) -> DnsAnswer:
    question = DnsQuestion("v", resolver.label, name, RecordType.A)
    return await probe.probe_dns(question, resolver, asyncio.get_running_loop().time() + LONG)


def silent(query: bytes) -> list[bytes]:
    return []


def test_all_but_a_few_give_up_on_a_silent_server() -> None:
    async def scenario(ask: Ask, server: Server) -> None:
        tasks = [ask() for _ in range(MANY)]
        given_up = await asyncio.gather(*tasks[FEW:])
        assert {answer.status for answer in given_up} == {DnsStatus.TIMEOUT}
        assert not any(task.done() for task in tasks[:FEW])
        late = await ask()
        assert late.status is DnsStatus.TIMEOUT
        assert len(server.queries) == MANY

    asked_of(Server(silent), scenario)


def test_few_wait_for_as_long_as_they_may() -> None:
    """The questions of one domain alone are answered as without this, however late the answer comes."""

    async def scenario(ask: Ask, server: Server) -> None:
        tasks = [ask() for _ in range(FEW)]
        done, _ = await asyncio.wait(tasks, timeout=0.2)
        assert not done

    asked_of(Server(silent), scenario)


def test_server_that_is_back_keeps_everybody_again() -> None:
    down = True

    def behaviour(query: bytes) -> list[bytes]:
        return [] if down else [message(query, rcode=3).to_wire()]

    async def scenario(ask: Ask, server: Server) -> None:
        nonlocal down
        tasks = [ask() for _ in range(MANY)]
        await asyncio.gather(*tasks[FEW:])
        down = False
        tasks[0].cancel()
        # There is room for one more, and this one is answered.
        await asyncio.wait([tasks[0]])
        assert (await ask()).status is DnsStatus.NXDOMAIN
        assert {answer.status for answer in await asyncio.gather(*(ask() for _ in range(MANY)))} == {DnsStatus.NXDOMAIN}

    asked_of(Server(behaviour), scenario)
