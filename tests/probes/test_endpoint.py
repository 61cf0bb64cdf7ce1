"""The endpoint probe against real servers on loopback: connections and handshakes that fail, and what it costs."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from check_autodiscover.core.model.certificate import UnreadableCertificate
from check_autodiscover.core.model.observations import Connect, EndpointQuestion, Handshake, Scheme, Variant
from check_autodiscover.probes.endpoint import ConnectionProbe, ConnectionTools
from check_autodiscover.probes.limits import Slots
from check_autodiscover.probes.trust import Trust
from tests.lacking import refuse
from tests.probes.visiting import LONG, NAME, SHORT, Visits, probe, shaken
from tests.probes.web import Site, abort, serve, silent


def test_closed_port_is_refused(trust: Trust) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    contact = asyncio.run(probe(trust, port))
    assert (contact.connect, contact.tls, contact.answers) == (Connect.REFUSED, None, ())


@pytest.fixture
def swallowing() -> Iterator[int]:
    """A port that drops every SYN: its queue of connections is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            with suppress(BlockingIOError):
                filler.connect(listener.getsockname())
        yield listener.getsockname()[1]
        for filler in fillers:
            filler.close()


def test_swallowed_packets_are_a_timeout(trust: Trust, swallowing: int) -> None:
    assert asyncio.run(probe(trust, swallowing, connect_timeout=SHORT)).connect is Connect.TIMEOUT


def test_deadline_before_the_connect_timeout_says_nothing(trust: Trust, swallowing: int) -> None:
    assert asyncio.run(probe(trust, swallowing, patience=SHORT)).connect is Connect.CUT_SHORT


def test_passed_deadline_makes_no_connection(visits: Visits) -> None:
    contact, _ = visits.visit(silent, patience=-1.0)
    assert contact.connect is Connect.CUT_SHORT


def test_host_without_ipv6_does_not_blame_the_address() -> None:
    script = (
        "import asyncio\n"
        "from check_autodiscover.probes.dial import connect\n"
        "async def main():\n"
        "    give_up_at = asyncio.get_running_loop().time() + 10\n"
        "    for address in ('2001:db8::1', '192.0.2.1'):\n"
        "        print(await connect(address, 443, '', give_up_at, 10))\n"
        "asyncio.run(main())\n"
    )
    command = ["unshare", "--map-root-user", "--net", sys.executable, "-c", script]
    if subprocess.run([*command[:3], "true"], capture_output=True, check=False).returncode:
        refuse("no network namespaces here")
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["Connect.NO_FAMILY", "Connect.UNREACHABLE"]


