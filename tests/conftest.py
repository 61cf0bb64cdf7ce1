"""What holds for all tests: no verdict depends on how long anything takes."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
