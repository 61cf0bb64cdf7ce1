"""DNS replies from bytes, by dnspython's parsers of names and data; the probe imports it for the first not plain reply.

Whoever owns a zone writes what stands in a reply, so reading one has a budget: records that the question cannot use are
stepped over, and of the others no more is read than any honest reply holds. The library's own reader of messages has no
such bound, and keeps sets by a hash of names for which collisions are easily made.
"""

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.wire

from check_autodiscover.core.model.observations import DnsAnswer, DnsQuestion, DnsStatus, RecordType, Srv
from check_autodiscover.probes.dns.wire import MAX_ADDRESSES, MAX_ALIASES, MAX_HOSTS, TYPE_NUMBERS, in_order

if TYPE_CHECKING:
    from dns.rdtypes.ANY.CNAME import CNAME
    from dns.rdtypes.ANY.NS import NS
    from dns.rdtypes.ANY.NSEC import NSEC
    from dns.rdtypes.ANY.RRSIG import RRSIG
    from dns.rdtypes.ANY.SOA import SOA
    from dns.rdtypes.IN.A import A
    from dns.rdtypes.IN.SRV import SRV

__all__ = ["MAX_RECORDS", "MAX_STEPS", "decode"]

MAX_RECORDS = 2048
"""Records of a reply that are stepped through.

BIND takes 100 of one name and type (`max-records-per-type`, since CVE-2024-1737), others serve more: 1,500 addresses
are 24 KB.
"""

MAX_STEPS = 8192
"""Fields, labels and pointers of a reply that are read. An address has five, records that hold names some ten more."""

_LEADING = frozenset({dns.rdatatype.CNAME, dns.rdatatype.SOA, dns.rdatatype.RRSIG})
"""Types that the answer section is read for beside the one asked for."""

_DENYING = frozenset({dns.rdatatype.SOA, dns.rdatatype.NS, dns.rdatatype.NSEC})
"""Types that the authority section is read for."""

_ADDRESSES = frozenset({dns.rdatatype.A, dns.rdatatype.AAAA})

_HOSTS = {RecordType.NS: "target", RecordType.MX: "exchange"}
"""Where the types that name servers hold the name."""

_HEADER = struct.Struct("!2x5H")

_RECORD = "!2HIH"

_QUESTION_SIZE = 4

_EXTENSION_HEAD = 1 + struct.calcsize(_RECORD)
"""Octets before the options of EDNS: the root's name is one."""

_NXNAME = 128

_BITMAP = 32

_SIGNER_TYPES = frozenset({dns.rdatatype.NSEC, dns.rdatatype.RRSIG})
"""Types that a name has because it is signed, and for no other reason."""

_IN = dns.rdataclass.IN

_AUTHORITATIVE, _OPCODE = 0x0400, 0x7800

_MAX_TTL = 0x7FFF_FFFF

_MAX_LABEL, _POINTER = 63, 0xC0

_STATUSES = {
    0: DnsStatus.ANSWER,
    2: DnsStatus.SERVFAIL,
    3: DnsStatus.NXDOMAIN,
    5: DnsStatus.REFUSED,
}
"""By response code (RFC 1035 4.1.1)."""

for _type in (dns.rdatatype.NS, dns.rdatatype.SOA, dns.rdatatype.A, dns.rdatatype.SRV):
    # The library loads a type with its first record, when answers are waiting.
    dns.rdata.get_rdata_class(_IN, _type)  # type: ignore[no-untyped-call]  # without types there


class _Overspent(dns.exception.FormError):
    """The reply holds more than is read; the library lets pass through no other errors than FormError."""


