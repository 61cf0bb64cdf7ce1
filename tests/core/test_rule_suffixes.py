"""A catch-all below a suffix that hosts append to names (row 60): told where there is one, and met by no walk."""

from dataclasses import replace

import pytest

from tests.core.incidents import A, healthy
from tests.core.judging import Told, assert_told, rules_of, verdict
from tests.core.worlds import AUTODISCOVER, DOMAIN, FOREIGN, World, survey_of

WP = "dns-wildcard-present"
SUFFIX = "corp.example"


def searching(world: World, *suffixes: str) -> World:
    """A world that is looked at through the resolvers of this host, whose search list has these suffixes."""
    found = tuple(
        replace(view, resolvers=tuple(replace(resolver, search=suffixes) for resolver in view.resolvers))
        for view in world.policy.views
    )
    return world.with_policy(views=found)


def caught(method: str, owner: str = f"*.{SUFFIX}") -> World:
    return searching(healthy(method), SUFFIX).zone(lambda zone: zone.with_(owner, A, FOREIGN))


BELOW_SUFFIX = {"suffix": SUFFIX, "protected": AUTODISCOVER, "where": FOREIGN}


@pytest.mark.parametrize(
    ("method", "severity"), [("srv", "WARNING"), ("host", "OK"), ("redirect", "OK"), ("none", "OK")]
)
def test_a_catch_all_below_a_search_suffix_is_told(method: str, severity: str) -> None:
    """Row 60: with an SRV record the name itself must not exist, so that the suffix is appended."""
    told = Told(WP, severity, "zone", f"*.{SUFFIX}", (FOREIGN,), args=BELOW_SUFFIX)
    assert_told(caught(method), told)
    (first, *_) = [item for item in verdict(caught(method)).judgements if item.finding.rule == WP]
    assert first.remedy.startswith(f"Remove *.{SUFFIX}, or take {SUFFIX} out of the search list ")


NOT_CAUGHT = {
    "no search list": healthy("srv").zone(lambda zone: zone.with_(f"*.{SUFFIX}", A, FOREIGN)),
    "no catch-all": searching(healthy("srv"), SUFFIX),
    "a record of that one name": caught("srv", f"{AUTODISCOVER}.{SUFFIX}"),
    "the domain itself is searched": searching(healthy("host"), DOMAIN, f"lan.{DOMAIN}"),
    "a resolver that rewrites": searching(healthy("srv"), SUFFIX).zone(lambda zone: replace(zone, rewritten=FOREIGN)),
}


@pytest.mark.parametrize("case", NOT_CAUGHT)
def test_no_catch_all_is_told_where_a_suffix_finds_none(case: str) -> None:
    """Row 60."""
    assert WP not in rules_of(verdict(NOT_CAUGHT[case]))


def test_clients_are_walked_by_absolute_names_whatever_is_searched() -> None:
    """Row 60."""
    assert verdict(caught("srv")).walks == verdict(healthy("srv")).walks


def test_a_search_list_costs_one_question_for_each_of_its_first_suffixes() -> None:
    """Row 60: in a healthy network."""
    survey = survey_of(searching(healthy("srv"), *(f"s{number}.example" for number in range(20))))
    asked = [question.name for question in survey.lookups if question.name.endswith(".example")]
    assert sorted(asked) == sorted(f"{AUTODISCOVER}.s{number}.example" for number in range(6) for _ in range(2))
