"""The Debian packages on machines of the releases that they are for: installed, used, upgraded, removed and purged."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.packages.conftest import Boot, install
from tests.packages.machine import Machine

PLUGIN = "/usr/lib/nagios/plugins/check_autodiscover"
WORLD = "scenario-1-wildcard"
ROOT_CAUSE = "[dns-wildcard-captures-autodiscover]"

STALE = """
import importlib.util, pathlib, struct
for source in pathlib.Path("/usr/lib/check_autodiscover").rglob("*.py"):
    compiled = pathlib.Path(importlib.util.cache_from_source(str(source)))
    head = compiled.read_bytes()[:16] if compiled.exists() else b""
    when = int(source.stat().st_mtime), source.stat().st_size
    if head[:4] != importlib.util.MAGIC_NUMBER or struct.unpack("<II", head[8:]) != when:
        print(source)
"""
"""Prints each module whose bytecode this interpreter would not take."""

FETCH = """
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1]).read().decode())
"""

OWNED = ("/etc", "/lib", "/opt", "/run", "/srv", "/usr", "/var")

NOT_OURS = (
    r"/var/(lib/(dpkg|apt|systemd)|cache|log|tmp)/|/run/|/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|\.pyc$"
)
"""What changes while packages come and go, or with every user that there is."""


@contextmanager
def lab(machine: Machine, world: str) -> Iterator[list[str]]:
    """A world of the packaged lab, as the user who checks it; yields the lines that it proposes."""
    machine.run("install", "--directory", "--owner=nagios", "/srv/lab")
    command = ("env", "TMPDIR=/srv/lab", "autodiscoverctl", "lab", "--world", world)
    with machine.running(*command, user="nagios") as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not (lines and lines[-1].startswith("Ctrl-C")):
            lines.append(process.stdout.readline())
            assert lines[-1], lines
        yield lines


def proposed(lines: list[str], program: str) -> list[str]:
    (line,) = (line for line in lines if line.startswith(f"{program} "))
    return shlex.split(line)[1:]


def fetch(machine: Machine, path: str) -> str:
    return machine.run("python3", "-I", "-c", FETCH, f"http://127.0.0.1:10093{path}").stdout


def is_healthy(machine: Machine) -> bool:
    asked = machine.run("python3", "-I", "-c", FETCH, "http://127.0.0.1:10093/metrics", check=False)
    return asked.returncode == 0


def test_the_plugin_names_a_worlds_root_cause_where_nagios_runs_it(machine: Machine) -> None:
    with lab(machine, WORLD) as lines:
        done = machine.run(PLUGIN, *proposed(lines, "check_autodiscover"), user="nagios", check=False)
    first = done.stdout.splitlines()[0]
    assert (done.returncode, ROOT_CAUSE in first, done.stderr) == (2, True, ""), done.stdout
    assert "  Fix: " in done.stdout


def test_all_that_is_imported_is_compiled_for_the_releases_own_python(machine: Machine) -> None:
    assert machine.run("python3", "-I", "-c", STALE).stdout == ""


def test_what_else_is_installed_for_python_is_not_seen(machine: Machine) -> None:
    folder = machine.run("python3", "-I", "-c", "import site; print(site.getsitepackages()[0])").stdout.strip()
    machine.run("mkdir", "-p", folder)
    for module in ("dns", "sitecustomize", "attr"):
        machine.run("sh", "-c", f"echo 'raise SystemExit(77)' > {folder}/{module}.py")
    done = machine.run(PLUGIN, "-H", "contoso.com", "--view", "default=127.0.0.1:9", user="nagios", check=False)
    assert (done.returncode, "[dns-lookup-failed]" in done.stdout) == (3, True), done.stdout + done.stderr


def test_the_exporter_runs_as_its_user_and_its_confinement_hinders_no_probe(machine: Machine) -> None:
    with lab(machine, WORLD) as lines:
        (_, configuration) = proposed(lines, "autodiscover_exporter")
        place = "/etc/check_autodiscover"
        machine.run("install", "--mode=644", f"{configuration.rpartition('/')[0]}/lab-ca.pem", place)
        machine.run("install", "--mode=644", configuration, f"{place}/autodiscover.yml")
        machine.run("systemctl", "restart", "autodiscover_exporter")
        machine.wait_until(lambda: is_healthy(machine))
        scraped = fetch(machine, "/probe?target=contoso.com")
        own = fetch(machine, "/metrics")
    pid = machine.run("systemctl", "show", "--property=MainPID", "--value", "autodiscover_exporter").stdout.strip()
    assert machine.run("stat", "--format=%U", f"/proc/{pid}").stdout.strip() == "autodiscover-exporter"
    assert "autodiscover_exit_code 2.0" in scraped
    assert 'rule="dns-wildcard-captures-autodiscover"' in scraped
    (started,) = (line for line in own.splitlines() if line.startswith("process_start_time_seconds"))
    assert float(started.split()[1]) > 1e9


def test_systemd_listens_for_it_where_the_socket_is_enabled(machine: Machine) -> None:
    machine.run("systemctl", "disable", "--now", "autodiscover_exporter.service")
    machine.run("sh", "-c", "echo 'ARGS=\"--web.systemd-socket\"' > /etc/default/autodiscover-exporter")
    machine.run("systemctl", "enable", "--now", "autodiscover_exporter.socket")
    assert main_pid(machine) == "0"
    # The first to ask starts it, and waits for the answer.
    assert "autodiscover_exporter_build_info" in fetch(machine, "/metrics")
    started = main_pid(machine)
    machine.run("systemctl", "kill", "--signal=KILL", "autodiscover_exporter.service")
    assert "autodiscover_exporter_build_info" in fetch(machine, "/metrics")
    assert main_pid(machine) not in {started, "0"}


def test_a_reload_takes_up_the_configuration_and_loses_no_process(machine: Machine) -> None:
    before = main_pid(machine)
    machine.run("sh", "-c", "echo 'domains: {fabrikam.com: {}}' > /etc/check_autodiscover/autodiscover.yml")
    machine.run("systemctl", "reload", "autodiscover_exporter")
    machine.wait_until(lambda: "fabrikam.com" in fetch(machine, "/sd"))
    assert main_pid(machine) == before


def test_the_plugin_asks_the_exporter_through_its_socket_file(machine: Machine) -> None:
    listen = "--web.listen-address=unix:/run/autodiscover_exporter/socket"
    machine.run("sh", "-c", f"echo 'ARGS=\"{listen}\"' > /etc/default/autodiscover-exporter")
    machine.run("systemctl", "restart", "autodiscover_exporter")
    machine.run("usermod", "--append", "--groups", "autodiscover-exporter", "nagios")
    asked = (PLUGIN, "-H", "contoso.com", "--from-exporter", "unix:/run/autodiscover_exporter/socket")
    done = machine.run(*asked, user="nagios", check=False)
    assert (done.returncode, "[dns-lookup-failed]" in done.stdout) == (3, True), done.stdout + done.stderr


def test_an_upgrade_keeps_what_the_administrator_wrote_and_nothing_else_of_the_old(boot_machine: Boot) -> None:
    machine = boot_machine()
    install(machine, "/older")
    machine.run("sh", "-c", "echo '# ours' >> /etc/check_autodiscover/autodiscover.yml")
    machine.run("touch", "/var/lib/check_autodiscover/baseline/contoso.com.json")
    machine.wait_until(lambda: is_healthy(machine))
    before = main_pid(machine)
    install(machine, "/packages")
    assert "# ours" in machine.run("cat", "/etc/check_autodiscover/autodiscover.yml").stdout
    assert machine.run("ls", "/var/lib/check_autodiscover/baseline").stdout == "contoso.com.json\n"
    assert machine.run("find", "/usr/lib/check_autodiscover", "-name", "gone_from_*").stdout == ""
    machine.wait_until(lambda: is_healthy(machine))
    assert main_pid(machine) not in {before, "0"}


def main_pid(machine: Machine) -> str:
    return machine.run("systemctl", "show", "--property=MainPID", "--value", "autodiscover_exporter").stdout.strip()


def test_removal_keeps_the_configuration_and_a_purge_leaves_nothing(boot_machine: Boot) -> None:
    machine = boot_machine()
    before = everything(machine)
    install(machine, "/packages")
    machine.run("touch", "/var/lib/check_autodiscover/baseline/contoso.com.json")
    machine.run("apt-get", "remove", "--yes", "check-autodiscover")
    assert machine.run("systemctl", "is-active", "autodiscover_exporter", check=False).stdout.strip() == "inactive"
    assert machine.run("ls", "/etc/check_autodiscover").stdout == "autodiscover.yml\n"
    assert machine.run("ls", "/var/lib/check_autodiscover/baseline").stdout == "contoso.com.json\n"
    machine.run("apt-get", "purge", "--yes", "check-autodiscover", "autodiscover-exporter")
    assert everything(machine) - before == set()
    assert machine.run("find", "/var/lib/systemd", "-name", "*autodiscover*").stdout == ""


def test_a_removal_ends_what_systemd_listens_at_for_it(boot_machine: Boot) -> None:
    machine = boot_machine()
    install(machine, "/packages")
    machine.run("systemctl", "disable", "--now", "autodiscover_exporter.service")
    machine.run("systemctl", "enable", "--now", "autodiscover_exporter.socket")
    machine.run("apt-get", "remove", "--yes", "autodiscover-exporter")
    found = machine.run("systemctl", "is-active", "autodiscover_exporter.socket", check=False)
    assert found.stdout.strip() == "inactive"


def everything(machine: Machine) -> set[str]:
    found = machine.run("sh", "-c", f"find {' '.join(OWNED)} -xdev | grep -Ev '{NOT_OURS}'").stdout
    return set(found.splitlines())


@pytest.mark.parametrize("program", ["check_autodiscover", "autodiscoverctl", "autodiscover_exporter"])
def test_every_program_is_on_the_path(machine: Machine, program: str) -> None:
    done = machine.run(program, "--help", user="nagios", check=False)
    assert f"usage: {program}" in done.stdout
