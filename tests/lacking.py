"""What a test does where a machine lacks what it needs."""

import os
from typing import NoReturn

import pytest

__all__ = ["refuse"]


def refuse(reason: str) -> NoReturn:
    """Skip, or fail under CI, where nothing may be skipped."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
