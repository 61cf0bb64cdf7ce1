"""What to ask next, given what is known.

Pure: the loop in `run` calls `plan` after each answer and asks what is wanted and not yet asked. Everything is a
question: the addresses behind an SRV target, the rest of an alias chain, the target of a redirect.
"""

from collections.abc import Iterator

from check_autodiscover.core.candidates import autodiscover_name, candidates, questions, srv_name
from check_autodiscover.core.policy import View
from check_autodiscover.core.records import address_types, unfinished_alias
from check_autodiscover.core.survey import DnsQuestion, DnsStatus, Question, RecordType, Survey

__all__ = ["CONTROL", "MAX_LOOKUPS", "plan"]

MAX_LOOKUPS = 256
"""Questions a view may cost before its follow-ups stop: an alias chain without end must not fill a run."""

CONTROL = ("", RecordType.NS)
"""The control question: the root's nameservers, which every working resolver knows."""


def plan(survey: Survey) -> frozenset[Question]:
    """Every question that the survey's policy and answers ask for, asked already or not."""
    return frozenset(question for view in survey.policy.views for question in _plan_view(survey, view))


def _plan_view(survey: Survey, view: View) -> Iterator[Question]:
    found = candidates(survey, view)
    names = {candidate.name for candidate in found} | set(_opening_names(survey))
    yield from _lookups(view, names, address_types(survey))
    yield from _lookups(view, {srv_name(survey.domain)}, (RecordType.SRV,))
    yield from _follow_ups(survey, view)
    if view.connect:
        for candidate in found:
            yield from questions(candidate)


def _opening_names(survey: Survey) -> Iterator[str]:
    yield survey.domain
    yield autodiscover_name(survey.domain)
    for label in survey.labels:
        yield f"{label}.{survey.domain}"
    yield from survey.policy.servers


def _lookups(view: View, names: set[str], types: tuple[RecordType, ...]) -> Iterator[DnsQuestion]:
    for resolver in view.resolvers:
        for name in names:
            for type_ in types:
                yield DnsQuestion(view.name, resolver.label, name, type_)


def _follow_ups(survey: Survey, view: View) -> Iterator[DnsQuestion]:
    """The rest of alias chains, and the control question where a resolver says SERVFAIL for the domain."""
    own = [(question, answer) for question, answer in survey.lookups.items() if question.view == view.name]
    for question, answer in own[:MAX_LOOKUPS]:
        alias = unfinished_alias(answer)
        if alias and question.type in address_types(survey):
            yield DnsQuestion(view.name, question.resolver, alias, question.type)
        if answer.status is DnsStatus.SERVFAIL and question.name == survey.domain:
            yield DnsQuestion(view.name, question.resolver, *CONTROL)
