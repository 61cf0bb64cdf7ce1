"""What a check costs where a running exporter has looked already: `python -m bench.through_exporter`.

The plugin asks an exporter on loopback for its text (`--from-exporter`), started as a monitoring system does; beside it
a bare interpreter and the plugin that looks for itself, in rotation. CPU of the whole process, medians.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.cost import Cost, cost_of, middle
from bench.world import DOMAIN, SERVER, World, start_world

ADDRESS = "127.0.0.1:10093"
BARE = "python -I -c pass"
THROUGH = "check_autodiscover --from-exporter"
WHOLE = "check_autodiscover"
READY_ATTEMPTS = 100

CONFIGURATION = """\
views:
  inside: {{resolvers: ["127.0.0.1:{inside}"], ca_files: [{ca_file}]}}
  outside: {{resolvers: ["127.0.0.1:{outside}"]}}
servers: [{server}]
https_port: {https}
http_port: {http}
"""


def main(arguments: list[str] | None = None) -> int:
    """Print the medians and their ratios to a bare interpreter; 1 if the exporter does not answer."""
    parser = argparse.ArgumentParser(prog="bench.through_exporter", description=__doc__)
    parser.add_argument("--rounds", type=int, default=21, help="default %(default)s")
    rounds = parser.parse_args(arguments).rounds
    with tempfile.TemporaryDirectory() as folder, start_world(Path(folder)) as world, _exporter(Path(folder), world):
        program = str(Path(sys.executable).with_name(WHOLE))
        commands = {
            BARE: (sys.executable, "-I", "-c", "pass"),
            THROUGH: (program, "-H", DOMAIN, "--from-exporter", f"http://{ADDRESS}"),
            WHOLE: (program, *world.plugin_arguments),
        }
        for name in (THROUGH, WHOLE):
            done = subprocess.run(commands[name], capture_output=True, text=True)
            if done.returncode:
                print(f"{name} does not do its work:\n{done.stdout}{done.stderr}", file=sys.stderr)
                return 1
        costs: dict[str, list[Cost]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                costs[name].append(cost_of(command))
    print(_table({name: middle(each) for name, each in costs.items()}))
    return 0


@contextmanager
def _exporter(folder: Path, world: World) -> Iterator[None]:
    inside, outside = world.dns_ports
    text = CONFIGURATION.format(
        inside=inside,
        outside=outside,
        ca_file=world.ca_file,
        server=SERVER,
        https=world.https_port,
        http=world.http_port,
    )
    file = folder / "exporter.yml"
    file.write_text(text)
    flags = ("--config.file", str(file), "--web.listen-address", ADDRESS, "--log.level", "error")
    process = subprocess.Popen((sys.executable, "-m", "autodiscover_exporter", *flags))
    try:
        retried = ("--retry", str(READY_ATTEMPTS), "--retry-connrefused", "--retry-delay", "1")
        subprocess.run(("curl", "-sf", *retried, f"http://{ADDRESS}/-/ready"), check=True, stdout=subprocess.DEVNULL)
        yield
    finally:
        process.terminate()
        process.wait()


def _table(medians: Mapping[str, Cost]) -> str:
    bare = medians[BARE]
    lines = [f"{'process':36} {'CPU ms':>8} {'wall ms':>8} {'CPU':>7}"]
    for name, cost in medians.items():
        lines.append(f"{name:36} {cost.cpu * 1000:8.1f} {cost.wall * 1000:8.1f} {cost.cpu / bare.cpu:6.2f}x")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
