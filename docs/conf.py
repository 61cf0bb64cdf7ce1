"""How Sphinx makes the documentation site of the pages: `make site`, into build/site.

The source folder is the project's, so that a link leads to the same file here and on a Git host. The order of the pages
stands here and not in them, as a `toctree` is noise to whoever reads Markdown.
"""

from collections.abc import Iterable
from pathlib import Path

from sphinx.application import Sphinx

from check_autodiscover import __version__

TOP = Path(__file__).parents[1]

project = "check_autodiscover"
release = version = __version__
html_title = f"{project} {__version__}"
html_show_copyright = False
html_show_sphinx = False

root_doc = "docs/README"
extensions = ["myst_parser"]
include_patterns = ["docs/**.md", "*.md"]
exclude_patterns = [".*", "build", "dist", "packaging", "tests", "**/*.egg-info"]
myst_heading_anchors = 4
myst_enable_extensions = ["html_image"]
html_theme = "furo"
html_theme_options = {"source_view_link": "", "top_of_page_buttons": []}
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
# Options are typed as they stand, and what programs print is no Python.
smartquotes = False
highlight_language = "text"

SECTIONS = {
    "Start": ("../README", "tutorial/README", "install"),
    "Guides": (
        "howto/README",
        "howto/srv-and-single-name-certificate",
        "howto/split-dns",
        "howto/catch-all",
        "howto/hybrid-and-exchange-online",
        "howto/satellites",
        "howto/thousands-of-domains",
        "howto/private-ca",
    ),
    "Run it": ("sweep", "exporter", "nagios", "icinga", "prometheus", "grafana"),
    "Reference": (
        "rules/README",
        "options",
        "configuration",
        "metrics",
        "performance-data",
        "clients",
        "certificates",
    ),
    "Explanations": (
        "explanation/README",
        "explanation/how-clients-walk",
        "explanation/why-srv-is-last",
        "explanation/sizing",
    ),
    "The project": ("design", "performance", "dependencies", "packaging", "../CONTRIBUTING", "../CHANGELOG"),
}
"""The pages in the menu, from the index's folder; whatever is in no section stands at its end."""

REST = "More"


def add_menu(_app: Sphinx, name: str, source: list[str]) -> None:
    """Append to the index what makes the menu of it, and to the rules' index its pages."""
    if name == root_doc:
        listed = {page for pages in SECTIONS.values() for page in pages}
        rest = sorted({file.stem for file in TOP.glob("docs/*.md")} - listed - {"README"})
        menu = SECTIONS | ({REST: tuple(rest)} if rest else {})
        source[0] += "".join(_toctree(caption, pages) for caption, pages in menu.items())
    elif name == "docs/rules/README":
        source[0] += _toctree("", sorted(file.stem for file in TOP.glob("docs/rules/*-*.md")))


def _toctree(caption: str, pages: Iterable[str]) -> str:
    options = ":hidden:\n" + (f":caption: {caption}\n" if caption else "")
    return "\n```{toctree}\n" + options + "\n" + "\n".join(pages) + "\n```\n"


def add_front_door(app: Sphinx, error: Exception | None) -> None:
    """Lead from the site's folder to the index."""
    if error is None:
        door = f'<!doctype html><meta http-equiv="refresh" content="0; url={root_doc}.html"><title>{project}</title>\n'
        Path(app.outdir, "index.html").write_text(door, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Sphinx calls it."""
    app.connect("source-read", add_menu)
    app.connect("build-finished", add_front_door)
