"""A real NRPE daemon with the shipped line, asked by check_nrpe as a Nagios server asks it."""

from subprocess import CompletedProcess

from artefacts.generate import FOLDER
from artefacts.nagios import EXAMPLES
from tests.stack.bind import DOMAIN
from tests.stack.namespace import Namespace
from tests.stack.world import World

__all__ = ["ask_nrpe", "start_nrpe"]

ADDRESS = "127.0.0.9"
CHECK_NRPE = "/usr/lib/nagios/plugins/check_nrpe"
PLUGINS = "/usr/lib/nagios/plugins"
SECONDS = "60"

CONFIGURATION = """\
server_address={address}
allowed_hosts=127.0.0.0/8
dont_blame_nrpe=0
command_timeout={seconds}
pid_file={folder}/nrpe.pid
"""

# It refuses to run as root, and nobody else may read a test's folders: here root has the number of somebody else.
AS_SOMEBODY = ("unshare", "--user", "--map-user=1000", "--map-group=1000")


def start_nrpe(world: World, resolver: str, server: str) -> None:
    """One on a host that asks this resolver, with the shipped line for the world's domain and its server."""
    folder = world.folder / "nrpe"
    folder.mkdir()
    line = (FOLDER / "nagios" / "nrpe.cfg").read_text()
    for shipped, here in (
        (EXAMPLES["server"], f"{server} -r {world.authority.anchor}"),
        (EXAMPLES["domain"], DOMAIN),
        (PLUGINS, str(world.plugins())),
    ):
        assert shipped in line
        line = line.replace(shipped, here)
    configuration = folder / "nrpe.cfg"
    configuration.write_text(CONFIGURATION.format(address=ADDRESS, seconds=SECONDS, folder=folder) + line)
    nrpe = (*AS_SOMEBODY, "nrpe", "-c", str(configuration), "-f", "-n")
    daemon = world.start(*world.with_resolver(resolver, nrpe), log="nrpe.log")
    daemon.wait_until(lambda: ask_nrpe(world.namespace).returncode == 0)


def ask_nrpe(namespace: Namespace, *command: str) -> CompletedProcess[str]:
    """What check_nrpe tells of a command there, or of the daemon's version."""
    named = ("-c", *command) if command else ()
    return namespace.run(CHECK_NRPE, "-H", ADDRESS, "-n", "-t", SECONDS, *named)
