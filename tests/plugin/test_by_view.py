"""What several views say, as one text: the same words once, addresses and other words with their views."""

import pytest

from check_autodiscover.output.text import told_by_view


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({}, ""),
        ({"inside": "Remove it."}, "Remove it."),
        ({"inside": "Remove it.", "outside": "Remove it."}, "Remove it."),
        (
            {"inside": "Correct it to 10.0.0.2 (mail).", "outside": "Correct it to 192.0.2.1 (mail)."},
            "Correct it to 10.0.0.2 inside and 192.0.2.1 outside (mail).",
        ),
        (
            {"inside": "to 2001:db8::1, 10.0.0.2.", "dmz": "to 192.0.2.1.", "outside": "to 192.0.2.1."},
            "to 2001:db8::1, 10.0.0.2 inside and 192.0.2.1 dmz and outside.",
        ),
        (
            {"inside": "Publish it.", "dmz": "Remove 10.0.0.2.", "outside": "Publish it."},
            "inside and outside: Publish it. dmz: Remove 10.0.0.2.",
        ),
    ],
)
def test_each_view_has_its_own_addresses_and_words(texts: dict[str, str], told: str) -> None:
    assert told_by_view(texts) == told
