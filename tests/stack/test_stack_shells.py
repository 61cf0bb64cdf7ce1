"""What shells and man make of the shipped completions, manual pages and scripts: the real programs."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from artefacts.checkmk import LOCAL
from artefacts.generate import FOLDER
from artefacts.programs import programs
from tests.stack.namespace import COMMAND_SECONDS
from tests.stack.published import publish_by_srv
from tests.stack.world import INSIDE, World

pytestmark = pytest.mark.usefixtures("names")

COMPLETION = FOLDER / "completion"


def said(*command: str, home: Path) -> str:
    """What a command prints, which complains of nothing."""
    environment = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "HOME": str(home),
        "TERM": "dumb",
        "MANWIDTH": "100",
    }
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_SECONDS, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("program", programs())
def test_bash_completes_options(program: str, tmp_path: Path) -> None:
    script = f"""\
        . {COMPLETION}/bash/{program}.bash
        COMP_WORDS=({program} --vers) COMP_CWORD=1
        $(complete -p {program} | sed 's/.*-F //; s/ .*//')
        echo "${{COMPREPLY[@]}}" """
    assert "--version" in said("bash", "-c", script, home=tmp_path).split()


def test_bash_completes_the_list_of_a_sweep(tmp_path: Path) -> None:
    (tmp_path / "customers.txt").touch()
    script = f"""\
        cd {tmp_path} && . {COMPLETION}/bash/autodiscoverctl.bash
        COMP_WORDS=(autodiscoverctl sweep cust) COMP_CWORD=2
        $(complete -p autodiscoverctl | sed 's/.*-F //; s/ .*//')
        echo "${{COMPREPLY[@]}}" """
    assert said("bash", "-c", script, home=tmp_path).split() == ["customers.txt"]


@pytest.mark.parametrize("program", programs())
def test_fish_completes_options(program: str, tmp_path: Path) -> None:
    script = f"source {COMPLETION}/fish/{program}.fish; complete --do-complete '{program} --vers'"
    assert said("fish", "--no-config", "--command", script, home=tmp_path).startswith("--version")


@pytest.mark.parametrize("program", programs())
def test_zsh_completes_options(program: str, tmp_path: Path) -> None:
    """As on a terminal: keys are pressed, and one more that tells what stands on the line."""
    script = rf"""
        zmodload zsh/zpty
        zpty terminal zsh -f -i
        zpty -w terminal 'PROMPT=; fpath=({COMPLETION}/zsh $fpath); autoload -U compinit && compinit -D -u
            tell() {{ print -r -- "<$BUFFER>" }}; zle -N tell; bindkey "^T" tell; echo re""ady'
        zpty -r terminal seen '*ready*'
        zpty -n -w terminal $'{program} --vers\t\x14'
        zpty -r terminal seen '*<{program} --version >*' && print completed
        zpty -d terminal"""
    assert said("zsh", "-f", "-c", script, home=tmp_path) == "completed\n"


@pytest.mark.parametrize("program", programs())
def test_man_shows_the_page_without_a_warning(program: str, tmp_path: Path) -> None:
    shown = said("man", "--warnings", "-l", str(FOLDER / "man" / f"{program}.1"), home=tmp_path)
    assert re.search(r"^NAME\n +" + program, shown, re.MULTILINE)
    assert "--version" in shown


def local_check(world: World, domains: str, plugin: str) -> list[str]:
    """The lines of the shipped local check of these domains, by this plugin and its options."""
    script = world.folder / "autodiscover"
    text = re.sub(r"^domains=.*$", f"domains='{domains}'", LOCAL, flags=re.MULTILINE)
    script.write_text(re.sub(r"^plugin=.*$", f"plugin='{plugin}'", text, flags=re.MULTILINE))
    return world.namespace.run(*world.with_resolver(INSIDE, ("sh", str(script)))).stdout.splitlines()


def test_checkmks_local_check_is_one_line_a_domain(world: World) -> None:
    """`STATE "SERVICE" METRICS TEXT`, whatever the plugin has to say in how many lines."""
    publish_by_srv(world)
    plugin = f"{world.plugins()}/check_autodiscover -S remote.contoso.test -r {world.authority.anchor}"
    healthy, missing = local_check(world, "contoso.test missing.test", plugin)
    assert healthy.startswith(
        '0 "Autodiscover contoso.test" - AUTODISCOVER OK - contoso.test: srv to remote.contoso.test'
    )
    assert missing.startswith('2 "Autodiscover missing.test" - AUTODISCOVER CRITICAL - missing.test')
    assert r"\n  Fix: " in missing


def test_checkmks_local_check_of_a_plugin_that_is_not_there_is_unknown_and_says_so(world: World) -> None:
    publish_by_srv(world)
    (line,) = local_check(world, "contoso.test", f"{world.folder}/check_autodiscover")
    assert re.fullmatch(r'3 "Autodiscover contoso\.test" - .*/check_autodiscover: not found', line)
