"""`python -m check_autodiscover.ctl`."""

from check_autodiscover.ctl.main import run

run()
