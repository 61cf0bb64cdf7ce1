"""What a reply says by the library's own reader of messages: the model for `dns_wire`, without its bounds."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from check_autodiscover.core.model.observations import DnsAnswer, DnsQuestion, DnsStatus, RecordType, Srv
from check_autodiscover.probes.dns.wire import MAX_ADDRESSES, MAX_ALIASES, MAX_HOSTS, in_order

if TYPE_CHECKING:
    from dns.rdtypes.ANY.NSEC import NSEC

__all__ = ["read_by_library"]

_HOSTS = {RecordType.NS: "target", RecordType.MX: "exchange"}
_NXNAME = 128
_SIGNER_TYPES = frozenset({dns.rdatatype.NSEC, dns.rdatatype.RRSIG})
_STATUSES = {
    dns.rcode.NOERROR: DnsStatus.ANSWER,
    dns.rcode.NXDOMAIN: DnsStatus.NXDOMAIN,
    dns.rcode.SERVFAIL: DnsStatus.SERVFAIL,
    dns.rcode.REFUSED: DnsStatus.REFUSED,
}


def read_by_library(wire: bytes, question: DnsQuestion) -> DnsAnswer:
    """Return what the reply says to the question. Raises DNSException for bytes that are no message."""
    return _answer(dns.message.from_wire(wire), question)


def _answer(reply: dns.message.Message, question: DnsQuestion) -> DnsAnswer:
    status = _STATUSES.get(reply.rcode(), DnsStatus.MALFORMED)
    chain, records = _follow(reply, question)
    if status is DnsStatus.SERVFAIL and _loops(chain):
        # The server gives up where the chain comes back to itself, and shows it: the name has no address.
        status = DnsStatus.ANSWER
    if not status.conclusive:
        return DnsAnswer(status)
    aliases = tuple(_text(link[0].target) for link in chain)
    if status is DnsStatus.ANSWER and not records and not aliases:
        records = _delegation(reply, question)
    if status is DnsStatus.ANSWER and not records and not aliases:
        status = DnsStatus.REFUSED if _is_referral(reply) else DnsStatus.NODATA
    zone, negative_ttl = _authority(reply)
    is_ns = question.direct and question.type is RecordType.NS
    ttls = [rrset.ttl for rrset in (*chain, *records)] + ([] if records else negative_ttl)
    return DnsAnswer(
        status,
        addresses=_glue(reply, records) if is_ns else _addresses(records, question.type),
        services=_services(records, question.type),
        aliases=aliases,
        ttl=min(ttls, default=None),
        authoritative=bool(reply.flags & dns.flags.AA),
        zone="" if records else zone,
        names=_hosts(records, question.type),
        serial=_serial(reply),
        synthesized=_synthesized(reply, (*chain, *records)),
        compact_denial=status is DnsStatus.NODATA and _is_compact(reply, question),
    )


def _follow(reply: dns.message.Message, question: DnsQuestion) -> tuple[list[dns.rrset.RRset], list[dns.rrset.RRset]]:
    """The CNAMEs from the asked name on, and the records of the asked type at their end (RFC 1034 3.6.2)."""
    name = dns.name.from_text(question.name or ".", origin=dns.name.root)
    type_ = dns.rdatatype.from_text(question.type.value)
    chain: list[dns.rrset.RRset] = []
    seen = {name}
    while (found := reply.get_rrset(reply.answer, name, dns.rdataclass.IN, type_)) is None:
        alias = reply.get_rrset(reply.answer, name, dns.rdataclass.IN, dns.rdatatype.CNAME)
        if alias is None or len(chain) == MAX_ALIASES:
            return chain, []
        chain.append(alias)
        name = alias[0].target
        if name in seen:
            return chain, []
        seen.add(name)
    return chain, [found]


def _loops(chain: list[dns.rrset.RRset]) -> bool:
    return bool(chain) and chain[-1][0].target in {link.name for link in chain}


def _is_referral(reply: dns.message.Message) -> bool:
    """Whether the server points elsewhere and says nothing itself: no SOA with an empty answer (RFC 2308 2.2)."""
    types = {rrset.rdtype for rrset in reply.authority}
    return dns.rdatatype.NS in types and dns.rdatatype.SOA not in types


def _delegation(reply: dns.message.Message, question: DnsQuestion) -> list[dns.rrset.RRset]:
    """The servers that a parent zone's server refers to for exactly the zone it was asked about (RFC 1034 4.2.1)."""
    if not question.direct or question.type is not RecordType.NS:
        return []
    name = dns.name.from_text(question.name, origin=dns.name.root)
    found = reply.get_rrset(reply.authority, name, dns.rdataclass.IN, dns.rdatatype.NS)
    return [] if found is None else [found]


