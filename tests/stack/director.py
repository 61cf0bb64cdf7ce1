"""A real Icinga Director on a real MariaDB, which is given the shipped basket and deploys to a real Icinga 2."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.stack.icinga import MASTER, PASSWORD, PORT, SHIPPED, USER
from tests.stack.world import World

__all__ = ["BASKET", "GLOBAL_ZONE", "Director", "start_director"]

GLOBAL_ZONE = 'object Zone "director-global" { global = true }'
"""What an Icinga must have to be deployed to, as Icinga's own packages have it."""
BASKET = SHIPPED / "director-basket.json"
MODULES = Path("/usr/share/icingaweb2/modules")
ENABLED = ("director", "incubator", "reactbundle")

RESOURCES = """\
[director]
type = "db"
db = "mysql"
host = "localhost"
dbname = "director"
username = "root"
password = ""
charset = "utf8"
"""
KICKSTART = """\
[config]
endpoint = "{node}"
host = "{address}"
port = "{port}"
username = "{user}"
password = "{password}"
"""
FILES = {
    "config.ini": '[global]\nconfig_backend = "ini"\n[logging]\nlog = "none"\n',
    "resources.ini": RESOURCES,
    "modules/director/config.ini": '[db]\nresource = "director"\n',
    "modules/director/kickstart.ini": KICKSTART.format(
        node=MASTER.name, address=MASTER.address, port=PORT, user=USER, password=PASSWORD
    ),
}


class Director:
    """One that runs: its commands, as an administrator types them."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._folder = folder

    def restore(self, basket: str) -> None:
        """Import a basket, as *Restore* of its snapshot does."""
        self.command("basket", "restore", text=basket)

    def create(self, kind: str, properties: Mapping[str, Any]) -> None:
        """Make an object of these properties."""
        self.command(kind, "create", "--json", text=json.dumps(properties))

    def kickstart(self) -> None:
        """Get to know the Icinga: its endpoint, zones and commands."""
        self.command("kickstart", "run")

    def deploy(self) -> None:
        """Give the Icinga what is declared here."""
        assert "has been deployed" in self.command("config", "deploy")

    def fields(self, command: str) -> list[str]:
        """The variables that its form asks for where this command is used, each as often as it is asked for."""
        return self._rows(
            "SELECT f.varname FROM icinga_command c JOIN icinga_command_field l ON l.command_id = c.id "
            f"JOIN director_datafield f ON f.id = l.datafield_id WHERE c.object_name = '{command}'"
        )

    def all_fields(self) -> list[str]:
        """The variables of all its data fields."""
        return self._rows("SELECT varname FROM director_datafield")

    def command(self, *words: str, text: str = "") -> str:
        """What `icingacli director` prints, which must have succeeded."""
        php = ("php", "-d", f"pdo_mysql.default_socket={self._folder / 'socket'}", "/usr/bin/icingacli")
        environment = ("env", f"ICINGAWEB_CONFIGDIR={self._folder / 'etc'}")
        done = self._world.namespace.run(*environment, *php, "director", *words, text=text)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _rows(self, query: str) -> list[str]:
        return _query(self._world, self._folder, "director", query).split()


def start_director(world: World) -> Director:
    """One with a database of its own; it runs until the world ends."""
    folder = world.folder / "director"
    for name, text in FILES.items():
        file = folder / "etc" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (folder / "etc" / "enabledModules").mkdir()
    for module in ENABLED:
        (folder / "etc" / "enabledModules" / module).symlink_to(MODULES / module)
    _start_database(world, folder)
    director = Director(world, folder)
    director.command("migration", "run")
    return director


def _start_database(world: World, folder: Path) -> None:
    place = ("--user=root", f"--datadir={folder / 'data'}")
    made = world.namespace.run(
        "mariadb-install-db", "--no-defaults", *place, "--auth-root-authentication-method=normal", "--skip-test-db"
    )
    assert made.returncode == 0, made.stdout + made.stderr
    options = (f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}", "--skip-networking")
    daemon = world.start("mariadbd", "--no-defaults", *place, *options, log="mariadb.log")
    daemon.wait_until(lambda: _query(world, folder, "mysql", "SELECT 'ready'") == "ready\n")
    _query(world, folder, "mysql", "CREATE DATABASE director CHARACTER SET utf8")


def _query(world: World, folder: Path, database: str, query: str) -> str:
    client = ("mariadb", "--no-defaults", "--batch", "--skip-column-names", "--user=root")
    return world.namespace.run(*client, f"--socket={folder / 'socket'}", database, text=query).stdout
