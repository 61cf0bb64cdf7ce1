"""Whom a view asks, and what it says of a name: the answers of its resolvers, or of the domain's own servers.

Present, absent, failed and pending stay four things. Plan, candidates and rules read lookups here alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from check_autodiscover.core.model.addresses import in_order
from check_autodiscover.core.model.names import is_address
from check_autodiscover.core.model.observations import DnsAnswer, DnsQuestion, DnsStatus, RecordType, Srv
from check_autodiscover.core.model.policy import Family, Resolver, Transport, View
from check_autodiscover.core.model.states import ClosedSet
from check_autodiscover.core.model.survey import Survey

__all__ = [
    "Failure",
    "Presence",
    "Resolution",
    "Services",
    "address_types",
    "answer_of",
    "asks_authority",
    "authorities",
    "authority_questions",
    "bootstrap_view",
    "delegated",
    "label_types",
    "lookups_of",
    "parent_of",
    "questions_of",
    "reasons_of",
    "resolve",
    "rewrites",
    "servers_named",
    "servers_without_address",
    "services",
    "unfinished_alias",
    "zone_of",
]

MAX_SERVERS = 8
"""Servers of a zone, and addresses of them, that are asked directly."""

PARENT_SERVERS = 3
"""Servers of the parent zone that are asked whom it delegates to."""

_TYPES = {Family.IPV4: RecordType.A, Family.IPV6: RecordType.AAAA}


def address_types(survey: Survey) -> tuple[RecordType, ...]:
    """The address types that the policy's families ask for."""
    return tuple(_TYPES[family] for family in survey.policy.families)


def answer_of(survey: Survey, view: View, name: str, type_: RecordType) -> DnsAnswer | None:
    """The view's answer: the first conclusive one in the order of its servers, else the first failure, else None.

    What a resolver says that rewrites NXDOMAIN is not believed.
    """
    if _is_lost(survey, view):
        return DnsAnswer(DnsStatus.UNDELEGATED)
    failure = None
    for question in questions_of(survey, view, name, type_):
        answer = survey.lookups.get(question)
        if answer is None:
            continue
        if not answer.status.conclusive:
            failure = failure or answer
        elif rewrites(survey, question):
            failure = failure or DnsAnswer(DnsStatus.DISBELIEVED)
        else:
            return answer
    return failure


def reasons_of(survey: Survey, view: View, name: str, type_: RecordType) -> tuple[tuple[str, DnsStatus], ...]:
    """What became of a question at each of a view's servers."""
    if _is_lost(survey, view):
        return ((Transport.AUTHORITATIVE.value, DnsStatus.UNDELEGATED),)
    answers = (
        (question.resolver, survey.lookups.get(question)) for question in questions_of(survey, view, name, type_)
    )
    return tuple((label, answer.status) for label, answer in answers if answer is not None)


def questions_of(survey: Survey, view: View, name: str, type_: RecordType) -> tuple[DnsQuestion, ...]:
    """The questions by which a view learns of a name: one for each of its resolvers, or of the domain's own servers."""
    if asks_authority(view):
        return tuple(DnsQuestion("", server, name, type_, direct=True) for server in authorities(survey, view))
    return tuple([DnsQuestion(view.name, resolver.label, name, type_) for resolver in view.resolvers])


def lookups_of(survey: Survey, view: View) -> Iterator[tuple[DnsQuestion, DnsAnswer]]:
    """What was asked of a view's resolvers, or of the domain's own servers; not what helped to find those."""
    servers = authorities(survey, view) if asks_authority(view) else None
    for question, answer in survey.lookups.items():
        if question.view == view.name if servers is None else question.direct and question.resolver in servers:
            yield question, answer


def asks_authority(view: View) -> bool:
    """Whether a view's answers are those of the domain's own servers, each asked directly."""
    return Transport.AUTHORITATIVE in [resolver.transport for resolver in view.resolvers]


def bootstrap_view(view: View) -> View:
    """The view through which the domain's own servers are found: this one, asked by a resolver in place of them."""
    return View(view.name, (Resolver("", transport=Transport.SYSTEM),)) if asks_authority(view) else view


def rewrites(survey: Survey, question: DnsQuestion) -> bool:
    """Whether the resolver of a question gave addresses to a name that cannot exist."""
    return (question.view, question.resolver) in survey.rewriting


