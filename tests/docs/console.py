"""What a page tells its reader to type, and what it says will come of it.

A command is a line `$ ...` of a fenced `console` block, with lines `> ...` that go on with it; below it stands its
output, in which … is anything: some words of a line, or lines where it is alone. A comment before a block says more:

- `<!-- terminal: NAME -->`: its command is left running there, and what ran there before is ended as by Ctrl-C;
- `<!-- repeat -->`: its commands are repeated until the output has come;
- `<!-- not run: REASON -->`: nobody can here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

__all__ = ["Block", "Command", "How", "blocks", "fits"]

COMMENT = r"(?:^<!-- (?P<how>[a-z ]+?)(?:: (?P<word>[^\n]*?))? -->\n)?"
FENCE = re.compile(COMMENT + r"^```console\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class How(Enum):
    """What is done with a block."""

    RUN = "run"
    TERMINAL = "terminal"
    REPEAT = "repeat"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Command:
    """One command for a shell, and the output that the page shows."""

    text: str
    output: str


@dataclass(frozen=True, slots=True)
class Block:
    """A block's commands, and what is done with them; `word` is the terminal's name or the reason."""

    how: How
    word: str
    commands: tuple[Command, ...]


def blocks(page: Path) -> list[Block]:
    """All of a page, in order. Raises ValueError for a comment that says something else."""
    found = FENCE.finditer(page.read_text(encoding="utf-8"))
    return [Block(How(item["how"] or "run"), item["word"] or "", tuple(_commands(item["text"]))) for item in found]


def _commands(text: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        rest = next((number for number, line in enumerate(lines[1:], 1) if not line.startswith("> ")), len(lines))
        typed = (lines[0], *(line.removeprefix("> ") for line in lines[1:rest]))
        yield Command("\n".join(typed), "\n".join(lines[rest:]))


def fits(output: str, shown: str) -> bool:
    """Whether an output is what a page shows; spaces at the ends of lines do not count."""
    words = "".join(_pattern(line) for line in shown.splitlines())
    return re.fullmatch(words, "".join(f"{line.rstrip()}\n" for line in output.splitlines())) is not None


def _pattern(line: str) -> str:
    if line.strip() == "…":
        return r"(?:[^\n]*\n)*"
    return r"[^\n]*".join(re.escape(part) for part in line.rstrip().split("…")) + r"\n"
