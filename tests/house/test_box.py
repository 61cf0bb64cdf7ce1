"""What packages are made of agrees with the rest of the house; nothing is built here."""

import ast
import re
import shlex
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

from artefacts.nagios import USES, Use, artefacts
from artefacts.packages.interpreters import MissingInterpreterError, interpreter
from artefacts.packages.libraries import EXPORTER, PLUGIN, NotLockedError, libraries, pinned, read_lock
from artefacts.packages.targets import TARGETS
from artefacts.packages.tree import launcher
from artefacts.packages.zipapps import PYTHONS
from check_autodiscover.config.commandline import parse_arguments
from check_autodiscover.config.file import Configuration, load_configuration

TOP = Path(__file__).parents[2]
CONFIGURATION = TOP / "packaging" / "config" / "autodiscover.yml"
UNITS = TOP / "packaging" / "systemd"


@pytest.fixture(scope="module")
def metadata() -> ConfigParser:
    parser = ConfigParser()
    parser.read(TOP / "setup.cfg")
    return parser


@pytest.mark.parametrize("python", PYTHONS)
def test_every_library_that_a_package_needs_is_locked_and_in_one_package_alone(python: str) -> None:
    lock = read_lock(TOP / "requirements" / "dev.txt")
    plugin, exporter = pinned(PLUGIN, python, lock), pinned(EXPORTER, python, lock)
    assert {"cryptography", "cffi", "pyyaml", "rich"} <= libraries(PLUGIN, python)
    assert {"prometheus-client", "bcrypt"} <= libraries(EXPORTER, python)
    assert set(plugin) & set(exporter) == set()
    assert "pytest" not in " ".join((*plugin, *exporter))


def test_a_library_without_a_locked_version_is_named() -> None:
    with pytest.raises(NotLockedError, match="cryptography"):
        pinned(PLUGIN, "3.13", {})


def test_packages_are_for_pythons_that_are_supported(metadata: ConfigParser) -> None:
    supported = re.findall(r"Python :: (3\.\d+)", metadata["metadata"]["classifiers"])
    assert tuple(supported) == PYTHONS
    assert {target.python for target in TARGETS} <= set(PYTHONS)


def test_the_packaged_programs_are_the_console_scripts(metadata: ConfigParser) -> None:
    scripts = dict(
        line.split(" = ") for line in metadata["options.entry_points"]["console_scripts"].strip().split("\n")
    )
    packaged = {program: f"{module}:run" for box in (PLUGIN, EXPORTER) for program, module in box.programs.items()}
    assert packaged == scripts


def test_a_packaged_program_is_python_that_reads_no_other_library() -> None:
    text = launcher("check_autodiscover", "check_autodiscover.plugin", "/usr/bin/python3")
    ast.parse(text)
    assert text.startswith("#!/usr/bin/python3 -ISB\n")


def test_an_interpreter_that_is_not_here_is_named() -> None:
    with pytest.raises(MissingInterpreterError, match=r"python2\.99"):
        interpreter("2.99")


def test_the_packaged_configuration_declares_nothing_and_its_examples_are_right(tmp_path: Path) -> None:
    text = CONFIGURATION.read_text()
    assert yaml.safe_load(text) is None
    assert load_configuration(str(CONFIGURATION)) == Configuration()
    file = tmp_path / "autodiscover.yml"
    file.write_text(re.sub(r"^#(?! \S)", "", text, flags=re.MULTILINE))
    assert set(load_configuration(str(file)).domains) == {"contoso.com"}


def test_the_service_reads_the_packaged_configuration_and_spares_what_would_break_it() -> None:
    settings = [
        line.partition("=")[::2]
        for line in (UNITS / "autodiscover_exporter.service").read_text().splitlines()
        if "=" in line and not line.startswith("#")
    ]
    values = dict(settings)
    assert "--config.file=/etc/check_autodiscover/autodiscover.yml " in values["ExecStart"]
    # Callbacks of handshakes are made at run time; the start time of a process stands in /proc/stat.
    assert not {"MemoryDenyWriteExecute", "ProcSubset"} & values.keys()
    assert {"AF_INET", "AF_INET6", "AF_UNIX"} == set(values["RestrictAddressFamilies"].split())


@pytest.mark.parametrize("file", ["nagios/nrpe.cfg", "nagios/ncpa.cfg", "checkmk/mrpe.cfg"])
def test_what_an_agent_is_told_to_run_is_a_command_line_that_the_plugin_takes(file: str) -> None:
    text = (TOP / "packaging" / file).read_text().replace("\\\n#", "")
    lines = re.findall(r"check_autodiscover +(?:-a ')?(-H [^'\n]+)", text)
    assert lines
    for line in lines:
        assert parse_arguments(shlex.split(line)).domain == "contoso.com"


@pytest.mark.parametrize("use", USES, ids=lambda use: use.name)
def test_nagios_hands_the_shell_each_value_as_one_word(use: Use) -> None:
    (line,) = re.findall(rf"command_name    {use.name}\n    command_line    (.*)", artefacts()["commands.cfg"])
    outside = re.sub(r"'[^']*'", "", line)
    assert re.findall(r"\$\w+\$", outside) == ["$USER1$", f"$ARG{len(use.values) + 1}$"]
