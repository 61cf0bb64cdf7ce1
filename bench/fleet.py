"""Many domains a second: the exporter beside Debian's blackbox_exporter, doing the same work: `python -m bench.fleet`.

The same work for a domain is 12 DNS queries over two resolvers, three TLS handshakes with their certificates, three
HTTPS GETs and one HTTP GET: blackbox_exporter does it as 16 probes, the exporter as one check, which asks more than
that. Each runs on a core of its own, and knot, nginx and the client on another; rounds alternate, so that what else
the machine does hits both. What counts is the CPU time of the process a domain. Needs root: all of it is in a network
namespace of its own.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.fleet_client import ask_all
from bench.fleet_world import RESOLVERS, SITES, Fleet, daemon, start_fleet, wait_until

__all__ = ["CLIENT_CORE", "MEASURED_CORE", "ONE_VIEW", "cpu_seconds", "enter_namespace"]

EXPORTER = Path(sys.executable).with_name("autodiscover_exporter")
BLACKBOX = Path("/usr/bin/prometheus-blackbox-exporter")

OURS, OURS_ONE_VIEW, THEIRS = "autodiscover_exporter, two views", "the same, one view", "blackbox_exporter, 16 probes"
PORTS = {OURS: 10093, OURS_ONE_VIEW: 10094, THEIRS: 9115}

CLIENT_CORE, MEASURED_CORE = 1, 0
CONNECTIONS = 16
PATH = "/autodiscover/autodiscover.xml"
GOAL = 1.2
"""Domains per CPU second beside blackbox_exporter's, with two views."""
START_GOAL, MEMORY_GOAL = 2.0, 0.3
"""Seconds to the first answer, and memory beside blackbox_exporter's, at 10,000 domains."""

DNS_PROBES = (
    *((0, f"{before}{{}}", kind) for before in SITES for kind in ("A", "AAAA")),
    (0, "_autodiscover._tcp.{}", "SRV"),
    (0, "k3j9x2qv.{}", "A"),
    (1, "{}", "A"),
    (1, "autodiscover.{}", "A"),
    (1, "_autodiscover._tcp.{}", "SRV"),
    (1, "w8z1m4bt.{}", "A"),
)
"""The 12 queries: the number of the resolver, name, type."""

BLACKBOX_HEAD = """\
modules:
  web:
    prober: http
    timeout: 5s
    http:
      preferred_ip_protocol: ip4
      follow_redirects: false
      valid_status_codes: [401, 404]
      tls_config: {{ca_file: {ca_file}}}
"""
BLACKBOX_DNS = (
    "  {module}: {{prober: dns, timeout: 5s, dns: {{query_name: {name}, query_type: {kind}, "
    "preferred_ip_protocol: ip4, transport_protocol: udp, valid_rcodes: [NOERROR, NXDOMAIN]}}}}\n"
)
OURS_HEAD = """\
{views}
modules: {{default: {{timeout: 10s, cache: 0s, ca_files: [{ca_file}], system_trust: false}}}}
domains:
"""
TWO_VIEWS = f"views: {{inside: {{resolvers: [{RESOLVERS[0]}]}}, outside: {{resolvers: [{RESOLVERS[1]}]}}}}"
ONE_VIEW = f"views: {{outside: {{resolvers: [{RESOLVERS[0]}]}}}}"


