"""Work grows with the input and not faster, in every parser and in the judgement: counted in calls, not in seconds."""

import sys
from collections.abc import Callable

import pytest

from bench.growth import ROWS, Row

MOST_CALLS = 6_000_000
"""With all that is let in. The dearest, JSON for a person who asks for it, takes 5.3 million."""

MOST_CALLS_OF_JUDGEMENT = 3_000_000
"""Names compared with names as often as there are connections took 5.3 million; it takes 1.6."""

SLACK = 2_000
"""Calls that an import or a first use may cost."""


def _calls(work: Callable[[], object]) -> int:
    counted = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return counted


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_twice_the_input_is_at_most_twice_the_work(row: Row) -> None:
    name, most, make = row
    make(most // 16)()
    half, whole = _calls(make(most // 2)), _calls(make(most))
    assert whole <= 2.2 * half + SLACK
    assert whole <= (MOST_CALLS_OF_JUDGEMENT if name.startswith("judgement") else MOST_CALLS)
