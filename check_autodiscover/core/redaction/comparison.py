"""Whether two reports say the same of different names: what redaction must keep."""

from collections import Counter
from collections.abc import Callable

from check_autodiscover.core.clients import Walk
from check_autodiscover.core.measures import Measure
from check_autodiscover.core.report import Report

__all__ = ["difference"]

_IDENTITIES = frozenset(
    {"address", "resolver", "server", "parent", "issuer", "fingerprint_sha256", "public_key_sha256"}
)
"""Labels of measures that tell who it is; whether they are empty counts."""

_ABOUT_NAMES = frozenset({"autodiscover_dns_answer_hash"})
"""Measures whose value is made of names and addresses; whether there is one counts."""


def difference(one: Report, other: Report) -> str:
    """What the reports differ in but for names, in words; empty where they say the same."""
    return next((what for what, said in _ASPECTS.items() if said(one) != said(other)), "")


def _findings(report: Report) -> object:
    return [
        (
            item.id,
            item.finding.rule,
            item.finding.view,
            item.finding.endpoint,
            len(item.finding.addresses),
            item.severity,
            item.role,
            item.caused_by,
            item.accepted is None,
        )
        for item in report.judgements
    ]


def _walks(report: Report) -> object:
    return [(walk.view, walk.client, walk.judged, walk.outcome, walk.at, _steps(walk)) for walk in report.walks]


def _steps(walk: Walk) -> object:
    return [(step.step, step.outcome, step.code) for step in walk.steps]


def _methods(report: Report) -> object:
    return [(choice.view, choice.declared, choice.effective) for choice in report.methods]


def _measures(report: Report) -> object:
    # They are sorted by addresses here and there.
    return Counter(map(_measure, report.measures))


def _measure(measure: Measure) -> object:
    labels = tuple((key, bool(value) if key in _IDENTITIES else value) for key, value in measure.labels)
    value = measure.value is None if measure.metric in _ABOUT_NAMES else measure.value
    limits = (measure.warning, measure.critical, measure.minimum, measure.maximum)
    return measure.metric, measure.perfdata, labels, value, measure.unit, limits


_ASPECTS: dict[str, Callable[[Report], object]] = {
    "the state": lambda report: report.state,
    "the findings": _findings,
    "the walks": _walks,
    "the method": _methods,
    "the measures": _measures,
    "the number of notes": lambda report: len(report.notes),
}
