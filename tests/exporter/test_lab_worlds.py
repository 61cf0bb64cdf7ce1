"""The whole way, from a configuration file over a real run in the embedded lab to the exposition."""

import asyncio
from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from autodiscover_exporter.results.result import render_measures
from check_autodiscover.checker.checker import DomainChecker
from check_autodiscover.config.file import load_configuration
from check_autodiscover.lab.running import running
from check_autodiscover.lab.world import World
from check_autodiscover.lab.worlds import WORLDS, world_named

MOST_SERIES = 120
"""Series that one domain with two views may have (contract section 2)."""

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_a_world_is_exposed_with_its_verdict(world: World) -> None:
    samples = _samples(_exposed(world))
    state = world.verdict.state
    assert samples["autodiscover_exit_code", ()] == state.exit_code
    assert samples["autodiscover_state", (("state", state.value.lower()),)] == 1
    assert samples["probe_success", ()] == (state.exit_code < 2)
    assert _roots(samples) >= ({world.verdict.root} if world.verdict.root else set())


@pytest.mark.parametrize("name", ["scenario-1-wildcard", "one-address-of-two", "resolver-dead"])
def test_promtool_has_nothing_to_complain_about(name: str, complaints: Callable[[bytes], str]) -> None:
    assert complaints(_exposed(world_named(name))) == ""


def test_a_healthy_domain_has_no_more_series_than_promised() -> None:
    assert len(_samples(_exposed(world_named("healthy-srv")))) <= MOST_SERIES


def _exposed(world: World) -> bytes:
    with running(world) as lab:
        module = load_configuration(str(lab.configuration)).settled()
        report = asyncio.run(DomainChecker()(world.domain, module, module.policy.timeout))
    return render_measures(report.measures)


def _samples(exposition: bytes) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(exposition.decode())
        for sample in family.samples
    }


def _roots(samples: Samples) -> set[str]:
    findings = [dict(labels) for name, labels in samples if name == "autodiscover_finding"]
    return {labels["rule"] for labels in findings if labels["role"] == "root"}
