"""A real Icinga 2 with the shipped configuration; its API tells what it made of each check."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from artefacts.generate import FOLDER
from tests.stack.namespace import Daemon
from tests.stack.world import World

__all__ = ["ADDRESS", "NODE", "PASSWORD", "PORT", "USER", "Icinga", "start_icinga", "validated"]

NODE = "monitor"
ADDRESS = "127.0.0.7"
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
const ZoneName = "{node}"
const PluginContribDir = "{plugins}"
include <itl>
object CheckerComponent "checker" {{ }}
object ApiListener "api" {{ bind_host = "{address}"; bind_port = "{port}" }}
object ApiUser "{user}" {{ password = "{password}"; permissions = [ "*" ] }}
object Endpoint NodeName {{ host = "{address}" }}
object Zone ZoneName {{ endpoints = [ NodeName ] }}
{includes}
{objects}
"""


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

    def _asked(self, service: str) -> dict[str, Any]:
        found: dict[str, Any] = next(iter(self._api(f"objects/services/{quote(service)}")), {}).get("attrs", {})
        return found

    def _api(self, path: str, *options: str) -> list[dict[str, Any]]:
        curl = ("curl", "--silent", "--fail", "--insecure", "--user", f"{USER}:{PASSWORD}", *options)
        done = self._world.namespace.run(*curl, f"https://{ADDRESS}:{PORT}/v1/{path}")
        results: list[dict[str, Any]] = json.loads(done.stdout)["results"] if done.returncode == 0 else []
        return results


def validated(world: World, *shipped: str, objects: str = "") -> tuple[tuple[str, ...], str]:
    """The command that runs Icinga with these shipped files, which it finds right, and what it said of them."""
    folder = world.folder / "icinga"
    for name in (*PLACES.values(), "data/certs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    configuration = folder / "icinga2.conf"
    configuration.write_text(
        CONFIGURATION.format(
            node=NODE,
            plugins=world.plugins(),
            address=ADDRESS,
            port=PORT,
            user=USER,
            password=PASSWORD,
            includes="\n".join(f'include "{FOLDER / "icinga2" / name}"' for name in shipped),
            objects=objects,
        )
    )
    _certify(world, folder)
    command = ("icinga2", "daemon", "-c", str(configuration), *_defined(folder))
    done = world.namespace.run(*command, "-C")
    assert done.returncode == 0, done.stdout
    assert "warning/" not in done.stdout, done.stdout
    return command, done.stdout


def start_icinga(world: World, *shipped: str, objects: str = "", packaged: bool = False) -> Icinga:
    """One with these files below `packaging/icinga2/` and these objects; it runs until the world ends.

    Where the plugin is to be `packaged`, it is found where our packages put it.
    """
    command, _ = validated(world, *shipped, objects=objects)
    daemon = world.start(*(world.with_plugins(command) if packaged else command), log="icinga.log")
    # Killed at once it would leave its children behind.
    world.stack.callback(daemon.terminate)
    return Icinga(world, daemon)


def _defined(folder: Path) -> tuple[str, ...]:
    found = {**PLACES, **FILES}
    places = [f"{name}={folder / place}" for name, place in found.items()]
    return tuple(word for value in (*places, "RunAsUser=root", "RunAsGroup=root") for word in ("-D", value))


def _certify(world: World, folder: Path) -> None:
    """A certification authority and a certificate of its own, by its own commands."""
    certificates = folder / "data" / "certs"
    key, request, signed = (str(certificates / f"{NODE}.{end}") for end in ("key", "csr", "crt"))
    for words in (
        ("new-ca",),
        ("new-cert", "--cn", NODE, "--key", key, "--csr", request),
        ("sign-csr", "--csr", request, "--cert", signed),
    ):
        done = world.namespace.run("icinga2", "pki", *words, *_defined(folder))
        assert done.returncode == 0, done.stdout
    (certificates / "ca.crt").write_bytes((folder / "data" / "ca" / "ca.crt").read_bytes())
