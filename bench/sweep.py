"""Many domains by one process beside one process each: `python -m bench.sweep`.

`autodiscoverctl sweep` and the plugin, started for each domain by `xargs`, look at the same healthy domains with two
views, in rotation, on the same core. What counts is the CPU of all processes and the time, a domain. Needs root.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench.cost import Cost, cost_of
from bench.fleet import MEASURED_CORE, enter_namespace
from bench.fleet_world import RESOLVERS, Fleet, start_fleet

SWEEP, PLUGIN = "autodiscoverctl sweep", "check_autodiscover, a process each"


def main(arguments: list[str] | None = None) -> int:
    """Print both costs and their ratio; 1 if the domains are not all found healthy."""
    parser = argparse.ArgumentParser(prog="bench.sweep", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="default %(default)s")
    parser.add_argument("--domains", type=int, default=256, help="default %(default)s")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if not given.inside:
        return enter_namespace("bench.sweep", [f"--rounds={given.rounds}", f"--domains={given.domains}"])
    with tempfile.TemporaryDirectory() as folder, start_fleet(Path(folder), given.domains) as fleet:
        return _compared(fleet, Path(folder), given.rounds)


def _compared(fleet: Fleet, folder: Path, rounds: int) -> int:
    listed = folder / "domains.txt"
    listed.write_text("\n".join(fleet.domains) + "\n")
    commands = _commands(fleet, listed)
    for name, command in commands.items():
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            print(f"{name} does not find the domains healthy:\n{done.stdout[:2000]}{done.stderr}", file=sys.stderr)
            return 1
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            costs[name].append(cost_of(command))
    print(_told(costs, len(fleet.domains)))
    return 0


def _commands(fleet: Fleet, listed: Path) -> dict[str, tuple[str, ...]]:
    bin_ = Path(sys.executable).parent
    inside, outside = RESOLVERS
    views = ("--view", f"inside={inside}", "--view", f"outside={outside}")
    options = (*views, "-r", str(fleet.ca_file), "--no-system-trust")
    on_core = ("taskset", "-c", str(MEASURED_CORE))
    each = ("xargs", "-a", str(listed), "-n", "1", "-P", "4", str(bin_ / "check_autodiscover"), *options, "-H")
    return {
        SWEEP: (*on_core, str(bin_ / "autodiscoverctl"), "sweep", str(listed), *options),
        PLUGIN: (*on_core, *each),
    }


def _told(costs: dict[str, list[Cost]], domains: int) -> str:
    lines = ["| | CPU a domain | time a domain |", "|---|---|---|"]
    for name, found in costs.items():
        cpu, wall = (median(getattr(each, kind) for each in found) / domains for kind in ("cpu", "wall"))
        lines.append(f"| {name} | {cpu * 1000:.1f} ms | {wall * 1000:.1f} ms |")
    ratios = [theirs.cpu / ours.cpu for ours, theirs in zip(costs[SWEEP], costs[PLUGIN], strict=True)]
    lines.append(f"\n{PLUGIN} takes {median(ratios):.1f}x the CPU ({min(ratios):.1f}x to {max(ratios):.1f}x)")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
