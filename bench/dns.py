"""DNS for many domains at once, beside dnspython's own resolver: `python -m bench.dns`.

256 domains are asked of one real named on loopback, all at the same moment, as a fleet's sweep does: by the resolver
probe, and by `dns.asyncresolver` with as many queries in flight. Nothing may be lost: each question must be answered,
and the kernel may not drop a datagram for want of room. Rounds alternate; the table gives medians, CPU is this
process's.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

import dns.asyncresolver
import dns.resolver

from bench.cost import Cost
from bench.world import DOMAIN, LOOPBACK, start_world
from check_autodiscover.core.model.observations import DnsQuestion, RecordType
from check_autodiscover.core.model.policy import Resolver
from check_autodiscover.probes.dns.resolver import MAX_IN_FLIGHT, ResolverProbe

DOMAINS = 256
PATIENCE = 30.0
"""Seconds that nothing here should need."""

QUESTIONS = (
    ("{}", RecordType.A),
    ("{}", RecordType.AAAA),
    ("autodiscover.{}", RecordType.A),
    ("autodiscover.{}", RecordType.AAAA),
    ("_autodiscover._tcp.{}", RecordType.SRV),
    ("{}", RecordType.NS),
    ("remote.{}", RecordType.A),
    ("x8d1f0c2b.{}", RecordType.A),
)
"""What is asked of each domain: names and types."""

RECORDS = """\
{0} A 127.0.0.2
autodiscover.{0} A 127.0.0.3
remote.{0} A 127.0.0.4
_autodiscover._tcp.{0} SRV 0 0 443 remote.{0}
"""

OURS, THEIRS = "the resolver probe", "dns.asyncresolver"

Ask = Callable[[Sequence[DnsQuestion], Resolver], Awaitable[int]]
"""Asks all questions at once; how many were answered."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what a query costs; 1 if one was lost."""
    parser = argparse.ArgumentParser(prog="bench.dns", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="default %(default)s")
    rounds = parser.parse_args(arguments).rounds
    labels = [f"d{number}" for number in range(DOMAINS)]
    records = "".join(map(RECORDS.format, labels))
    with tempfile.TemporaryDirectory() as folder, start_world(Path(folder), records=records) as world:
        resolver = Resolver(LOOPBACK.resolver, world.dns_ports[0])
        questions = tuple(_questions(labels, resolver))
        dropped = _dropped()
        in_flight = asyncio.run(_most_in_flight(questions, resolver))
        answered, costs = _measure(questions, resolver, rounds)
        dropped = _dropped() - dropped
    print(f"{len(questions)} queries at once, at most {in_flight} in flight (limit {MAX_IN_FLIGHT})")
    print(f"answered: {min(answered)} of {len(questions)}; dropped by the kernel: {dropped}\n")
    print(_table(costs, len(questions)))
    return int(min(answered) < len(questions) or dropped > 0 or in_flight > MAX_IN_FLIGHT)


def _questions(labels: Sequence[str], resolver: Resolver) -> Sequence[DnsQuestion]:
    return [
        DnsQuestion("outside", resolver.label, name.format(f"{label}.{DOMAIN}"), type_)
        for label in labels
        for name, type_ in QUESTIONS
    ]


def _dropped() -> int:
    """Datagrams that this host has dropped so far because nobody read them in time."""
    names, values = (
        line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Udp:")
    )
    return int(values[names.index("RcvbufErrors")])


async def _most_in_flight(questions: Sequence[DnsQuestion], resolver: Resolver) -> int:
    """The most queries that the probe had under way: each has a socket of its own."""
    without = most = len(os.listdir("/proc/self/fd"))
    asked = asyncio.ensure_future(_ask_probe(questions, resolver))
    while not asked.done():
        await asyncio.sleep(0)
        most = max(most, len(os.listdir("/proc/self/fd")))
    await asked
    return most - without


def _measure(
    questions: Sequence[DnsQuestion], resolver: Resolver, rounds: int
) -> tuple[Sequence[int], Mapping[str, Sequence[Cost]]]:
    ways: Mapping[str, Ask] = {OURS: _ask_probe, THEIRS: _ask_library}
    answered: list[int] = []
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, ask in ways.items():
            cpu, wall = time.process_time(), time.perf_counter()
            answered.append(asyncio.run(_counted(ask, questions, resolver)))
            # The first round fills caches, here and in the server.
            if turn:
                costs[name].append(Cost(time.process_time() - cpu, time.perf_counter() - wall))
    return answered, costs


async def _counted(ask: Ask, questions: Sequence[DnsQuestion], resolver: Resolver) -> int:
    return await ask(questions, resolver)


async def _ask_probe(questions: Sequence[DnsQuestion], resolver: Resolver) -> int:
    probe = ResolverProbe()
    give_up_at = asyncio.get_running_loop().time() + PATIENCE
    answers = await asyncio.gather(*(probe.probe_dns(question, resolver, give_up_at) for question in questions))
    return sum(answer.status.conclusive for answer in answers)


async def _ask_library(questions: Sequence[DnsQuestion], resolver: Resolver) -> int:
    library = dns.asyncresolver.Resolver(configure=False)
    library.nameservers, library.port, library.lifetime = [resolver.host], resolver.port, PATIENCE
    slots = asyncio.Semaphore(MAX_IN_FLIGHT)

    async def ask(question: DnsQuestion) -> bool:
        async with slots:
            try:
                await library.resolve(f"{question.name}.", question.type.value, raise_on_no_answer=False)
            except dns.resolver.NXDOMAIN:
                return True
            except (dns.resolver.LifetimeTimeout, dns.resolver.NoNameservers):
                return False
            return True

    return sum(await asyncio.gather(*map(ask, questions)))


def _table(costs: Mapping[str, Sequence[Cost]], queries: int) -> str:
    lines = [f"{'':22} {'queries/s':>10} {'CPU us a query':>15} {'ratio':>7}"]
    theirs = median(cost.cpu for cost in costs[THEIRS])
    for name, each in costs.items():
        cpu, wall = median(cost.cpu for cost in each), median(cost.wall for cost in each)
        lines.append(f"{name:22} {queries / wall:10.0f} {cpu / queries * 1e6:15.0f} {cpu / theirs:6.2f}x")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