def decode(wire: bytes, question: DnsQuestion) -> DnsAnswer:
    """Return what a reply says to the question.

    Bytes that are no reply are MALFORMED; one beyond MAX_RECORDS or MAX_STEPS is OVERSIZED, and says nothing: what is
    asked for may stand in the part that is not read.
    """
    try:
        return _Reply(wire, question).answer()
    except _Overspent:
        return DnsAnswer(DnsStatus.OVERSIZED)
    except (dns.exception.DNSException, ValueError, LookupError, struct.error):
        return DnsAnswer(DnsStatus.MALFORMED)


class _Parser(dns.wire.Parser):
    """The library's parser, which stops where the budget is spent: all that it reads goes through `get_bytes`."""

    steps = 0

    def get_bytes(self, size: int) -> bytes:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise _Overspent
        return super().get_bytes(size)

    def step_over_name(self) -> None:
        """Go behind a name without following its pointers (RFC 1035 4.1.4)."""
        while length := self.get_uint8():
            if length >= _POINTER:
                self.get_uint8()
                return
            if length > _MAX_LABEL:
                raise dns.name.BadLabelType
            self.get_bytes(length)


@dataclass(slots=True)
class _Set:
    """The records of one name and type, with the smallest of their TTLs."""

    owner: dns.name.Name
    key: bytes
    type: int
    ttl: int
    data: list[dns.rdata.Rdata] = field(default_factory=list)


_Sets = dict[tuple[bytes, int, int], _Set]
"""By the owner as names are compared, the type, and for signatures the type that they sign."""


