"""The patterns of the core and the probes read what strangers wrote, so none may take time quadratic in its length."""

import re
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from check_autodiscover.core.analysis.replies import SIGNS

HOUSE = Path(__file__).parents[2]
ROOMS = ("check_autodiscover/core", "check_autodiscover/probes")
# The library's own reading of a pattern; it has no public name.
parser: Any = import_module("re._parser")

Course = tuple[str, ...]
"""What a match goes through in turn: single characters, and loops that may give characters back."""

ONE, LOOP = "one", "loop"
_CHARACTERS = (parser.LITERAL, parser.NOT_LITERAL, parser.ANY, parser.IN)
_LOOPS = (parser.MAX_REPEAT, parser.MIN_REPEAT)


def courses(parsed: Any) -> list[Course]:
    """Every course that a parsed pattern allows; a loop over more than a character is gone through twice."""
    found: list[Course] = [()]
    for kind, detail in parsed:
        found = [(*course, *more) for course in found for more in _steps(kind, detail)]
    return found


def _steps(kind: Any, detail: Any) -> list[Course]:
    if kind in _CHARACTERS:
        return [(ONE,)]
    if kind is parser.SUBPATTERN:
        return courses(detail[-1])
    if kind is parser.BRANCH:
        return [course for each in detail[1] for course in courses(each)]
    if kind is parser.POSSESSIVE_REPEAT:
        return [(ONE,) * min(detail[0], 1)]
    return _repeated(*detail) if kind in _LOOPS else [()]


def _repeated(least: int, most: int, body: Any) -> list[Course]:
    once = courses(body)
    if most is not parser.MAXREPEAT:
        return once if least else [(), *once]
    return [(LOOP,)] if once == [(ONE,)] else [(), *(course * 2 for course in once)]


def quadratic(pattern: str) -> bool:
    """Whether two loops stand beside each other, and may share the same characters in as many ways as there are."""
    return any(pair == (LOOP, LOOP) for course in courses(parser.parse(pattern)) for pair in pairwise(course))


def _patterns() -> Iterator[str]:
    for path in sorted(each for room in ROOMS for each in (HOUSE / room).rglob("*.py")):
        if "re.compile(" in path.read_text("utf-8"):
            module = import_module(".".join(path.relative_to(HOUSE).with_suffix("").parts))
            yield from (each.pattern for each in vars(module).values() if isinstance(each, re.Pattern))
    yield from (sign.pattern for sign in SIGNS)


@pytest.mark.parametrize("pattern", sorted(set(_patterns())))
def test_no_two_loops_of_a_pattern_share_the_same_characters(pattern: str) -> None:
    assert not quadratic(pattern)


@pytest.mark.parametrize("pattern", [r"\s*(?:a)?\s*<", r"(?:a+)*b", r"(?:x|\d*)[0-9]+", r"(?:a*b?)*c"])
def test_a_quadratic_pattern_is_seen(pattern: str) -> None:
    assert quadratic(pattern)


@pytest.mark.parametrize("pattern", [r"\s*+(?:a)?\s*<", r"\s*:\s*x", r"(?:[^/]+/)*a", r"(?:a*+b?)*c"])
def test_a_linear_pattern_is_told_from_it(pattern: str) -> None:
    assert not quadratic(pattern)
