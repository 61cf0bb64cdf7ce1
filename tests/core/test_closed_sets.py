"""Members of closed sets and candidates are looked up by the thousand: cheaply, and what is equal hashes alike."""

import pickle
from enum import Enum

import pytest

from check_autodiscover.core.analysis.endpoints import Candidate
from check_autodiscover.core.analysis.lookups import Presence, Resolution
from check_autodiscover.core.model.finding import Endpoint
from check_autodiscover.core.model.observations import DnsQuestion, RecordType, Scheme
from check_autodiscover.core.model.policy import Step
from check_autodiscover.core.model.states import ClosedSet


@pytest.mark.parametrize("members", ClosedSet.__subclasses__(), ids=lambda each: each.__name__)
def test_a_member_that_went_through_a_pickle_is_found_again(members: type[Enum]) -> None:
    known = {member: member.value for member in members}
    assert [known[pickle.loads(pickle.dumps(member))] for member in members] == [member.value for member in members]


@pytest.mark.parametrize("members", ClosedSet.__subclasses__(), ids=lambda each: each.__name__)
def test_a_member_hashes_by_identity(members: type[Enum]) -> None:
    assert [hash(member) for member in members] == [object.__hash__(member) for member in members]


def test_a_question_that_went_through_a_pickle_finds_its_answer() -> None:
    question = DnsQuestion("inside", "10.0.0.2", "contoso.com", RecordType.A)
    assert {question: 1}[pickle.loads(pickle.dumps(question))] == 1


def test_equal_candidates_hash_alike_and_others_are_told_apart() -> None:
    here = Resolution("contoso.com", Presence.PRESENT, ("192.0.2.10",))
    place = ("inside", Endpoint.ROOT, Step.ROOT, "contoso.com", Scheme.HTTPS, 443)
    one, same = Candidate(*place, here), pickle.loads(pickle.dumps(Candidate(*place, here)))
    other = Candidate(*place, Resolution("contoso.com", Presence.ABSENT))
    assert {one: 1}[same] == 1
    assert other not in {one: 1}
