"""What a fresh process does first: it asks, and imports while it waits for the answers."""

import subprocess
import sys

SCRIPT = """
import asyncio, sys
from check_autodiscover.core.policy import Policy, Resolver, View
from check_autodiscover.run import survey_domain
from check_autodiscover.trust import TrustSettings

HEAVY = {'OpenSSL', 'cryptography', 'dns', 'h11'}
loaded = []

class Server(asyncio.DatagramProtocol):
    # Answers nothing until it is opened, and then everything with NXDOMAIN.
    def __init__(self):
        self.open, self.waiting = False, []
    def connection_made(self, transport):
        self.transport = transport
    def datagram_received(self, query, client):
        self.waiting.append((query, client))
        if self.open:
            self.answer()
    def answer(self):
        self.open = True
        while self.waiting:
            query, client = self.waiting.pop()
            self.transport.sendto(query[:2] + bytes([0x81, 0x83]) + query[4:], client)

async def main():
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(Server, local_addr=('127.0.0.1', 0))
    resolver = Resolver('127.0.0.1', transport.get_extra_info('sockname')[1])
    asked = asyncio.ensure_future(survey_domain(
        'example.test', Policy(views=(View('default', (resolver,)),)), TrustSettings(),
        meanwhile=lambda: (loaded.extend(HEAVY & set(sys.modules)), loop.call_soon_threadsafe(server.answer)),
    ))
    loaded.extend(HEAVY & set(sys.modules))
    survey = await asked
    print(len(loaded), *sorted({answer.status.value for answer in survey.lookups.values()}))

asyncio.run(main())
"""


def test_libraries_are_loaded_while_the_first_answers_are_awaited() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("4 nxdomain\n", "")
