"""Whole outputs kept as files: `pytest tests/plugin --update-golden` writes them anew, to be read in the diff."""

from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).with_name("golden")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/plugin/golden anew")


@pytest.fixture
def assert_golden(pytestconfig: pytest.Config) -> Callable[[str, str], None]:
    """Hold a text to the file of this name."""
    # This file is read too late to add an option where pytest is started for all of the tests.
    update = pytestconfig.getoption("--update-golden", default=False)

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if update:
            path.write_text(f"{text}\n", encoding="ascii")
        assert f"{text}\n" == path.read_text(encoding="ascii")

    return check
