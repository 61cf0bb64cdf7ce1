"""The container's health check tells an exporter that answers from one that does not."""

import subprocess
import sys

from tests.exporter.exporter_process import ANY_PORT, ENVIRONMENT, TIMEOUT, address_of, started

ALIVE = (sys.executable, "-m", "autodiscover_exporter.healthcheck")


def asked(url: str) -> tuple[int, str]:
    done = subprocess.run((*ALIVE, url), env=ENVIRONMENT, capture_output=True, text=True, timeout=TIMEOUT)
    return done.returncode, done.stderr


def test_an_exporter_that_answers_is_alive_and_one_that_has_ended_is_not() -> None:
    with started(ANY_PORT) as process:
        url = f"http://{address_of(process)}/-/healthy"
        assert asked(url) == (0, "")
        process.terminate()
        process.wait(TIMEOUT)
        exit_code, words = asked(url)
    assert (exit_code, "does not answer" in words) == (1, True)


def test_another_answer_than_200_is_no_sign_of_life() -> None:
    with started(ANY_PORT) as process:
        assert asked(f"http://{address_of(process)}/nowhere") == (1, "")