def authority_questions(survey: Survey, view: View) -> Iterator[DnsQuestion]:
    """The questions that find the domain's own servers as a view knows them."""
    finder, zone = bootstrap_view(view), zone_of(survey, view)
    for name in {survey.domain, zone}:
        yield from questions_of(survey, finder, name, RecordType.NS)
    for name in servers_named(survey, view):
        yield from _address_questions(survey, finder, name)
    if asks_authority(view):
        yield from _parent_questions(survey, finder, zone)


def authorities(survey: Survey, view: View) -> tuple[str, ...]:
    """The addresses of the domain's own servers, as a view knows them, at most MAX_SERVERS; none while that is open."""
    finder = bootstrap_view(view)
    glue = (address for answer in _delegations(survey, view) for address in answer.addresses)
    found = (
        address
        for name in servers_named(survey, view)
        # Inside, a resolver may have its own idea of what lies in the zone; the parent's word stands before it.
        if not (any(_delegations(survey, view)) and _lies_in(name, zone_of(survey, view)))
        for address in _addresses(survey, finder, name)
    )
    return tuple(dict.fromkeys((*glue, *found)))[:MAX_SERVERS]


def servers_named(survey: Survey, view: View) -> tuple[str, ...]:
    """The names of the domain's own servers: by delegation, or as a resolver has them where that cannot be had."""
    delegations = _delegations(survey, view)
    if delegations:
        return tuple(dict.fromkeys(name for answer in delegations for name in answer.names))[:MAX_SERVERS]
    if asks_authority(view) and (_is_open(survey, view) or _is_own_zone(survey, view)):
        return ()
    finder = bootstrap_view(view)
    names = dict.fromkeys(name for zone in _zones(survey, finder) for name in _servers(survey, finder, zone))
    return tuple(names)[:MAX_SERVERS]


def servers_without_address(survey: Survey, view: View) -> tuple[str, ...]:
    """The names of the domain's own servers that lead nowhere, by a conclusive answer for every type asked."""
    finder, zone = bootstrap_view(view), zone_of(survey, view)
    known = bool(_delegations(survey, view))
    return tuple(
        name
        for name in servers_named(survey, view)
        if not (known and _lies_in(name, zone)) and _has_none(survey, finder, name)
    )


def _has_none(survey: Survey, view: View, name: str) -> bool:
    answers = [answer_of(survey, view, name, type_) for type_ in address_types(survey)]
    # One family alone proves nothing of the other.
    complete = len(answers) > 1 and all(answer is not None and answer.status.conclusive for answer in answers)
    return complete and not any(answer.addresses for answer in answers if answer is not None)


def delegated(survey: Survey, view: View) -> bool:
    """Whether the parent zone's servers said which servers are the domain's."""
    return bool(_delegations(survey, view))


def _delegations(survey: Survey, view: View) -> tuple[DnsAnswer, ...]:
    """What the parent's servers say the domain's servers are, for a view that asks those."""
    if not asks_authority(view):
        return ()
    said = (survey.lookups.get(question) for question in _delegation_questions(survey, view))
    return tuple(answer for answer in said if answer is not None and answer.status is DnsStatus.ANSWER)


def _is_open(survey: Survey, view: View) -> bool:
    """Whether the delegation may still come to be known."""
    asked = (*_parent_questions(survey, bootstrap_view(view), zone_of(survey, view)),)
    return any(question not in survey.lookups for question in asked)


def _is_own_zone(survey: Survey, view: View) -> bool:
    """Whether the resolver itself serves the domain's zone: then it is no witness of what the world is told."""
    finder = bootstrap_view(view)
    answer = answer_of(survey, finder, zone_of(survey, view), RecordType.NS)
    return answer is not None and answer.authoritative


def _is_lost(survey: Survey, view: View) -> bool:
    """Whether nobody could tell who serves the domain, so that a view of its own servers has nobody to ask."""
    if not asks_authority(view) or _is_open(survey, view):
        return False
    asked = tuple(authority_questions(survey, view))
    return all(question in survey.lookups for question in asked) and not authorities(survey, view)


def parent_of(zone: str) -> str:
    """The name above a zone, empty for the root."""
    return zone.partition(".")[2]


