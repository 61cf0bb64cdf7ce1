"""The pages are spelt rightly, and what they show of our programs is what those take, also where no test types it."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from autodiscover_exporter.commandline import make_parser as exporter_parser
from check_autodiscover.config.commandline import make_parser as plugin_parser
from check_autodiscover.ctl.main import make_parser as ctl_parser

TOP = Path(__file__).parents[2]
MISSPELLINGS = Path(__file__).with_name("misspellings.txt")
PAGES = sorted((*TOP.glob("*.md"), *TOP.glob("docs/**/*.md"), *TOP.glob("check_autodiscover/core/rules/pages/*.md")))
SPELLING = (sys.executable, "-m", "codespell_lib", "--builtin", "clear,rare,informal", "--dictionary", "-")

TARGETS = set(re.findall(r"^([a-z-]+):", (TOP / "Makefile").read_text(), re.MULTILINE))
PLACEHOLDER = "[options]"


def misspelt(*pages: Path) -> str:
    pytest.importorskip("codespell_lib", reason="not among the oldest versions")
    command = (*SPELLING, "--dictionary", str(MISSPELLINGS), *map(str, pages))
    return subprocess.run(command, capture_output=True, text=True, cwd=TOP).stdout


def test_no_page_has_a_word_that_is_known_to_be_misspelt() -> None:
    assert misspelt(*PAGES) == ""


@pytest.mark.parametrize("word", ["recieve", "Exchnage", "Autodicover"])
def test_a_misspelt_word_is_found_ours_as_well(word: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"They {word} it.\n")
    assert word in misspelt(page)


def takes_ctl(words: Sequence[str]) -> None:
    _, rest = ctl_parser().parse_known_args(words)
    # The domain stands first where there is one, and all else is the plugin's.
    plugin_parser().parse_args(rest[1:])


def takes_make(words: Sequence[str]) -> None:
    assert {word for word in words if "=" not in word} <= TARGETS


TAKES: dict[str, Callable[[Sequence[str]], object]] = {
    "check_autodiscover": lambda words: plugin_parser().parse_args(words),
    "autodiscoverctl": takes_ctl,
    "autodiscover_exporter": lambda words: exporter_parser().parse_args(words),
    "make": takes_make,
}


def shown() -> Iterator[tuple[str, str]]:
    """Every command line of one of our programs in a block of a page."""
    for page in PAGES:
        for token in MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8")):
            if token.type != "fence":
                continue
            for line in re.sub(r"\\\n", " ", token.content).splitlines():
                words = line.removeprefix("$ ").split()
                if len(words) > 1 and words[0] in TAKES and PLACEHOLDER not in words and "{" not in line:
                    yield page.name, line.removeprefix("$ ")


@pytest.mark.parametrize(("page", "line"), sorted(set(shown())))
def test_a_command_line_that_a_page_shows_is_one_that_its_program_takes(page: str, line: str) -> None:
    typed = shlex.shlex(line.partition(" | ")[0].partition(" > ")[0], posix=True, punctuation_chars=False)
    typed.whitespace_split = True
    program, *words = typed
    TAKES[program](words)
