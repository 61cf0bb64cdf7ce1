"""Who is outside the core comes in by its doors; what comes in by the window is listed, and the list only shrinks."""

import ast
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).parents[2]
CORE = "check_autodiscover.core"
DOORS = ("model", "verdict.judge", "analysis.plan", "analysis.drift", "rules.catalogue", "redaction")
"""What is meant for front ends and probes; below each of them everything is."""

WINDOWS = {
    "analysis.assessment": {
        "autodiscover_exporter.pages.domain",
        "autodiscover_exporter.pages.evidence",
        "check_autodiscover.ctl.diagnose",
        "check_autodiscover.output.details",
        "check_autodiscover.output.steps",
    },
    "analysis.contacts": {"autodiscover_exporter.pages.evidence", "check_autodiscover.output.steps"},
    "analysis.endpoints": {"autodiscover_exporter.pages.evidence", "check_autodiscover.output.steps"},
    "analysis.lookups": {
        "autodiscover_exporter.pages.evidence",
        "check_autodiscover.checker.checker",
        "check_autodiscover.output.details",
    },
    "analysis.replies": {"check_autodiscover.output.details", "check_autodiscover.output.steps"},
    "analysis.walks": {
        "autodiscover_exporter.pages.evidence",
        "autodiscover_exporter.pages.site",
        "check_autodiscover.ctl.diagnose",
        "check_autodiscover.output.details",
        "check_autodiscover.output.steps",
    },
    "rules.phrases": {
        "autodiscover_exporter.pages.domain",
        "autodiscover_exporter.pages.evidence",
        "check_autodiscover.ctl.baseline_command",
        "check_autodiscover.output.details",
        "check_autodiscover.output.steps",
    },
    "rules.rule": {"autodiscover_exporter.pages.site", "check_autodiscover.ctl.rules_command"},
    "verdict.grading": {"autodiscover_exporter.pages.domain"},
}
"""Modules that are used from outside beside the doors, with who uses them: they close when the Report carries what was
judged."""


def _sources() -> Iterator[tuple[str, Path]]:
    for top, package in ((TOP, "check_autodiscover"), (TOP / "exporter", "autodiscover_exporter")):
        for path in sorted((top / package).rglob("*.py")):
            name = ".".join(path.relative_to(top).with_suffix("").parts).removesuffix(".__init__")
            if not name.startswith(CORE):
                yield name, path


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(CORE):
            below = TOP.joinpath(*node.module.split("."))
            for alias in node.names:
                is_module = (below / f"{alias.name}.py").exists()
                yield f"{node.module}.{alias.name}" if is_module else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith(CORE))


def _through_windows() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, path in _sources():
        for module in _imported(path):
            inner = module.removeprefix(f"{CORE}.")
            if not any(inner == door or inner.startswith(f"{door}.") for door in DOORS):
                found.setdefault(inner, set()).add(name)
    return found


def test_nobody_uses_more_of_the_core_than_its_doors_and_what_is_listed() -> None:
    assert _through_windows() == WINDOWS