def _parent_questions(survey: Survey, finder: View, zone: str) -> Iterator[DnsQuestion]:
    """What must be asked to learn whom the parent delegates to."""
    for name in {parent_of(zone), _parent_zone(survey, finder, zone)}:
        yield from questions_of(survey, finder, name, RecordType.NS)
    for name in _parentservers_named(survey, finder, zone):
        yield from _address_questions(survey, finder, name)
    yield from _parent_server_questions(survey, finder, zone)


def _delegation_questions(survey: Survey, view: View) -> Iterator[DnsQuestion]:
    yield from _parent_server_questions(survey, bootstrap_view(view), zone_of(survey, view))


def _parent_server_questions(survey: Survey, finder: View, zone: str) -> Iterator[DnsQuestion]:
    names = _parentservers_named(survey, finder, zone)
    addresses = dict.fromkeys(address for name in names for address in _addresses(survey, finder, name))
    for server in list(addresses)[:PARENT_SERVERS]:
        yield DnsQuestion("", server, zone, RecordType.NS, direct=True)


def _parentservers_named(survey: Survey, finder: View, zone: str) -> tuple[str, ...]:
    return _servers(survey, finder, _parent_zone(survey, finder, zone))[:PARENT_SERVERS]


def _parent_zone(survey: Survey, finder: View, zone: str) -> str:
    """The zone above a zone: its parent name, or what that one lies in where it is no zone."""
    parent = parent_of(zone)
    answer = answer_of(survey, finder, parent, RecordType.NS)
    inside_another = answer is not None and answer.status is DnsStatus.NODATA and _lies_in(parent, answer.zone)
    return answer.zone if answer is not None and inside_another else parent


def _lies_in(name: str, zone: str) -> bool:
    return not zone or name == zone or name.endswith(f".{zone}")


def _address_questions(survey: Survey, view: View, name: str) -> Iterator[DnsQuestion]:
    for type_ in address_types(survey):
        yield from questions_of(survey, view, name, type_)


def zone_of(survey: Survey, view: View) -> str:
    """The zone that the domain lies in, as far as a view shows it."""
    return _zones(survey, bootstrap_view(view))[-1]


def _zones(survey: Survey, view: View) -> tuple[str, ...]:
    """The domain, and the zone it lies in where it is none itself."""
    answer = answer_of(survey, view, survey.domain, RecordType.NS)
    above = answer.zone if answer is not None and answer.status is DnsStatus.NODATA else ""
    is_above = above and above != survey.domain and survey.domain.endswith("." + above)
    return (survey.domain, above) if is_above else (survey.domain,)


def _servers(survey: Survey, view: View, zone: str) -> tuple[str, ...]:
    answer = answer_of(survey, view, zone, RecordType.NS)
    return tuple(sorted(answer.names)) if answer is not None and answer.status is DnsStatus.ANSWER else ()


def _addresses(survey: Survey, view: View, name: str) -> tuple[str, ...]:
    answers = (answer_of(survey, view, name, type_) for type_ in address_types(survey))
    return tuple(address for answer in answers if answer is not None for address in in_order(answer.addresses))


MAX_ALIASES = 16
"""An alias chain longer than this has no end for us (resolvers give up at 8 to 20 hops)."""


class Presence(ClosedSet):
    """Whether a name has an address or alias record in a view."""

    PRESENT = "present"
    ABSENT = "absent"
    FAILED = "failed"
    """No resolver said: neither present nor absent."""
    PENDING = "pending"
    """Not asked, or not answered before the deadline."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One question that no resolver of a view answered, and how each resolver failed."""

    name: str
    type: RecordType
    reasons: tuple[tuple[str, DnsStatus], ...]


@dataclass(frozen=True, slots=True)
class Resolution:
    """The address records of a name in a view. A name with aliases but no address is PRESENT: it has a record."""

    name: str
    presence: Presence
    addresses: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    ttl: int | None = None
    nxdomain: bool = False
    failures: tuple[Failure, ...] = ()
    synthesized: bool | None = None
    """Whether a wildcard made the records, where a signature says so; None where it is not known."""
    pending: bool = False
    """Whether something was not asked, or not answered before the deadline."""

    @property
    def complete(self) -> bool:
        """Whether all that was to be asked has its answer: what is not there then is nowhere."""
        return not self.failures and not self.pending

    @property
    def leads_nowhere(self) -> bool:
        """Whether the name surely has no address, with or without an alias."""
        return not self.addresses and self.complete

    @property
    def unfinished(self) -> bool:
        """Whether the deadline came before any address."""
        return self.pending and not self.addresses and not self.failures

    @property
    def names(self) -> tuple[str, ...]:
        """The name and every alias after it."""
        return (self.name, *self.aliases)


