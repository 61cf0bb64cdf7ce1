"""Every command of the tutorial, the guides and the explanations does what its page says."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.docs.conftest import open_here
from tests.docs.console import How, blocks, fits
from tests.docs.reader import Reader

TOP = Path(__file__).parents[2]
PAGES = sorted(page for page in (*TOP.glob("*.md"), *TOP.glob("docs/**/*.md")) if blocks(page))
PROGRAMS = ("ip", "curl", "prometheus", "promtool", "prometheus-alertmanager", "amtool", "jq")

NOT_RUN = {
    "docs/tutorial/README.md": ["it installs from a package index", "it installs Debian's packages"],
}
"""Why some blocks are not run, by their pages."""


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """One who has not read anything yet; skips, or fails under CI, where pages cannot be read so."""
    with ExitStack() as stack:
        namespace = open_here(stack, *PROGRAMS)
        reader = Reader(namespace, tmp_path, stack)
        reader.settle()
        yield reader


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
