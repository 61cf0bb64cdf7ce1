"""`autodiscoverctl baseline` as an administrator uses it, on the lab's worlds."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from check_autodiscover.lab.running import running
from check_autodiscover.lab.worlds import world_named

HEALTHY = "healthy-srv"
CAPTURED = "scenario-1-wildcard"


@dataclass(frozen=True)
class Desk:
    """A directory of baselines, and a world to look at."""

    folder: Path
    options: tuple[str, ...]

    def ctl(self, action: str, *options: str) -> subprocess.CompletedProcess[str]:
        """One run of the command, with nobody at a terminal."""
        command = self.command(action, *options)
        return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)

    def command(self, action: str, *options: str) -> tuple[str, ...]:
        program = (sys.executable, "-m", "check_autodiscover.ctl", "baseline", action, "contoso.com")
        return (*program, "--baseline", str(self.folder), *options, *self.options)

    def plugin(self) -> subprocess.CompletedProcess[str]:
        program = (sys.executable, "-m", "check_autodiscover.plugin", "-H", "contoso.com")
        command = (*program, "--baseline", str(self.folder), *self.options)
        return subprocess.run(command, capture_output=True, text=True, check=False)

    @property
    def file(self) -> Path:
        return self.folder / "contoso.com.json"


def options_of(command: tuple[str, ...]) -> tuple[str, ...]:
    """The options that a lab is looked at with, without the domain."""
    place = command.index("-H")
    return (*command[:place], *command[place + 2 :])


@pytest.fixture(scope="module")
def healthy() -> Iterator[tuple[str, ...]]:
    with running(world_named(HEALTHY)) as lab:
        yield options_of(tuple(lab.command))


@pytest.fixture
def desk(healthy: tuple[str, ...], tmp_path: Path) -> Desk:
    return Desk(tmp_path / "baseline", healthy)


def test_what_is_accepted_is_as_it_was_until_something_changes(desk: Desk) -> None:
    accepted = desk.ctl("accept", "--yes")
    assert (accepted.returncode, accepted.stderr) == (0, "")
    assert accepted.stdout.splitlines()[-1] == f"Accepted: {desk.file}"
    same = desk.ctl("diff")
    assert (same.returncode, same.stdout.count("\n")) == (0, 1)
    shown = desk.ctl("show")
    assert shown.returncode == 0
    assert "  _autodiscover._tcp.contoso.com SRV: 0 0 443 remote.contoso.com\n" in shown.stdout
    healthy = desk.plugin()
    assert healthy.returncode == 0
    assert " drift=0;;;0 " in healthy.stdout
    with running(world_named(CAPTURED)) as lab:
        changed = Desk(desk.folder, options_of(tuple(lab.command)))
        found = changed.ctl("diff")
        assert found.returncode == 1
        assert "outside: *.contoso.com [drift-wildcard-appeared]\n  - none\n  + *.contoso.com\n" in found.stdout
        captured = changed.plugin()
    assert captured.returncode == 2
    assert captured.stdout.splitlines()[0].partition(" | ")[0].endswith("[dns-wildcard-captures-autodiscover]")
    assert "(new since " in captured.stdout


def test_accepting_again_leaves_the_file_alone(desk: Desk) -> None:
    assert desk.ctl("accept", "--yes").returncode == 0
    before = desk.file.read_text(), desk.file.stat().st_ino
    again = desk.ctl("accept", "--yes")
    assert again.returncode == 0
    assert again.stdout == f"{desk.file}: nothing changed since it was accepted, it stays as it is\n"
    assert (desk.file.read_text(), desk.file.stat().st_ino) == before


def test_nothing_is_accepted_without_a_yes(desk: Desk) -> None:
    refused = desk.ctl("accept")
    assert refused.returncode == 3
    assert refused.stdout.splitlines()[-1].endswith("look at the above, then add --yes")
    assert not desk.folder.exists()


@pytest.mark.parametrize(("answer", "exit_code"), [("y\n", 0), ("\n", 3), ("no\n", 3), ("\x04", 3)])
def test_a_person_is_asked(desk: Desk, answer: str, exit_code: int) -> None:
    ours, theirs = pty.openpty()
    try:
        os.write(ours, answer.encode())
        done = subprocess.run(desk.command("accept"), stdin=theirs, capture_output=True, text=True, check=False)
    finally:
        os.close(ours)
        os.close(theirs)
    assert (done.returncode, done.stderr.count("\n") > 1) == (exit_code, False), done.stdout + done.stderr
    assert "Accept this for contoso.com? [y/N]" in done.stdout
    assert desk.file.exists() == (exit_code == 0)


def test_what_could_not_be_looked_at_is_not_accepted(desk: Desk) -> None:
    blind = Desk(desk.folder, (*desk.options, "--view", "elsewhere=127.0.0.1:9"))
    refused = blind.ctl("accept", "--yes")
    assert refused.returncode == 3
    assert "Not seen: elsewhere: no resolver answered" in refused.stdout
    assert not desk.folder.exists()


def test_a_look_by_other_views_than_were_accepted_is_no_comparison(desk: Desk) -> None:
    assert desk.ctl("accept", "--yes").returncode == 0
    renamed = tuple(re.sub(r"^(inside|outside)=", r"other-\1=", word) for word in desk.options)
    compared = Desk(desk.folder, renamed).ctl("diff")
    assert compared.returncode == 3
    assert "as it was accepted" not in compared.stdout
    assert compared.stdout.splitlines()[-1].endswith("look by the views that were accepted (--view, --config)")


def test_a_network_is_accepted_in_place_of_its_addresses(desk: Desk) -> None:
    assert desk.ctl("accept", "--yes", "--network", "127.0.113.0/24").returncode == 0
    assert '"127.0.113.0/24"' in desk.file.read_text()
    assert desk.ctl("diff").returncode == 0
    assert desk.ctl("accept", "--yes").stdout.endswith("it stays as it is\n")
    desk.file.write_text(desk.file.read_text().replace("0 0 443 remote", "0 0 443 owa"))
    again = desk.ctl("accept", "--yes")
    assert again.returncode == 0, again.stdout
    assert '"127.0.113.0/24"' in desk.file.read_text()


def test_a_pool_is_kept_as_one(desk: Desk) -> None:
    assert desk.ctl("accept", "--yes", "--pool", "remote.contoso.com").returncode == 0
    assert '"pool": [' in desk.file.read_text()
    assert "127.0.113.10 (a pool)" in desk.ctl("show").stdout


REFUSALS = {
    "no domain": (("accept",), "baseline needs a DOMAIN before its options"),
    "no path": (("show", "contoso.com"), "say where baselines are kept: --baseline PATH"),
    "nothing accepted": (
        ("show", "contoso.com", "--baseline", "/nonexistent"),
        "/nonexistent/contoso.com.json: nothing was accepted yet",
    ),
    "an option of accept": (("show", "contoso.com", "--yes"), "belong to accept, not to show"),
    "no network": (
        ("accept", "contoso.com", "--network", "10.0.0.1/8", "--baseline", "/x"),
        "--network: 10.0.0.1/8 has",
    ),
    "an unknown option": (("diff", "contoso.com", "--base"), "unrecognized arguments: --base"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_done_is_one_line_and_exit_code_3(case: str) -> None:
    options, named = REFUSALS[case]
    command = (sys.executable, "-m", "check_autodiscover.ctl", "baseline", *options)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (3, "", 1)
    assert named in done.stdout


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "it is no JSON at line 2: cut off or damaged"),
        ('{"schema": 9}', "$.schema: this program reads version 1, not 9"),
        ("\0" * 10, "it is no JSON"),
    ],
)
def test_a_damaged_file_is_named_and_left_alone(desk: Desk, content: str, fault: str) -> None:
    desk.folder.mkdir()
    desk.file.write_text(content)
    refused = desk.ctl("accept", "--yes")
    assert refused.returncode == 3
    assert fault in refused.stdout
    assert "it is left as it is" in refused.stdout
    assert desk.file.read_text() == content
    judged = desk.plugin()
    assert judged.returncode == 3
    assert "[drift-baseline-missing]" in judged.stdout.splitlines()[0]


@pytest.mark.parametrize(("option", "value"), [("--network", "10.0.0.0/8"), ("--pool", "nosuch.contoso.com")])
def test_a_network_or_a_pool_that_nothing_is_in_is_refused(desk: Desk, option: str, value: str) -> None:
    refused = desk.ctl("accept", "--yes", option, value)
    assert refused.returncode == 3
    assert refused.stdout.splitlines()[-1].startswith(f"autodiscoverctl: {option} {value}: ")
    assert not desk.folder.exists()