def _chain(survey: Survey, view: View, name: str, type_: RecordType) -> Iterator[DnsAnswer | None]:
    """The answers for a name and, while they end in an alias without an address, for that alias."""
    seen = {name}
    while len(seen) <= MAX_ALIASES:
        answer = answer_of(survey, view, name, type_)
        yield answer
        if answer is None or not unfinished_alias(answer) or seen & set(answer.aliases):
            return
        seen.update(answer.aliases)
        name = answer.aliases[-1]


def unfinished_alias(answer: DnsAnswer) -> str:
    """The alias at which an answer stops without saying what is there, else empty."""
    if answer.status is DnsStatus.ANSWER and answer.aliases and not answer.addresses and not answer.services:
        return answer.aliases[-1]
    return ""


def label_types(survey: Survey, label: str) -> tuple[RecordType, ...]:
    """The address types that a random label is asked for: all for the first, one is enough for the others."""
    types = address_types(survey)
    return types if label == survey.labels[0] else types[:1]


def resolve(survey: Survey, view: View, name: str, types: tuple[RecordType, ...] = ()) -> Resolution:
    """All address and alias records of a name in a view, of the policy's families unless `types` are given.

    An IP address, as it may stand in a URL, is its own.
    """
    if is_address(name):
        return Resolution(name, Presence.PRESENT, (name,))
    addresses: dict[str, None] = {}
    aliases: dict[str, None] = {}
    ttls: list[int] = []
    failures: list[Failure] = []
    pending = nxdomain = False
    synthesized: bool | None = None
    for type_ in types or address_types(survey):
        asked = name
        for answer in _chain(survey, view, name, type_):
            if answer is None or answer.status is DnsStatus.CUT_SHORT:
                pending = True
                break
            if not answer.status.conclusive:
                failures.append(Failure(asked, type_, reasons_of(survey, view, asked, type_)))
                break
            nxdomain = nxdomain or answer.status is DnsStatus.NXDOMAIN
            addresses.update(dict.fromkeys(in_order(answer.addresses)))
            aliases.update(dict.fromkeys(answer.aliases))
            synthesized = answer.synthesized if answer.synthesized is not None else synthesized
            if answer.ttl is not None:
                ttls.append(answer.ttl)
            asked = answer.aliases[-1] if answer.aliases else asked
    presence = _presence(bool(addresses or aliases), bool(failures), pending)
    ttl = min(ttls, default=None)
    return Resolution(
        name, presence, tuple(addresses), tuple(aliases), ttl, nxdomain, tuple(failures), synthesized, pending
    )


def _presence(found: bool, failed: bool, pending: bool) -> Presence:
    if found:
        return Presence.PRESENT
    if failed:
        return Presence.FAILED
    return Presence.PENDING if pending else Presence.ABSENT


@dataclass(frozen=True, slots=True)
class Services:
    """The SRV records of a name in a view, in the order of RFC 2782; target `.` alone counts as ABSENT."""

    name: str
    presence: Presence
    records: tuple[Srv, ...] = ()
    not_offered: bool = False
    aliases: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()


def services(survey: Survey, view: View, name: str) -> Services:
    """What a view says at an SRV name. NODATA, as under a wildcard, and NXDOMAIN are both absent."""
    answer, asked, aliases = None, name, dict[str, None]()
    for answer in _chain(survey, view, name, RecordType.SRV):
        if answer is None or not answer.aliases:
            break
        aliases.update(dict.fromkeys(answer.aliases))
        asked = answer.aliases[-1]
    if answer is None or answer.status is DnsStatus.CUT_SHORT:
        return Services(name, Presence.PENDING)
    if not answer.status.conclusive:
        failure = Failure(asked, RecordType.SRV, reasons_of(survey, view, asked, RecordType.SRV))
        return Services(name, Presence.FAILED, failures=(failure,))
    records = tuple(
        sorted(
            (record for record in answer.services if record.target),
            key=lambda record: (record.priority, -record.weight, record.target, record.port),
        )
    )
    not_offered = bool(answer.services) and not records
    return Services(name, Presence.PRESENT if records else Presence.ABSENT, records, not_offered, tuple(aliases))
