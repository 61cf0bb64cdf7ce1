"""What is met in several views is read once, and is the same in each."""

import pytest

from check_autodiscover.core.analysis.assessment import observe
from check_autodiscover.core.analysis.contacts import Known
from check_autodiscover.core.model.finding import CandidateRole, Endpoint, intended_endpoints, role_of
from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.model.survey import Survey
from tests.house.rule_worlds import surveys


@pytest.mark.parametrize("survey", surveys())
def test_a_view_shows_the_same_whatever_was_met_in_the_others(survey: Survey) -> None:
    known: Known = {}
    for view in survey.policy.views:
        assert observe(survey, view, survey.ended, known) == observe(survey, view, survey.ended, {})


@pytest.mark.parametrize("method", [each for each in Method if each is not Method.AUTO])
def test_each_endpoint_has_a_role_under_each_method(method: Method) -> None:
    intended = [endpoint for endpoint in Endpoint if role_of(method, endpoint) is CandidateRole.INTENDED]
    assert tuple(intended) == intended_endpoints(method)
