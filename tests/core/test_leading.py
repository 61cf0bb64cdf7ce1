"""An answer that is said to lead nowhere brings no new question, whatever was answered before it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from check_autodiscover.core.analysis.plan import may_need_more, plan
from check_autodiscover.core.model.observations import (
    Connect,
    Contact,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    EndpointQuestion,
    Observation,
    Question,
    RecordType,
    Scheme,
)
from check_autodiscover.core.model.survey import Survey
from tests.core.arbitrary import answers_from
from tests.core.incidents import healthy
from tests.core.worlds import APEX, AUTODISCOVER, DOMAIN, EXCHANGE, NOW, PAGE, SRV_NAME, redirect

MOST_ANSWERS = 40


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_an_answer_that_leads_nowhere_brings_no_question_that_was_not_wanted_before(seed: int) -> None:
    wanted: frozenset[Question] = frozenset()
    for known, question, observation in answers_from(seed, MOST_ANSWERS):
        wanted |= plan(known)
        if not may_need_more(known, question, observation):
            assert plan(known.observed(question, observation)) <= wanted


def lookup(name: str, type_: RecordType, *, direct: bool = False) -> DnsQuestion:
    return DnsQuestion("" if direct else "outside", "192.0.2.53", name, type_, direct)


CONNECTION = EndpointQuestion(DOMAIN, APEX, 80, Scheme.HTTP)
ABSENT = DnsAnswer(DnsStatus.NXDOMAIN, zone=DOMAIN)
FOUND = DnsAnswer(DnsStatus.ANSWER, (APEX,))


@pytest.mark.parametrize(
    ("question", "observation", "leads"),
    [
        (lookup(f"xrandom.{DOMAIN}", RecordType.A), ABSENT, False),
        (lookup(AUTODISCOVER, RecordType.A), FOUND, True),
        (lookup(AUTODISCOVER, RecordType.A), DnsAnswer(DnsStatus.TIMEOUT), False),
        (lookup(SRV_NAME, RecordType.SRV), DnsAnswer(DnsStatus.SERVFAIL), True),
        (lookup(DOMAIN, RecordType.NS), DnsAnswer(DnsStatus.NODATA, zone="com"), True),
        (lookup(DOMAIN, RecordType.MX), DnsAnswer(DnsStatus.ANSWER, names=(DOMAIN,)), False),
        (lookup(AUTODISCOVER, RecordType.A, direct=True), FOUND, False),
        (lookup(AUTODISCOVER, RecordType.A, direct=True), DnsAnswer(DnsStatus.ANSWER, aliases=(DOMAIN,)), True),
        (CONNECTION, Contact(Connect.REFUSED), False),
        (CONNECTION, Contact(Connect.CONNECTED, None, (PAGE,)), False),
        (CONNECTION, Contact(Connect.CONNECTED, None, (EXCHANGE,)), False),
        (
            CONNECTION,
            Contact(Connect.CONNECTED, None, (redirect("https://a.example/autodiscover/autodiscover.xml"),)),
            True,
        ),
    ],
)
def test_what_leads_on(question: Question, observation: Observation, leads: bool) -> None:
    survey = Survey(domain=DOMAIN, policy=healthy("srv").policy, labels=("xrandom",), started=NOW)
    assert may_need_more(survey, question, observation) is leads
