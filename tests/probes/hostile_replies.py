"""Replies as the owner of a hostile zone would make them: much work for few bytes, each of a size that is asked for."""

import struct
from collections.abc import Callable, Mapping
from itertools import islice, product

from check_autodiscover.core.model.observations import DnsQuestion, RecordType
from check_autodiscover.probes.dns.wire import TYPE_NUMBERS

__all__ = ["HOSTILE", "MAX_MESSAGE", "NAME", "make_record", "make_reply"]

NAME = "autodiscover.example.com"
MAX_MESSAGE = 0xFFFF
"""Octets of the longest message over TCP (RFC 1035 4.2.2)."""

_ASKED = b"\xc0\x0c"
"""A pointer to the name in the question."""
_LABELS = 118
_TXT, _RRSIG, _NSEC, _OPT = 16, 46, 47, 41
_ADDRESS = b"\xc0\x00\x02\x07"


def make_reply(
    question: DnsQuestion, answer: bytes = b"", authority: bytes = b"", counts: tuple[int, ...] = ()
) -> bytes:
    """Return a reply whose sections are these bytes; `counts` are those of the three sections."""
    head = struct.pack("!6H", 7, 0x8180, 1, *counts)
    return head + _encode(question.name) + struct.pack("!2H", TYPE_NUMBERS[question.type], 1) + answer + authority


def make_record(owner: bytes, type_: int, data: bytes, class_: int = 1) -> bytes:
    """Return a record whose owner is already encoded."""
    return owner + struct.pack("!2HIH", type_, class_, 60, len(data)) + data


def _encode(name: str) -> bytes:
    labels = [label.encode() for label in name.split(".")]
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def _start(question: DnsQuestion) -> int:
    """Where the first record stands."""
    return len(make_reply(question, counts=(0, 0, 0)))


def _pointer(to: int) -> bytes:
    return struct.pack("!H", 0xC000 | to)


def _long_names(question: DnsQuestion, count: int, wrap: Callable[[bytes], bytes]) -> bytes:
    """Records that each name a host of 120 labels, of which all but the first share one suffix by a pointer."""
    prefix = len(wrap(b""))
    suffix = _pointer(_start(question) + 12 + prefix + 5)
    whole = b"\1a" * _LABELS + b"\0"
    names = (b"\4%04x" % number + (suffix if number else whole) for number in range(count))
    return b"".join(make_record(_ASKED, TYPE_NUMBERS[question.type], wrap(name)) for name in names)


def _name_servers(question: DnsQuestion, count: int) -> bytes:
    return make_reply(question, _long_names(question, count, lambda name: name), counts=(count, 0, 0))


def _services(question: DnsQuestion, count: int) -> bytes:
    records = _long_names(question, count, lambda name: struct.pack("!3H", 0, 0, 443) + name)
    return make_reply(question, records, counts=(count, 0, 0))


def _zones(question: DnsQuestion, count: int) -> bytes:
    numbers = struct.pack("!5I", 1, 2, 3, 4, 5)
    whole = b"\1a" * _LABELS + b"\0"
    suffix = _pointer(_start(question) + 12 + 5)
    records = b"".join(
        make_record(
            _ASKED, TYPE_NUMBERS[RecordType.SOA], b"\4%04x" % number + (suffix if number else whole) + suffix + numbers
        )
        for number in range(count)
    )
    return make_reply(question, records, counts=(count, 0, 0))


def _owners(question: DnsQuestion, count: int) -> bytes:
    """Addresses of other names of 120 labels."""
    suffix = _pointer(_start(question) + 5)
    whole = b"\1a" * _LABELS + b"\0"
    owners = (b"\4%04x" % number + (suffix if number else whole) for number in range(count))
    records = b"".join(make_record(owner, 1, _ADDRESS) for owner in owners)
    return make_reply(question, records, counts=(count, 0, 0))


def _collisions(question: DnsQuestion, count: int) -> bytes:
    """Addresses of names that dnspython's hash, nine times the sum so far plus the octet, holds for one."""
    labels = (b"".join(bytes((100 + k, 200 - 9 * k)) for k in pick) for pick in product(range(3), repeat=12))
    owners = (bytes((len(label),)) + label + _ASKED for label in islice(labels, count))
    records = b"".join(make_record(owner, 1, _ADDRESS) for owner in owners)
    return make_reply(question, records, counts=(count, 0, 0))


def _pointers(question: DnsQuestion, count: int) -> bytes:
    """Addresses whose owner is the last of a chain of pointers."""
    first = _start(question) + 12
    links = [b"\1a\0", *(_pointer(first if not at else first + 1 + 2 * at) for at in range(7000))]
    chain = b"".join(links)
    records = make_record(_ASKED, _TXT, chain)
    records += make_record(_pointer(first + len(chain) - 2), 1, _ADDRESS) * (count - 1)
    return make_reply(question, records, counts=(count, 0, 0))


def _signatures(question: DnsQuestion, count: int) -> bytes:
    signer = _encode(NAME)
    records = b"".join(
        make_record(_ASKED, _RRSIG, struct.pack("!HBB3IH", 1, 13, 3, 60, 1, 1, number % 0x10000) + signer + b"x" * 8)
        for number in range(count)
    )
    return make_reply(question, records, counts=(count, 0, 0))


def _denials(question: DnsQuestion, count: int) -> bytes:
    """NSEC records of the asked name whose bitmaps have a window an octet."""
    bitmap = b"".join(bytes((window, 1, 0xFF)) for window in range(8))
    records = b"".join(make_record(_ASKED, _NSEC, _encode(f"n{number}.{NAME}") + bitmap) for number in range(count))
    return make_reply(question, authority=records, counts=(0, count, 0))


def _bitmaps(question: DnsQuestion, count: int) -> bytes:
    """NSEC records that deny no type at all but NXNAME."""
    full = b"".join(bytes((window, 32)) + (b"\xff" * 16 + b"\x7f" + b"\xff" * 15) for window in range(256))
    some = min(count, 7)
    record = make_record(_ASKED, _NSEC, _encode(NAME) + full)
    return make_reply(question, authority=record * some, counts=(0, some, 0))


def _options(question: DnsQuestion, count: int) -> bytes:
    record = b"\0" + struct.pack("!2HIH", _OPT, 1232, 0, 4 * min(count, 15_000)) + b"\xfd\xe9\0\0" * min(count, 15_000)
    return make_reply(question, record, counts=(0, 0, 1))


def _other_types(question: DnsQuestion, count: int) -> bytes:
    """Records that nobody asked for, of types whose data costs much to read."""
    record = make_record(_ASKED, 64, struct.pack("!H", 1) + _encode(NAME) + struct.pack("!2H", 7, 0) * 20)
    return make_reply(question, record * count, counts=(count, 0, 0))


_Kind = tuple[RecordType, Callable[[DnsQuestion, int], bytes]]

HOSTILE: Mapping[str, _Kind] = {
    "name servers of 120 labels": (RecordType.NS, _name_servers),
    "services at hosts of 120 labels": (RecordType.SRV, _services),
    "zones of 120 labels": (RecordType.SOA, _zones),
    "owners of 120 labels": (RecordType.A, _owners),
    "owners of one hash": (RecordType.A, _collisions),
    "a chain of pointers": (RecordType.A, _pointers),
    "signatures": (RecordType.A, _signatures),
    "denials": (RecordType.A, _denials),
    "full bitmaps": (RecordType.A, _bitmaps),
    "EDNS options": (RecordType.A, _options),
    "service bindings": (RecordType.A, _other_types),
}
"""What is asked for, and how the reply of so many records (or options) is made; no message is longer than TCP takes."""
