"""How long one check takes over a network, as a ratio to what its round trips take: `python -m bench.latency`.

The checker and the servers, a real named and nginx, run in two network namespaces 25 ms apart. No check can be faster
than its critical path, five round trips: the SRV record, the address of its target, TCP, TLS 1.3, HTTP. The round trip
is what ping measures in the same run. Cold is the plugin as a process, warm is a process that surveys again and again,
as the exporter does. Both run in rotation; the table gives the median, and the smallest, which what else the machine
does cannot improve. Needs root.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from types import FrameType
from typing import NoReturn

from bench.cost import cost_of
from bench.delay_line import FAR, Line, delayed_line
from bench.world import HOSTS, SERVER, Place, World, start_world
from check_autodiscover.checker.checker import survey_domain
from check_autodiscover.config.commandline import parse_arguments

ROUND_TRIPS = 5
PINGS = 5

SITES = {name: f"10.77.1.{number}" for number, name in enumerate(HOSTS, start=1)}
"""Each name that serves TLS, and its address at the far end."""

PLUGIN = Path(sys.executable).with_name("check_autodiscover")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what each kind takes and its ratio to the critical path; 1 if that cannot be measured here."""
    options, plugin_arguments = _options(arguments)
    if options.near:
        print(_table(_measure(options.rounds, plugin_arguments)))
        return 0
    if complaint := _complaint():
        print(complaint, file=sys.stderr)
        return 1
    # As Ctrl-C does: the namespaces are to be removed.
    signal.signal(signal.SIGTERM, _interrupted)
    with tempfile.TemporaryDirectory() as folder, delayed_line(options.delay, tuple(SITES.values())) as line:
        place = Place(FAR, SITES, line.within_far)
        with start_world(Path(folder), place) as world:
            return _run_near(line, world, options.rounds)


def _options(arguments: Sequence[str] | None) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="bench.latency", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="default %(default)s")
    parser.add_argument("--delay", type=float, default=0.025, help="seconds each way (default %(default)s)")
    parser.add_argument("--near", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_known_args(arguments)


def _complaint() -> str:
    if os.geteuid() != 0:
        return "bench.latency needs root: it makes network namespaces"
    return "" if PLUGIN.exists() else f"not installed: {PLUGIN}"


def _interrupted(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _run_near(line: Line, world: World, rounds: int) -> int:
    """Measure in a process at the near end, so that nothing but the check is in the figures."""
    command = (sys.executable, "-m", "bench.latency", "--near", "--rounds", str(rounds), *_discovering(world))
    # Where a distribution keeps its trust anchors is asked as on any host.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SSL_CERT_")}
    return subprocess.run((*line.within_near, *command), env=environment).returncode


def _discovering(world: World) -> Sequence[str]:
    """The plugin's options without the server's name: its address is known only after the SRV record."""
    given = world.plugin_arguments
    at = given.index("-S")
    return (*given[:at], *given[at + 2 :])


def _measure(rounds: int, plugin_arguments: Sequence[str]) -> Mapping[str, Sequence[float]]:
    """The seconds of each kind, round by round."""
    plugin = (str(PLUGIN), *plugin_arguments)
    # One that fails early would look quick.
    subprocess.run(plugin, stdout=sys.stderr, check=True)
    kinds: Mapping[str, Callable[[], float]] = {
        "ping": _ping,
        "warm": _warm(plugin_arguments),
        "cold": lambda: cost_of(plugin).wall,
    }
    for measure in kinds.values():
        measure()
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind, measure in kinds.items():
            taken[kind].append(measure())
    return taken


def _ping() -> float:
    """One round trip by ping: the median of a few."""
    command = ("ping", "-n", "-c", str(PINGS), "-i", "0.1", FAR)
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return median(float(line.split("time=")[1].split()[0]) for line in output.splitlines() if "time=" in line) / 1000


def _warm(plugin_arguments: Sequence[str]) -> Callable[[], float]:
    told = parse_arguments(plugin_arguments)
    runner = asyncio.Runner()

    def survey() -> float:
        started = time.perf_counter()
        seen = runner.run(survey_domain(told.domain, told.policy, told.trust))
        taken = time.perf_counter() - started
        # A survey that failed early would look quick.
        if not any(question.name == SERVER and contact.answers for question, contact in seen.contacts.items()):
            raise RuntimeError("the SRV target was not reached")
        return taken

    return survey


def _table(taken: Mapping[str, Sequence[float]]) -> str:
    path = ROUND_TRIPS * median(taken["ping"])
    lines = [
        f"critical path: {ROUND_TRIPS} round trips, {path * 1000:.1f} ms by ping",
        f"{'':12} {'median ms':>10} {'ratio':>7} {'smallest ms':>12} {'ratio':>7}",
    ]
    for kind in ("warm", "cold"):
        middle, least = median(taken[kind]), min(taken[kind])
        ratios = f"{middle * 1000:10.1f} {middle / path:6.2f}x {least * 1000:12.1f} {least / path:6.2f}x"
        lines.append(f"{kind + ' check':12} {ratios}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
