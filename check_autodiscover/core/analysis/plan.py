"""What to ask next, given what is known: by DNS, of endpoints within a budget of connections, of the directory.

Pure: the loop calls `plan` after each answer that `may_need_more`, and asks what is wanted and not yet asked.
Everything is a question: the addresses behind an SRV target, the rest of an alias chain, the target of a redirect. No
walk leads to the parents' names and to what a search list makes of ours; both are looked at because others could answer
there.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Set
from dataclasses import replace

from check_autodiscover.core.analysis.endpoints import (
    SRV_LABELS,
    Candidate,
    autodiscover_name,
    candidates,
    questions,
    srv_name,
)
from check_autodiscover.core.analysis.lookups import (
    Presence,
    Resolution,
    address_types,
    asks_authority,
    authorities,
    authority_questions,
    label_types,
    questions_of,
    resolve,
    unfinished_alias,
    zone_of,
)
from check_autodiscover.core.analysis.replies import AnswerClass, classify, experiment
from check_autodiscover.core.model.finding import Endpoint
from check_autodiscover.core.model.names import cloud_name, is_address, is_below
from check_autodiscover.core.model.observations import (
    Contact,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    EndpointQuestion,
    Observation,
    Question,
    RecordType,
    Scheme,
    Variant,
)
from check_autodiscover.core.model.policy import View, ViewRole
from check_autodiscover.core.model.survey import Survey

__all__ = [
    "CONTROL",
    "MAX_LOOKUPS",
    "MOST_CONNECTIONS",
    "MOST_TO_ADDRESS",
    "MOST_TO_HOST",
    "ConnectionBudget",
    "catch_all_below",
    "glance",
    "may_need_more",
    "plan",
    "suffix_names",
    "suffixes",
]

MAX_LOOKUPS = 256
"""Questions a view may cost before its follow-ups stop: an alias chain without end must not fill a run."""

CONTROL = ("", RecordType.NS)
"""The control question: the root's nameservers, which every working resolver knows."""


def plan(survey: Survey) -> Set[Question]:
    """Return every question that the survey's policy and answers ask for, asked already or not.

    Connections come in the order of the walk.
    """
    wanted = dict.fromkeys(question for view in survey.policy.views for question in _plan_view(survey, view))
    if survey.policy.directory is not None:
        # Few runs ask a directory, and the others need not wait for the module.
        from check_autodiscover.core.analysis.directory import directory_questions

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

    for parent in survey.parents:
        question = glance(survey, view, parent)
        if question is not None and question.name not in contacted:
            yield question


def _suffix_names(survey: Survey, view: View) -> Iterable[str]:
    if not any(resolver.search for resolver in view.resolvers):
        return ()
    # Views of named resolvers have none.

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


MOST_CONNECTIONS = 96
"""Of a check: a domain with two views and all that can be wrong with it takes 24."""

MOST_TO_HOST = 32
"""To one name: `autodiscover.D` with sixteen addresses is asked by https and by http."""

MOST_TO_ADDRESS = 32
"""To one address, whichever names lead there."""


class ConnectionBudget:
    """What is left of the connections of one check."""

    def __init__(self) -> None:
        self._spent = 0
        self._hosts: Counter[str] = Counter()
        self._addresses: Counter[str] = Counter()

    def spend(self, question: EndpointQuestion) -> bool:
        """Return whether there is a connection left for a question, which is spent then."""
        host, address = question.name.lower(), question.address
        if self._spent >= MOST_CONNECTIONS:
            return False
        if self._hosts[host] >= MOST_TO_HOST or self._addresses[address] >= MOST_TO_ADDRESS:
            return False
        self._spent += 1
        self._hosts[host] += 1
        self._addresses[address] += 1
        return True


_COMPARED = frozenset({RecordType.MX, RecordType.SOA})
"""Types that rules alone read."""


def may_need_more(survey: Survey, question: Question, observation: Observation) -> bool:
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


def glance(survey: Survey, view: View, parent: str) -> EndpointQuestion | None:
    """The one request that shows whether a parent's name asks for passwords; None where nobody is to be contacted.

    It may be anybody's server: one of its addresses is enough, and Microsoft's are left alone.
    """
    found = resolve(survey, view, autodiscover_name(parent))
    if not view.connect or not found.addresses or cloud_name(found.names):
        return None
    return EndpointQuestion(
        found.name, found.addresses[0], survey.policy.https_port, Scheme.HTTPS, variant=Variant.GLANCE
    )


MAX_SUFFIXES = 6
"""Suffixes of one view that are looked at: as many as resolvers of old read."""


def suffixes(survey: Survey, view: View) -> tuple[str, ...]:
    """The suffixes that this host appends, for a view of its own resolvers; none that lie in the domain itself.

    What answers there is the domain's own catch-all, and told as such.
    """
    found = dict.fromkeys(suffix for resolver in view.resolvers for suffix in resolver.search)
    return tuple(suffix for suffix in found if not is_below(suffix, survey.domain))[:MAX_SUFFIXES]


def suffix_names(survey: Survey, view: View) -> Iterator[str]:
    """The names to ask for addresses: what a client would, and where that exists a random one beside it."""
    for suffix in suffixes(survey, view):
        name = f"{autodiscover_name(survey.domain)}.{suffix}"
        yield name
        if resolve(survey, view, name, (RecordType.A,)).presence is Presence.PRESENT:
            yield from _random_names(survey, suffix)


def catch_all_below(survey: Survey, view: View, suffix: str) -> Resolution | None:
    """What a client that appends this suffix is told by a catch-all, if there is one; a record of that name is none."""
    found = resolve(survey, view, f"{autodiscover_name(survey.domain)}.{suffix}", (RecordType.A,))
    beside = [resolve(survey, view, name, (RecordType.A,)) for name in _random_names(survey, suffix)]
    everywhere = bool(beside) and all(other.presence is Presence.PRESENT for other in (found, *beside))
    return found if everywhere else None


def _random_names(survey: Survey, suffix: str) -> Iterator[str]:
    for label in survey.labels[:1]:
        yield f"{label}.{survey.domain}.{suffix}"
