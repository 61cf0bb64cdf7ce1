"""Scrapes from memory: the exporter beside prometheus_client's own server with the same text: `python -m bench.scrape`.

One healthy domain is looked at once; then `/probe` is asked again and again for what is kept of it, and
prometheus_client's `start_http_server` for the same text, rendered beforehand. Each server has a core of its own, the
client another; rounds alternate, and what counts is the CPU time of the server a request. Beside that, 10,000 series
taken from memory and rendered anew by prometheus_client, in one process. Needs root, as `bench.fleet` does.
"""

import argparse
import asyncio
import gzip
import os
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

from prometheus_client import CollectorRegistry, Metric, exposition, generate_latest, start_http_server
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from autodiscover_exporter.endpoints.probe import Unpacking, expose
from bench.fleet import CLIENT_CORE, MEASURED_CORE, ONE_VIEW, cpu_seconds, enter_namespace
from bench.fleet_client import ask_all
from bench.fleet_world import Fleet, daemon, start_fleet, wait_until

OURS, THEIRS = "the exporter", "prometheus_client's server"
PORTS = {OURS: 10093, THEIRS: 10094}
PATHS = {OURS: "/probe?target=d0.test", THEIRS: "/metrics"}
REQUESTS, CONNECTIONS = 1500, 16
SERIES = 10_000
GOAL, MEMORY_GOAL = 4.0, 0.05
"""Requests per CPU second beside prometheus_client's, and series from memory beside rendering them."""

EXPORTER = Path(sys.executable).with_name("autodiscover_exporter")
CONFIGURATION = """\
{views}
modules: {{default: {{cache: 1h, ca_files: [{ca_file}], system_trust: false}}}}
domains: {{d0.test: {{}}}}
"""
ENCODINGS = {"plain": "", "gzip": "Accept-Encoding: gzip\r\n"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print both tables; 1 if a goal is missed, or it cannot be measured here."""
    parser = argparse.ArgumentParser(prog="bench.scrape", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="default %(default)s")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--serve-by-client", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.serve_by_client:
        return _serve_by_library(options.serve_by_client.read_bytes())
    if not options.inside:
        return enter_namespace("bench.scrape", sys.argv[1:] if arguments is None else arguments)
    os.sched_setaffinity(0, {CLIENT_CORE})
    with tempfile.TemporaryDirectory() as folder, start_fleet(Path(folder), 1) as fleet:
        text, taken = _compare(fleet, options.rounds)
    ratios, memory = _requests_table(text, taken), _series_table(text)
    return int(min(ratios) < GOAL or memory > MEMORY_GOAL)


def _serve_by_library(text: bytes) -> int:
    """prometheus_client's server with its renderer replaced by the text."""
    chosen = (lambda _registry: text), exposition.CONTENT_TYPE_LATEST
    exposition.choose_encoder = lambda _accept: chosen  # type: ignore[assignment]  # put in its place
    start_http_server(PORTS[THEIRS], "127.0.0.1")
    threading.Event().wait()
    return 0


def _compare(fleet: Fleet, rounds: int) -> tuple[bytes, Mapping[tuple[str, str], Sequence[float]]]:
    """The text, and the CPU seconds a request of both servers with both encodings."""
    configuration, text = fleet.folder / "exporter.yml", fleet.folder / "text"
    configuration.write_text(CONFIGURATION.format(views=ONE_VIEW, ca_file=fleet.ca_file))
    pinned = ("taskset", "-c", str(MEASURED_CORE))
    command = (str(EXPORTER), f"--config.file={configuration}", f"--web.listen-address=127.0.0.1:{PORTS[OURS]}")
    with ExitStack() as stack:
        ours = stack.enter_context(daemon((*pinned, *command), fleet.folder / "exporter.log"))
        wait_until(lambda: bool(_fetched(OURS)), ours)
        text.write_bytes(_fetched(OURS))
        library = (*pinned, sys.executable, "-m", "bench.scrape", "--serve-by-client", str(text))
        theirs = stack.enter_context(daemon(library, fleet.folder / "library.log"))
        wait_until(lambda: _fetched(THEIRS) == text.read_bytes(), theirs)
        processes = {OURS: ours.pid, THEIRS: theirs.pid}
        taken: dict[tuple[str, str], list[float]] = {}
        for turn in range(rounds + 1):
            for encoding in ENCODINGS:
                for name, process in processes.items():
                    seconds = _cpu_of_a_request(name, encoding, process)
                    # The first round fills caches.
                    if turn:
                        taken.setdefault((name, encoding), []).append(seconds)
        return text.read_bytes(), taken


def _fetched(name: str) -> bytes:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORTS[name]}{PATHS[name]}", timeout=15) as answer:
            return bytes(answer.read())
    except OSError:
        return b""


def _cpu_of_a_request(name: str, encoding: str, process: int) -> float:
    begun = cpu_seconds(process)
    wanted = b"\x1f\x8b" if encoding == "gzip" else b"\nprobe_success 1"
    paths = [PATHS[name]] * REQUESTS
    if asyncio.run(ask_all(PORTS[name], paths, CONNECTIONS, wanted, ENCODINGS[encoding])):
        raise RuntimeError(f"{name} did not answer all requests")
    return (cpu_seconds(process) - begun) / REQUESTS


def _requests_table(text: bytes, taken: Mapping[tuple[str, str], Sequence[float]]) -> list[float]:
    """Print it; the ratios of requests per CPU second."""
    print(f"{'/probe from memory, ' + str(len(text)) + ' bytes':34} {'CPU us':>8} {'requests per CPU second':>26}")
    middles = []
    for (name, encoding), seconds in taken.items():
        pairs = zip(taken[THEIRS, encoding], seconds, strict=True)
        ratios = sorted(theirs / ours for theirs, ours in pairs)
        if name == OURS:
            middles.append(median(ratios))
        beside = f"{median(ratios):.2f}x ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        print(f"{name + ', ' + encoding:34} {median(seconds) * 1e6:8.0f} {beside:>26}")
    return middles


class _Parsed(Collector):
    """Families made beforehand, so that nothing but the rendering is measured."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> list[Metric]:
        return self._families


def _series_table(text: bytes) -> float:
    """Print what 10,000 series cost, in results of this size; the ratio as a client without gzip has it."""
    families = list(text_string_to_metric_families(text.decode()))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Parsed(families))
    results = SERIES // sum(len(family.samples) for family in families)
    packed = gzip.compress(text, 1)
    anew = _cpu(lambda: generate_latest(registry), results)
    print(f"\n{'10,000 series':34} {'CPU ms':>8} {'ratio':>8}\n{'rendered by prometheus_client':34} {anew * 1e3:8.2f}")
    ratio = 0.0
    for encoding, headers in (("gzip", {"accept-encoding": "gzip"}), ("plain", {})):
        seconds = _cpu(partial(expose, packed, headers, Unpacking()), results)
        ratio = seconds / anew
        print(f"{'from memory, ' + encoding:34} {seconds * 1e3:8.2f} {ratio:7.3f}x")
    return ratio


def _cpu(work: Callable[[], object], times: int) -> float:
    """Seconds that doing it so many times takes: the median of a few."""
    taken = []
    for _ in range(9):
        begun = time.process_time()
        for _ in range(times):
            work()
        taken.append(time.process_time() - begun)
    return median(taken)


if __name__ == "__main__":
    sys.exit(main())
