"""Which of the locked libraries go into which package: what the programs' extras need, and what that needs.

The versions are those of requirements/dev.txt, with which everything is tested. What needs what is read from the
metadata that is installed here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["EXPORTER", "PLUGIN", "Box", "NotLockedError", "libraries", "pinned", "read_lock"]

OURS = "check-autodiscover"


class NotLockedError(Exception):
    """A library that a package needs has no version in the lock; the text names it."""


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """A package that users install: its name, its programs with what they call, and what its libraries are for."""

    name: str
    programs: Mapping[str, str]
    needs: tuple[str, ...]


PLUGIN = Box(
    "check-autodiscover",
    {"check_autodiscover": "check_autodiscover.plugin", "autodiscoverctl": "check_autodiscover.ctl"},
    # The configuration file is for all three programs.
    ("check_autodiscover[ctl,doh]", "PyYAML"),
)
EXPORTER = Box(
    "autodiscover-exporter",
    {"autodiscover_exporter": "autodiscover_exporter"},
    ("check_autodiscover[exporter]",),
)


def read_lock(file: Path) -> Mapping[str, str]:
    """The pinned requirements of a lock file, by their canonical names."""
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return {canonicalize_name(line.partition("==")[0]): line for line in lines if "==" in line}


def libraries(box: Box, python: str) -> frozenset[str]:
    """The canonical names of all that a box needs under that Python, our own package not among them."""
    found: set[tuple[str, str]] = set()
    open_ends = [Requirement(need) for need in box.needs]
    while open_ends:
        requirement = open_ends.pop()
        name = canonicalize_name(requirement.name)
        # A library counts once more with each of its extras, as each may need others.
        for extra in {"", *requirement.extras}:
            if (name, extra) not in found:
                found.add((name, extra))
                open_ends.extend(_needed(name, extra, python))
    return frozenset(name for name, _ in found) - {OURS}


def pinned(box: Box, python: str, lock: Mapping[str, str]) -> tuple[str, ...]:
    """The locked requirements of a box, those of the plugin's left out of the exporter's. Raises NotLockedError."""
    names = libraries(box, python)
    if box is EXPORTER:
        names -= libraries(PLUGIN, python)
    if missing := sorted(names - lock.keys()):
        raise NotLockedError(f"not in the lock: {', '.join(missing)}")
    return tuple(lock[name] for name in sorted(names))


def _needed(name: str, extra: str, python: str) -> Iterator[Requirement]:
    environment = {
        "extra": extra,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "linux",
    }
    for text in requires(name) or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            yield requirement
