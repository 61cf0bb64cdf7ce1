"""The documentation site is made of the pages without a network and a warning, and asks nothing of other hosts."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("sphinx", reason="not among the oldest versions")

TOP = Path(__file__).parents[2]

LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "srcset", "object": "data"}
"""What a browser fetches by itself, by the attribute that says from where."""


@dataclass(slots=True)
class Page(HTMLParser):
    """What one page links to, loads and can be linked to at."""

    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors.update(values[name] for name in ("id", "name") if name in values)
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if LOADED.get(tag) in values:
            self.loads.append(values[LOADED[tag]])


def alone() -> tuple[str, ...]:
    """What a command is begun with to have no network, where this user may do that."""
    prefix = ("unshare", "--net") if os.geteuid() == 0 else ("unshare", "--map-root-user", "--net")
    try:
        return prefix if subprocess.run((*prefix, "true"), capture_output=True).returncode == 0 else ()
    except FileNotFoundError:
        return ()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, made as `make site` does, without a network."""
    folder = tmp_path_factory.mktemp("made") / "site"
    command = (*alone(), sys.executable, "-m", "docs.site", str(folder))
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    """Every page of it, read."""
    return {file: read(file) for file in sorted(site.rglob("*.html"))}


def read(file: Path) -> Page:
    page = Page()
    page.feed(file.read_text(encoding="utf-8"))
    return page


def test_every_page_is_in_the_site(pages: dict[Path, Page], site: Path) -> None:
    made = {file.relative_to(site).with_suffix("") for file in pages}
    written = {file.relative_to(TOP).with_suffix("") for file in (*TOP.glob("*.md"), *TOP.glob("docs/**/*.md"))}
    assert written - made == set()


def test_no_page_and_no_style_loads_anything_from_another_host(pages: dict[Path, Page], site: Path) -> None:
    loaded = [url for page in pages.values() for url in page.loads]
    styles = [file.read_text(encoding="utf-8") for file in site.rglob("*.css")]
    loaded += [url.strip("'\"") for text in styles for url in re.findall(r"(?:url\(|@import\s+)([^);]+)", text)]
    assert loaded
    assert [url for url in loaded if urlsplit(url).netloc] == []


def test_no_script_of_it_asks_another_host(site: Path) -> None:
    asking = re.compile(r"""(?:fetch|open|import|XMLHttpRequest|sendBeacon)\(\s*["'](?:https?:)?//""")
    assert [file.name for file in site.rglob("*.js") if asking.search(file.read_text(encoding="utf-8"))] == []


def test_every_image_style_and_script_is_there(pages: dict[Path, Page]) -> None:
    loads = [(file, unquote(urlsplit(load).path)) for file, page in pages.items() for load in page.loads]
    # The page for searches names none where its script puts one later.
    assert [(file.name, path) for file, path in loads if path and not (file.parent / path).is_file()] == []


def test_every_link_leads_to_a_file_and_an_anchor_that_are_there(pages: dict[Path, Page]) -> None:
    assert list(broken(pages)) == []


def broken(pages: dict[Path, Page]) -> Iterator[str]:
    for file, page in pages.items():
        for link in page.links:
            url = urlsplit(link)
            if url.scheme or url.netloc:
                continue
            target = (file.parent / unquote(url.path)).resolve() if url.path else file
            if not target.is_file() or (url.fragment and unquote(url.fragment) not in pages[target].anchors):
                yield f"{file.name}: {link}"
