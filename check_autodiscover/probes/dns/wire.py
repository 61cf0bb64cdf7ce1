"""Plain queries and replies as bytes, without the library, which takes half of a plugin's start to import.

Plain is what nearly all replies are: one question, no signatures, names of letters, digits, hyphens and underscores,
records of the types that we ask for. Whatever else a reply holds is read by `full_wire`.
"""

import struct
from dataclasses import dataclass
from socket import AF_INET6, inet_ntoa, inet_ntop

from check_autodiscover.core.model.observations import DnsAnswer, DnsQuestion, DnsStatus, RecordType, Srv

__all__ = ["MAX_ADDRESSES", "MAX_ALIASES", "MAX_HOSTS", "TYPE_NUMBERS", "encode", "in_order", "read_plain"]

EDNS_PAYLOAD = 1232
"""Bytes of UDP payload that arrive unfragmented (DNS Flag Day 2020)."""

MAX_LABEL, MAX_NAME = 63, 255
"""Octets (RFC 1035 2.3.4)."""

TYPE_NUMBERS = {
    RecordType.A: 1,
    RecordType.NS: 2,
    RecordType.SOA: 6,
    RecordType.MX: 15,
    RecordType.AAAA: 28,
    RecordType.SRV: 33,
}

_IN, _OPT = 1, 41

_RECURSION_DESIRED, _CHECKING_DISABLED = 0x0100, 0x0010

_QUERY_HEADER = struct.Struct("!6H")

_QUESTION = struct.Struct("!2H")

_DNSSEC_OK = 0x8000

_EDNS = struct.pack("!B2HIH", 0, _OPT, EDNS_PAYLOAD, _DNSSEC_OK, 0)
"""RFC 6891 6.1.2. Signatures are wanted because they tell what a wildcard made, whoever validates them."""


def encode(question: DnsQuestion, query_id: int, *, edns: bool) -> bytes:
    """A query, without recursion for a direct question. Raises ValueError for a name that no query can hold."""
    recursion = 0 if question.direct else _RECURSION_DESIRED
    checking = _CHECKING_DISABLED if question.checking_disabled else 0
    head = _QUERY_HEADER.pack(query_id, recursion | checking, 1, 0, 0, int(edns))
    asked = _name(question.name) + _QUESTION.pack(TYPE_NUMBERS[question.type], _IN)
    return head + asked + (_EDNS if edns else b"")


def _name(name: str) -> bytes:
    if "\\" in name:
        return _escaped_name(name)
    labels = name.encode("ascii").split(b".") if name else []
    if not all(0 < len(label) <= MAX_LABEL for label in labels):
        raise ValueError(f"not a domain name: {name!r}")
    wire = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    if len(wire) > MAX_NAME:
        raise ValueError(f"not a domain name: {name!r}")
    return wire


def _escaped_name(name: str) -> bytes:
    """A name with the escapes of RFC 1035 5.1, which comes from replies alone: what reads them knows how."""
    from dns.exception import DNSException
    from dns.name import from_text

    try:
        return from_text(name).to_wire() or b""
    except (DNSException, struct.error) as error:
        # Up to dnspython 2.6 an escape above 255 is no DNSException.
        raise ValueError(f"not a domain name: {name!r}") from error


MAX_ADDRESSES = 64
"""Addresses, and SRV records, that are kept of one answer."""

MAX_ALIASES = 16
"""Aliases that are followed in one answer."""

MAX_HOSTS = 64
"""Names of servers that are kept of one answer."""

MAX_PLAIN = 128
"""Records of a message that is still plain."""

MAX_POINTERS = 16
"""Pointers of one name that are followed."""

_HEADER = struct.Struct("!2x5H")

_RECORD = struct.Struct("!2HIH")

_SRV = struct.Struct("!3H")

_SOA = struct.Struct("!5I")

_OTHER_FLAGS, _REPLY, _AUTHORITATIVE = 0xFA00, 0x8000, 0x0400

_STATUSES = {0: DnsStatus.ANSWER, 3: DnsStatus.NXDOMAIN}

_POINTER, _MAX_LABEL, _MAX_NAME = 0xC0, 63, 255

_MAX_TTL = 0x7FFF_FFFF


class _Type:
    """Numbers of the types that a plain message may hold."""

    A, NS, CNAME, SOA, MX, AAAA, SRV, OPT = 1, 2, 5, 6, 15, 28, 33, 41


