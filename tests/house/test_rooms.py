"""A module of the programs, their documents and artefacts holds one idea, which 600 lines suffice for."""

from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
MODULES = sorted(
    path
    for room in ("check_autodiscover", "exporter", "artefacts", "docs", "bench")
    for path in (HOUSE / room).rglob("*.py")
)
LONGEST = 600


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_module_is_no_longer_than_600_lines(module: Path) -> None:
    assert len(module.read_text("utf-8").splitlines()) <= LONGEST
