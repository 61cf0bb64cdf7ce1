"""One cold run of the plugin beside the plugins that it replaces, doing the same work: `python -m bench.cold`.

The same work is 12 DNS queries over two resolvers, three TLS handshakes and certificates, three HTTPS GETs and one
HTTP GET. The plugin does it in one process; the others one by one, as a monitoring system would call them. Sets run
in rotation, so that what else the machine does hits all alike, and only ratios of one run are to be quoted.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from pathlib import Path

from bench.cost import Cost, cost_of, middle
from bench.world import AUTODISCOVER, DOMAIN, HOSTS, World, start_world

Command = tuple[str, ...]

PLUGINS = Path("/usr/lib/nagios/plugins")

QUERIES = (
    *((0, name, kind) for name in HOSTS for kind in ("A", "AAAA")),
    (0, f"_autodiscover._tcp.{DOMAIN}", "SRV"),
    (0, f"k3j9x2qv.{DOMAIN}", "A"),
    *((1, name, "A") for name in (DOMAIN, AUTODISCOVER, f"k3j9x2qv.{DOMAIN}")),
    (1, f"_autodiscover._tcp.{DOMAIN}", "SRV"),
)
"""The 12 queries: the number of the resolver, name, type."""

PLUGIN = "check_autodiscover"
UNVERIFIED = "dig, http -C, http"
VERIFYING = "dig, ssl_cert, http"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the medians and their ratios; 1 if something is not installed or does not do its work."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory() as folder, start_world(Path(folder)) as world:
        sets = _sets(world)
        if complaint := _complaint(sets):
            print(complaint, file=sys.stderr)
            return 1
        print(_table(_measure(sets, options.rounds, options.slow_rounds)))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.cold", description=__doc__)
    parser.add_argument("--rounds", type=_positive, default=15, help="rounds of the quick sets (default %(default)s)")
    parser.add_argument(
        "--slow-rounds", type=_positive, default=3, help="rounds with check_ssl_cert (default %(default)s)"
    )
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _sets(world: World) -> Mapping[str, tuple[Command, ...]]:
    """The commands of each set."""
    plugin = (str(Path(sys.executable).with_name(PLUGIN)), *world.plugin_arguments)
    dns = tuple(_dig(world, *query) for query in QUERIES)
    http = (*(_https(world, name) for name in HOSTS), _http(world))
    return {
        PLUGIN: (plugin,),
        UNVERIFIED: (*dns, *(_certificate(world, name) for name in HOSTS), *http),
        VERIFYING: (*dns, *(_verified_certificate(world, name) for name in HOSTS), *http),
    }


def _dig(world: World, resolver: int, name: str, kind: str) -> Command:
    port = str(world.dns_ports[resolver])
    return (str(PLUGINS / "check_dig"), "-H", world.place.resolver, "-p", port, "-l", name, "-T", kind)


def _certificate(world: World, name: str) -> Command:
    target = ("-H", name, "-I", HOSTS[name], "-p", str(world.https_port))
    return (str(PLUGINS / "check_http"), *target, "--sni", "-C", "30,14")


def _verified_certificate(world: World, name: str) -> Command:
    target = ("-H", name, "--resolve", HOSTS[name], "-p", str(world.https_port), "-r", str(world.ca_file))
    # No OCSP responder and no transparency log exists here, for anybody.
    return (str(PLUGINS / "check_ssl_cert"), *target, "--ignore-ocsp", "--ignore-sct")


def _https(world: World, name: str) -> Command:
    target = ("-H", name, "-I", HOSTS[name], "-p", str(world.https_port), "-u", "/autodiscover/autodiscover.xml")
    return (str(PLUGINS / "check_http"), *target, "-S", "--sni", "-e", "HTTP/1.")


def _http(world: World) -> Command:
    target = ("-H", AUTODISCOVER, "-I", HOSTS[AUTODISCOVER], "-p", str(world.http_port))
    return (str(PLUGINS / "check_http"), *target, "-u", "/autodiscover/autodiscover.xml", "-e", "HTTP/1.")


def _complaint(sets: Mapping[str, tuple[Command, ...]]) -> str:
    """What does not work, empty if all does: a command that fails early would look cheap. Fills the caches as well."""
    for command in dict.fromkeys(command for commands in sets.values() for command in commands):
        if not Path(command[0]).exists():
            return f"not installed: {command[0]}"
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode and not _expected_failure(command, done.stdout):
            return f"{' '.join(command)}\n{done.returncode}: {done.stdout}{done.stderr}"
    return ""


def _expected_failure(command: Command, output: str) -> bool:
    """check_dig calls it critical that a name has no such record, and has asked all the same."""
    return command[0].endswith("check_dig") and "No ANSWER SECTION found" in output


def _measure(sets: Mapping[str, tuple[Command, ...]], rounds: int, slow_rounds: int) -> Mapping[str, Cost]:
    costs: dict[str, list[Cost]] = {name: [] for name in sets}
    for turn in range(max(rounds, slow_rounds)):
        for name, commands in sets.items():
            if turn < (slow_rounds if name == VERIFYING else rounds):
                costs[name].append(reduce(add, map(cost_of, commands)))
    return {name: middle(each) for name, each in costs.items()}


def _table(medians: Mapping[str, Cost]) -> str:
    plugin = medians[PLUGIN]
    lines = [f"{'set':22} {'CPU ms':>8} {'wall ms':>8} {'our CPU':>9} {'our wall':>9}"]
    for name, cost in medians.items():
        ratios = f"{plugin.cpu / cost.cpu:8.3f}x {plugin.wall / cost.wall:8.3f}x"
        lines.append(f"{name:22} {cost.cpu * 1000:8.1f} {cost.wall * 1000:8.1f} {ratios}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
