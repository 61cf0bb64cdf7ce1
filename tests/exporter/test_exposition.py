"""From a report to the text that Prometheus reads."""

from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from autodiscover_exporter.results.result import failure_measures, render_measures
from autodiscover_exporter.telemetry import ErrorReason, OwnMetrics
from check_autodiscover.config.file import ConfigurationError, load_configuration
from check_autodiscover.core.model.states import State
from tests.core.incidents import healthy, row_5, row_40, row_42
from tests.core.judging import verdict
from tests.core.worlds import World
from tests.exporter.reports import HEALTHY, HOSTILE, TRAPPED

GOLDEN = Path(__file__).with_name("golden")
EXPOSITIONS = {
    "healthy": render_measures(HEALTHY.measures),
    "trapped": render_measures(TRAPPED.measures),
    "hostile": render_measures(HOSTILE.measures),
    "failure": render_measures(failure_measures(ErrorReason.INTERNAL, 0.25, 9.5)),
}


def _own() -> bytes:
    own = OwnMetrics("1.2.3")
    own.count_verdict(State.CRITICAL, 0.25)
    own.count_error(ErrorReason.OVERRUN, 11)
    return own.render()


def _values(exposition: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(exposition.decode())
        for sample in family.samples
    }


@pytest.mark.parametrize("name", EXPOSITIONS)
def test_the_whole_exposition_is_as_written_down(name: str) -> None:
    assert EXPOSITIONS[name].decode() == (GOLDEN / f"{name}.prom").read_text()


@pytest.mark.parametrize("exposition", [*EXPOSITIONS.values(), _own()], ids=[*EXPOSITIONS, "own"])
def test_promtool_has_nothing_to_complain_about(exposition: bytes, complaints: Callable[[bytes], str]) -> None:
    assert complaints(exposition) == ""


def test_what_was_not_looked_at_has_no_series() -> None:
    assert b"autodiscover_dns_wildcard" not in EXPOSITIONS["healthy"]


def test_the_order_of_measures_does_not_change_the_exposition() -> None:
    assert render_measures(HEALTHY.measures) == render_measures(tuple(reversed(HEALTHY.measures)))


def test_hostile_text_stays_inside_its_label() -> None:
    assert [name for name, _ in _values(EXPOSITIONS["hostile"])] == ["autodiscover_certificate_info"]


def test_every_outcome_and_reason_exists_before_it_happens() -> None:
    values = _values(OwnMetrics("1.2.3").render())
    for outcome in ("ok", "warning", "critical", "unknown", "error"):
        assert values["autodiscover_exporter_probes_total", (("outcome", outcome),)] == 0
    for reason in ErrorReason:
        assert values["autodiscover_exporter_probe_errors_total", (("reason", reason.value),)] == 0


def test_a_probe_without_a_verdict_counts_as_an_error_with_its_reason() -> None:
    values = _values(_own())
    assert values["autodiscover_exporter_probes_total", (("outcome", "error"),)] == 1
    assert values["autodiscover_exporter_probe_errors_total", (("reason", "overrun"),)] == 1
    assert values["autodiscover_exporter_probes_total", (("outcome", "critical"),)] == 1
    assert values["autodiscover_exporter_probe_duration_seconds_count", ()] == 2


def test_no_series_says_when_a_counter_was_created() -> None:
    assert b"_created" not in _own()


@pytest.mark.parametrize("world", [row_5("srv"), row_40("host"), healthy("redirect"), row_42("srv")])
def test_no_label_of_ours_may_be_a_domains_own(world: World, tmp_path: Path) -> None:
    """Prometheus would rename ours, and every rule would look for the wrong one."""
    report = verdict(world.since(healthy("srv")))
    labels = {name for measure in report.measures if measure.metric for name, _ in measure.labels}
    file = tmp_path / "file.yml"
    for name in labels:
        file.write_text(f"domains: {{a.b: {{labels: {{{name}: x}}}}}}\n")
        with pytest.raises(ConfigurationError, match=f"labels.{name}: "):
            load_configuration(str(file))
