"""The plugin through an exporter on another host: what it sends there, and what it keeps to itself."""

import sys

import pytest

from tests.stack.world import World

ELSEWHERE = "192.0.2.10"
"""No loopback address, though in this test's network it is nobody else's."""

ASK = """\
import socket, sys
from check_autodiscover.from_exporter.command import asked
from tests.plugin.scripted_exporter import answer, serving
address, login = sys.argv[1:]
with socket.create_server((address, 0)) as listening:
    place = f"http://{address}:{listening.getsockname()[1]}"
    with serving(listening, place, answer()) as exporter:
        code, text = asked(("-H", "contoso.com", "--from-exporter", place, "--exporter-auth-file", login))
        print(code, text)
sent = b"".join(exporter.requests)
print("sent", len(sent), b"Authorization" in sent)
"""


@pytest.mark.parametrize(
    ("address", "code", "told", "sent"),
    [
        ("127.0.0.9", "0", "AUTODISCOVER OK - contoso.com: ", "True"),
        (ELSEWHERE, "3", "user and password go over TLS (https://), or to this host alone", "sent 0 False"),
    ],
)
def test_a_login_goes_to_no_other_host_in_clear_text(
    world: World, address: str, code: str, told: str, sent: str
) -> None:
    world.namespace.add_addresses([ELSEWHERE])
    login = world.folder / "login"
    login.write_text("nagios:secret\n")
    log = world.folder / "ask.log"
    daemon = world.start(sys.executable, "-c", ASK, address, str(login), log=log.name)
    assert daemon.process.wait(60) == 0
    first, last = log.read_text().splitlines()
    assert first.startswith(code)
    assert told in first
    assert last.endswith(sent)
