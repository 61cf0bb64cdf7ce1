"""The measures of one result as exposition text; which metrics there are is for the core's table to say.

Called once a result. Each exposition has a registry of its own, so that no series of an
earlier result survives.
"""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from check_autodiscover.core.measures import Measure
from check_autodiscover.hostile import clean

__all__ = ["render_measures"]


class _MeasureCollector(Collector):
    """Measures as gauges, a family a metric; what was not looked at is absent."""

    def __init__(self, measures: Iterable[Measure]) -> None:
        self._measures = tuple(item for item in measures if item.metric and item.value is not None)

    def collect(self) -> Iterator[Metric]:
        for name in sorted({item.metric for item in self._measures}):
            yield _family([item for item in self._measures if item.metric == name])


def render_measures(measures: Iterable[Measure]) -> bytes:
    """These measures in the text format 0.0.4, families and series in the order of their names."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_MeasureCollector(measures))
    return generate_latest(registry)


def _family(measures: list[Measure]) -> Metric:
    family = GaugeMetricFamily(measures[0].metric, measures[0].help)
    for labels, value in sorted(_series(measures).items()):
        family.add_sample(family.name, dict(labels), value)
    return family


def _series(measures: list[Measure]) -> dict[tuple[tuple[str, str], ...], float]:
    return {
        tuple((key, clean(text)) for key, text in item.labels): item.value
        for item in measures
        if item.value is not None
    }
