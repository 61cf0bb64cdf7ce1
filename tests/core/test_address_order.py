"""Addresses stand in one order, whatever order they were answered in."""

from itertools import permutations

import pytest

from check_autodiscover.core.model.addresses import in_order


@pytest.mark.parametrize(
    "ordered",
    [
        ("10.0.0.2", "10.0.0.10", "192.0.2.1"),
        ("2001:db8::2", "2001:db8::10", "2001:db8:1::"),
        ("192.0.2.1", "::1", "2001:db8::1"),
        ("192.0.2.1", "::1", "neither", "nor"),
    ],
)
def test_addresses_stand_by_version_and_number_and_what_is_none_last(ordered: tuple[str, ...]) -> None:
    assert {in_order(each) for each in permutations(ordered)} == {ordered}
