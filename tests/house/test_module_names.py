"""Modules that something else than Python names exist: a container's health check, a page, a Makefile."""

import importlib.util
import re
from pathlib import Path

TOP = Path(__file__).parents[2]
NAMED = re.compile(r"""-m["', ]+((?:check_autodiscover|autodiscover_exporter|bench|docs|artefacts)(?:\.\w+)*)""")
PLACES = ("packaging", "docs", ".ci", "requirements", "Makefile", "README.md", "CONTRIBUTING.md")


def test_every_module_that_is_started_by_name_is_there() -> None:
    files = [
        file for place in PLACES for file in ((TOP / place).rglob("*") if (TOP / place).is_dir() else [TOP / place])
    ]
    found: dict[str, str] = {}
    for file in files:
        if file.is_file() and "__pycache__" not in file.parts:
            text = file.read_bytes().decode(errors="ignore")
            found.update((name, str(file.relative_to(TOP))) for name in NAMED.findall(text))
    assert "autodiscover_exporter.healthcheck" in found
    assert {name: file for name, file in found.items() if importlib.util.find_spec(name) is None} == {}
