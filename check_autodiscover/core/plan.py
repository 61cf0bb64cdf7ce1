"""What to ask next, given what is known.

Pure: the loop in `run` calls `plan` after each answer and asks what is wanted and not yet asked. Everything is a
question: the addresses behind an SRV target, the rest of an alias chain, the target of a redirect.
"""

from collections.abc import Iterable, Iterator, Set
from dataclasses import replace

from check_autodiscover.core.answers import (
    address_types,
    authorities,
    authority_questions,
    questions_of,
    zone_of,
)
from check_autodiscover.core.candidates import Candidate, autodiscover_name, candidates, questions, srv_name
from check_autodiscover.core.client_certificate import experiment
from check_autodiscover.core.finding import Endpoint
from check_autodiscover.core.names import is_address
from check_autodiscover.core.observations import DnsQuestion, DnsStatus, EndpointQuestion, Question, RecordType
from check_autodiscover.core.policy import View, ViewRole
from check_autodiscover.core.records import label_types, unfinished_alias
from check_autodiscover.core.survey import Survey

__all__ = ["CONTROL", "MAX_LOOKUPS", "SRV_LABELS", "plan"]

MAX_LOOKUPS = 256
"""Questions a view may cost before its follow-ups stop: an alias chain without end must not fill a run."""

CONTROL = ("", RecordType.NS)
"""The control question: the root's nameservers, which every working resolver knows."""

SRV_LABELS = 2
"""Random labels asked for below `_tcp.D`: two that agree are no accident."""


def plan(survey: Survey) -> Set[Question]:
    """Return every question that the survey's policy and answers ask for, asked already or not.

    Connections come in the order of the walk.
    """
    wanted = dict.fromkeys(question for view in survey.policy.views for question in _plan_view(survey, view))
    if survey.policy.directory is not None:
        # Few runs ask a directory, and the others need not wait for the module.
        from check_autodiscover.core.directory import directory_questions

        wanted.update(dict.fromkeys(directory_questions(survey)))
    return wanted.keys()


def _plan_view(survey: Survey, view: View) -> Iterator[Question]:
    found = candidates(survey, view)
    domain, types = survey.domain, address_types(survey)
    for name in {candidate.name for candidate in found} | set(_opening_names(survey)):
        for type_ in () if is_address(name) else types:
            yield from questions_of(survey, view, name, type_)
    yield from questions_of(survey, view, srv_name(domain), RecordType.SRV)
    for label in survey.labels:
        for type_ in label_types(survey, label):
            yield from questions_of(survey, view, f"{label}.{domain}", type_)
    for label in survey.labels[:SRV_LABELS]:
        yield from questions_of(survey, view, f"{label}._tcp.{domain}", RecordType.SRV)
    for name in _suffix_names(survey, view):
        yield from questions_of(survey, view, name, RecordType.A)
    yield from _authorities(survey, view)
    yield from _zone_contents(survey, view)
    yield from _follow_ups(survey, view)
    if view.connect:
        yield from _contacts(survey, found)
        yield from _glances(survey, view, {candidate.name for candidate in found})


def _contacts(survey: Survey, found: Iterable[Candidate]) -> Iterator[EndpointQuestion]:
    """What shows what a client meets at each candidate."""
    for candidate in found:
        for question in questions(candidate):
            yield question
            # A web site at the root refuses what it does not have: nobody's virtual directory is meant.
            if candidate.endpoint is not Endpoint.ROOT:
                yield from experiment(question, survey.contacts.get(question))


def _opening_names(survey: Survey) -> Iterator[str]:
    yield survey.domain
    yield autodiscover_name(survey.domain)
    for parent in survey.parents:
        yield autodiscover_name(parent)
    yield from survey.policy.servers


def _glances(survey: Survey, view: View, contacted: set[str]) -> Iterator[EndpointQuestion]:
    """A look at the parents' names, unless they are contacted for what they serve to the domain."""
    if not survey.parents:
        return
    # Most domains have none.
    from check_autodiscover.core.parents import glance

    for parent in survey.parents:
        question = glance(survey, view, parent)
        if question is not None and question.name not in contacted:
            yield question


def _suffix_names(survey: Survey, view: View) -> Iterable[str]:
    if not any(resolver.search for resolver in view.resolvers):
        return ()
    # Views of named resolvers have none.
    from check_autodiscover.core.suffixes import suffix_names

    return suffix_names(survey, view)


def _authorities(survey: Survey, view: View) -> Iterator[DnsQuestion]:
    """The domain's own servers: who they are, and what each says of the names that decide."""
    yield from authority_questions(survey, view)
    zone = zone_of(survey, view)
    for server in authorities(survey, view):
        yield DnsQuestion("", server, zone, RecordType.SOA, direct=True)
        yield DnsQuestion("", server, srv_name(survey.domain), RecordType.SRV, direct=True)
        yield DnsQuestion("", server, autodiscover_name(survey.domain), RecordType.A, direct=True)


def _zone_contents(survey: Survey, view: View) -> Iterator[DnsQuestion]:
    """What shows whether an inside zone stands in for the public one."""
    sides = {ViewRole.INSIDE, ViewRole.OUTSIDE}
    if view.role in sides and sides <= {other.role for other in survey.policy.views}:
        yield from questions_of(survey, view, survey.domain, RecordType.MX)
        yield from questions_of(survey, view, f"www.{survey.domain}", RecordType.A)


def _follow_ups(survey: Survey, view: View) -> Iterator[DnsQuestion]:
    """What an answer asks for: the rest of an alias chain, a control of a failure, a proof against a resolver."""
    own = [(question, answer) for question, answer in survey.lookups.items() if question.view in ("", view.name)]
    for question, answer in own[:MAX_LOOKUPS]:
        alias = unfinished_alias(answer)
        if alias and question.type in (*address_types(survey), RecordType.SRV):
            yield replace(question, name=alias)
        if question.direct or question.checking_disabled:
            continue
        if answer.status is DnsStatus.SERVFAIL:
            yield replace(question, checking_disabled=True)
            if question.name == survey.domain:
                yield DnsQuestion(view.name, question.resolver, *CONTROL)
        if answer.addresses and _is_random(survey, question):
            yield DnsQuestion(view.name, question.resolver, survey.invalid_name, RecordType.A)


def _is_random(survey: Survey, question: DnsQuestion) -> bool:
    return question.name.partition(".")[0] in survey.labels
