"""Each row of the failure-mode catalogue is proven by a test that names it; `row_proofs` prints which."""

import ast

import pytest

from check_autodiscover.core.rules.catalogue import CATALOGUE
from tests.house.row_proofs import ON_DAEMONS, ROWS, named_in, proofs

RESERVED = frozenset[int]()
"""Rows that no test names yet: whoever proves one takes it out."""

PROOFS = proofs()


def test_a_row_is_proven_or_reserved_and_not_both() -> None:
    assert set(PROOFS) | RESERVED == set(ROWS)
    assert set(PROOFS) & RESERVED == set(), "take them out of RESERVED"


@pytest.mark.parametrize("row", ON_DAEMONS, ids=lambda row: f"row {row}")
def test_a_row_about_dns_is_proven_on_real_daemons(row: int) -> None:
    assert [test for test in PROOFS[row] if test.startswith("stack/")]


def test_a_rule_is_about_rows_that_there_are() -> None:
    assert {row for rule in CATALOGUE for row in rule.rows} <= set(ROWS)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("def test_row_12_alone(): pass", {12}),
        ("def test_rows_52_and_53_of_redirects(): pass", {52, 53}),
        ('def test_it():\n    """Rows 25 to 28: all faces."""', {25, 26, 27, 28}),
        ('def test_it():\n    """Rows 2, 3 and 59."""', {2, 3, 59}),
        ('def test_it():\n    """Incident 34, rows 20 and 46 of the catalogue."""', {20, 46}),
        ('CASES = {"row 25, the detailed page": 1, "row 27": 2}', {25, 27}),
        ('"""Rows 25 and 28 of the catalogue."""', {25, 28}),
        ('def test_it():\n    """Incident 10."""\n    judge(incidents.row_10("srv"), {"row_11": "0"})', set()),
        ('def serve():\n    """Row 10."""', set()),
    ],
)
def test_rows_are_read_off_what_people_write(text: str, rows: set[int]) -> None:
    assert {row for row, _ in named_in(ast.parse(text))} == rows
