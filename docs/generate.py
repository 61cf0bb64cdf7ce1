"""Writes the reference documentation from the tables that the programs use: `make docs`.

The files are committed; a test holds them equal to what this makes of the tables.
"""

from pathlib import Path

from docs import client_pages, configuration_page, number_pages, option_page, rule_pages

__all__ = ["FOLDER", "documents", "main"]

FOLDER = Path(__file__).parent

_NOTICE = "<!-- Made by `make docs` from the programs' own tables: change those. -->\n\n"


def documents() -> dict[str, str]:
    """Every generated file's text, by its path in this folder."""
    pages = {
        **rule_pages.documents(),
        "clients.md": client_pages.clients(),
        "metrics.md": number_pages.metrics(),
        "performance-data.md": number_pages.performance_data(),
        "options.md": option_page.options(),
        "configuration.md": configuration_page.configuration(),
    }
    return {path: _NOTICE + text for path, text in pages.items()}


def main() -> None:
    """Write what has changed, remove pages of rules that are gone."""
    made = documents()
    for stale in {path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("rules/*.md")} - made.keys():
        (FOLDER / stale).unlink()
    for path, text in made.items():
        target = FOLDER / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
