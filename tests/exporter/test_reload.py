"""Reading the configuration again: by request and by SIGHUP, under load, and when the file is wrong."""

import asyncio
import json
import signal
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from autodiscover_exporter.reload import CannotLoad, LiveConfiguration, load_checked
from check_autodiscover.config.file import Configuration
from check_autodiscover.core.model.report import Report
from tests.exporter.conftest import Start
from tests.exporter.exporter_process import ANY_PORT, TIMEOUT, address_of, started
from tests.exporter.reports import HEALTHY, ScriptedProbe

SUCCESSFUL = "autodiscover_exporter_config_last_reload_successful"
WRONG = "timeout: x\nmethod: y\n"


def _healthy() -> Report:
    return HEALTHY


class Exporter:
    """A real exporter, its configuration file, and what it answers."""

    def __init__(self, address: str, file: Path, said: Iterator[str]) -> None:
        self.address = address
        self.file = file
        self.said = said

    def ask(self, path: str, method: str = "GET") -> tuple[int, str]:
        request = urllib.request.Request(f"http://{self.address}{path}", method=method)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def reload(self) -> tuple[int, str]:
        return self.ask("/-/reload", "POST")

    def domains(self) -> list[str]:
        return [group["targets"][0] for group in json.loads(self.ask("/sd")[1])]

    def successful(self) -> bool:
        return f"\n{SUCCESSFUL} 1.0\n" in self.ask("/metrics")[1]


def _file_with(port: int, *domains: str) -> str:
    """A configuration whose one resolver is dead, so that a probe takes no time and asks nobody."""
    named = ", ".join(f"{domain}: {{}}" for domain in domains)
    return f"views: {{inside: {{resolvers: ['tcp://127.0.0.1:{port}']}}}}\ndomains: {{{named}}}\n"


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port that is bound, so that nobody takes it, and refuses connections, as nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextmanager
def running(file: Path) -> Iterator[tuple[Exporter, int]]:
    with started(ANY_PORT, "--config.file", str(file)) as process:
        assert process.stderr
        exporter = Exporter(address_of(process), file, iter(process.stderr.readline, ""))
        yield exporter, process.pid
        process.terminate()
        for _ in exporter.said:
            pass
        assert process.wait(TIMEOUT) == 0


def test_no_scrape_fails_while_good_and_bad_files_are_reloaded(tmp_path: Path, dead_port: int) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text(_file_with(dead_port, "contoso.com"))
    over = threading.Event()

    def scrape(exporter: Exporter) -> list[int]:
        statuses = []
        while not over.is_set():
            status, text = exporter.ask("/probe?target=contoso.com")
            statuses.append(status if "\nprobe_success " in text else 0)
        return statuses

    with running(file) as (exporter, _), ThreadPoolExecutor(8) as clients:
        scrapes = [clients.submit(scrape, exporter) for _ in range(8)]
        try:
            for turn in range(5):
                domains = ["contoso.com", f"turn{turn}.example"]
                file.write_text(_file_with(dead_port, *domains))
                assert exporter.reload() == (200, "Reloaded\n")
                assert (exporter.domains(), exporter.successful()) == (domains, True)
                file.write_text(WRONG)
                assert exporter.reload()[0] == 500
                assert (exporter.domains(), exporter.successful()) == (domains, False)
        finally:
            over.set()
        statuses = [status for each in scrapes for status in each.result()]
    assert len(statuses) >= 8
    assert set(statuses) == {200}


def test_a_bad_file_is_told_with_every_mistake_and_the_old_one_holds(tmp_path: Path, dead_port: int) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text(_file_with(dead_port, "contoso.com"))
    with running(file) as (exporter, _):
        file.write_text(WRONG)
        status, text = exporter.reload()
        logged = [next(exporter.said) for _ in range(2)]
        assert exporter.ask("/probe?target=contoso.com")[0] == 200
        assert exporter.ask("/probe?target=fabrikam.com")[0] == 403
    first, *faults = text.splitlines()
    assert (status, first) == (500, "not reloaded, the configuration of before holds:")
    assert [fault.partition(": ")[0] for fault in faults] == [f"{file}:1", f"{file}:2"]
    assert all("configuration not reloaded" in line for line in logged)


def test_a_ca_file_that_has_gone_is_found_at_the_reload(tmp_path: Path, dead_port: int) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text(_file_with(dead_port, "contoso.com"))
    with running(file) as (exporter, _):
        file.write_text("modules: {default: {ca_files: [gone.pem]}}\n")
        status, text = exporter.reload()
    assert status == 500
    assert str(tmp_path / "gone.pem") in text


