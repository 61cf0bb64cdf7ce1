"""The measures of one result as exposition text; which metrics there are is for the core's table to say.

Called once a result. It is written here rather than by prometheus_client, whose registry and samples cost a tenth of a
check; a test holds both equal, byte for byte.
"""

from collections.abc import Iterable, Iterator

from prometheus_client.utils import floatToGoString

from check_autodiscover.core.measures import METRICS, Measure
from check_autodiscover.hostile import clean

__all__ = ["OPENMETRICS_END", "render_measures"]

OPENMETRICS_END = b"# EOF\n"
"""What makes this text one of OpenMetrics 1.0: there is nothing but gauges in it, which both write alike."""

_Labels = tuple[tuple[str, str], ...]


def render_measures(measures: Iterable[Measure]) -> bytes:
    """These measures in the text format 0.0.4, families and series in the order of their names.

    What was not looked at is absent; a series that is given twice has the value that was given last.
    """
    families: dict[str, dict[_Labels, float]] = {}
    cleaned, written = _Cleaned(), _Written()
    for item in measures:
        if item.metric and item.value is not None:
            labels = tuple([(name, cleaned[text]) for name, text in item.labels])
            families.setdefault(item.metric, {})[labels] = item.value
    return "".join(line for name in sorted(families) for line in _family(name, families[name], written)).encode()


class _Cleaned(dict[str, str]):
    """Texts as they may be shown, each cleaned once: hundreds of labels have some dozens of values."""

    def __missing__(self, text: str) -> str:
        self[text] = cleaned = clean(text)
        return cleaned


class _Written(dict[tuple[str, str], str]):
    """Labels as they stand in a series, each written once."""

    def __missing__(self, label: tuple[str, str]) -> str:
        self[label] = written = f'{label[0]}="{_escaped(label[1])}"'
        return written


def _family(name: str, series: dict[_Labels, float], written: _Written) -> Iterator[str]:
    yield f"# HELP {name} {METRICS.get(name, '').replace(chr(92), chr(92) * 2)}\n# TYPE {name} gauge\n"
    for labels, value in sorted(series.items()):
        inside = ",".join([written[label] for label in sorted(labels)])
        # The library left this one without types.
        number = floatToGoString(value)  # type: ignore[no-untyped-call]  # without types there
        yield f"{name}{{{inside}}} {number}\n" if inside else f"{name} {number}\n"


def _escaped(text: str) -> str:
    if "\\" in text or '"' in text or "\n" in text:
        return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    return text