_SECTIONS = (
    frozenset({_Type.A, _Type.NS, _Type.CNAME, _Type.SOA, _Type.MX, _Type.AAAA, _Type.SRV}),
    frozenset({_Type.NS, _Type.SOA}),
    frozenset({_Type.A, _Type.AAAA, _Type.OPT}),
)
"""The types that are plain in the answer, authority and additional section."""

_PLAIN_OCTETS = b"abcdefghijklmnopqrstuvwxyz0123456789-_*."

_SINGLE = (_Type.CNAME, _Type.SOA)
"""Types of which a name has one record at most."""

_Datum = str | Srv | tuple[str, int, int]
"""An address or name, a service, or a zone's serial number and negative TTL beside its first server."""


class _NotPlain(Exception):
    """The message is the library's to read."""


@dataclass(slots=True)
class _Set:
    """The records of one name and type, with the smallest of their TTLs."""

    name: str
    type: int
    ttl: int
    data: list[_Datum]


_Sets = dict[tuple[str, int], _Set]


def read_plain(wire: bytes, question: DnsQuestion) -> DnsAnswer | None:
    """What a reply says to the question, None where the library has to tell."""
    if question.direct and question.type is RecordType.NS:
        # A parent's server may answer with a delegation.
        return None
    try:
        return _Message(wire).answer(question)
    except (_NotPlain, struct.error, IndexError, OSError):
        return None


def in_order(services: set[Srv]) -> tuple[Srv, ...]:
    """Services as they are kept: in the order of RFC 2782, as many as are kept."""
    ordered = sorted(services, key=lambda item: (item.priority, -item.weight, item.target, item.port))
    return tuple(ordered[:MAX_ADDRESSES])


