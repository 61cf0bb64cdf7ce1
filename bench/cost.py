"""What a command costs: CPU and wall time of the whole process with all its children. Used by the benchmarks."""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

__all__ = ["Cost", "cost_of", "middle"]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of CPU (user and system, children that were waited for included) and of wall clock."""

    cpu: float
    wall: float

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.cpu + other.cpu, self.wall + other.wall)


def cost_of(command: Sequence[str]) -> Cost:
    """Run a command to its end with its output thrown away. Its exit code does not matter here."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    # Popen would wait again for a process that is gone, and warn.
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(usage.ru_utime + usage.ru_stime, wall)


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(median(cost.cpu for cost in costs), median(cost.wall for cost in costs))
