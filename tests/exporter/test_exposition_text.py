"""Our text beside prometheus_client's: the same bytes, readable by its parsers, without a series given twice."""

import gzip
import math
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from autodiscover_exporter.endpoints.probe import OPENMETRICS, Unpacking, expose, expose_anew, wants_openmetrics
from autodiscover_exporter.results.result import OPENMETRICS_END, failure_measures, render_measures
from autodiscover_exporter.telemetry import ErrorReason, OwnMetrics
from autodiscover_exporter.web.messages import EXPOSITION
from check_autodiscover.core.model.metrics import METRICS, Measure
from check_autodiscover.core.verdict.judge import judge
from check_autodiscover.output.terminal import sanitize
from tests.house.rule_worlds import surveys

LABELS = ("view", "endpoint", "issuer")
MEASURES = st.lists(
    st.builds(
        Measure,
        metric=st.sampled_from([*METRICS][:5]),
        labels=st.tuples(*(st.text(max_size=6) for _ in LABELS)).map(
            lambda texts: tuple(zip(LABELS, texts, strict=True))
        )
        | st.just(()),
        value=st.none() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=True),
    ),
    max_size=8,
)


class Theirs(Collector):
    """The same measures, for the library to write down."""

    def __init__(self, measures: Iterable[Measure]) -> None:
        self.measures = [item for item in measures if item.metric and item.value is not None]

    def collect(self) -> Iterator[Metric]:
        for name in sorted({item.metric for item in self.measures}):
            mine = [item for item in self.measures if item.metric == name]
            series = {tuple((key, sanitize(text)) for key, text in item.labels): item.value for item in mine}
            family = GaugeMetricFamily(name, mine[0].help)
            for labels, value in sorted(series.items()):
                assert value is not None
                family.add_sample(name, dict(labels), value)
            yield family


def theirs(measures: Iterable[Measure]) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Theirs(measures))
    return generate_latest(registry)


def series(families: Iterable[Metric]) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    return [(each.name, tuple(sorted(each.labels.items()))) for family in families for each in family.samples]


def in_openmetrics(text: str) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    # The library left its parser without types.
    return series(openmetrics_families(text + OPENMETRICS_END.decode()))  # type: ignore[no-untyped-call]


@given(MEASURES)
def test_our_text_is_the_library_s_byte_for_byte(measures: list[Measure]) -> None:
    assert render_measures(measures) == theirs(measures)


@given(MEASURES)
def test_any_exposition_is_read_by_both_parsers_and_no_series_comes_twice(measures: list[Measure]) -> None:
    text = render_measures(measures).decode()
    found = series(text_string_to_metric_families(text))
    assert len(found) == len(set(found))
    assert in_openmetrics(text) == found


def test_reports_of_all_rules_are_written_and_read_alike() -> None:
    for survey in surveys():
        measures = judge(survey, now=survey.ended).measures
        text = render_measures(measures)
        assert text == theirs(measures)
        found = in_openmetrics(text.decode())
        assert len(found) == len(set(found)) > 0
        assert ("autodiscover_last_probe_timestamp_seconds", ()) in found


def test_values_are_spelt_as_prometheus_spells_them() -> None:
    values = (0, 1, 0.25, 1_700_000_000, math.inf, -math.inf, math.nan)
    measures = [
        Measure(metric="probe_success", labels=(("view", f"{n}"),), value=value) for n, value in enumerate(values)
    ]
    assert render_measures(measures) == theirs(measures)


KEPT = gzip.compress(render_measures(failure_measures(ErrorReason.INTERNAL, 0.25, 9.5)), mtime=0)
PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


def test_what_is_kept_is_sent_as_it_is() -> None:
    response = expose(KEPT, {"accept-encoding": "gzip"}, Unpacking())
    assert response.body is KEPT
    assert (response.headers["content-encoding"], response.content_type) == ("gzip", EXPOSITION)


def test_prometheus_gets_openmetrics() -> None:
    packed = expose(KEPT, {"accept": PROMETHEUS, "accept-encoding": "gzip"}, Unpacking())
    plain = expose(KEPT, {"accept": PROMETHEUS}, Unpacking())
    assert packed.content_type == plain.content_type == OPENMETRICS
    assert gzip.decompress(packed.body) == plain.body == gzip.decompress(KEPT) + b"# EOF\n"
    assert "content-encoding" not in plain.headers


def test_own_metrics_are_sent_as_the_scraper_takes_them() -> None:
    own = OwnMetrics("0")
    for accept, kind in (("", EXPOSITION), (PROMETHEUS, OPENMETRICS)):
        packed = expose_anew(own.render, {"accept": accept, "accept-encoding": "gzip"})
        plain = expose_anew(own.render, {"accept": accept})
        assert packed.content_type == plain.content_type == kind
        assert (packed.headers["content-encoding"], "content-encoding" in plain.headers) == ("gzip", False)
        read = openmetrics_families if kind == OPENMETRICS else text_string_to_metric_families
        for body in (gzip.decompress(packed.body), plain.body):
            assert ("autodiscover_exporter_build_info", (("version", "0"),)) in series(read(body.decode()))


@pytest.mark.parametrize("header", ["", "deflate", "gzip;q=0", "identity, gzip; q=0.0", "gzip;q=x", "*;q=0"])
def test_who_does_not_take_gzip_gets_none(header: str) -> None:
    assert expose(KEPT, {"accept-encoding": header}, Unpacking()).body == gzip.decompress(KEPT)


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", False),
        ("*/*", False),
        ("text/plain", False),
        ("application/openmetrics-text", True),
        ("Application/OpenMetrics-Text; Version=1.0.0", True),
        ("application/openmetrics-text;version=0.0.1", False),
        ("application/openmetrics-text;q=0", False),
        ("application/openmetrics-text;q=0.2, text/plain", False),
        (PROMETHEUS, True),
    ],
)
def test_openmetrics_is_for_those_who_ask_for_it(accept: str, wanted: bool) -> None:
    assert wants_openmetrics(accept) is wanted


def test_text_that_was_unpacked_lately_is_remembered_within_the_bytes_that_there_are() -> None:
    texts = [bytes([65 + number]) * 1000 for number in range(4)]
    kept = [gzip.compress(text, mtime=0) for text in texts]
    unpacking = Unpacking(most_bytes=3200)
    first = unpacking.text(kept[0])
    assert unpacking.text(kept[0]) is first
    for number in (1, 2, 0, 3):
        assert unpacking.text(kept[number]) == texts[number]
    # Of the three that there is room for, this one was asked for before the others.
    assert unpacking.text(kept[0]) is first
    assert [unpacking.text(each) for each in kept] == texts
    assert unpacking.text(kept[0]) is not first


def test_text_larger_than_all_the_room_is_unpacked_and_not_remembered() -> None:
    kept, unpacking = gzip.compress(bytes(1000)), Unpacking(most_bytes=100)
    assert unpacking.text(kept) == bytes(1000)
    assert unpacking.text(kept) is not unpacking.text(kept)
