"""The Prometheus exporter; the console script calls `run`."""

import sys

from check_autodiscover.settings import install_command

__all__ = ["run"]


def run() -> None:
    """The console script. It is installed with the plugin, whose packages it needs more than."""
    try:
        from autodiscover_exporter.main import run as start
    except ModuleNotFoundError as error:
        sys.exit(
            f"autodiscover_exporter: {error.name} is missing, of the extra 'exporter': {install_command('exporter')}"
        )
    start()
