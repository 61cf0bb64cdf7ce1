"""A sweep by a real Dask cluster on loopback: a scheduler and two workers, one of them killed in the middle."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from distributed import Client

from check_autodiscover.ctl.main import main
from check_autodiscover.lab.running import Lab
from tests.ctl.sweep.worlds import options_of, served

Capture = pytest.CaptureFixture[str]

COMMAND = (sys.executable, "-m", "check_autodiscover.ctl", "sweep")

MANY = tuple(f"d{number}.example" for number in range(240))

SCHEDULER = (sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0")

_ADDRESS = re.compile(r"Scheduler at: +(tcp://127\.0\.0\.1:[0-9]+)")


@contextmanager
def daemon(argv: Sequence[str], folder: Path, stderr: int = subprocess.DEVNULL) -> Iterator["subprocess.Popen[str]"]:
    """A process of the cluster, stopped at the end."""
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=stderr, text=True, cwd=folder)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def scheduler(folder: Path) -> Iterator[str]:
    """A scheduler's address."""
    with daemon((*SCHEDULER, "--no-dashboard", "--no-show"), folder, subprocess.PIPE) as process:
        assert process.stderr
        found = next(filter(None, map(_ADDRESS.search, process.stderr)))
        yield found.group(1)


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[str, Sequence["subprocess.Popen[str]"]]]:
    """A scheduler's address, and the processes of the workers that it knows."""
    argv = (sys.executable, "-m", "distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny", "--no-dashboard")
    with ExitStack() as stack:
        address = stack.enter_context(scheduler(folder))
        local = ("--host", "127.0.0.1", "--local-directory", str(folder))
        processes = [stack.enter_context(daemon((*argv, *local, address), folder)) for _ in range(workers)]
        asyncio.run(known(address, workers))
        yield address, processes


async def known(address: str, workers: int) -> None:
    """Return when the scheduler knows so many workers."""
    async with Client(address, asynchronous=True, set_as_default=False) as client:
        await client.wait_for_workers(workers)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with served() as running:
        yield running


def many(folder: Path) -> str:
    file = folder / "many.txt"
    file.write_text("\n".join((*MANY, "contoso.com")))
    return str(file)


def test_a_worker_killed_in_the_middle_loses_nothing_and_nothing_is_there_twice(lab: Lab, tmp_path: Path) -> None:
    kept = tmp_path / "results.jsonl"
    with cluster(tmp_path, 2) as (address, workers):
        argv = (*COMMAND, many(tmp_path), *options_of(lab), "--dask", address, "--save", str(kept), "-o", "jsonl")
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            assert process.stdout
            first = process.stdout.readline()
            # Both have batches waiting, of which each has begun one.
            os.kill(workers[0].pid, signal.SIGKILL)
            rest = process.stdout.read()
    assert process.returncode == 2
    domains = [json.loads(line)["domain"] for line in (first + rest).splitlines()]
    assert sorted(domains) == sorted((*MANY, "contoso.com"))
    assert kept.read_text() == first + rest


def test_workers_come_to_the_same_verdicts_as_this_process(lab: Lab, tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "customers.txt"
    file.write_text("contoso.com\nfabrikam.example\n")
    verdicts = []
    with cluster(tmp_path, 1) as (address, _):
        for where in ((), ("--dask", address)):
            assert main(["sweep", str(file), *options_of(lab), "-o", "csv", *where]) == 2
            rows = capsys.readouterr().out.splitlines()
            verdicts.append(sorted(re.sub(r",20[^,]+,[0-9.]+$", "", row) for row in rows))
    assert verdicts[0] == verdicts[1]


def test_a_scheduler_without_workers_is_told_at_once(lab: Lab, tmp_path: Path, capsys: Capture) -> None:
    with scheduler(tmp_path) as address:
        assert main(["sweep", many(tmp_path), *options_of(lab), "--dask", address]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"autodiscoverctl: --dask {address}: the scheduler has no workers\n"


def test_workers_of_another_version_are_refused(
    lab: Lab, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("check_autodiscover.ctl.sweep.cluster.__version__", "9.9")
    with cluster(tmp_path, 1) as (address, _):
        assert main(["sweep", many(tmp_path), *options_of(lab), "--dask", address]) == 3
    assert re.search(r"--dask: tcp://\S+ has check_autodiscover \S+, and this is 9\.9", capsys.readouterr().err)


def test_workers_that_lack_us_are_refused_in_a_line(lab: Lab, tmp_path: Path, capsys: Capture) -> None:
    # A module of the name that is none of ours hides what is installed.
    (tmp_path / "check_autodiscover.py").touch()
    with cluster(tmp_path, 1) as (address, _):
        assert main(["sweep", many(tmp_path), *options_of(lab), "--dask", address]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert re.match(r"autodiscoverctl: --dask \S+: its workers cannot run check_autodiscover \S+ \(Modul", told.err)
