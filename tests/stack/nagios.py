"""A real Nagios Core with the shipped commands and services; it tells of each service what its status file says."""

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from artefacts.generate import FOLDER
from tests.stack.namespace import Daemon
from tests.stack.world import World

__all__ = ["Nagios", "start_nagios"]

ATTEMPTS = 1500
"""How often its status is read until every service was checked: a check takes a second or two."""

CONFIGURATION = """\
cfg_file={shipped}/commands.cfg
cfg_file={folder}/objects.cfg
cfg_file={folder}/services.cfg
resource_file={folder}/resource.cfg
log_file={folder}/nagios.log
object_cache_file={folder}/objects.cache
precached_object_file={folder}/objects.precache
status_file={folder}/status.dat
state_retention_file={folder}/retention.dat
temp_file={folder}/nagios.tmp
temp_path={folder}
check_result_path={folder}/results
command_file={folder}/nagios.cmd
query_socket={folder}/nagios.qh
lock_file={folder}/nagios.lock
nagios_user=root
nagios_group=root
interval_length=1
status_update_interval=1
service_inter_check_delay_method=n
host_inter_check_delay_method=n
max_service_check_spread=1
execute_host_checks=0
check_for_updates=0
process_performance_data=1
illegal_macro_output_chars=`~$&|'"<>
"""

OBJECTS = """\
define timeperiod {{
    timeperiod_name  always
    alias            always
    sunday           00:00-24:00
    monday           00:00-24:00
    tuesday          00:00-24:00
    wednesday        00:00-24:00
    thursday         00:00-24:00
    friday           00:00-24:00
    saturday         00:00-24:00
}}
define command {{
    command_name  nobody
    command_line  /bin/true
}}
define contact {{
    contact_name                   admin
    host_notification_period       always
    service_notification_period    always
    host_notification_options      n
    service_notification_options   n
    host_notification_commands     nobody
    service_notification_commands  nobody
}}
define host {{
    host_name           {server}
    address             127.0.0.1
    max_check_attempts  1
    check_period        always
    notification_period always
    contacts            admin
}}
define service {{
    name                   generic-service
    register               0
    check_period           always
    notification_period    always
    notification_interval  0
    contacts               admin
}}
"""


class Nagios:
    """One that runs."""

    def __init__(self, daemon: Daemon, status: Path) -> None:
        self._daemon = daemon
        self._status = status

    def checked(self) -> Mapping[str, Mapping[str, str]]:
        """What it knows of each service by its description, once all were checked and their results are in."""
        self._daemon.wait_until(
            lambda: bool(found := self._services()) and all(map(_is_known, found.values())), ATTEMPTS
        )
        return self._services()

    def _services(self) -> dict[str, dict[str, str]]:
        with suppress(FileNotFoundError):
            blocks = re.findall(r"^servicestatus {\n(.*?)\n\t}$", self._status.read_text(), re.DOTALL | re.MULTILINE)
            known = [dict(line.strip().split("=", 1) for line in block.splitlines() if "=" in line) for block in blocks]
            return {service["service_description"]: service for service in known}
        return {}


def _is_known(service: Mapping[str, str]) -> bool:
    return service["has_been_checked"] == "1" and bool(service["plugin_output"])


def start_nagios(world: World, services: str, server: str, resolver: str) -> Nagios:
    """One with the shipped commands and these services of a host, on a machine that asks this resolver."""
    folder = world.folder / "nagios"
    (folder / "results").mkdir(parents=True)
    texts = {
        "nagios.cfg": CONFIGURATION.format(shipped=FOLDER / "nagios", folder=folder),
        "objects.cfg": OBJECTS.format(server=server),
        "services.cfg": services,
        "resource.cfg": f"$USER1$={world.plugins()}\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    told = world.namespace.run("nagios4", "-v", str(folder / "nagios.cfg"))
    assert told.returncode == 0, told.stdout
    assert "Total Warnings: 0" in told.stdout, told.stdout
    command = world.with_resolver(resolver, ("nagios4", str(folder / "nagios.cfg")))
    daemon = world.start(*command, log="nagios.log")
    return Nagios(daemon, folder / "status.dat")
