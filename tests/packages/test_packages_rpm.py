"""The RPMs, as far as a machine that is no EL can tell: what is in them, that they install and go, that it runs."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from artefacts.packages.interpreters import MissingInterpreterError, interpreter
from artefacts.packages.targets import LIBRARY, TARGETS, Form
from check_autodiscover.lab.running import running
from check_autodiscover.lab.worlds import world_named
from tests.lacking import refuse
from tests.packages.conftest import TOP

(TARGET,) = (target for target in TARGETS if target.form is Form.RPM)

DATABASE = "--dbpath=/var/lib/rpm"
"""Where EL has it: Debian's rpm has one in each home."""

SHIPPED = {
    "/etc/check_autodiscover/autodiscover.yml",
    "/etc/sysconfig/autodiscover-exporter",
    "/usr/bin/autodiscover_exporter",
    "/usr/bin/autodiscoverctl",
    "/usr/bin/check_autodiscover",
    "/usr/lib/nagios/plugins/check_autodiscover",
    "/usr/lib/systemd/system/autodiscover_exporter.service",
    "/usr/lib/systemd/system/autodiscover_exporter.socket",
    "/usr/lib/sysusers.d/autodiscover-exporter.conf",
    "/usr/lib/tmpfiles.d/check-autodiscover.conf",
    "/usr/lib64/nagios/plugins/check_autodiscover",
    "/usr/share/man/man1/autodiscover_exporter.1.gz",
    "/usr/share/man/man1/autodiscoverctl.1.gz",
    "/usr/share/man/man1/check_autodiscover.1.gz",
    "/var/lib/check_autodiscover/baseline",
}


@pytest.fixture(autouse=True)
def _tools() -> None:
    if missing := [program for program in ("rpm", "rpmlint") if shutil.which(program) is None]:
        refuse(f"inspecting RPMs needs {', '.join(missing)}")


@pytest.fixture
def installed(rpms: tuple[Path, ...], tmp_path: Path) -> Path:
    """A root of its own with the packages' files; their scriptlets would need an EL there."""
    if os.geteuid() != 0:
        refuse("installing packages needs root")
    root = tmp_path / "root"
    root.mkdir()
    rpm("--root", str(root), DATABASE, "--nodeps", "--noscripts", "--install", *map(str, rpms))
    return root


def rpm(*arguments: str) -> list[str]:
    """What rpm prints."""
    done = subprocess.run(("rpm", *arguments), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def asked(what: str, rpms: tuple[Path, ...]) -> set[str]:
    return set(rpm("--query", "--package", what, *map(str, rpms)))


def test_everything_is_where_the_distribution_looks_for_it(rpms: tuple[Path, ...]) -> None:
    assert asked("--list", rpms) >= SHIPPED


def test_what_an_administrator_writes_is_kept(rpms: tuple[Path, ...]) -> None:
    configuration = {path for path in SHIPPED if path.startswith("/etc/")}
    assert asked("--configfiles", rpms) == configuration


def test_of_the_distribution_only_its_python_its_c_library_and_its_anchors_are_needed(rpms: tuple[Path, ...]) -> None:
    names = {line.partition("(")[0].split()[0] for line in asked("--requires", rpms)}
    # The exporter's scriptlets are for sh, and its unit for systemd.
    ours = {"check-autodiscover", "config"}
    libraries = {name for name in names if name.startswith(("lib", "ld-linux")) and ".so." in name}
    assert names - ours - libraries == {
        *("/bin/sh", "systemd", "ca-certificates", "rpmlib", "rtld"),
        *(TARGET.interpreter, "python"),
    }
    assert {name.partition(".")[0] for name in libraries} <= {"ld-linux-x86-64", "ld-linux-aarch64", *C_LIBRARIES}


C_LIBRARIES = ("libc", "libdl", "libgcc_s", "libm", "libpthread", "librt", "libutil")


def test_nothing_of_ours_is_offered_to_other_packages(rpms: tuple[Path, ...]) -> None:
    offered = {line.partition("(")[0].split()[0] for line in asked("--provides", rpms)}
    assert offered == {"check-autodiscover", "autodiscover-exporter", "config"}


def test_the_scriptlets_are_what_sh_can_read(rpms: tuple[Path, ...]) -> None:
    told = [line for line in sorted(asked("--scripts", rpms)) if "scriptlet" in line]
    assert len(told) == 3
    for name in ("POSTIN", "PREUN", "POSTUN"):
        text = "\n".join(rpm("--query", "--package", "--queryformat", f"%{{{name}}}\n", *map(str, rpms)))
        assert subprocess.run(("sh", "-n"), input=text.replace("(none)", ""), text=True).returncode == 0


def test_rpmlint_has_nothing_to_say_but_what_is_excused_by_name(rpms: tuple[Path, ...]) -> None:
    excused = TOP / "packaging" / "rpm" / "rpmlint.toml"
    done = subprocess.run(("rpmlint", "--config", str(excused), *map(str, rpms)), capture_output=True, text=True)
    told = [line for line in done.stdout.splitlines() if ": E: " in line or ": W: " in line]
    assert told == []


def test_the_installed_plugin_judges_a_world_with_the_pythons_own_libraries_alone(installed: Path) -> None:
    try:
        python = interpreter(TARGET.python)
    except MissingInterpreterError as error:
        refuse(str(error))
    program = installed / "usr/bin/check_autodiscover"
    text = program.read_text()
    assert text.startswith(f"#!{TARGET.interpreter} -ISB\n")
    # Its libraries are not in the place that they are for.
    program.write_text(text.replace(f"/{LIBRARY}", str(installed / LIBRARY)))
    with running(world_named("scenario-1-wildcard")) as lab:
        done = subprocess.run((python, "-ISB", str(program), *lab.command), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "")
    assert "[dns-wildcard-captures-autodiscover]" in done.stdout.splitlines()[0]


def test_taking_it_away_leaves_nothing(installed: Path) -> None:
    names = ("autodiscover-exporter", "check-autodiscover")
    rpm("--root", str(installed), DATABASE, "--nodeps", "--noscripts", "--erase", *names)
    left = [path for path in installed.rglob("*") if not path.is_relative_to(installed / "var/lib/rpm")]
    folders_of_others = {path for path in left if path.is_dir() and re.search("autodiscover|nagios", path.name) is None}
    assert set(left) - folders_of_others == set()
