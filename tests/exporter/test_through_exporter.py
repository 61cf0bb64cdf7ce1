"""The plugin through the exporter says what the plugin itself says, of every world of the lab."""

import re

import pytest

from check_autodiscover import plugin
from check_autodiscover.checker.checker import DomainChecker
from check_autodiscover.config.file import load_configuration
from check_autodiscover.from_exporter.command import asked
from check_autodiscover.lab.running import Lab, running
from check_autodiscover.lab.world import World
from check_autodiscover.lab.worlds import WORLDS, world_named
from tests.exporter.conftest import Serving, Start

NUMBER = re.compile(r"=[0-9.]+s")


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_a_world_is_told_as_the_plugin_tells_it(world: World, start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    with running(world) as lab, start(DomainChecker(), load_configuration(str(lab.configuration))) as serving:
        here = (plugin.main([*lab.command, "--no-perfdata"]), capsys.readouterr().out)
        there = _through(serving, lab, "--no-perfdata")
    assert here[0] == world.verdict.state.exit_code
    assert there == here


@pytest.mark.parametrize("options", [(), ("-v",), ("-o", "log")])
def test_each_form_is_told_as_the_plugin_tells_it(
    options: tuple[str, ...], start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    world = world_named("scenario-1-wildcard")
    with running(world) as lab, start(DomainChecker(), load_configuration(str(lab.configuration))) as serving:
        here = (plugin.main([*lab.command, *options, "-t", "9.5s"]), capsys.readouterr().out)
        there = _through(serving, lab, *options)
    assert [_without_times(*told) for told in (there, here)] == [_without_times(*here)] * 2


def _through(serving: Serving, lab: Lab, *options: str) -> tuple[int, str]:
    told = asked(("--from-exporter", f"http://127.0.0.1:{serving.port}", "-H", lab.world.domain, *options))
    assert told is not None
    return told[0], f"{told[1]}\n"


def _without_times(exit_code: int, text: str) -> tuple[int, str]:
    """What a run took is another run's to take."""
    return exit_code, NUMBER.sub("=#s", text)
