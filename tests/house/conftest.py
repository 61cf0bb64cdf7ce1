"""`pytest tests/house --update-readme` puts the plugin's real output into README.md, to be read in the diff."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-readme", action="store_true", help="write the output that README.md shows anew")
