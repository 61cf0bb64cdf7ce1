"""The reference documentation is what the programs' tables make of it, and what the programs do."""

import pytest

from check_autodiscover.core.model.metrics import METRICS, Measure
from check_autodiscover.core.rules.catalogue import CATALOGUE
from check_autodiscover.core.verdict.judge import judge
from docs.generate import FOLDER, documents
from docs.number_pages import LABELS, PERFORMANCE
from docs.rule_pages import AREAS, CASE_ARGUMENTS, LEVELS
from tests.house.rule_worlds import surveys


def measures() -> list[Measure]:
    return [measure for survey in surveys() for measure in judge(survey).measures]


@pytest.mark.parametrize("path", documents())
def test_a_committed_page_is_the_generators(path: str) -> None:
    assert (FOLDER / path).read_text() == documents()[path], "run `make docs`"


def test_no_page_of_a_rule_that_is_gone_is_left() -> None:
    assert {f"rules/{path.name}" for path in FOLDER.glob("rules/*")} - documents().keys() == set()


def test_every_metric_is_documented_with_the_labels_that_it_has() -> None:
    seen = {(item.metric, tuple(name for name, _ in item.labels)) for item in measures() if item.metric}
    assert LABELS.keys() == METRICS.keys()
    assert seen == set(LABELS.items())


def test_every_number_of_the_performance_data_is_documented_in_its_order() -> None:
    for survey in surveys():
        views = [view.name for view in survey.policy.views]
        fixed = [(label.name, label.unit) for label in PERFORMANCE if "<view>" not in label.name]
        repeated = [label for label in PERFORMANCE if "<view>" in label.name]
        wanted = fixed + [(label.name.replace("<view>", view), label.unit) for view in views for label in repeated]
        assert [(item.perfdata, item.unit) for item in judge(survey).measures if item.perfdata] == wanted


def test_limits_and_maxima_are_documented_where_there_are_any() -> None:
    limited = {label.name.partition("<")[0] for label in PERFORMANCE if label.limited}
    topped = {label.name.partition("<")[0] for label in PERFORMANCE if label.most}
    found = [(item, stem(item.perfdata)) for item in measures() if item.perfdata]
    assert {name for item, name in found if item.warning is not None or item.critical is not None} == limited
    assert {name for item, name in found if item.maximum is not None} == topped
    assert all(item.minimum == 0 for item, _ in found)


def stem(label: str) -> str:
    """A label without the name of its view."""
    names = [item.name.partition("<")[0] for item in PERFORMANCE]
    return max((name for name in names if label.startswith(name)), key=len)


def test_every_area_level_and_special_case_has_its_words() -> None:
    assert {rule.area for rule in CATALOGUE} <= AREAS.keys()
    assert {rule.level for rule in CATALOGUE if rule.level} <= LEVELS.keys()
    assert {(rule.id, case.arg) for rule in CATALOGUE for case in rule.cases if case.arg} == CASE_ARGUMENTS.keys()