@dataclass(frozen=True, slots=True)
class Contender:
    """An exporter that runs: its process, where it answers, and what is asked of it for all domains."""

    process: int
    port: int
    paths: Sequence[str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if the goal is missed, or it cannot be measured here."""
    options = _options(arguments)
    if not options.inside:
        return enter_namespace("bench.fleet", sys.argv[1:] if arguments is None else arguments)
    os.sched_setaffinity(0, {CLIENT_CORE})
    with tempfile.TemporaryDirectory() as folder, start_fleet(Path(folder), options.domains) as fleet:
        if options.memory:
            return _compare_memory(fleet)
        with _contenders(fleet, options.only) as contenders:
            rounds = list(_rounds(contenders, len(fleet.domains), options.rounds))
    print(_table(rounds))
    ratio = _ratios(rounds, OURS) if OURS in rounds[0] and THEIRS in rounds[0] else [GOAL]
    return int(median(ratio) < GOAL)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.fleet", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="default %(default)s")
    parser.add_argument("--domains", type=int, default=256, help="default %(default)s")
    parser.add_argument("--only", choices=tuple(PORTS), help="run one of them alone, for a profiler to watch")
    parser.add_argument("--memory", action="store_true", help="compare start and memory instead: takes minutes")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def enter_namespace(module: str, arguments: Sequence[str]) -> int:
    """Run a benchmark of this folder inside a new network namespace; its exit code, 1 where that cannot be."""
    if complaint := _complaint():
        print(complaint, file=sys.stderr)
        return 1
    inside = (sys.executable, "-m", module, "--inside", *arguments)
    command = ("unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *inside)
    return subprocess.run(command).returncode


def _complaint() -> str:
    if os.geteuid() != 0:
        return "root is needed: a network namespace is made"
    missing = [str(program) for program in (EXPORTER, BLACKBOX) if not program.exists()]
    return f"not installed: {', '.join(missing)}" if missing else ""


@contextmanager
def _contenders(fleet: Fleet, only: str | None) -> Iterator[Mapping[str, Contender]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(_running(fleet, name)) for name in PORTS if only is None or name == only}


@contextmanager
def _running(fleet: Fleet, name: str) -> Iterator[Contender]:
    """A contender that answers, on the core that is measured."""
    pinned = ("taskset", "-c", str(MEASURED_CORE))
    command = (*pinned, *_command(fleet, name))
    with daemon(command, fleet.folder / f"{PORTS[name]}.log") as process:
        wait_until(lambda: _answers(PORTS[name]), process)
        yield Contender(process.pid, PORTS[name], _paths(fleet, name))


def _command(fleet: Fleet, name: str) -> Sequence[str]:
    file = fleet.folder / f"{PORTS[name]}.yml"
    address = f"127.0.0.1:{PORTS[name]}"
    if name == THEIRS:
        file.write_text(_blackbox_configuration(fleet))
        return ("env", "GOMAXPROCS=1", str(BLACKBOX), f"--config.file={file}", f"--web.listen-address={address}")
    head = OURS_HEAD.format(views=TWO_VIEWS if name == OURS else ONE_VIEW, ca_file=fleet.ca_file)
    file.write_text(head + "".join(f"  {domain}: {{}}\n" for domain in fleet.domains))
    return (str(EXPORTER), f"--config.file={file}", f"--web.listen-address={address}")


def _blackbox_configuration(fleet: Fleet) -> str:
    rows = dict.fromkeys((name, kind) for _, name, kind in DNS_PROBES)
    modules = (
        BLACKBOX_DNS.format(module=_module(name, kind, domain), name=name.format(domain), kind=kind)
        for domain in fleet.domains
        for name, kind in rows
    )
    return BLACKBOX_HEAD.format(ca_file=fleet.ca_file) + "".join(modules)


def _module(name: str, kind: str, domain: str) -> str:
    return f"{name.format(domain)}-{kind}"


def _paths(fleet: Fleet, name: str) -> Sequence[str]:
    if name != THEIRS:
        return [f"/probe?target={domain}" for domain in fleet.domains]
    return [path for domain in fleet.domains for path in _probes(domain)]


def _probes(domain: str) -> Iterator[str]:
    """The 16 probes of a domain."""
    for resolver, name, kind in DNS_PROBES:
        yield f"/probe?module={_module(name, kind, domain)}&target={RESOLVERS[resolver]}:53"
    for before, address in SITES.items():
        yield f"/probe?module=web&target=https://{address}{PATH}&hostname={before}{domain}"
    yield f"/probe?module=web&target=http://{SITES['autodiscover.']}{PATH}&hostname=autodiscover.{domain}"


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/healthy", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _rounds(
    contenders: Mapping[str, Contender], domains: int, rounds: int
) -> Iterator[Mapping[str, tuple[float, float]]]:
    """CPU and wall seconds a domain of each, round by round; the first round, which fills caches, is left out."""
    for turn in range(rounds + 1):
        taken = {name: _measured(contender, domains) for name, contender in contenders.items()}
        if turn:
            yield taken


def _measured(contender: Contender, domains: int) -> tuple[float, float]:
    cpu, wall = cpu_seconds(contender.process), time.perf_counter()
    failed = asyncio.run(ask_all(contender.port, contender.paths, CONNECTIONS, b"\nprobe_success 1"))
    if failed:
        # One that fails early would look quick.
        text = failed[0].decode()
        raise RuntimeError(f"{len(failed)} of {len(contender.paths)} probes did not succeed, the first:\n{text}")
    return (cpu_seconds(contender.process) - cpu) / domains, (time.perf_counter() - wall) / domains


def cpu_seconds(process: int) -> float:
    """User and system time of a process with all its threads (proc_pid_stat(5))."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _ratios(rounds: Sequence[Mapping[str, tuple[float, float]]], name: str) -> list[float]:
    """Domains per CPU second beside blackbox_exporter's, round by round."""
    return sorted(taken[THEIRS][0] / taken[name][0] for taken in rounds)


def _table(rounds: Sequence[Mapping[str, tuple[float, float]]]) -> str:
    lines = [f"{'':34} {'CPU ms a domain':>16} {'domains/s':>10} {'domains per CPU second':>24}"]
    for name in rounds[0]:
        cpu = median(taken[name][0] for taken in rounds)
        wall = median(taken[name][1] for taken in rounds)
        beside = ""
        if THEIRS in rounds[0]:
            ratios = _ratios(rounds, name)
            beside = f"{median(ratios):.2f}x ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        lines.append(f"{name:34} {cpu * 1000:16.2f} {1 / wall:10.0f} {beside:>24}")
    return "\n".join(lines)


def _compare_memory(fleet: Fleet) -> int:
    """Start and memory with all domains configured, ours also with all results; 1 if a goal is missed."""
    kept = 0.0
    started: dict[str, tuple[float, float]] = {}
    for name in (OURS, THEIRS):
        begun = time.perf_counter()
        with _running(fleet, name) as contender:
            started[name] = time.perf_counter() - begun, _resident(contender.process)
            if name == OURS:
                _measured(contender, len(fleet.domains))
                kept = _resident(contender.process)
    seconds, theirs = started[OURS][0], started[THEIRS][1]
    print(f"{len(fleet.domains)} domains: seconds to the first answer, MiB resident, beside {THEIRS}")
    for name, (taken, size) in started.items():
        print(f"{name:34} {taken:7.2f} s {size / 2**20:8.0f} MiB {size / theirs:6.2f}x")
    print(f"{'  with all results':34} {'':9} {kept / 2**20:8.0f} MiB {kept / theirs:6.2f}x")
    return int(seconds > START_GOAL or kept / theirs > MEMORY_GOAL)


def _resident(process: int) -> float:
    """Bytes of memory that a process holds (proc_pid_statm(5))."""
    pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    sys.exit(main())
