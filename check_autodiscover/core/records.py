"""What the resolvers of a view said about a name, put together.

Reads `answers` for plan, candidates and rules. A chain of aliases that a resolver did not finish is followed through
the further questions that the plan made of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from check_autodiscover.core.address_order import in_order
from check_autodiscover.core.answers import address_types, answer_of, reasons_of
from check_autodiscover.core.closed_set import ClosedSet
from check_autodiscover.core.names import is_address
from check_autodiscover.core.observations import DnsAnswer, DnsStatus, RecordType, Srv
from check_autodiscover.core.policy import View
from check_autodiscover.core.survey import Survey

__all__ = [
    "Failure",
    "Presence",
    "Resolution",
    "Services",
    "label_types",
    "resolve",
    "services",
    "unfinished_alias",
]

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