def test_a_hangup_reloads_and_never_ends_the_process(tmp_path: Path, dead_port: int) -> None:
    import os

    file = tmp_path / "exporter.yml"
    file.write_text(_file_with(dead_port, "contoso.com"))
    with running(file) as (exporter, pid):
        assert exporter.ask("/-/healthy")[0] == 200
        file.write_text(WRONG)
        os.kill(pid, signal.SIGHUP)
        assert "configuration not reloaded" in next(exporter.said)
        assert "configuration not reloaded" in next(exporter.said)
        assert (exporter.domains(), exporter.successful()) == (["contoso.com"], False)
        file.write_text(_file_with(dead_port, "fabrikam.com"))
        os.kill(pid, signal.SIGHUP)
        assert "configuration reloaded" in next(exporter.said)
        assert (exporter.domains(), exporter.successful()) == (["fabrikam.com"], True)


def test_only_a_post_reloads(start: Start) -> None:
    with start(ScriptedProbe(_healthy)) as serving:
        for method in ("GET", "HEAD", "PUT"):
            answer = serving.ask("/-/reload", method)
            assert (answer.status, answer.headers["allow"]) == (405, "POST")


def test_without_a_file_there_is_nothing_to_reload(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    with start(ScriptedProbe(_healthy)) as serving:
        answer = serving.ask("/-/reload", "POST")
    assert answer.status == 500
    assert "the exporter runs without --config.file" in answer.text
    assert [record.message for record in caplog.records] == ["configuration not reloaded"]


def test_reloads_at_once_are_one_and_who_asks_later_has_another(tmp_path: Path, dead_port: int) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text(_file_with(dead_port, "contoso.com"))
    seen: list[Configuration] = []

    async def reload() -> LiveConfiguration:
        live = LiveConfiguration(str(file), load_checked(str(file)), now=lambda: 1000.0)
        live.follow(seen.append)
        await asyncio.gather(*(live.reload() for _ in range(3)))
        await live.reload()
        return live

    live = asyncio.run(reload())
    assert [list(each.domains) for each in seen] == [["contoso.com"]] * 2
    assert live() is seen[-1]


def test_a_failed_reload_keeps_the_time_of_the_last_good_one(tmp_path: Path, dead_port: int) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text(_file_with(dead_port, "contoso.com"))
    times = iter((1000.0, 2000.0))

    async def states() -> list[tuple[bool, float]]:
        live = LiveConfiguration(str(file), load_checked(str(file)), now=lambda: next(times))
        found = [live.state]
        await live.reload()
        found.append(live.state)
        file.write_text(WRONG)
        with pytest.raises(CannotLoad):
            await live.reload()
        return [(state.successful, state.succeeded) for state in (*found, live.state)]

    assert asyncio.run(states()) == [(True, 1000.0), (True, 2000.0), (False, 2000.0)]


def test_a_bug_of_ours_in_a_reload_is_told_and_the_next_one_works(
    tmp_path: Path, dead_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text(_file_with(dead_port, "contoso.com"))
    errors = [KeyError("a bug")]

    def stumble(_: Configuration) -> None:
        if errors:
            raise errors.pop()

    async def twice() -> list[bool]:
        live = LiveConfiguration(str(file), load_checked(str(file)))
        live.follow(stumble)
        with pytest.raises(CannotLoad, match="internal error, please report: KeyError in "):
            await live.reload()
        before = live.state.successful
        await live.reload()
        return [before, live.state.successful]

    assert asyncio.run(twice()) == [False, True]
    assert [record.message for record in caplog.records if record.exc_info] == ["reload failed"]


class Files:
    """A stand-in for a file that is read when a test says so; `begun` counts the readings."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = 0
        self.go_on = threading.Event()
        monkeypatch.setattr("autodiscover_exporter.reload.load_checked", self)

    def __call__(self, _file: str) -> Configuration:
        self.begun += 1
        assert self.go_on.wait(TIMEOUT)
        return Configuration()


def test_reloads_that_wait_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files(monkeypatch)
    taken: list[Configuration] = []

    async def ask() -> None:
        live = LiveConfiguration("file", Configuration())
        live.follow(taken.append)
        first = asyncio.create_task(live.reload())
        while not files.begun:
            await asyncio.sleep(0.001)
        # What the file says from now on, the first reading may not have seen.
        others = [asyncio.create_task(live.reload()) for _ in range(1000)]
        others[0].cancel()
        await asyncio.sleep(0)
        files.go_on.set()
        await first
        await asyncio.gather(*others[1:])

    asyncio.run(ask())
    assert (files.begun, len(taken)) == (2, 2)


def test_a_file_that_hangs_is_read_once_and_the_old_configuration_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files(monkeypatch)

    async def ask() -> None:
        live = LiveConfiguration("file", Configuration(), longest=0.05)
        for _ in range(3):
            with pytest.raises(CannotLoad, match="does a file server hang"):
                await live.reload()
        assert (files.begun, live.state.successful) == (1, False)
        files.go_on.set()
        while not live.state.successful:
            with suppress(CannotLoad):
                await live.reload()
        assert files.begun == 2

    asyncio.run(ask())
