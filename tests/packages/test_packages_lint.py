"""What lint programs say of the Debian packages and of the Dockerfile."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lacking import refuse
from tests.packages.conftest import TOP

DOCKERFILE = TOP / "packaging" / "container" / "Dockerfile"


@pytest.mark.parametrize("target", ["debian12", "debian13"])
def test_lintian_has_nothing_to_say_but_what_is_excused_by_name(debs: dict[str, tuple[Path, ...]], target: str) -> None:
    if shutil.which("lintian") is None:
        refuse("lintian is not installed")
    # Until there are manual pages, they are what is missing.
    suppressed = () if (TOP / "packaging" / "man").is_dir() else ("--suppress-tags=no-manual-page",)
    command = ("lintian", "--allow-root", "--fail-on=error,warning", *suppressed, *map(str, debs[target]))
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_hadolint_has_nothing_to_say() -> None:
    done = subprocess.run((Path(sys.executable).with_name("hadolint"), DOCKERFILE), capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_runs_as_nobody_in_particular_and_needs_no_shell() -> None:
    final = DOCKERFILE.read_text().rpartition("\nFROM ")[2]
    commands = re.findall(r"^(?:ENTRYPOINT|CMD|HEALTHCHECK .*?CMD) (.*)$", final, re.MULTILINE)
    assert len(commands) == 3
    assert all(command.startswith("[") for command in commands)
    assert "\nRUN " not in final
    assert re.findall(r"^USER (\d+):(\d+)$", final, re.MULTILINE) == [("65532", "65532")]


def test_all_that_the_image_is_made_of_is_there_and_let_in() -> None:
    ignored = DOCKERFILE.with_name("Dockerfile.dockerignore").read_text()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text(), re.MULTILINE)
    sources = [source for line in copied for source in line.split()]
    assert len(sources) > 5
    assert [source for source in sources if not (TOP / source).exists()] == []
    assert [source for source in sources if f"!{source}\n" not in ignored] == []
