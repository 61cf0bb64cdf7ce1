"""What the parts of a warm check cost that are not DNS and the plan: `python -m bench.parts`.

In the world of `bench.fleet`, in this process: whole checks as the exporter makes them, side by side; their connections
alone, made again by the same questions; and what is done with a survey once it is there. CPU of this process, the least
of several rounds, and the share of the whole. Needs root, as `bench.fleet` does.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from autodiscover_exporter.results.result import Packing, kept, render_measures
from bench.fleet import MEASURED_CORE, ONE_VIEW, TWO_VIEWS, enter_namespace
from bench.fleet_world import Fleet, start_fleet
from check_autodiscover.checker.checker import DomainChecker, SharedProbes
from check_autodiscover.config.file import Module, load_configuration
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.core.verdict.judge import judge

DOMAINS, SIDE_BY_SIDE = 24, 8
TIMES = 20
"""How often a survey is judged and kept in a round."""

CONFIGURATION = """\
{views}
modules: {{default: {{ca_files: [{ca_file}], system_trust: false}}}}
"""
KINDS = {"two views": TWO_VIEWS, "one view": ONE_VIEW}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table; 1 if it cannot be measured here."""
    parser = argparse.ArgumentParser(prog="bench.parts", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="default %(default)s")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if not options.inside:
        return enter_namespace("bench.parts", sys.argv[1:] if arguments is None else arguments)
    with tempfile.TemporaryDirectory() as folder, start_fleet(Path(folder), DOMAINS) as fleet:
        os.sched_setaffinity(0, {MEASURED_CORE})
        for kind, views in KINDS.items():
            file = fleet.folder / "parts.yml"
            file.write_text(CONFIGURATION.format(views=views, ca_file=fleet.ca_file))
            module = load_configuration(str(file)).settled(fleet.domains[0])
            print(_table(kind, asyncio.run(_measured(fleet, module, options.rounds))))
    return 0


async def _measured(fleet: Fleet, module: Module, rounds: int) -> dict[str, float]:
    """CPU seconds of each part, a domain."""
    prober, instruments, packing = DomainChecker(), SharedProbes(), Packing()
    reports: dict[str, Report] = {}

    async def check(domain: str) -> None:
        reports[domain] = await prober(domain, module, module.policy.timeout)
        kept(reports[domain], module.name, None, packing)

    async def connect(domain: str) -> None:
        give_up_at = asyncio.get_running_loop().time() + module.policy.timeout
        async with instruments.observers(domain, module.policy, module.trust) as observers:
            questions = reports[domain].survey.contacts
            await asyncio.gather(*(observers.endpoint.probe_endpoint(each, give_up_at) for each in questions))

    taken = {
        "whole": await _least(fleet, check, rounds),
        "connections": await _least(fleet, connect, rounds),
        **_of_a_survey(reports[fleet.domains[0]].survey, packing, rounds),
    }
    await prober.close()
    await instruments.close()
    return taken


async def _least(fleet: Fleet, work: Callable[[str], Awaitable[None]], rounds: int) -> float:
    found = []
    # The first round fills caches.
    for _ in range(rounds + 1):
        begun = time.process_time()
        for first in range(0, len(fleet.domains), SIDE_BY_SIDE):
            await asyncio.gather(*map(work, fleet.domains[first : first + SIDE_BY_SIDE]))
        found.append((time.process_time() - begun) / len(fleet.domains))
    return min(found[1:])


def _of_a_survey(survey: Survey, packing: Packing, rounds: int) -> dict[str, float]:
    report = judge(survey)
    parts: dict[str, Callable[[], object]] = {
        "judgement": lambda: judge(survey),
        "metrics as text": lambda: render_measures(report.measures),
        "survey kept": lambda: packing.packed(survey),
    }
    return {name: min(_seconds(part) for _ in range(rounds)) for name, part in parts.items()}


def _seconds(part: Callable[[], object]) -> float:
    begun = time.process_time()
    for _ in range(TIMES):
        part()
    return (time.process_time() - begun) / TIMES


def _table(kind: str, taken: dict[str, float]) -> str:
    rows = (f"{name:34} {seconds * 1000:8.2f} {seconds / taken['whole']:7.0%}" for name, seconds in taken.items())
    return "\n".join((f"{kind:34} {'CPU ms':>8} {'share':>7}", *rows, ""))


if __name__ == "__main__":
    sys.exit(main())
