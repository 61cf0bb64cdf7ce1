"""Which answers can bring a new question, so that `plan` need not be asked again after the others.

Most of what a survey hears leads nowhere: names that do not exist, serial numbers, a service that answers as it should.
Wherever that is not certain, an answer counts as leading on.
"""

from check_autodiscover.core.answers import asks_authority
from check_autodiscover.core.client_certificate import experiment
from check_autodiscover.core.http_answer import AnswerClass, classify
from check_autodiscover.core.observations import (
    Contact,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    EndpointQuestion,
    Observation,
    Question,
    RecordType,
)
from check_autodiscover.core.records import unfinished_alias
from check_autodiscover.core.survey import Survey

__all__ = ["leads_on"]

_COMPARED = frozenset({RecordType.MX, RecordType.SOA})
"""Types that rules alone read."""


def leads_on(survey: Survey, question: Question, observation: Observation) -> bool:
    """Whether `plan` may want more once this is known, beside what the survey knows already."""
    match question, observation:
        case EndpointQuestion(), Contact():
            return _contact_leads_on(question, observation)
        case DnsQuestion(), DnsAnswer():
            # Views of the domain's own servers read their answers in other ways than those of resolvers.
            return any(map(asks_authority, survey.policy.views)) or _answer_leads_on(survey, question, observation)
        case _:
            return True


def _contact_leads_on(question: EndpointQuestion, contact: Contact) -> bool:
    """By a redirect, or by what asks for the experiment on client certificates."""
    if not contact.answers:
        return False
    redirected = classify(contact.answers, question) is AnswerClass.REDIRECT
    return redirected or any(True for _ in experiment(question, contact))


def _answer_leads_on(survey: Survey, question: DnsQuestion, answer: DnsAnswer) -> bool:
    if question.direct or question.checking_disabled:
        return bool(unfinished_alias(answer))
    if answer.status is DnsStatus.SERVFAIL or question.type is RecordType.NS:
        return True
    if not answer.status.conclusive or question.type in _COMPARED:
        return False
    # What another resolver of the view said may no longer count.
    return answer.status is DnsStatus.ANSWER or bool(answer.aliases) or _has_others(survey, question)


def _has_others(survey: Survey, question: DnsQuestion) -> bool:
    return any(len(view.resolvers) > 1 for view in survey.policy.views if view.name == question.view)
