"""The JSON has the keys of the contract, and says what the report says."""

import json

from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.core.model.survey import survey_from_json
from check_autodiscover.output.report_json import render_json, report_to_json
from tests.plugin.report_factory import BLIND, HEALTHY, TRAPPED, spoken_by_a_stranger

KEYS = "schema domain state exit_code summary started duration_seconds method findings walks measures notes survey"
FINDING = "id rule severity role caused_by accepted expired view endpoint subject addresses args message remedy"
WALK = "view client judged outcome at steps"
STEP = "step candidate outcome code why"
MEASURE = "name labels value unit warning critical"


def test_every_object_has_the_keys_of_the_contract() -> None:
    document = json.loads(render_json(TRAPPED))
    assert list(document) == KEYS.split()
    assert list(document["method"]) == ["declared", "effective", "why", "views"]
    for keys, items in (
        (FINDING, document["findings"]),
        (WALK, document["walks"]),
        (STEP, [step for walk in document["walks"] for step in walk["steps"]]),
        (MEASURE, document["measures"]),
    ):
        assert items
        assert all(list(item) == keys.split() for item in items)


def test_the_verdict_and_the_causes_are_those_of_the_report() -> None:
    document = report_to_json(TRAPPED)
    assert (document["schema"], document["state"], document["exit_code"]) == (1, "CRITICAL", 2)
    assert document["started"] == "2023-11-14T22:13:20.000+00:00"
    assert document["duration_seconds"] == 0.412
    caused = {finding["id"]: finding["caused_by"] for finding in document["findings"]}
    assert caused == {"1": None, "1.1": "1", "1.2": "1", "2": None, "3": None}
    assert document["findings"][0]["view"] == "outside"
    assert document["findings"][0]["role"] == "root"
    assert document["findings"][0]["args"] == {"a": "b"}
    assert document["findings"][-1]["accepted"] == "CHG-123"
    assert document["walks"][1]["at"] == "redirect"
    assert document["walks"][2]["at"] is None


def test_a_measure_bears_its_metrics_name_or_its_label_and_null_where_it_was_not_looked() -> None:
    measures = {each["name"]: each for each in report_to_json(HEALTHY)["measures"]}
    assert measures["probe_duration_seconds"]["value"] == 0.412
    assert measures["drift"]["value"] is None
    assert measures["cert_left"]["warning"] == 1_944_000
    assert measures["autodiscover_view_up"]["labels"] == {"view": "inside"}


def test_one_method_stands_for_views_that_agree_and_mixed_for_others() -> None:
    same, differing = report_to_json(HEALTHY)["method"], report_to_json(TRAPPED)["method"]
    assert (same["declared"], same["effective"]) == ("auto", "srv")
    assert (differing["declared"], differing["effective"], differing["why"]) == ("mixed", "mixed", "declared")
    assert [view["effective"] for view in differing["views"]] == ["host", "srv"]


def test_the_survey_in_it_can_be_judged_again() -> None:
    for report in (HEALTHY, TRAPPED, BLIND):
        assert survey_from_json(json.loads(render_json(report))["survey"]) == report.survey


@given(st.text(max_size=100))
def test_whatever_a_stranger_says_is_kept_as_data_and_cleaned_in_sentences(text: str) -> None:
    written = render_json(spoken_by_a_stranger(text))
    assert written.isascii()
    document = json.loads(written)
    assert document["findings"][0]["message"].isprintable()
    assert document["survey"]["anchors"] == [text]
