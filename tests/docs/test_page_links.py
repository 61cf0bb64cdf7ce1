"""Every link of a page leads somewhere where a Git host shows the pages: to a file, and to a heading of it."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

TOP = Path(__file__).parents[2]
PAGES = sorted((*TOP.glob("*.md"), *TOP.glob("docs/**/*.md")))

AWAY = frozenset({"https", "mailto"})
"""The schemes of links that lead away; nobody asks for them here."""


@cache
def tokens(page: Path) -> tuple[Token, ...]:
    """All of a page, flat."""
    top = MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))
    return tuple(token for each in top for token in (each, *(each.children or ())))


@cache
def headings(page: Path) -> frozenset[str]:
    """The anchors that a Git host makes of a page's headings: the second of a name gets `-1`."""
    seen: dict[str, int] = {}
    found = set()
    flat = tokens(page)
    for opening, text in pairwise(flat):
        if opening.type == "heading_open":
            words = "".join(part.content for part in text.children or ())
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            found.add(f"{slug}-{seen[slug]}" if seen.get(slug) else slug)
            seen[slug] = seen.get(slug, 0) + 1
    return frozenset(found)


def links(page: Path) -> Iterator[str]:
    for token in tokens(page):
        if target := token.attrGet("href") or token.attrGet("src"):
            yield str(target)
        elif token.type == "html_inline" and (found := re.search(r'\b(?:src|href)="([^"]+)"', token.content)):
            yield found[1]


def leads_somewhere(page: Path, link: str) -> bool:
    url = urlsplit(link)
    if url.scheme:
        return url.scheme in AWAY
    target = (page.parent / unquote(url.path)).resolve() if url.path else page
    if not target.exists() or not target.is_relative_to(TOP):
        return False
    return not url.fragment or (target.suffix == ".md" and unquote(url.fragment) in headings(target))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_every_link_of_a_page_leads_to_a_file_and_a_heading(page: Path) -> None:
    assert [link for link in links(page) if not leads_somewhere(page, link)] == []
