"""The exporter takes the open files that it may have, whatever the soft limit of whoever starts it."""

import subprocess
import sys

import pytest

from tests.exporter.exporter_process import ENVIRONMENT

SCRIPT = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
from autodiscover_exporter.main import raise_limit
raise_limit()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(("soft", "hard"), [(128, 512), (512, 512)])
def test_soft_limit_is_raised_to_the_hard_one_and_no_further(soft: int, hard: int) -> None:
    command = [sys.executable, "-c", SCRIPT, str(soft), str(hard)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["512", "512"]