def test_a_process_without_file_descriptors_blames_itself_and_not_the_address() -> None:
    script = (
        "import asyncio, os, resource\n"
        "from check_autodiscover.probes.dial import connect\n"
        "async def main():\n"
        "    give_up_at = asyncio.get_running_loop().time() + 10\n"
        "    lowest = os.open('/dev/null', os.O_RDONLY)\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 1, lowest + 1))\n"
        "    print(await connect('127.0.0.1', 443, '', give_up_at, 10))\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["Connect.EXHAUSTED"]


def test_port_that_accepts_and_says_nothing_is_silent(visits: Visits) -> None:
    assert shaken(visits.visit(silent, connect_timeout=SHORT)[0])[0] is Handshake.SILENT


def test_glance_gives_up_by_itself_at_a_host_that_says_nothing(visits: Visits) -> None:
    """Row 62: long before the run's own deadline, and as one who does not know."""
    met, _ = visits.visit(silent, connect_timeout=SHORT, variant=Variant.GLANCE)
    assert shaken(met)[0] is Handshake.CUT_SHORT


def test_handshake_cut_by_the_deadline_says_nothing(visits: Visits) -> None:
    assert shaken(visits.visit(silent, patience=SHORT)[0])[0] is Handshake.CUT_SHORT


@pytest.mark.parametrize(
    "greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"220 mail ESMTP\r\n", b"\x00", b"\x16\x01\x00", b"\xff" * 9999]
)
def test_other_protocols_are_not_tls(visits: Visits, greeting: bytes) -> None:
    async def greet(_site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await reader.read(-1)

    assert shaken(visits.visit(greet)[0])[0] is Handshake.NOT_TLS


def test_connection_closed_at_the_hello_is_reset(visits: Visits) -> None:
    async def close(_site: Site, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async def reset(_site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        abort(writer)

    assert shaken(visits.visit(close)[0])[0] is Handshake.RESET
    assert shaken(visits.visit(reset)[0])[0] is Handshake.RESET


def test_alert_is_rejection_with_its_text(visits: Visits) -> None:
    async def alert(_site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x15\x03\x03\x00\x02\x02\x28")
        await reader.read(-1)

    contact, _ = visits.visit(alert)
    assert contact.tls is not None
    assert contact.tls.handshake is Handshake.REJECTED
    assert "handshake failure" in contact.tls.detail


def _record(kind: int, body: bytes) -> bytes:
    message = bytes([kind]) + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message


def test_unparsable_certificate_is_unreadable(visits: Visits) -> None:
    hello = _record(2, b"\x03\x03" + bytes(32) + b"\x00\xc0\x2f\x00")
    junk = b"\x30\x03\x02\x01\x01"
    entry = len(junk).to_bytes(3, "big") + junk

    async def present(_site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(hello + _record(11, len(entry).to_bytes(3, "big") + entry))
        await reader.read(-1)

    contact, _ = visits.visit(present)
    assert contact.tls is not None
    assert contact.tls.handshake is Handshake.REJECTED
    assert isinstance(contact.tls.chain[0], UnreadableCertificate)
    assert contact.tls.chain[0].reason


def test_cancelling_closes_the_connection(trust: Trust) -> None:
    async def main() -> None:
        greeted, left = asyncio.Event(), asyncio.Event()

        async def watch(_site: Site, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            greeted.set()
            await reader.read(-1)
            left.set()

        async with serve(watch) as site:
            task = asyncio.create_task(probe(trust, site.port))
            await greeted.wait()
            task.cancel()
            await asyncio.wait([task])
            await left.wait()

    asyncio.run(main())


def test_finished_contact_makes_room_for_the_next(trust: Trust) -> None:
    async def main() -> list[Connect]:
        async with serve(silent) as site:
            tools = ConnectionTools(trust, Slots(1, 0))
            prober = ConnectionProbe(trust, "example.com", connect_timeout=SHORT / 5, tools=tools)
            question = EndpointQuestion(NAME, "127.0.0.1", site.port, Scheme.HTTPS)
            give_up_at = asyncio.get_running_loop().time() + LONG
            return [(await prober.probe_endpoint(question, give_up_at)).connect for _ in range(2)]

    assert asyncio.run(main()) == [Connect.CONNECTED, Connect.CONNECTED]


def test_importing_the_probes_loads_no_heavy_library() -> None:
    script = (
        "import sys, check_autodiscover.probes.trust, check_autodiscover.probes.endpoint\n"
        "import check_autodiscover.probes.dns.resolver\n"
        "print(*({'OpenSSL', 'cryptography', 'h11', 'dns'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_loading_trust_leaves_tls_for_later(tmp_path: Path, authority: trustme.CA) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    script = (
        "import asyncio, sys\n"
        "from check_autodiscover.core.model.policy import TrustSettings\n"
        "from check_autodiscover.probes.trust import load_trust\n"
        "from check_autodiscover.probes.endpoint import ConnectionProbe\n"
        "probe = ConnectionProbe(load_trust(TrustSettings(ca_files=(sys.argv[1],))), 'example.com')\n"
        "print('OpenSSL' in sys.modules)\n"
        "asyncio.run(probe.prepare())\n"
        "print('OpenSSL' in sys.modules, 'h11' in sys.modules)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "ca.pem")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True"]
