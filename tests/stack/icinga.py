"""A real Icinga 2 with the shipped configuration; its API tells what it made of each check."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from artefacts.generate import FOLDER
from tests.stack.namespace import Daemon
from tests.stack.world import World

__all__ = [
    "MASTER",
    "PASSWORD",
    "PORT",
    "SHIPPED",
    "USER",
    "Icinga",
    "Node",
    "start_icinga",
    "start_satellite",
    "validated",
]

SHIPPED = FOLDER / "icinga2"
PORT = 5665
USER = "lab"
PASSWORD = "lab"
ATTEMPTS = 1500
PLACES = {
    "DataDir": "data",
    "LogDir": "log",
    "CacheDir": "cache",
    "InitRunDir": "run",
    "SpoolDir": "spool",
    "ConfigDir": "etc",
}
FILES = {
    "PidPath": "run/icinga2.pid",
    "StatePath": "data/icinga2.state",
    "ModAttrPath": "data/modified.conf",
    "ObjectsPath": "cache/icinga2.debug",
    "VarsPath": "cache/icinga2.vars",
}
CONFIGURATION = """\
const NodeName = "{node}"
const ZoneName = "{zone}"
const PluginContribDir = "{plugins}"
include <itl>
object CheckerComponent "checker" {{ }}
object ApiListener "api" {{ bind_host = "{address}"; bind_port = "{port}"; accept_commands = true }}
object ApiUser "{user}" {{ password = "{password}"; permissions = [ "*" ] }}
object Endpoint NodeName {{ host = "{address}" }}
object Zone ZoneName {{ {parent}endpoints = [ NodeName ] }}
{includes}
{objects}
"""
PARENT = """object Endpoint "{node}" {{ host = "{address}" }}
object Zone "{node}" {{ endpoints = [ "{node}" ] }}
"""


@dataclass(frozen=True, slots=True)
class Node:
    """One Icinga among those of a test: its name, where it listens, and the zone that it is alone in."""

    name: str
    address: str
    zone: str


MASTER = Node("monitor", "127.0.0.7", "monitor")
"""What starts where nothing else is said; it has the certification authority."""


class Icinga:
    """One that runs."""

    def __init__(self, world: World, daemon: Daemon) -> None:
        self._world = world
        self._daemon = daemon

    def checked(self, service: str) -> Mapping[str, Any]:
        """What it knows of a service (`host!name`), once it was checked."""
        self._daemon.wait_until(lambda: bool(self._asked(service)), ATTEMPTS)
        # The first check comes at any time within a minute.
        now = json.dumps({"type": "Service", "service": service, "force": True})
        self._api("actions/reschedule-check", "--header", "Accept: application/json", "--data", now)
        self._daemon.wait_until(lambda: bool(self._asked(service).get("last_check_result")), ATTEMPTS)
        return self._asked(service)

    def joined(self, node: Node) -> None:
        """Return once it is connected with this satellite: checks that are due before are never run."""
        found = (f"objects/endpoints/{node.name}", "--get", "--data", "attrs=connected")
        self._daemon.wait_until(lambda: any(item["attrs"]["connected"] for item in self._api(*found)), ATTEMPTS)

    def _asked(self, service: str) -> dict[str, Any]:
        found: dict[str, Any] = next(iter(self._api(f"objects/services/{quote(service)}")), {}).get("attrs", {})
        return found

    def _api(self, path: str, *options: str) -> list[dict[str, Any]]:
        curl = ("curl", "--silent", "--fail", "--insecure", "--user", f"{USER}:{PASSWORD}", *options)
        done = self._world.namespace.run(*curl, f"https://{MASTER.address}:{PORT}/v1/{path}")
        results: list[dict[str, Any]] = json.loads(done.stdout)["results"] if done.returncode == 0 else []
        return results


def validated(
    world: World, *shipped: str | Path, objects: str = "", node: Node = MASTER
) -> tuple[tuple[str, ...], str]:
    """The command that runs Icinga with these shipped files, which it finds right, and what it said of them."""
    folder = _folder(world, node)
    for name in (*PLACES.values(), "data/certs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    configuration = folder / "icinga2.conf"
    parent = "" if node is MASTER else f'parent = "{MASTER.zone}"; '
    known = objects if node is MASTER else PARENT.format(node=MASTER.name, address=MASTER.address) + objects
    configuration.write_text(
        CONFIGURATION.format(
            node=node.name,
            zone=node.zone,
            parent=parent,
            plugins=world.plugins(),
            address=node.address,
            port=PORT,
            user=USER,
            password=PASSWORD,
            includes="\n".join(f'include "{SHIPPED / name}"' for name in shipped),
            objects=known,
        )
    )
    _certify(world, node)
    command = ("icinga2", "daemon", "-c", str(configuration), *_defined(folder))
    done = world.namespace.run(*command, "-C")
    assert done.returncode == 0, done.stdout
    assert "warning/" not in done.stdout, done.stdout
    return command, done.stdout


def start_icinga(world: World, *shipped: str | Path, objects: str = "", packaged: bool = False) -> Icinga:
    """One with these files below `packaging/icinga2/` and these objects; it runs until the world ends.

    Where the plugin is to be `packaged`, it is found where our packages put it.
    """
    command, _ = validated(world, *shipped, objects=objects)
    return Icinga(world, _started(world, MASTER, world.with_plugins(command) if packaged else command))


def start_satellite(world: World, node: Node, resolver: str, *shipped: str) -> None:
    """One below the master, which was started before, on a host that asks this resolver."""
    command, _ = validated(world, *shipped, node=node)
    _started(world, node, world.with_resolver(resolver, command))


def _started(world: World, node: Node, command: tuple[str, ...]) -> Daemon:
    daemon = world.start(*command, log=f"icinga-{node.name}.log")
    # Killed at once it would leave its children behind.
    world.stack.callback(daemon.terminate)
    return daemon


def _folder(world: World, node: Node) -> Path:
    return world.folder / "icinga" / node.name


def _defined(folder: Path) -> tuple[str, ...]:
    found = {**PLACES, **FILES}
    places = [f"{name}={folder / place}" for name, place in found.items()]
    return tuple(word for value in (*places, "RunAsUser=root", "RunAsGroup=root") for word in ("-D", value))


def _certify(world: World, node: Node) -> None:
    """A certificate of the master's authority, which is made with the master's own, by Icinga's own commands."""
    certificates = _folder(world, node) / "data" / "certs"
    key, request, signed = (str(certificates / f"{node.name}.{end}") for end in ("key", "csr", "crt"))
    commands = (
        ("new-cert", "--cn", node.name, "--key", key, "--csr", request),
        ("sign-csr", "--csr", request, "--cert", signed),
    )
    for words in (("new-ca",), *commands) if node is MASTER else commands:
        done = world.namespace.run("icinga2", "pki", *words, *_defined(_folder(world, MASTER)))
        assert done.returncode == 0, done.stdout
    authority = _folder(world, MASTER) / "data" / "ca" / "ca.crt"
    (certificates / "ca.crt").write_bytes(authority.read_bytes())