class _Message:
    """A message that is plain, read once."""

    def __init__(self, wire: bytes) -> None:
        self._wire = wire
        self._names: dict[int, tuple[str, int]] = {}
        flags, asked, *counts = _HEADER.unpack_from(wire)
        if flags & _OTHER_FLAGS != _REPLY or asked != 1 or sum(counts) > MAX_PLAIN:
            raise _NotPlain
        self._flags = flags
        self._extended = False
        self._asked, at = self._name(_HEADER.size)
        self._type, class_ = _QUESTION.unpack_from(wire, at)
        self._at = at + _QUESTION.size
        self._found, self._authority, _ = (
            self._section(count, types) for count, types in zip(counts, _SECTIONS, strict=True)
        )
        if class_ != _IN or self._at != len(wire):
            raise _NotPlain

    def answer(self, question: DnsQuestion) -> DnsAnswer:
        """What it says to the question, which must be the one it repeats."""
        status = _STATUSES.get(self._flags & 0x0F)
        if status is None or self._asked != question.name.lower() or self._type != TYPE_NUMBERS[question.type]:
            raise _NotPlain
        chain, records = self._follow()
        if status is DnsStatus.ANSWER and not records and not chain:
            status = self._emptiness()
        zone, negative = self._zone()
        ttls = [found.ttl for found in (*chain, *records)] + ([] if records else negative)
        data = [item for found in records for item in found.data]
        type_ = question.type
        names = [item for item in data if isinstance(item, str)]
        return DnsAnswer(
            status,
            addresses=tuple(sorted(set(names))[:MAX_ADDRESSES]) if type_ in _ADDRESSES else (),
            services=in_order({item for item in data if isinstance(item, Srv)}),
            aliases=tuple(str(link.data[0]) for link in chain),
            ttl=min(ttls, default=None),
            authoritative=bool(self._flags & _AUTHORITATIVE),
            zone="" if records else zone,
            names=tuple(sorted(set(names))[:MAX_HOSTS]) if type_ in _HOSTS else (),
            serial=self._serial(),
        )

    def _follow(self) -> tuple[list[_Set], list[_Set]]:
        """The CNAMEs from the asked name on, and the records of the asked type at their end (RFC 1034 3.6.2)."""
        name, chain, seen = self._asked, list[_Set](), {self._asked}
        while (found := self._found.get((name, self._type))) is None:
            alias = self._found.get((name, _Type.CNAME))
            if alias is None or len(chain) == MAX_ALIASES:
                return chain, []
            chain.append(alias)
            name = str(alias.data[0])
            if name in seen:
                return chain, []
            seen.add(name)
        return chain, [found]

    def _emptiness(self) -> DnsStatus:
        """A referral says nothing itself: servers, and no SOA, with an empty answer (RFC 2308 2.2)."""
        types = {type_ for _, type_ in self._authority}
        return DnsStatus.REFUSED if _Type.NS in types and _Type.SOA not in types else DnsStatus.NODATA

    def _zone(self) -> tuple[str, list[int]]:
        """The zone and TTL of a negative answer (RFC 2308 section 5), if its SOA came along."""
        for found in self._authority.values():
            match found.data[0]:
                case (_, _, minimum):
                    return found.name, [min(found.ttl, minimum)]
        return "", []

    def _serial(self) -> int | None:
        for found in (*self._found.values(), *self._authority.values()):
            match found.data[0]:
                case (_, serial, _):
                    return serial
        return None

    def _section(self, count: int, types: frozenset[int]) -> _Sets:
        sets: _Sets = {}
        for _ in range(count):
            name, at = self._name(self._at)
            type_, class_, ttl, length = _RECORD.unpack_from(self._wire, at)
            at += _RECORD.size
            self._at = at + length
            if type_ not in types:
                raise _NotPlain
            if type_ == _Type.OPT:
                self._extend(name, ttl, length)
            elif class_ != _IN or ttl > _MAX_TTL:
                raise _NotPlain
            else:
                self._add(sets, name, type_, ttl, self._datum(type_, at, length))
        return sets

    def _extend(self, name: str, ttl: int, length: int) -> None:
        """EDNS, once: its TTL holds more of the response code (RFC 6891 6.1.3), its data what came later."""
        if name or length or ttl >> 24 or self._extended:
            raise _NotPlain
        self._extended = True

    @staticmethod
    def _add(sets: _Sets, name: str, type_: int, ttl: int, datum: _Datum) -> None:
        found = sets.get((name, type_))
        if found is None:
            sets[name, type_] = _Set(name, type_, ttl, [datum])
        elif type_ in _SINGLE:
            raise _NotPlain
        else:
            found.ttl = min(found.ttl, ttl)
            found.data.append(datum)

    def _datum(self, type_: int, at: int, length: int) -> _Datum:
        end = at + length
        datum: _Datum
        match type_:
            case _Type.A:
                datum, at = inet_ntoa(self._wire[at:end]), end
            case _Type.AAAA:
                datum, at = _ipv6(self._wire[at:end]), end
            case _Type.MX:
                datum, at = self._name(at + 2)
            case _Type.SRV:
                priority, weight, port = _SRV.unpack_from(self._wire, at)
                target, at = self._name(at + _SRV.size)
                datum = Srv(priority, weight, port, target)
            case _Type.SOA:
                server, at = self._name(at)
                _, at = self._name(at)
                serial, *_, minimum = _SOA.unpack_from(self._wire, at)
                datum, at = (server, serial, minimum), at + _SOA.size
            case _:
                datum, at = self._name(at)
        if at != end:
            raise _NotPlain
        return datum

    def _name(self, at: int, pointers: int = 0) -> tuple[str, int]:
        """The name that stands there, in lower case without the final dot, and what stands behind it."""
        known = self._names.get(at)
        if known is not None:
            return known
        wire, labels, start, above = self._wire, list[bytes](), at, ""
        while length := wire[at]:
            if length > _MAX_LABEL:
                # A pointer leads backwards, or it might never end (RFC 1035 4.1.4).
                to = (length & ~_POINTER) << 8 | wire[at + 1]
                if length < _POINTER or to >= start or pointers == MAX_POINTERS:
                    raise _NotPlain
                above, _ = self._name(to, pointers + 1)
                at += 1
                break
            labels.append(wire[at + 1 : at + 1 + length])
            at += 1 + length
        name = _joined(labels, above)
        self._names[start] = name, at + 1
        return name, at + 1


def _joined(labels: list[bytes], above: str) -> str:
    """The name of these labels before those of another one."""
    if not labels:
        return above
    joined = b".".join(labels).lower()
    name = joined.decode("ascii", "replace") + (f".{above}" if above else "")
    # A dot within a label counts as one too many; in octets a name is two longer than in text.
    strange = joined.translate(None, _PLAIN_OCTETS) or joined.count(b".") != len(labels) - 1
    if strange or len(name) + 2 > _MAX_NAME:
        raise _NotPlain
    return name


_ADDRESSES = frozenset({RecordType.A, RecordType.AAAA})

_HOSTS = frozenset({RecordType.NS, RecordType.MX})


def _ipv6(octets: bytes) -> str:
    # Libraries differ in how they write an IPv4 address inside one.
    if len(octets) != 16 or not any(octets[:8]):
        raise _NotPlain
    return inet_ntop(AF_INET6, octets)
