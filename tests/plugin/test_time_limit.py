"""`-t` counts from the first moment of the process and ends it whatever it does; a verdict that is there is told."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from check_autodiscover.time_limit import limit_of
from tests.plugin.test_plugin_process import check

TOP = Path(__file__).parents[2]
SHORT = ("-H", "contoso.com", "-t", "0.5", "--view", "default=127.0.0.1:1")

SLEEP = "lambda *_, **__: __import__('time').sleep(999)"

# Stand-ins for a file on a server that has gone, and for an input that takes for ever to judge.
STUCK = {
    "the configuration": (
        f"import check_autodiscover.config.file as it; it.load_configuration = {SLEEP}",
        "reading the command line and the configuration",
        ("--config", "x"),
    ),
    "trust anchors": (
        f"import check_autodiscover.probes.trust as it; it._check_file = {SLEEP}",
        "looking at DNS and servers",
        ("--ca-file", "x"),
    ),
    "an import": (
        f"import check_autodiscover.checker.checker as it; it.survey_domain = {SLEEP}",
        "looking at DNS and servers",
        (),
    ),
    "a judgement that computes": (
        "import check_autodiscover.core.verdict.judge as it; it.judge = lambda *_, **__: [0 for _ in iter(int, 1)]",
        "judging what was seen",
        (),
    ),
}


@pytest.mark.parametrize("step", STUCK)
def test_the_process_ends_in_time_whatever_it_is_doing(step: str) -> None:
    first, doing, more = STUCK[step]
    done = check(*SHORT, *more, first=first)
    line = f"no verdict within 0.5 s, which were over while {doing} [check-timed-out]\n"
    assert done.stdout.removeprefix("AUTODISCOVER CRITICAL - ").removeprefix("contoso.com: ") == line
    assert (done.returncode, done.stderr) == (2, "")


@pytest.mark.parametrize(("word", "code"), [("ok", 0), ("WARNING", 1), ("2", 2), ("unknown", 3)])
def test_the_state_is_the_wanted_one_even_before_the_command_line_is_read(word: str, code: int) -> None:
    first, _, more = STUCK["the configuration"]
    done = check(*SHORT, *more, f"--timeout-result={word}", first=first)
    assert done.returncode == code


def test_the_time_of_a_configuration_holds_once_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "file.yml"
    file.write_text("modules: {default: {timeout: 500ms, timeout_result: unknown}}\n")
    first, _, _ = STUCK["a judgement that computes"]
    done = check("-H", "contoso.com", "--config", str(file), "--view", "default=127.0.0.1:1", first=first)
    assert (done.returncode, "within 0.5 s" in done.stdout) == (3, True)


def test_time_that_is_over_at_the_start_is_not_given_again() -> None:
    done = check(*SHORT[:2], "-t", "60", last="import time; plugin.main(started=time.monotonic() - 60)")
    assert (done.returncode, "within 60 s" in done.stdout) == (2, True)


def test_a_verdict_is_not_taken_back_while_it_is_printed() -> None:
    """The reader of the pipe comes late; the limit is over by then."""
    code = (
        f"import sys; sys.path.insert(0, {str(TOP)!r}); from check_autodiscover import plugin;"
        "real = plugin._print; plugin._print = lambda text: real(text + 'x' * 300_000); plugin.run()"
    )
    with subprocess.Popen((sys.executable, "-I", "-c", code, *SHORT), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = process.stdout.read(10)
        begun = time.monotonic()
        while time.monotonic() < begun + 0.6:
            threading.Event().wait(0.1)
        told += process.stdout.read()
    assert len(told) > 300_000
    assert process.returncode == 3


@pytest.mark.parametrize(
    ("words", "seconds", "late"),
    [
        ([], 10, 2),
        (["-t", "3"], 3, 2),
        (["-t3s"], 3, 2),
        (["--timeout=1m", "--timeout-result", "unknown"], 60, 3),
        (["-t", "3", "-t", "4"], 4, 2),
        (["-t"], 10, 2),
        (["-t", "never", "--timeout-result=perhaps"], 10, 2),
        (["--timeout-result=1"], 10, 1),
    ],
)
def test_what_a_command_line_asks_for_is_seen_before_it_is_read(words: list[str], seconds: float, late: int) -> None:
    limit = limit_of(words, float("inf"))
    assert (limit._seconds, limit._late) == (seconds, late)
