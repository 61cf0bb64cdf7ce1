"""Every command of the tutorial, the guides and the explanations does what its page says."""

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import pytest

from tests.docs.console import How, blocks, fits
from tests.docs.reader import Reader
from tests.stack.namespace import open_namespace

TOP = Path(__file__).parents[2]
PAGES = sorted(page for page in (*TOP.glob("*.md"), *TOP.glob("docs/**/*.md")) if blocks(page))
PROGRAMS = ("ip", "curl", "prometheus", "promtool", "prometheus-alertmanager", "amtool", "jq")

NOT_RUN = {
    "docs/tutorial/README.md": ["it installs from a package index", "it installs Debian's packages"],
}
"""Why some blocks are not run, by their pages."""

numbers = itertools.count()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """One who has not read anything yet; skips, or fails under CI, where pages cannot be read so."""
    if lack := [program for program in PROGRAMS if shutil.which(program) is None]:
        refuse(f"{', '.join(lack)} not installed")
    with ExitStack() as stack:
        try:
            namespace = stack.enter_context(open_namespace(f"ca-page-{os.getpid()}-{next(numbers)}"))
        except subprocess.CalledProcessError as error:
            refuse(f"no namespace: {error.stderr.decode().strip()}")
        reader = Reader(namespace, tmp_path, stack)
        reader.settle()
        yield reader


def refuse(reason: str) -> NoReturn:
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_what_a_page_tells_to_type_does_what_it_says(page: Path, reader: Reader) -> None:
    for block in blocks(page):
        reader.do(block)


def test_whatever_is_not_run_has_a_reason() -> None:
    told = {
        str(page.relative_to(TOP)): [item.word for item in blocks(page) if item.how is How.NOT_RUN] for page in PAGES
    }
    assert {page: reasons for page, reasons in told.items() if reasons} == NOT_RUN


@pytest.mark.parametrize(
    ("output", "shown", "expected"),
    [
        ("one\ntwo\n", "one\ntwo", True),
        ("one\ntwo\n", "one", False),
        ("one\ntwo\n", "two", False),
        ("one 1.5 s\n", "one … s", True),
        ("one\ntwo\n", "one…two", False),
        ("one\ntwo\nthree\n", "one\n…\nthree", True),
        ("one\nthree\n", "one\n…\nthree", True),
        ("one\nthree\n", "…", True),
        ("", "", True),
        ("one\n", "", False),
    ],
)
def test_dots_stand_for_anything_and_all_else_for_itself(output: str, shown: str, expected: bool) -> None:
    assert fits(output, shown) == expected
