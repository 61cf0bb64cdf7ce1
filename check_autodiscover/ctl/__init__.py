"""`autodiscoverctl`, the tool for people; the console script calls `run`."""

from check_autodiscover.ctl.main import main, run

__all__ = ["main", "run"]
