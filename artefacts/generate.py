"""Writes all artefacts: `make artefacts`.

The files are committed, so that packages need no generator; a test holds them equal to what this makes of the tables.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from artefacts import checkmk, completion, icinga2, man_pages, nagios
from artefacts.grafana import files as grafana
from artefacts.prometheus import files as prometheus
from artefacts.prometheus import operator

__all__ = ["FAMILIES", "FOLDER", "artefacts", "main"]

FOLDER = Path(__file__).parent.parent / "packaging"

FAMILIES: Mapping[str, Callable[[], Mapping[str, str]]] = {
    "checkmk": checkmk.artefacts,
    "completion": completion.artefacts,
    "grafana": grafana.artefacts,
    "icinga2": icinga2.artefacts,
    "kubernetes/prometheus-operator/rules": operator.artefacts,
    "man": man_pages.artefacts,
    "nagios": nagios.artefacts,
    "prometheus": prometheus.artefacts,
}
"""By folder below `packaging/` what makes its files: a text for each path in it. Other files are written by hand."""


def artefacts() -> dict[str, str]:
    """Every generated file's text, by its path below `packaging/`."""
    made = {folder: make() for folder, make in FAMILIES.items()}
    return {f"{folder}/{path}": text for folder, texts in made.items() for path, text in texts.items()}


def main() -> None:
    """Write them."""
    for path, text in artefacts().items():
        target = FOLDER / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
