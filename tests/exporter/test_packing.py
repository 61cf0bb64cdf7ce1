"""Surveys in memory: what comes out is what went in, and many of them are small."""

from hypothesis import given
from hypothesis import strategies as st

from autodiscover_exporter.results.result import Packing
from tests.core.arbitrary import survey_from
from tests.house.rule_worlds import surveys


def test_every_survey_comes_back_as_it_was_whatever_came_before_it() -> None:
    packing, everything = Packing(), surveys()
    packed = [packing.packed(survey) for survey in everything]
    assert [each.unpacked() for each in packed] == list(everything)


@given(st.lists(st.integers(0, 10_000), max_size=4))
def test_any_survey_comes_back_as_it_was(seeds: list[int]) -> None:
    packing, everything = Packing(), [survey_from(seed) for seed in seeds]
    packed = [packing.packed(survey) for survey in everything]
    assert [each.unpacked() for each in packed] == everything


def test_a_survey_like_one_before_it_takes_half_the_room() -> None:
    packing = Packing()
    survey = next(each for each in surveys() if each.contacts and not each.cut_short)
    first, second = packing.packed(survey), packing.packed(survey)
    assert len(second.data) < len(first.data) / 2
