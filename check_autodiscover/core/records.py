"""What the resolvers of a view said about a name, put together.

Reads the Survey's lookups for plan, candidates and rules. Several resolvers of a view stand for one another: the
first that says anything conclusive is the view's answer, so a dead one never turns into "no record". A chain of
aliases that a resolver did not finish is followed through the further questions that the plan made of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from check_autodiscover.core.policy import Family, Resolver, Transport, View
from check_autodiscover.core.survey import DnsAnswer, DnsQuestion, DnsStatus, RecordType, Srv, Survey

__all__ = [
    "Failure",
    "Presence",
    "Resolution",
    "Services",
    "address_types",
    "answer_of",
    "asks_authority",
    "authorities",
    "bootstrap_view",
    "invalid_name",
    "label_types",
    "questions_of",
    "resolve",
    "rewrites",
    "server_names",
    "services",
    "unfinished_alias",
    "zone_of",
]

MAX_ALIASES = 16
"""An alias chain longer than this has no end for us (resolvers give up at 8 to 20 hops)."""

MAX_SERVERS = 8
"""Servers of a zone, and addresses of them, that are asked directly."""

_TYPES = {Family.IPV4: RecordType.A, Family.IPV6: RecordType.AAAA}


class Presence(Enum):
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

    @property
    def names(self) -> tuple[str, ...]:
        """The name and every alias after it."""
        return (self.name, *self.aliases)


def address_types(survey: Survey) -> tuple[RecordType, ...]:
    """The address types that the policy's families ask for."""
    return tuple(_TYPES[family] for family in survey.policy.families)


def answer_of(survey: Survey, view: View, name: str, type_: RecordType) -> DnsAnswer | None:
    """The view's answer: the first conclusive one in the order of its servers, else the first failure, else None.

    What a resolver says that rewrites NXDOMAIN is not believed.
    """
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


def questions_of(survey: Survey, view: View, name: str, type_: RecordType) -> tuple[DnsQuestion, ...]:
    """The questions by which a view learns of a name: one for each of its resolvers, or of the domain's own servers."""
    if asks_authority(view):
        return tuple(DnsQuestion("", server, name, type_, direct=True) for server in authorities(survey, view))
    return tuple(DnsQuestion(view.name, resolver.label, name, type_) for resolver in view.resolvers)


def asks_authority(view: View) -> bool:
    """Whether a view's answers are those of the domain's own servers, each asked directly."""
    return any(resolver.transport is Transport.AUTHORITATIVE for resolver in view.resolvers)


def bootstrap_view(view: View) -> View:
    """The view through which the domain's own servers are found: this one, asked by a resolver in place of them."""
    return View(view.name, (Resolver("", transport=Transport.SYSTEM),)) if asks_authority(view) else view


def invalid_name(survey: Survey) -> str:
    """A fresh name that cannot exist (RFC 6761 section 6.4), empty for a survey without random labels."""
    return f"{survey.labels[0]}.invalid" if survey.labels else ""


def rewrites(survey: Survey, question: DnsQuestion) -> bool:
    """Whether the resolver of a question gave addresses to a name that cannot exist."""
    control = DnsQuestion(question.view, question.resolver, invalid_name(survey), RecordType.A)
    answer = survey.lookups.get(control)
    return answer is not None and answer.status is DnsStatus.ANSWER and bool(answer.addresses)


def authorities(survey: Survey, view: View) -> tuple[str, ...]:
    """The addresses of the domain's own servers, as a view knows them, at most MAX_SERVERS."""
    bootstrap = bootstrap_view(view)
    names = dict.fromkeys(name for zone in _zones(survey, bootstrap) for name in _servers(survey, bootstrap, zone))
    addresses = (
        address
        for name in list(names)[:MAX_SERVERS]
        for type_ in address_types(survey)
        for address in _addresses(survey, bootstrap, name, type_)
    )
    return tuple(dict.fromkeys(addresses))[:MAX_SERVERS]


def _zones(survey: Survey, view: View) -> tuple[str, ...]:
    """The domain, and the zone it lies in where it is none itself."""
    answer = answer_of(survey, view, survey.domain, RecordType.NS)
    parent = answer.zone if answer is not None and answer.status is DnsStatus.NODATA else ""
    above = parent and parent != survey.domain and survey.domain.endswith("." + parent)
    return (survey.domain, parent) if above else (survey.domain,)


def zone_of(survey: Survey, view: View) -> str:
    """The zone that the domain lies in, as far as a view shows it."""
    return _zones(survey, bootstrap_view(view))[-1]


def _servers(survey: Survey, view: View, zone: str) -> tuple[str, ...]:
    answer = answer_of(survey, view, zone, RecordType.NS)
    return tuple(sorted(answer.names)) if answer is not None and answer.status is DnsStatus.ANSWER else ()


def _addresses(survey: Survey, view: View, name: str, type_: RecordType) -> tuple[str, ...]:
    answer = answer_of(survey, view, name, type_)
    return tuple(sorted(answer.addresses)) if answer is not None else ()


def server_names(survey: Survey, view: View) -> tuple[str, ...]:
    """The names of the domain's own servers as a view knows them."""
    bootstrap = bootstrap_view(view)
    names = dict.fromkeys(name for zone in _zones(survey, bootstrap) for name in _servers(survey, bootstrap, zone))
    return tuple(names)[:MAX_SERVERS]


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
    """All address and alias records of a name in a view, of the policy's families unless `types` are given."""
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
                failures.append(Failure(asked, type_, _reasons(survey, view, asked, type_)))
                break
            nxdomain = nxdomain or answer.status is DnsStatus.NXDOMAIN
            addresses.update(dict.fromkeys(sorted(answer.addresses)))
            aliases.update(dict.fromkeys(answer.aliases))
            synthesized = answer.synthesized if answer.synthesized is not None else synthesized
            if answer.ttl is not None:
                ttls.append(answer.ttl)
            asked = answer.aliases[-1] if answer.aliases else asked
    presence = _presence(bool(addresses or aliases), bool(failures), pending)
    ttl = min(ttls, default=None)
    return Resolution(name, presence, tuple(addresses), tuple(aliases), ttl, nxdomain, tuple(failures), synthesized)


def _presence(found: bool, failed: bool, pending: bool) -> Presence:
    if found:
        return Presence.PRESENT
    if failed:
        return Presence.FAILED
    return Presence.PENDING if pending else Presence.ABSENT


def _reasons(survey: Survey, view: View, name: str, type_: RecordType) -> tuple[tuple[str, DnsStatus], ...]:
    answers = (
        (question.resolver, survey.lookups.get(question)) for question in questions_of(survey, view, name, type_)
    )
    return tuple((label, answer.status) for label, answer in answers if answer is not None)


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
    answer = None
    for answer in _chain(survey, view, name, RecordType.SRV):
        if answer is None:
            break
    if answer is None or answer.status is DnsStatus.CUT_SHORT:
        return Services(name, Presence.PENDING)
    if not answer.status.conclusive:
        failure = Failure(name, RecordType.SRV, _reasons(survey, view, name, RecordType.SRV))
        return Services(name, Presence.FAILED, failures=(failure,))
    records = tuple(
        sorted(
            (record for record in answer.services if record.target),
            key=lambda record: (record.priority, -record.weight, record.target, record.port),
        )
    )
    not_offered = bool(answer.services) and not records
    return Services(name, Presence.PRESENT if records else Presence.ABSENT, records, not_offered, answer.aliases)
