"""What it costs to read a configuration of many domains: `python -m bench.config`.

10,000 bare names, and 10,000 entries with all that the contract's example says of a domain, are written to files and
loaded, as the exporter does at start and reload; beside each, what PyYAML's own C loader takes for the same file, and
a check of one domain, as the plugin does with `--config`. CPU of this process, medians.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import yaml

from check_autodiscover.config.file import load_configuration
from check_autodiscover.config.yaml import without_collection

DOMAINS = 10_000
VIEWS = 'views: {inside: {resolvers: [10.0.0.2]}, outside: {resolvers: ["tls://192.0.2.53#dns.example"]}}\n'
FULL = """
    module: default
    method: {inside: host, outside: srv}
    servers: [remote.contoso.com]
    expect:
      views:
        outside: {addresses: [203.0.113.10], srv: [remote.contoso.com]}
        inside: {addresses: [192.168.16.2]}
      public_keys: ["sha256:abababababababababababababababababababababababababababababababab"]
    severities: {dns-wildcard-present: {state: ok, until: 2027-01-31, reason: "CHG-123"}}
    labels: {customer: contoso}
"""
KINDS = {"bare names": (" {}\n", 1.0), "full entries": (FULL, 4.0)}
"""By kind of entry: its text, and the goal in seconds of CPU."""


def main() -> None:
    """Write the files, measure, print a table."""
    parser = argparse.ArgumentParser(description="What it costs to read a configuration of many domains.")
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print("| 10,000 domains | size | CPU | goal | beside PyYAML's loader | one domain of them |")
    print("|---|---|---|---|---|---|")
    for kind, (entry, goal) in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            print(f"| {kind} | {_row(Path(folder) / 'autodiscover.yml', entry, goal, rounds)} |")


def _row(file: Path, entry: str, goal: float, rounds: int) -> str:
    text = f"{VIEWS}domains:\n" + "".join(f"  d{number}.example:{entry}" for number in range(DOMAINS))
    file.write_text(text)
    ours = _cpu(lambda: load_configuration(str(file)), rounds)
    theirs = _cpu(lambda: _loaded(text), rounds)
    one = _cpu(lambda: load_configuration(str(file), only="d7.example"), rounds)
    size = len(text) / 2**20
    return f"{size:.1f} MB | {ours:.2f} s | {goal:g} s | {ours / theirs:.2f}x | {one:.2f} s"


def _loaded(text: str) -> None:
    with without_collection():
        yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _cpu(work: Callable[[], object], rounds: int) -> float:
    """The median of the CPU seconds that this process spends on it."""
    took = []
    for _ in range(rounds):
        before = time.process_time()
        work()
        took.append(time.process_time() - before)
    return median(took)


if __name__ == "__main__":
    main()
