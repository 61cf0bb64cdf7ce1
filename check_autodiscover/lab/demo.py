"""The demonstration: every world through the installed plugin, three of them through the exporter, with their verdicts.

`make demo` runs it as `python -m check_autodiscover.lab.demo [WORLD...]`. It ends with 1, listing every mismatch, if
any verdict is not the one that the world's description promises.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from urllib.parse import urlencode

from check_autodiscover.lab.running import Lab, running
from check_autodiscover.lab.world import Verdict, World
from check_autodiscover.lab.worlds import WORLDS, world_named

__all__ = ["check", "demonstrate", "main", "scrape"]

TIMEOUT = 60
"""Seconds after which a program that should have ended by itself is given up."""

SCRAPED = ("healthy-srv", "scenario-1-wildcard", "resolver-dead")

SHOWN = re.compile(r"(?:probe_success|autodiscover_exit_code|autodiscover_finding\{|autodiscover_views_agree)")
"""The metrics that tell the verdict; a scrape has many more."""

ROOT = re.compile(r"\[([a-z-]+)\](?: \(\+\d+ more\))?$")
"""The rule in brackets at the end of the first line, before the performance data."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demonstration for the worlds that are named, all by default; the process's exit code."""
    names = sys.argv[1:] if argv is None else argv
    unknown = sorted(set(names) - {world.name for world in WORLDS})
    if unknown:
        print(f"no such world: {', '.join(unknown)}")
        return 2
    worlds = tuple(world_named(name) for name in names) or WORLDS
    return 1 if demonstrate(worlds) else 0


def demonstrate(worlds: Sequence[World]) -> tuple[str, ...]:
    """Check all these worlds, and scrape those that stand for the others; one line for each verdict not as expected."""
    mismatches = (*_check_all(worlds), *_scrape_all(worlds))
    print(f"{len(worlds)} worlds, {len(mismatches)} verdicts not as expected")
    for mismatch in mismatches:
        print(f"  {mismatch}")
    return mismatches


def _check_all(worlds: Sequence[World]) -> Iterator[str]:
    for world in worlds:
        print(f"=== {world.name}: {world.title}")
        with running(world) as lab:
            print(f"$ check_autodiscover {shlex.join(lab.command)}")
            exit_code, output = check(lab)
        print(output.rstrip("\n"))
        yield from _compared(world, exit_code, _root(output))


def check(lab: Lab) -> tuple[int, str]:
    """Run the plugin once, as a monitoring system does: exit code, and output with whatever went to standard error."""
    command = (sys.executable, "-m", "check_autodiscover.plugin", *lab.command)
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT, check=False
    )
    return done.returncode, done.stdout


def _root(output: str) -> str:
    found = ROOT.search(output.partition("\n")[0].partition(" | ")[0])
    return found[1] if found else ""


def _compared(world: World, exit_code: int, root: str) -> Iterator[str]:
    """The mismatch, if there is one; either way the demonstration says so."""
    expected = _words(world.verdict)
    came = f"exit code {exit_code}{f', {root}' if root else ''}"
    if came == expected:
        print(f"--- as expected: {expected}\n")
        return
    print(f"--- NOT AS EXPECTED: {came} instead of {expected}\n")
    yield f"{world.name}: {came} instead of {expected}"


def _words(verdict: Verdict) -> str:
    return f"exit code {verdict.state.exit_code}{f', {verdict.root}' if verdict.root else ''}"


def _scrape_all(worlds: Sequence[World]) -> Iterator[str]:
    for world in worlds:
        if world.name not in SCRAPED:
            continue
        print(f"=== {world.name}, as Prometheus sees it")
        with running(world) as lab, _exporter(lab) as address:
            print(f"$ autodiscover_exporter --config.file {lab.configuration}")
            print(f"$ curl 'http://{address}/probe?target={world.domain}'")
            lines = [line for line in scrape(address, world.domain).splitlines() if SHOWN.match(line)]
        print("\n".join(lines))
        yield from _compared(world, _exit_code(lines), _scraped_root(lines, world.verdict))


@contextmanager
def _exporter(lab: Lab) -> Iterator[str]:
    """The exporter for this world, on a free port; yields where it listens."""
    flags = ("--config.file", str(lab.configuration), "--web.listen-address", "127.0.0.1:0")
    command = (sys.executable, "-m", "autodiscover_exporter", *flags)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            yield _listening(process.stderr)
        finally:
            process.terminate()


def _listening(log: Iterator[str]) -> str:
    seen = []
    for line in log:
        if found := re.search(r"\baddress=(\S+)", line):
            return found[1]
        seen.append(line)
    raise SystemExit(f"the exporter did not start: {''.join(seen)}")


def scrape(address: str, domain: str) -> str:
    """One scrape of `/probe`."""
    connection = HTTPConnection(address, timeout=TIMEOUT)
    try:
        connection.request("GET", f"/probe?{urlencode({'target': domain})}")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def _exit_code(lines: Sequence[str]) -> int:
    values = [line.rpartition(" ")[2] for line in lines if line.startswith("autodiscover_exit_code ")]
    return int(float(values[0])) if values else -1


def _scraped_root(lines: Sequence[str], verdict: Verdict) -> str:
    """The expected root if it stands among the root findings that count, else whatever stands there."""
    roots = [line for line in lines if 'role="root"' in line and 'severity="ok"' not in line]
    rules = [found[1] for line in roots if (found := re.search(r'rule="([^"]+)"', line))]
    return verdict.root if verdict.root in rules else ", ".join(sorted(set(rules)))


if __name__ == "__main__":
    sys.exit(main())