class _Reply:
    """A reply, read once."""

    def __init__(self, wire: bytes, question: DnsQuestion) -> None:
        self._question = question
        self._type = TYPE_NUMBERS[question.type]
        self._flags, asked, *counts = _HEADER.unpack_from(wire)
        if sum(counts) > MAX_RECORDS:
            raise _Overspent
        self._names: dict[int, tuple[dns.name.Name, bytes]] = {}
        self._parser = _Parser(wire, _HEADER.size)
        # A query has one question (RFC 9619), and a server that cannot read it may leave it out.
        if asked > 1 or self._flags & _OPCODE:
            raise dns.exception.FormError
        for _ in range(asked):
            self._owner()
            self._parser.get_bytes(_QUESTION_SIZE)
        self._extended: int | None = None
        self._served = question.direct and question.type is RecordType.NS
        self._found = self._section(counts[0], _LEADING | {self._type})
        self._authority = self._section(counts[1], _DENYING)
        self._additional = self._section(counts[2], _ADDRESSES if self._served else frozenset(), last=True)
        if self._parser.remaining():
            raise dns.exception.FormError

    def answer(self) -> DnsAnswer:
        """Return what it says to the question."""
        status = _STATUSES.get(self._flags & 0x0F | (self._extended or 0) << 4, DnsStatus.MALFORMED)
        chain, records = self._follow()
        targets = [cast("CNAME", link.data[-1]).target for link in chain]
        if status is DnsStatus.SERVFAIL and chain and _key(targets[-1]) in {link.key for link in chain}:
            # The server gives up where the chain comes back to itself, and shows it: the name has no address.
            status = DnsStatus.ANSWER
        if not status.conclusive:
            return DnsAnswer(status)
        if status is DnsStatus.ANSWER and not records and not chain:
            records = self._delegation()
        if status is DnsStatus.ANSWER and not records and not chain:
            status = DnsStatus.REFUSED if self._is_referral() else DnsStatus.NODATA
        zone, negative_ttl = self._zone()
        ttls = [found.ttl for found in (*chain, *records)] + ([] if records else negative_ttl)
        data = [item for found in records for item in found.data]
        type_ = self._question.type
        return DnsAnswer(
            status,
            addresses=self._glue(data) if self._served else _addresses(data, type_),
            services=_services(data, type_),
            aliases=tuple(map(_text, targets)),
            ttl=min(ttls, default=None),
            authoritative=bool(self._flags & _AUTHORITATIVE),
            zone="" if records else zone,
            names=_hosts(data, type_),
            serial=self._serial(),
            synthesized=self._synthesized((*chain, *records)),
            compact_denial=status is DnsStatus.NODATA and self._is_compact(),
        )

    def _section(self, count: int, types: frozenset[int], *, last: bool = False) -> _Sets:
        """The next section's sets of these types; others, and those of another class, are stepped over."""
        sets: _Sets = {}
        parser = self._parser
        for _ in range(count):
            at = parser.current
            parser.step_over_name()
            type_, class_, ttl, length = parser.get_struct(_RECORD)
            if type_ == dns.rdatatype.OPT:
                self._extend(parser.current - at, ttl, last)
            if type_ not in types or class_ != _IN:
                parser.get_bytes(length)
                continue
            behind = parser.current
            parser.seek(at)
            owner, key = self._owner()
            parser.seek(behind)
            with parser.restrict_to(length):
                datum = dns.rdata.from_wire_parser(class_, type_, parser)
            signed = cast("RRSIG", datum).type_covered if type_ == dns.rdatatype.RRSIG else 0
            # A TTL with the first bit set is none (RFC 2181 section 8).
            ttl = ttl if ttl <= _MAX_TTL else 0
            found = sets.setdefault((key, type_, signed), _Set(owner, key, type_, ttl))
            found.ttl = min(found.ttl, ttl)
            found.data.append(datum)
        return sets

    def _owner(self) -> tuple[dns.name.Name, bytes]:
        """The name that stands here, and what it is compared by; mostly a pointer to one that is known."""
        parser = self._parser
        at = to = parser.current
        if at + 1 < len(parser.wire) and parser.wire[at] >= _POINTER:
            to = int.from_bytes(parser.wire[at : at + 2], "big") & 0x3FFF
        known = self._names.get(to)
        if known is not None and to != at:
            parser.get_bytes(2)
            return known
        name = dns.name.from_wire_parser(parser)
        self._names[to] = name, _key(name)
        return self._names[to]

    def _extend(self, head: int, ttl: int, last: bool) -> None:
        """EDNS, once, at the root and in the last section: its TTL holds more of the response code (RFC 6891 6.1)."""
        if not last or head != _EXTENSION_HEAD or self._extended is not None:
            raise dns.exception.FormError
        self._extended = ttl >> 24

    def _follow(self) -> tuple[list[_Set], list[_Set]]:
        """The CNAMEs from the asked name on, and the records of the asked type at their end (RFC 1034 3.6.2)."""
        key = self._asked()
        chain: list[_Set] = []
        seen = {key}
        while (found := self._found.get((key, self._type, 0))) is None:
            alias = self._found.get((key, dns.rdatatype.CNAME, 0))
            if alias is None or len(chain) == MAX_ALIASES:
                return chain, []
            chain.append(alias)
            key = _key(cast("CNAME", alias.data[-1]).target)
            if key in seen:
                return chain, []
            seen.add(key)
        return chain, [found]

    def _asked(self) -> bytes:
        return _key(dns.name.from_text(self._question.name or ".", origin=dns.name.root))

    def _is_referral(self) -> bool:
        """Whether the server points elsewhere and says nothing itself: no SOA with an empty answer (RFC 2308 2.2)."""
        types = {type_ for _, type_, _ in self._authority}
        return dns.rdatatype.NS in types and dns.rdatatype.SOA not in types

    def _delegation(self) -> list[_Set]:
        """The servers that a parent's server refers to for exactly the zone it was asked about (RFC 1034 4.2.1)."""
        found = self._authority.get((self._asked(), dns.rdatatype.NS, 0)) if self._served else None
        return [] if found is None else [found]

    def _zone(self) -> tuple[str, list[int]]:
        """The zone and TTL of a negative answer (RFC 2308 section 5), if its SOA came along."""
        for found in self._authority.values():
            if found.type == dns.rdatatype.SOA:
                return _text(found.owner), [min(found.ttl, cast("SOA", found.data[-1]).minimum)]
        return "", []

    def _serial(self) -> int | None:
        """The zone's serial number, asked for or come along with a negative answer."""
        sets = (*self._found.values(), *self._authority.values())
        return next((cast("SOA", found.data[-1]).serial for found in sets if found.type == dns.rdatatype.SOA), None)

    def _glue(self, servers: list[dns.rdata.Rdata]) -> tuple[str, ...]:
        """The addresses that came along for the servers named."""
        hosts = {_key(cast("NS", server).target) for server in servers}
        found = (item for item in self._additional.values() if item.key in hosts)
        return tuple(sorted({cast("A", datum).address for item in found for datum in item.data})[:MAX_ADDRESSES])

    def _synthesized(self, answer: tuple[_Set, ...]) -> bool | None:
        """Whether a wildcard made what stands at the asked name, None where no signature tells.

        The signature counts the labels of the name that was signed (RFC 4034 3.1.3); the asterisk is none of them.
        """
        if not answer:
            return None
        first = answer[0]
        signatures = self._found.get((first.key, dns.rdatatype.RRSIG, first.type))
        if signatures is None:
            return None
        labels = len(first.owner) - 1 - first.owner.is_wild()
        return any(cast("RRSIG", signature).labels < labels for signature in signatures.data)

    def _is_compact(self) -> bool:
        """Whether NODATA may stand for a name that does not exist: a signer's proof made for this one question.

        RFC 9824 says so by the type NXNAME; before it, a span of the name alone without any type of its own said as
        much.
        """
        asked = self._asked()
        proofs = self._authority.get((asked, dns.rdatatype.NSEC, 0))
        # A name has one NSEC (RFC 4034 section 4): of several the last counts, as with a CNAME.
        return proofs is not None and _denies(asked, cast("NSEC", proofs.data[-1]))


