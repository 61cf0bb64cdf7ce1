"""DNS queries as bytes, for the resolver probe.

Written here, because the library takes longer to import than a resolver to answer, and most checks do without it.
"""

import struct

from check_autodiscover.core.observations import DnsQuestion, RecordType

__all__ = ["TYPE_NUMBERS", "encode"]

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

_HEADER = struct.Struct("!6H")
_QUESTION = struct.Struct("!2H")
_DNSSEC_OK = 0x8000
_EDNS = struct.pack("!B2HIH", 0, _OPT, EDNS_PAYLOAD, _DNSSEC_OK, 0)
"""RFC 6891 6.1.2. Signatures are wanted because they tell what a wildcard made, whoever validates them."""


def encode(question: DnsQuestion, query_id: int, *, edns: bool) -> bytes:
    """A query, without recursion for a direct question. Raises ValueError for a name that no query can hold."""
    recursion = 0 if question.direct else _RECURSION_DESIRED
    checking = _CHECKING_DISABLED if question.checking_disabled else 0
    head = _HEADER.pack(query_id, recursion | checking, 1, 0, 0, int(edns))
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
