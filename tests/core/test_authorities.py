"""Who the domain's own servers are: by the parent's delegation, by a resolver's word, or nobody can tell."""

from dataclasses import replace

import pytest

from check_autodiscover.core.analysis.lookups import answer_of, authorities
from check_autodiscover.core.analysis.plan import plan
from check_autodiscover.core.model.observations import DnsAnswer, DnsQuestion, DnsStatus, Question, RecordType
from check_autodiscover.core.model.policy import Method, Policy, Resolver, Transport, View
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.core.verdict.judge import judge

OWN = View("outside", (Resolver("", transport=Transport.AUTHORITATIVE),))
POLICY = Policy(views=(OWN,), method=Method.SRV)
PARENTS, GLUE, ELSEWHERE, OWN_IDEA = "192.0.2.1", "192.0.2.53", "192.0.2.54", "10.0.0.2"
A, NS = RecordType.A, RecordType.NS

RESOLVER = {
    ("contoso.com", NS): DnsAnswer(DnsStatus.ANSWER, names=("ns.contoso.com",), authoritative=True),
    ("ns.contoso.com", A): DnsAnswer(DnsStatus.ANSWER, addresses=(OWN_IDEA,), authoritative=True),
    ("com", NS): DnsAnswer(DnsStatus.ANSWER, names=("a.gtld.net",)),
    ("a.gtld.net", A): DnsAnswer(DnsStatus.ANSWER, addresses=(PARENTS,)),
    ("ns.fabrikam.net", A): DnsAnswer(DnsStatus.ANSWER, addresses=(ELSEWHERE,)),
}
"""A resolver that serves a zone of its own by the domain's name."""

REFERRAL = DnsAnswer(DnsStatus.ANSWER, names=("ns.contoso.com", "ns.fabrikam.net"), addresses=(GLUE,))

ABSENT = DnsAnswer(DnsStatus.NXDOMAIN)


def surveyed(
    resolver: dict[tuple[str, RecordType], DnsAnswer],
    parents: DnsAnswer | None,
    own: DnsAnswer = ABSENT,
) -> Survey:
    """Everything asked that this resolver, the parent's server and the domain's own ones answer.

    Without an answer of the parent's its question is left open.
    """
    survey = Survey(domain="contoso.com", policy=POLICY, labels=("xrandom",), started=0.0)
    while wanted := [question for question in plan(survey) if _answerable(survey, question, parents)]:
        for question in wanted:
            assert isinstance(question, DnsQuestion)
            direct = parents if parents is not None and _of_parents(question) else own
            asked = resolver.get((question.name, question.type), DnsAnswer(DnsStatus.NODATA))
            survey = survey.observed(question, direct if question.direct else asked)
    return survey


def _answerable(survey: Survey, question: Question, parents: DnsAnswer | None) -> bool:
    known = isinstance(question, DnsQuestion) and question not in survey.lookups
    return known and not (_of_parents(question) and parents is None)


def _of_parents(question: Question) -> bool:
    return isinstance(question, DnsQuestion) and question.direct and question.resolver == PARENTS


def test_the_parents_word_and_its_glue_stand_before_an_inside_zone() -> None:
    survey = surveyed(RESOLVER, REFERRAL)
    assert authorities(survey, OWN) == (GLUE, ELSEWHERE)
    assert not any(question.resolver == OWN_IDEA for question in survey.lookups)


def test_nobody_is_asked_while_the_parents_word_may_come() -> None:
    survey = surveyed(RESOLVER, None)
    assert authorities(survey, OWN) == ()
    assert answer_of(survey, OWN, "contoso.com", A) is None


@pytest.mark.parametrize("status", [DnsStatus.TIMEOUT, DnsStatus.REFUSED, DnsStatus.NXDOMAIN])
def test_without_the_parents_word_a_zone_of_the_resolvers_own_is_no_witness(status: DnsStatus) -> None:
    survey = surveyed(RESOLVER, DnsAnswer(status))
    assert authorities(survey, OWN) == ()
    lost = answer_of(survey, OWN, "contoso.com", A)
    assert lost is not None
    assert lost.status is DnsStatus.UNDELEGATED
    report = judge(survey)
    assert [item.finding.rule for item in report.judgements if item.role.value == "root"] == ["dns-lookup-failed"]


def test_without_the_parents_word_a_resolver_that_passes_on_is_believed_and_that_is_said() -> None:
    passing_on = {key: replace(answer, authoritative=False) for key, answer in RESOLVER.items()}
    survey = surveyed(passing_on, DnsAnswer(DnsStatus.TIMEOUT))
    assert authorities(survey, OWN) == (OWN_IDEA,)
    assert "outside: the parent zone's servers did not say which servers are the domain's" in judge(survey).notes


def test_servers_of_a_parent_that_is_no_zone_are_those_of_the_zone_above() -> None:
    resolver = {
        **RESOLVER,
        ("com", NS): DnsAnswer(DnsStatus.NODATA, zone=""),
        ("", NS): DnsAnswer(DnsStatus.ANSWER, names=("a.gtld.net",)),
    }
    assert authorities(surveyed(resolver, REFERRAL), OWN) == (GLUE, ELSEWHERE)


def test_a_resolver_that_answers_nothing_leaves_the_servers_unknown() -> None:
    dead = dict.fromkeys(RESOLVER, DnsAnswer(DnsStatus.TIMEOUT))
    survey = surveyed(dead, None)
    lost = answer_of(survey, OWN, "contoso.com", A)
    assert lost is not None
    assert lost.status is DnsStatus.UNDELEGATED


@pytest.mark.parametrize(
    ("parents", "own", "up", "seconds"),
    [
        (REFERRAL, DnsAnswer(DnsStatus.NXDOMAIN, seconds=0.25), 1, 0.25),
        (REFERRAL, DnsAnswer(DnsStatus.REFUSED), 1, None),
        (REFERRAL, DnsAnswer(DnsStatus.TIMEOUT), 0, None),
        (REFERRAL, DnsAnswer(DnsStatus.CUT_SHORT), None, None),
        (DnsAnswer(DnsStatus.TIMEOUT), ABSENT, 0, None),
        (None, ABSENT, None, None),
    ],
    ids=["answer", "refuse", "are dead", "were not asked", "are unknown", "may come to be known"],
)
def test_a_view_of_the_domains_own_servers_is_up_where_these_answer(
    parents: DnsAnswer | None, own: DnsAnswer, up: int | None, seconds: float | None
) -> None:
    measures = judge(surveyed(RESOLVER, parents, own)).measures
    assert [item.value for item in measures if item.metric == "autodiscover_view_up"] == [up]
    assert [item.value for item in measures if item.perfdata == "dns_outside"] == [seconds]