def _denies(asked: bytes, proof: "NSEC") -> bool:
    first, others = bytearray(_BITMAP), False
    for window, bitmap in proof.windows:
        if window:
            others = others or any(bitmap)
        else:
            first[: len(bitmap)] = bitmap
    if _is_set(first, _NXNAME):
        return True
    for type_ in _SIGNER_TYPES:
        first[type_ // 8] &= ~(0x80 >> type_ % 8)
    return not others and not any(first) and _key(proof.next) == b"\1\0" + asked


def _is_set(bitmap: bytearray, type_: int) -> bool:
    """Whether a bitmap of RFC 4034 4.1.2 has a type of its window."""
    return bool(bitmap[type_ // 8] & 0x80 >> type_ % 8)


def _addresses(data: list[dns.rdata.Rdata], type_: RecordType) -> tuple[str, ...]:
    if TYPE_NUMBERS[type_] not in _ADDRESSES:
        return ()
    # Sorted before they are cut, so that a server that rotates its answers gives the same set each time.
    return tuple(sorted({cast("A", item).address for item in data})[:MAX_ADDRESSES])


def _services(data: list[dns.rdata.Rdata], type_: RecordType) -> tuple[Srv, ...]:
    if type_ is not RecordType.SRV:
        return ()
    items = (cast("SRV", item) for item in data)
    return in_order({Srv(item.priority, item.weight, item.port, _text(item.target)) for item in items})


def _hosts(data: list[dns.rdata.Rdata], type_: RecordType) -> tuple[str, ...]:
    if (field_ := _HOSTS.get(type_)) is None:
        return ()
    return tuple(sorted({_text(getattr(item, field_)) for item in data})[:MAX_HOSTS])


def _key(name: dns.name.Name) -> bytes:
    """What names are compared by: their octets in lower case (RFC 4343); the library's hash has cheap collisions."""
    return name.to_digestable()


def _text(name: dns.name.Name) -> str:
    """A name in lower case without the final dot; octets that no host name has stay escaped (RFC 4343 2.1)."""
    return "" if name == dns.name.root else name.to_text(omit_final_dot=True).lower()
