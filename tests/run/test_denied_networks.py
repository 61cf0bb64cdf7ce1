"""What is never contacted for a domain that nobody declared, wherever its records lead."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest
import trustme

from check_autodiscover.checker.checker import SharedProbes, conduct, observe
from check_autodiscover.checker.loop import Probes
from check_autodiscover.core.model.observations import (
    Connect,
    DirectoryStatus,
    DnsQuestion,
    DnsStatus,
    EndpointQuestion,
)
from check_autodiscover.core.model.policy import Policy, Resolver, TrustSettings, View
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.states import State
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.core.verdict.judge import judge
from check_autodiscover.output.text import render_text
from tests.core import incidents
from tests.core.directories import DC, PARTNER, answer, asking, point, pointer
from tests.core.worlds import NOW, World
from tests.probes.dns_server import Server, message, running
from tests.run.test_run import MadeUpWorld, start

EVERYTHING = ("0.0.0.0/0", "::/0")
REASON = "targets.deny_networks holds it back from domains that are not configured"


def looked_at(world: World, denied: tuple[str, ...]) -> tuple[Survey, MadeUpWorld]:
    probe = MadeUpWorld(world)
    survey = asyncio.run(conduct(start(world.with_policy(denied_networks=denied)), Probes(probe, probe, probe)))
    return survey, probe


def judged(survey: Survey) -> Report:
    return judge(replace(survey, ended=NOW), NOW)


@pytest.mark.parametrize("method", ["srv", "host", "redirect", "exchange-online", "none", "auto"])
def test_no_endpoint_and_no_name_server_there_is_contacted(method: str) -> None:
    survey, probe = looked_at(incidents.healthy(method), EVERYTHING)
    assert not [question for question in probe.asked if isinstance(question, EndpointQuestion)]
    assert not [question for question in probe.asked if isinstance(question, DnsQuestion) and question.direct]
    assert {contact.connect for contact in survey.contacts.values()} <= {Connect.DENIED}


@pytest.mark.parametrize("method", ["srv", "host", "redirect", "auto"])
def test_what_is_held_back_is_told_and_is_nobodys_fault(method: str) -> None:
    survey, _ = looked_at(incidents.healthy(method), EVERYTHING)
    report = judged(survey)
    assert report.state in (State.OK, State.UNKNOWN)
    assert any(REASON in note for note in report.notes)
    assert REASON in render_text(report)


def test_an_address_beside_it_is_judged_as_ever() -> None:
    survey, _ = looked_at(incidents.healthy("host"), ("192.0.2.255/32",))
    assert judged(survey).state is State.OK


def test_no_pointer_is_followed_to_another_directory() -> None:
    points = {PARTNER: answer(point("remote.contoso.com"))}
    world = asking(incidents.healthy("srv"), pointer(PARTNER, "contoso.com"), more=points)
    survey, probe = looked_at(world, ("192.0.2.255/32",))
    statuses = {question.ldap_url: found.status for question, found in survey.directories.items()}
    assert statuses == {DC: DirectoryStatus.ANSWER, PARTNER: DirectoryStatus.DENIED}
    assert PARTNER not in {getattr(question, "ldap_url", "") for question in probe.asked}
    assert judged(survey).state is State.UNKNOWN


class Doors:
    """Listeners on two addresses of this host at one port, that count who comes."""

    def __init__(self) -> None:
        self.visits: dict[str, int] = {}
        self.port = 0

    async def open(self, host: str) -> asyncio.Server:
        self.visits[host] = 0

        async def visited(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.visits[host] += 1
            writer.close()

        server = await asyncio.start_server(visited, host, self.port)
        self.port = server.sockets[0].getsockname()[1]
        return server


ALLOWED, DENIED = "127.0.31.1", "127.0.32.1"


@asynccontextmanager
async def doors() -> AsyncIterator[Doors]:
    found = Doors()
    async with await found.open(ALLOWED), await found.open(DENIED):
        yield found


def rebinding() -> Server:
    """Names that are elsewhere at each question: where one may connect, and where one may not."""
    places = {"contoso.com.": cycle((ALLOWED, DENIED)), "autodiscover.contoso.com.": cycle((DENIED, ALLOWED))}

    def reply(query: bytes) -> list[bytes]:
        asked = message(query).question[0]
        place = places.get(asked.name.to_text()) if asked.rdtype == 1 else None
        records = [f"{asked.name} 0 IN A {next(place)}"] if place else []
        return [message(query, *records).to_wire()]

    return Server(reply)


def test_only_the_address_that_was_judged_is_connected_to(tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    trust = TrustSettings((str(tmp_path / "ca.pem"),), system=False)

    async def main() -> tuple[Survey, Doors]:
        async with doors() as opened, running(rebinding()) as resolver:
            policy = Policy(
                views=(View("default", (Resolver(resolver.host, resolver.port),)),),
                https_port=opened.port,
                http_port=opened.port,
                denied_networks=("127.0.32.0/24",),
            )
            instruments = SharedProbes()
            async with instruments.observers("contoso.com", policy, trust) as observers:
                survey = await observe("contoso.com", policy, observers)
            await instruments.close()
        return survey, opened

    survey, opened = asyncio.run(main())
    assert opened.visits[ALLOWED] > 0
    assert opened.visits[DENIED] == 0
    contacted = {question.address: contact.connect for question, contact in survey.contacts.items()}
    assert contacted == {ALLOWED: Connect.CONNECTED, DENIED: Connect.DENIED}
    told = {address for found in survey.lookups.values() for address in found.addresses}
    assert {question.address for question in survey.contacts} <= told
    assert DnsStatus.DENIED not in {found.status for found in survey.lookups.values()}