def _authority(reply: dns.message.Message) -> tuple[str, list[int]]:
    """The zone and TTL of a negative answer (RFC 2308 section 5), if its SOA came along."""
    for rrset in reply.authority:
        if rrset.rdtype == dns.rdatatype.SOA:
            return _text(rrset.name), [min(rrset.ttl, rrset[0].minimum)]
    return "", []


def _addresses(records: Iterable[dns.rrset.RRset], type_: RecordType) -> tuple[str, ...]:
    if type_ not in (RecordType.A, RecordType.AAAA):
        return ()
    # Sorted before they are cut, so that a server that rotates its answers gives the same set each time.
    return tuple(sorted({item.address for rrset in records for item in rrset})[:MAX_ADDRESSES])


def _glue(reply: dns.message.Message, servers: Iterable[dns.rrset.RRset]) -> tuple[str, ...]:
    """The addresses that came along for the servers named."""
    hosts = {item.target for rrset in servers for item in rrset}
    types = (dns.rdatatype.A, dns.rdatatype.AAAA)
    found = (rrset for rrset in reply.additional if rrset.name in hosts and rrset.rdtype in types)
    return tuple(sorted({item.address for rrset in found for item in rrset})[:MAX_ADDRESSES])


def _services(records: Iterable[dns.rrset.RRset], type_: RecordType) -> tuple[Srv, ...]:
    if type_ is not RecordType.SRV:
        return ()
    return in_order(
        {Srv(item.priority, item.weight, item.port, _text(item.target)) for rrset in records for item in rrset}
    )


def _hosts(records: Iterable[dns.rrset.RRset], type_: RecordType) -> tuple[str, ...]:
    if (field := _HOSTS.get(type_)) is None:
        return ()
    return tuple(sorted({_text(getattr(item, field)) for rrset in records for item in rrset})[:MAX_HOSTS])


def _serial(reply: dns.message.Message) -> int | None:
    """The zone's serial number, asked for or come along with a negative answer."""
    found = (rrset for rrset in (*reply.answer, *reply.authority) if rrset.rdtype == dns.rdatatype.SOA)
    return next((rrset[0].serial for rrset in found), None)


def _synthesized(reply: dns.message.Message, answer: tuple[dns.rrset.RRset, ...]) -> bool | None:
    """Whether a wildcard made what stands at the asked name, None where no signature tells.

    The signature counts the labels of the name that was signed (RFC 4034 3.1.3); the asterisk is none of them.
    """
    if not answer:
        return None
    first = answer[0]
    signatures = reply.get_rrset(reply.answer, first.name, dns.rdataclass.IN, dns.rdatatype.RRSIG, first.rdtype)
    if signatures is None:
        return None
    labels = len(first.name) - 1 - first.name.is_wild()
    return any(signature.labels < labels for signature in signatures)


def _is_compact(reply: dns.message.Message, question: DnsQuestion) -> bool:
    """Whether NODATA may stand for a name that does not exist: a signer's proof made for this one question.

    RFC 9824 says so by the type NXNAME; before it, a span of the name alone without any type of its own said as much.
    """
    name = dns.name.from_text(question.name or ".", origin=dns.name.root)
    proofs = reply.get_rrset(reply.authority, name, dns.rdataclass.IN, dns.rdatatype.NSEC)
    return proofs is not None and any(_denies(name, proof) for proof in proofs)


def _denies(name: dns.name.Name, proof: "NSEC") -> bool:
    types = _types(proof.windows)
    return _NXNAME in types or (proof.next.labels == (b"\0", *name.labels) and types <= _SIGNER_TYPES)


def _types(windows: Iterable[tuple[int, bytes]]) -> set[int]:
    """The types of a bitmap (RFC 4034 4.1.2)."""
    octets = ((256 * window + 8 * index, octet) for window, bitmap in windows for index, octet in enumerate(bitmap))
    return {first + bit for first, octet in octets for bit in range(8) if octet & 0x80 >> bit}


def _text(name: dns.name.Name) -> str:
    """A name in lower case without the final dot; octets that no host name has stay escaped (RFC 4343 2.1)."""
    return "" if name == dns.name.root else name.to_text(omit_final_dot=True).lower()
