"""Answers from zone data as a resolver would give them, wildcards included (RFC 1034 section 4.3.2, RFC 4592).

Used by `dns_server`. There are no delegations: a name belongs to the longest origin above it, and a name that
belongs to none does not exist. The root's NS and SOA are known, because they are the control question of a check.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from check_autodiscover.lab.world import SEARCH_PAGE, ResolverKind, Zone

__all__ = ["TTL", "Reply", "ZoneData"]

TTL = 60
"""The TTL of every record, and of every denial, in seconds."""

MAX_ALIASES = 16
"""Where a chain of aliases that may be a loop is given up; what was found so far is the answer."""

ROOT = Zone(".", ("@ NS a.root.lab.", f"@ SOA a.root.lab. hostmaster.lab. 1 1800 900 604800 {TTL}"))
SOA = f"@ SOA ns hostmaster 1 1800 900 604800 {TTL}"

_Node = dict[dns.rdatatype.RdataType, dns.rrset.RRset]


@dataclass(frozen=True, slots=True)
class Reply:
    """The sections of an answer and its code."""

    rcode: dns.rcode.Rcode
    answer: tuple[dns.rrset.RRset, ...] = ()
    authority: tuple[dns.rrset.RRset, ...] = ()


class ZoneData:
    """The zones that one resolver knows, indexed by name once, and what it makes of them."""

    def __init__(self, zones: Iterable[Zone], kind: ResolverKind = ResolverKind.HONEST) -> None:
        self._kind = kind
        self._nodes: dict[dns.name.Name, _Node] = {}
        self._origins: set[dns.name.Name] = set()
        self._load(ROOT, ROOT.records)
        for zone in zones:
            self._load(zone, (SOA, *zone.records))

    def answer(self, name: dns.name.Name, type_: dns.rdatatype.RdataType) -> Reply:
        """What the resolver says to a question."""
        if self._kind is ResolverKind.FAILING and self._origin(name) != dns.name.root:
            return Reply(dns.rcode.SERVFAIL)
        reply = self._known(name, type_)
        if self._kind is ResolverKind.REWRITING and reply.rcode is dns.rcode.NXDOMAIN:
            return Reply(dns.rcode.NOERROR, _search_page(name) if type_ is dns.rdatatype.A else ())
        return reply

    def _known(self, name: dns.name.Name, type_: dns.rdatatype.RdataType) -> Reply:
        """What the data say: aliases are followed as far as they go."""
        found: list[dns.rrset.RRset] = []
        while len(found) < MAX_ALIASES:
            node = self._node(name)
            if node is None:
                return Reply(dns.rcode.NXDOMAIN, tuple(found), (self._soa(name),))
            if type_ in node:
                return Reply(dns.rcode.NOERROR, (*found, _at(node[type_], name)))
            alias = node.get(dns.rdatatype.CNAME)
            if alias is None:
                return Reply(dns.rcode.NOERROR, tuple(found), (self._soa(name),))
            found.append(_at(alias, name))
            name = alias[0].target
        return Reply(dns.rcode.NOERROR, tuple(found))

    def _load(self, zone: Zone, records: Iterable[str]) -> None:
        origin = dns.name.from_text(zone.origin)
        self._origins.add(origin)
        for record in records:
            owner, type_name, data = record.split(maxsplit=2)
            self._add(dns.name.from_text(owner, origin), dns.rdatatype.from_text(type_name), data, origin)
            self._add_ancestors(dns.name.from_text(owner, origin), origin)

    def _add(self, name: dns.name.Name, type_: dns.rdatatype.RdataType, data: str, origin: dns.name.Name) -> None:
        rdata = dns.rdata.from_text(dns.rdataclass.IN, type_, data, origin, relativize=False)
        node = self._nodes.setdefault(name, {})
        node.setdefault(type_, dns.rrset.RRset(name, dns.rdataclass.IN, type_)).add(rdata, TTL)

    def _add_ancestors(self, name: dns.name.Name, origin: dns.name.Name) -> None:
        """A name between a record and its origin exists, though it has no records (RFC 4592 section 2.2.2)."""
        while name != origin:
            name = name.parent()
            self._nodes.setdefault(name, {})

    def _origin(self, name: dns.name.Name) -> dns.name.Name:
        return max((origin for origin in self._origins if name.is_subdomain(origin)), key=len)

    def _soa(self, name: dns.name.Name) -> dns.rrset.RRset:
        return self._nodes[self._origin(name)][dns.rdatatype.SOA]

    def _node(self, name: dns.name.Name) -> _Node | None:
        """A name's own records, else those of the wildcard at its closest encloser (RFC 4592 section 3.3.1)."""
        if name in self._nodes:
            return self._nodes[name]
        encloser, origin = name, self._origin(name)
        while encloser not in self._nodes and encloser != origin:
            encloser = encloser.parent()
        return self._nodes.get(dns.name.Name((b"*", *encloser.labels)))


def _search_page(name: dns.name.Name) -> tuple[dns.rrset.RRset]:
    return (dns.rrset.from_text(name, TTL, dns.rdataclass.IN, dns.rdatatype.A, SEARCH_PAGE),)


def _at(rrset: dns.rrset.RRset, name: dns.name.Name) -> dns.rrset.RRset:
    """The same records under the name that was asked for: the synthesis of RFC 4592."""
    return dns.rrset.from_rdata_list(name, TTL, list(rrset))
