"""What a fresh process does when: it asks first, and imports what is needed when it is."""

import asyncio
import subprocess
import sys

from check_autodiscover.checker.checker import conduct
from check_autodiscover.checker.loop import Probes
from check_autodiscover.core.model.observations import (
    Connect,
    Contact,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    EndpointQuestion,
    RecordType,
    Scheme,
)
from check_autodiscover.core.model.policy import Policy, Resolver, View
from check_autodiscover.core.model.survey import Survey

SCRIPT = """
import asyncio, socket, sys
from check_autodiscover.core.model.policy import Policy, Resolver, View
from check_autodiscover.checker.checker import survey_domain
from check_autodiscover.probes.trust import TrustSettings

class Watch:
    # Asked by the interpreter for each module that is not there yet.
    def find_spec(self, name, path, target=None):
        if name in ('dns', 'OpenSSL'):
            print(name)

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.bind(('127.0.0.1', 0))
    sys.meta_path.insert(0, Watch())
    policy = Policy(views=(View('default', (Resolver(*server.getsockname()),)),), timeout=1.0)
    asyncio.run(survey_domain('example.test', policy, TrustSettings()))
"""


def test_libraries_are_not_looked_for_before_a_reply_or_a_connection_needs_them() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


class World:
    """Answers like a domain with an address; HTTPS is told when `opened`."""

    def __init__(self, status: DnsStatus) -> None:
        self.status = status
        self.opened = asyncio.Event()

    async def probe_dns(self, question: DnsQuestion, resolver: Resolver, give_up_at: float) -> DnsAnswer:
        found = self.status is DnsStatus.ANSWER and question.type is RecordType.A
        return DnsAnswer(DnsStatus.ANSWER, addresses=("192.0.2.1",)) if found else DnsAnswer(DnsStatus.NXDOMAIN)

    async def probe_endpoint(self, question: EndpointQuestion, give_up_at: float) -> Contact:
        if question.scheme is Scheme.HTTPS:
            await self.opened.wait()
        return Contact(Connect.REFUSED)


def survey(status: DnsStatus) -> tuple[Survey, int]:
    calls: list[None] = []

    async def main() -> Survey:
        loop, world = asyncio.get_running_loop(), World(status)

        def meanwhile() -> None:
            calls.append(None)
            loop.call_soon_threadsafe(world.opened.set)

        policy = Policy(views=(View("default", (Resolver("192.0.2.53"),)),))
        unasked = Survey(domain="example.test", policy=policy, labels=(), started=0.0)
        return await conduct(unasked, Probes(world, world), meanwhile)

    return asyncio.run(main()), len(calls)


def test_wait_for_the_other_connections_is_used_once() -> None:
    seen, calls = survey(DnsStatus.ANSWER)
    assert (len(seen.contacts), len(seen.unfinished), calls) == (3, 0, 1)


def test_nothing_is_done_aside_where_there_is_nothing_to_wait_for() -> None:
    seen, calls = survey(DnsStatus.NXDOMAIN)
    assert (len(seen.contacts), calls) == (0, 0)
