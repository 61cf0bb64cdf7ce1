"""The demonstration shows the installed programs at work, and fails when a verdict is not the promised one."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from check_autodiscover.core.model.states import State
from check_autodiscover.lab.demo import demonstrate, main
from check_autodiscover.lab.world import Verdict
from check_autodiscover.lab.worlds import world_named

PROJECT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """This checkout's programs, whatever is installed and wherever the tests are started."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(PROJECT), str(PROJECT / "exporter"))))


def test_a_world_is_shown_with_its_command_its_output_and_its_scrape(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenario-1-wildcard"]) == 0
    told = capsys.readouterr().out
    assert "\n$ check_autodiscover -H contoso.com --view inside=127.0.0.1:" in told
    assert "\nAUTODISCOVER CRITICAL - contoso.com: outside, catch-all *.contoso.com answers " in told
    assert "\nautodiscover_exit_code 2" in told
    assert told.count("--- as expected: exit code 2, dns-wildcard-captures-autodiscover") == 2


@pytest.mark.parametrize(
    "promised", [Verdict(State.OK), Verdict(State.CRITICAL, "certificate-expired")], ids=["exit code", "root"]
)
def test_a_broken_promise_is_found_by_the_plugin_and_by_the_scrape(promised: Verdict) -> None:
    came = "scenario-1-wildcard: exit code 2, dns-wildcard-captures-autodiscover instead of exit code "
    mismatches = demonstrate([replace(world_named("scenario-1-wildcard"), verdict=promised)])
    assert [mismatch.startswith(came) for mismatch in mismatches] == [True, True]


def test_an_unknown_world_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no-such"]) == 2
    assert capsys.readouterr().out == "no such world: no-such\n"
