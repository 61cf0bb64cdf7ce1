"""Where the plugin's start goes: imports by package, in one real run: `python -m bench.imports`.

`-X importtime` tells wall time, so of several runs each module's smallest is taken: what else the machine does only
adds. The CPU of whole processes stands beside it, as a ratio to a bare interpreter measured in the same rotation.
"""

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.cost import Cost, cost_of, middle
from bench.world import World, start_world

PLUGIN = "check_autodiscover.plugin"
BARE = "python -I -c pass"
IMPORTED = f"python -I -c 'import {PLUGIN}'"
WHOLE = "the whole check"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the budget by package, dearest first, and the cost of the processes."""
    parser = argparse.ArgumentParser(prog="bench.imports", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="default %(default)s")
    rounds = parser.parse_args(arguments).rounds
    with tempfile.TemporaryDirectory() as folder, start_world(Path(folder)) as world:
        modules = _smallest([_import_times(world) for _ in range(rounds)])
        processes = _process_costs(world, rounds)
    print(_budget(modules))
    print()
    print(_ratios(processes))
    return 0


def _import_times(world: World) -> Mapping[str, int]:
    """Microseconds of each module's own code, without what it imports, in one run."""
    command = (sys.executable, "-I", "-X", "importtime", "-m", PLUGIN, *world.plugin_arguments)
    lines = subprocess.run(command, capture_output=True, text=True).stderr.splitlines()
    cells = (line.removeprefix("import time:").split("|") for line in lines if line.startswith("import time:"))
    return {name.strip(): int(own) for own, _, name in cells if own.strip().isdigit()}


def _smallest(runs: Sequence[Mapping[str, int]]) -> Mapping[str, int]:
    return {name: min(run[name] for run in runs if name in run) for run in runs for name in run}


def _budget(modules: Mapping[str, int]) -> str:
    totals: Counter[str] = Counter()
    numbers: Counter[str] = Counter()
    for name, microseconds in modules.items():
        package = _package(name)
        totals[package] += microseconds
        numbers[package] += 1
    lines = [f"{'package':22} {'modules':>7} {'ms':>7}"]
    lines += [f"{name:22} {numbers[name]:7} {own / 1000:7.1f}" for name, own in totals.most_common()]
    return "\n".join((*lines, f"{'all':22} {numbers.total():7} {totals.total() / 1000:7.1f}"))


def _package(module: str) -> str:
    """The budget line of a module: our own parts and each library by name, the standard library in one."""
    top = module.split(".")[0]
    return "standard library" if top in sys.stdlib_module_names or top.startswith("__editable__") else top


def _process_costs(world: World, rounds: int) -> Mapping[str, Cost]:
    commands = {
        BARE: (sys.executable, "-I", "-c", "pass"),
        IMPORTED: (sys.executable, "-I", "-c", f"import {PLUGIN}"),
        WHOLE: (sys.executable, "-I", "-m", PLUGIN, *world.plugin_arguments),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            costs[name].append(cost_of(command))
    return {name: middle(each) for name, each in costs.items()}


def _ratios(processes: Mapping[str, Cost]) -> str:
    bare = processes[BARE].cpu
    lines = [f"{'process':48} {'CPU ms':>7} {'ratio':>7}"]
    lines += [f"{name:48} {cost.cpu * 1000:7.1f} {cost.cpu / bare:6.1f}x" for name, cost in processes.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
