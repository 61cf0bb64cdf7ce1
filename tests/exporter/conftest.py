"""The application behind its real server, on a loopback port of its own."""

import asyncio
import http.client
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import pytest

from autodiscover_exporter.main import Application
from autodiscover_exporter.reload import LiveConfiguration
from autodiscover_exporter.web.listening import ListenAddress, bind
from autodiscover_exporter.web.server import Listener, Server
from check_autodiscover.checker.checker import Probe
from check_autodiscover.config.file import Configuration
from tests.lacking import refuse

TIMEOUT = 30


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-pages", action="store_true", help="write the pages in tests/exporter/golden anew")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, read to its end."""

    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that runs."""

    port: int
    server: Server
    loop: asyncio.AbstractEventLoop

    def stop(self) -> None:
        """Tell it to stop, and return when it takes no more connections."""
        self.loop.call_soon_threadsafe(self.server.stop)
        with suppress(ConnectionRefusedError, ConnectionResetError):
            while True:
                socket.create_connection(("127.0.0.1", self.port), TIMEOUT).close()

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): text for name, text in headers.items()})
            response = connection.getresponse()
            body = response.read().decode()
            return Answer(response.status, body, {name.lower(): value for name, value in response.getheaders()})
        finally:
            connection.close()


@contextmanager
def running(doors: Sequence[Listener], server: Server) -> Iterator[Serving]:
    """The server with these doors in a thread of its own, told to stop at the end."""
    port = doors[0].listening.getsockname()[1]
    started: Future[asyncio.AbstractEventLoop] = Future()

    async def serve() -> None:
        started.set_result(asyncio.get_running_loop())
        await server.serve(doors, lambda: TIMEOUT)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    loop = started.result(TIMEOUT)
    try:
        yield Serving(port, server, loop)
    finally:
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(server.stop)
        thread.join(TIMEOUT)
        assert not thread.is_alive()


class Start:
    """Starts servers with the probe a test brings."""

    @contextmanager
    def __call__(self, probe: Probe, configuration: Configuration | None = None) -> Iterator[Serving]:
        (sock,) = bind(ListenAddress("127.0.0.1", 0))
        application = Application(LiveConfiguration("", configuration or _configuration()), probe, 0.5)
        with running([Listener(sock, application)], Server()) as serving:
            yield serving


def _configuration() -> Configuration:
    return Configuration(modules={"default": {}, "quick": {"timeout": 2.0}})


@pytest.fixture
def complaints() -> Callable[[bytes], str]:
    """What `promtool check metrics` says of an exposition; empty where it is content."""
    promtool = shutil.which("promtool")
    if promtool is None:
        refuse("promtool is not installed")

    def check(exposition: bytes) -> str:
        done = subprocess.run([promtool, "check", "metrics"], input=exposition, capture_output=True, check=False)
        return (done.stdout + done.stderr).decode() or ("failed" if done.returncode else "")

    return check


@pytest.fixture
def start() -> Start:
    return Start()
