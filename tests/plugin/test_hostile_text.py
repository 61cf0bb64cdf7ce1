"""What `sanitize` lets through, and what becomes of the rest."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.output.terminal import sanitize, shorten

any_text = st.text(st.characters(codec=None, exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (
            'autodiscover.contoso.com (192.0.2.1): it\'s "fine" [x]',
            'autodiscover.contoso.com (192.0.2.1): it\'s "fine" [x]',
        ),
        ("a|b", r"a\x7cb"),
        ("<b>", r"\x3cb\x3e"),
        ("a\r\n\tb\x00\x7f", r"a\x0d\x0a\x09b\x00\x7f"),
        ("\x85\x9b", r"\x85\x9b"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("a\u200bb\u2028c", r"a\u200bb\u2028c"),
        ("\udc80", r"\udc80"),
        ("b\u00fccher \U0001f600", r"b\xfccher \U0001f600"),
        (r"C:\x7c", r"C:\x5cx7c"),
    ],
)
def test_what_could_do_harm_is_shown_as_an_escape(text: str, cleaned: str) -> None:
    assert sanitize(text) == cleaned


@given(any_text, st.integers(min_value=20, max_value=60))
def test_any_text_leaves_as_one_short_line_of_harmless_ascii(text: str, limit: int) -> None:
    cleaned = sanitize(text, limit)
    assert re.fullmatch(r"[ -;=?-{}~]*", cleaned)
    assert len(cleaned) <= limit


@given(any_text)
def test_nothing_is_lost_of_a_text_that_fits(text: str) -> None:
    def original(match: re.Match[str]) -> str:
        return chr(int(match[1][1:], 16))

    cleaned = sanitize(text, 10 * len(text) + 10)
    assert re.sub(r"\\(x..|u.{4}|U.{8})", original, cleaned) == text


@given(any_text, st.integers(min_value=20, max_value=60))
def test_a_text_that_is_cut_says_so_and_ends_in_no_half_escape(text: str, limit: int) -> None:
    whole = sanitize(text, 10 * len(text) + 10)
    cut = shorten(whole, limit)
    if cut != whole:
        assert cut.endswith("...")
        assert not re.search(r"\\(x.?|u.{0,3}|U.{0,7})?$", cut.removesuffix("..."))
