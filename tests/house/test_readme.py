"""What README.md shows is what the programs do."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from check_autodiscover.config.file import load_configuration
from check_autodiscover.lab.running import running
from check_autodiscover.lab.worlds import world_named

FILE = Path(__file__).parents[2] / "README.md"
README = FILE.read_text()
OUTPUT = re.compile(r"(?<=<!-- output -->\n```\n).*?(?=```\n<!-- /output -->)", re.DOTALL)
SHOWN = "scenario-1-wildcard"


def block(pattern: str) -> str:
    """The fenced block that follows a text."""
    found = re.search(pattern + r"[^`]*```\w*\n(.*?)```", README, re.DOTALL)
    assert found, pattern
    return found[1]


def test_the_output_it_shows_is_the_output(pytestconfig: pytest.Config) -> None:
    with running(world_named(SHOWN)) as lab:
        command = (sys.executable, "-m", "check_autodiscover.plugin", *lab.command, "--no-perfdata")
        done = subprocess.run(command, capture_output=True, text=True)
    # The lab's resolvers are on free ports, a user's on port 53.
    output = re.sub(r"(127\.0\.0\.1):\d+", r"\1", done.stdout)
    if pytestconfig.getoption("--update-readme", default=False):
        FILE.write_text(OUTPUT.sub(lambda _: output, README))
    assert OUTPUT.findall(FILE.read_text()) == [output]


def test_the_configuration_it_shows_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "autodiscover.yml"
    file.write_text(block("Its file names the views once:"))
    module = load_configuration(str(file)).settled()
    assert [view.name for view in module.policy.views] == ["inside", "outside"]
    assert module.policy.servers == ("remote.contoso.com",)


def test_the_folders_it_names_exist() -> None:
    for folder in re.findall(r"^\| `([a-z_/]+/)` \|", README, re.MULTILINE):
        assert (Path(__file__).parents[2] / folder).is_dir(), folder
