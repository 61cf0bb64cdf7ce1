"""The pseudonyms of a survey's texts: learnt of all of them first, as what stands for one depends on the others.

What is hidden: kinds of text, and how a field's text is taken apart into them.

A `Hide` is asked for each piece, with its kind: once to learn which there are, once to put pseudonyms in their place.

Pseudonyms for domain names, label by label, so that all that a verdict rests on is as it was.

The same label is the same pseudonym everywhere: parents, equal names and wildcards stay so. Names stand in the same
order, as resolvers' rotation is undone by sorting. A misspelling of a name stays one, and other names become none.
Public suffixes, Microsoft's cloud, and first labels that half of the world uses are kept.

Pseudonyms for IP addresses and networks that keep which of them lie together.

Two addresses have as many leading bits in common as their pseudonyms, so that every network, of whatever length, holds
the same ones; they stand in the same order; and special blocks (private, loopback, link-local ...) keep theirs. All
other bits are made up: they depend on nothing but what was made up before them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import product
from zlib import crc32

from check_autodiscover.core.model.names import CLOUD_PARENTS, BadName, is_below, misspelt, parse_host
from check_autodiscover.core.model.observations import AUTODISCOVER_PATH, JSON_PATH
from check_autodiscover.core.model.policy import Transport
from check_autodiscover.core.model.urls import (
    POINTER,
    URL,
    BadLdapUrl,
    LdapUrl,
    RedirectTarget,
    is_autodiscover_path,
    parse_ldap_url,
    parse_url,
)

__all__ = [
    "KEPT_LABELS",
    "WELL_KNOWN_LABELS",
    "WORDS",
    "Addresses",
    "Hide",
    "Kind",
    "Names",
    "Pieces",
    "Pseudonyms",
    "Rule",
    "SuffixOf",
    "address",
    "address_or_network",
    "common_name",
    "hidden",
    "host_and_port",
    "is_address",
    "kept",
    "keyword",
    "ldap_url",
    "name",
    "path",
    "record_value",
    "resolver_label",
    "url",
    "url_of",
    "words",
]

_BLOCKS = (
    "0.0.0.0/8",
    "0.0.0.0/32",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "127.0.0.1/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "::ffff:0:0/96",
    "64:ff9b::/96",
    "2000::/3",
    "fc00::/8",
    "fd00::/8",
    "fe80::/10",
    "ff00::/8",
)
"""Blocks whose addresses mean something to everybody (IANA's special-purpose registries; RFC 6890)."""

_OTHER = {"0": "1", "1": "0"}

_TURNS = 200
"""How often other bits are made up, should a pseudonym be one of the addresses that it hides."""

_TAIL = 16
"""Bits at the end of an IPv6 address that are made up; those before are 0, as in addresses that people write."""


def is_address(text: str) -> bool:
    """Whether a text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


class Addresses:
    """The pseudonyms of some addresses, and of networks (CIDR). Both are made for those that are given here alone."""

    def __init__(self, addresses: Iterable[str], networks: Iterable[str]) -> None:
        hosts = [ip_address(text) for text in addresses]
        nets = [ip_network(text, strict=False) for text in networks]
        blocks = [ip_network(block) for block in _BLOCKS]
        self._fixed = {_prefix(block)[:end] for block in blocks for end in range(_length(block) + 2)}
        items = [*map(_bits, hosts), *map(_prefix, (*nets, *blocks))]
        self._paths = {item[:end] for item in items for end in range(len(item) + 1)}
        self._turn = self._chosen(hosts)

    def of(self, address: str) -> str:
        """The pseudonym of an address; the zone of a link-local one stays."""
        host = ip_address(address)
        zone = f"%{host.scope_id}" if isinstance(host, IPv6Address) and host.scope_id else ""
        return f"{self._hidden(host, self._turn)}{zone}"

    def of_network(self, network: str) -> str:
        """The pseudonym of a network, as long as it was."""
        net = ip_network(network, strict=False)
        bits = self._made_up(_prefix(net), self._turn)
        number = int(bits[1:].ljust(net.max_prefixlen, "0"), 2)
        return f"{_address(net.version, number)}/{net.prefixlen}"

    def _chosen(self, hosts: Collection[IPv4Address | IPv6Address]) -> int:
        """The first turn in which no pseudonym is the address of somebody who is to be hidden."""
        taken = {host for host in hosts if _bits(host) not in self._fixed}
        clear = (turn for turn in range(_TURNS) if not any(self._hidden(host, turn) in taken for host in taken))
        return next(clear, 0)

    def _hidden(self, host: IPv4Address | IPv6Address, turn: int) -> IPv4Address | IPv6Address:
        return _address(host.version, int(self._made_up(_bits(host), turn)[1:], 2))

    def _made_up(self, bits: str, turn: int) -> str:
        """Bits that part from others where these do. The first character is the family."""
        made = bits[:1]
        for place in range(1, len(bits)):
            path, sibling = bits[: place + 1], bits[:place] + _OTHER[bits[place]]
            stays = path in self._fixed or sibling in self._paths
            made += bits[place] if stays else _bit(made, turn)
        return made


def _bit(made: str, turn: int) -> str:
    place = len(made) - 1
    if made[0] == "6" and place < 128 - _TAIL:
        return "0"
    return str(crc32(f"{turn} {made}".encode()) >> 5 & 1)


def _bits(host: IPv4Address | IPv6Address) -> str:
    return f"{host.version}{int(host):0{host.max_prefixlen}b}"


def _prefix(net: IPv4Network | IPv6Network) -> str:
    return _bits(net.network_address)[: _length(net) + 1]


def _length(net: IPv4Network | IPv6Network) -> int:
    return net.prefixlen


def _address(version: int, number: int) -> IPv4Address | IPv6Address:
    return IPv4Address(number) if version == 4 else IPv6Address(number)


class Kind(Enum):
    """What a piece of text is. The value is how pseudonyms begin that are counted."""

    NAME = "name"
    """A domain name in lower case, wildcards included; counted nowhere."""
    ADDRESS = "address"
    NETWORK = "network"
    FINGERPRINT = "fingerprint"
    PUBLIC_KEY = "public key"
    ISSUER_KEY = "issuer key"
    SERIAL = "serial"
    DISTINGUISHED_NAME = "CN=Name "
    TEXT = "Text "
    """Whatever people called something: equal but for case stays equal."""
    PATH = "p"
    URL = "url-"
    BASE = "base-"
    SCHEME = "X-Scheme-"
    """A way to log in that nobody knows."""


Hide = Callable[[Kind, str], str]
"""Puts something else in the place of a piece of text."""

Rule = Callable[[Hide, str], str]
"""What becomes of the text of a field."""


def kept(_hide: Hide, text: str) -> str:
    """Text that is ours, and the same for everybody."""
    return text


def hidden(kind: Kind) -> Rule:
    """A rule for text that is of one kind as a whole; what is empty says so still."""
    return lambda hide, text: hide(kind, text) if text else text


def name(hide: Hide, text: str) -> str:
    """A domain name, or an address that stands in the place of one."""
    if not text:
        return text
    return hide(Kind.ADDRESS, text) if is_address(text) else hide(Kind.NAME, text.lower())


address = name
"""An address; what is none, whoever says so, is hidden like a name."""


def address_or_network(hide: Hide, text: str) -> str:
    """An address, or a network with its length."""
    return hide(Kind.NETWORK, text) if "/" in text else name(hide, text)


def host_and_port(hide: Hide, text: str) -> str:
    """`HOST` or `HOST:PORT`."""
    host, colon, port = text.partition(":")
    return f"{name(hide, host)}{colon}{port}"


def record_value(hide: Hide, text: str) -> str:
    """What a record holds: an address, a network, a name, or SRV data as in a zone file, whose target is last."""
    numbers, space, target = text.rpartition(" ")
    return f"{numbers}{space}{address_or_network(hide, target)}"


def common_name(hide: Hide, text: str) -> str:
    """A CN: a host where it reads as one, in whatever case, else what somebody called something."""
    try:
        parse_host(text.removeprefix("*."))
    except BadName:
        return hidden(Kind.TEXT)(hide, text)
    return name(hide, text)


def resolver_label(hide: Hide, text: str) -> str:
    """A resolver as `Resolver.label` writes it, of which the text says each part."""
    if text in ("", Transport.SYSTEM.value, Transport.AUTHORITATIVE.value):
        return text
    scheme, slashes, rest = text.rpartition("://")
    rest, sharp, certified = rest.partition("#")
    place, slash, below = rest.partition("/")
    host, colon, port = (place, "", "") if is_address(place) else place.rpartition(":")
    host, colon, port = (host, colon, port) if host else (port, "", "")
    bare = host.strip("[]")
    written = host.replace(bare, name(hide, bare))
    return f"{scheme}{slashes}{written}{colon}{port}{path(hide, slash + below)}{sharp}{name(hide, certified)}"


_USUAL_PATHS = frozenset(
    {"/", AUTODISCOVER_PATH, JSON_PATH, "/owa", "/owa/", "/ecp/", "/ews/exchange.asmx", "/dns-query"}
)


def path(hide: Hide, text: str) -> str:
    """A URL's path: a usual one stays, another is hidden but for whether it is one of Autodiscover's."""
    if not text or text.lower() in _USUAL_PATHS:
        return text
    number = hide(Kind.PATH, text)
    return f"/autodiscover/{number}/autodiscover.xml" if is_autodiscover_path(text) else f"/{number}"


def url(hide: Hide, text: str) -> str:
    """A URL that leads to the same place as others that do; what leads nowhere does so still."""
    target = parse_url(text)
    return url_of(hide, target) if target else ldap_url(hide, text)


def url_of(hide: Hide, target: RedirectTarget) -> str:
    """The URL of a place."""
    port = "" if target.port is None else f":{target.port}"
    host = name(hide, target.host)
    return f"{target.scheme.value}://{f'[{host}]' if ':' in host else host}{port}{path(hide, target.path)}"


def ldap_url(hide: Hide, text: str) -> str:
    """An LDAP URL; a text that is none is none still."""
    try:
        given = parse_ldap_url(text)
    except BadLdapUrl:
        return hidden(Kind.URL)(hide, text)
    return LdapUrl(given.scheme, name(hide, given.host), given.port, hidden(Kind.BASE)(hide, given.base)).text


def keyword(hide: Hide, text: str) -> str:
    """A keyword of a service connection point: a site, a domain, or a mark that is Microsoft's."""
    lower = text.strip().lower()
    if lower in (POINTER, URL):
        return lower
    what, equals, value = lower.partition("=")
    rules: dict[str, Rule] = {"domain": name, "site": hidden(Kind.TEXT)}
    if equals and what in rules:
        return f"{what}={rules[what](hide, value)}"
    return hidden(Kind.TEXT)(hide, lower)


_PHRASE = "certificate required"
"""The alert that proves a demand (RFC 8446 6.2)."""

WORDS = frozenset(
    {"be", "denied", "directory", "file", "is", "large", "or", "permission", "such", "text"}
    | {"a", "access", "alert", "algorithm", "an", "answer", "answered", "application", "authentication", "bad"}
    | {"before", "body", "broken", "by", "bytes", "ca", "canceled", "certificate", "chain", "cipher", "close"}
    | {"closed", "connection", "data", "decode", "decrypt", "denied", "dh", "digest", "disabled", "ec", "ee"}
    | {"eof", "error", "expired", "extension", "failed", "failure", "fallback", "handshake", "host", "identity"}
    | {"illegal", "in", "inappropriate", "insufficient", "internal", "is", "it", "key", "length", "level", "mac"}
    | {
        "md",
        "message",
        "missing",
        "more",
        "name",
        "no",
        "not",
        "notify",
        "number",
        "of",
        "out",
        "overflow",
        "parameter",
    }
    | {"peer", "pieces", "pipe", "policy", "protocol", "protocols", "psk", "read", "reading", "record", "refused"}
    | {"renegotiation", "required", "reset", "responder", "response", "revoked", "route", "security", "self"}
    | {"server", "shared", "sigalg", "signature", "signed", "small", "socket", "ssl", "sslv3", "status", "suitable"}
    | {"supported", "than", "that", "the", "timed", "tls", "tlsv1", "tlsv10", "tlsv11", "tlsv12", "tlsv13", "to"}
    | {"too", "unable", "unauthorized", "unexpected", "unknown", "unreachable", "unrecognized", "unsafe", "unsupported"}
    | {"untrusted", "user", "verify", "version", "weak", "while", "with", "without", "wrong"}
)
"""What OpenSSL, the system and this program say of a failure is made of these."""


def words(_hide: Hide, text: str) -> str:
    """What a library says of a failure: kept as long as it is made of its own words, and no server's."""
    plain = text.lower().replace(";", " ").replace(":", " ").replace("(", " ").replace(")", " ")
    if all(word in WORDS or word.isdigit() for word in plain.split()):
        return text
    return _PHRASE if _PHRASE in plain else "hidden"


SuffixOf = Callable[[str], str]
"""Tells the public suffix of a name (publicsuffix.org), empty where none is known."""

KEPT_LABELS = frozenset({"", "*", "_autodiscover", "_tcp", "autodiscover", "invalid", "www"})
"""Labels that clients and this program put before any domain, or below which nothing is."""

WELL_KNOWN_LABELS = frozenset(
    {"dc", "dc1", "dc2", "email", "ex", "ex1", "ex2", "exch", "exchange", "ftp", "imap", "lyncdiscover", "mail"}
    | {"mail1", "mail2", "mx", "mx1", "mx2", "ns", "ns1", "ns2", "ns3", "ns4", "outlook", "owa", "pop", "portal"}
    | {"remote", "server", "sip", "smtp", "vpn", "webmail", "www2"}
    | {"cpanel", "webdisk"}
)
"""First labels that tell nothing about whose they are; kept unless they are the domain's own name. Some tell a note."""

_SPECIAL = frozenset(
    {
        "arpa",
        "corp",
        "example",
        "home",
        "internal",
        "intra",
        "lan",
        "local",
        "localdomain",
        "localhost",
        "onion",
        "test",
    }
)
"""Top-level names that are nobody's (RFC 6761, RFC 6762, RFC 9476), and those that inside zones like."""

_LETTERS = "bcdfghjklmnpqrstvwxz"
"""No vowels, so that no pseudonym is a word."""

_STEMS = "abcdefghijklmnopqrstuvwxyz0123456789"

_FOREIGN = "\N{LATIN SMALL LETTER U WITH DIAERESIS}"

_LONGEST_STEM = 12


class Names:
    """The pseudonyms of some names.

    `presented` are names on certificates that may be misspellings of names that clients `contacted`. All are A-labels
    in lower case; whatever else a hostile server says is a label like any other.
    """

    def __init__(
        self, names: Collection[str], presented: Collection[str], contacted: Collection[str], suffix_of: SuffixOf
    ) -> None:
        labels = {label for name in names for label in name.split(".")}
        kept = _kept(names, suffix_of) & labels
        slips = dict(_slips(presented, contacted, kept))
        self._labels = {label: label for label in kept} | _made_up(labels - kept - slips.keys(), kept, labels)
        for label, (meant, count) in slips.items():
            self._labels[label] = self._slip(self._labels.get(meant, ""), count)

    def of(self, name: str) -> str:
        """The pseudonym of one of the names."""
        return ".".join(self._labels[label] for label in name.split("."))

    def _slip(self, meant: str, count: int) -> str:
        """A misspelling that is not taken yet."""
        taken = set(self._labels.values()) | self._labels.keys()
        return next(word for letter in _slip_letters() if (word := meant + letter * count) not in taken)


def _slip_letters() -> Iterator[str]:
    yield from _LETTERS[::-1]
    yield from map("".join, product(_LETTERS, repeat=2))


def _kept(names: Iterable[str], suffix_of: SuffixOf) -> frozenset[str]:
    """The labels that stay: public ones, and well-known ones that are nobody's own name."""
    public: set[str] = set()
    owned: set[str] = set()
    for name in names:
        labels = name.split(".")
        length = len(labels) - _private_length(name, labels, suffix_of)
        public.update(labels[len(labels) - length :])
        owned.update(labels[: len(labels) - length][-1:])
    return KEPT_LABELS | public | (WELL_KNOWN_LABELS - owned)


def _private_length(name: str, labels: list[str], suffix_of: SuffixOf) -> int:
    """How many labels stand before what is public."""
    cloud = next((parent for parent in CLOUD_PARENTS if is_below(name, parent)), "")
    numeric = labels[-1] if labels[-1].isdigit() or labels[-1] in _SPECIAL else ""
    public = cloud or suffix_of(name) or numeric
    return len(labels) - (public.count(".") + 1 if public else 0)


def _slips(
    presented: Collection[str], contacted: Collection[str], kept: frozenset[str]
) -> Iterator[tuple[str, tuple[str, int]]]:
    """Misspelt labels, each with what is meant and the number of slips; what is kept is what is meant."""
    found: set[str] = set()
    for wanted in sorted(contacted):
        for name in sorted(presented):
            count = misspelt(name, wanted)
            differing = _differing(name, wanted) if count else []
            for theirs, ours in differing:
                label, meant = (ours, theirs) if theirs in kept else (theirs, ours)
                usable = label not in kept and label not in found and meant not in found
                if usable and not meant.startswith("xn--"):
                    found.add(label)
                    yield label, (meant, max(1, count // len(differing)))


def _differing(name: str, wanted: str) -> list[tuple[str, str]]:
    theirs, ours = name.split("."), wanted.split(".")
    pairs = zip(theirs, ours, strict=True) if len(theirs) == len(ours) else ()
    return [(a, b) for a, b in pairs if a not in (b, "*")]


def _made_up(labels: Collection[str], kept: Collection[str], taken: Collection[str]) -> dict[str, str]:
    """Pseudonyms that stand among the kept labels and one another as these do, at least three letters apart."""
    codes = (code for code in _codes(len(labels)) if code not in taken)
    plain = [label for label in labels if not _shape(label)]
    found = {label: _shaped(label, next(codes)) for label in sorted(set(labels) - set(plain))}
    fences = {label for label in kept if not _shape(label)} | ({"xn--"} if found else set())
    low, gap = "", list[str]()
    for label in (*sorted({*plain, *fences}, key=_place), ""):
        if label and label not in fences:
            gap.append(label)
            continue
        stem = _stem(low, label)
        found |= {each: stem + next(codes) for each in gap}
        low, gap = label, []
    return found


def _place(label: str) -> str:
    """What names are sorted by: the dot that follows a label counts."""
    return f"{label}."


def _shape(label: str) -> str:
    """What is special about a label, empty for a plain one."""
    if label.startswith("xn--"):
        return "foreign"
    return "odd" if not label.isascii() or "*" in label or label.startswith("_") or not label else ""


def _shaped(label: str, code: str) -> str:
    """A pseudonym of the same shape; an A-label must be one that IDNA accepts."""
    if label.startswith("xn--"):
        return "xn--" + (code + _FOREIGN).encode("punycode").decode("ascii")
    return ("_" if label.startswith("_") else "") + code + ("" if label.isascii() else _FOREIGN) + "*" * ("*" in label)


def _codes(count: int) -> Iterator[str]:
    """Words in their order, each at least three letters from the others."""
    width = 2
    while len(_LETTERS) ** width < 2 * count:
        width += 1
    return ("".join(3 * letter for letter in letters) for letters in product(_LETTERS, repeat=width))


def _stem(low: str, high: str) -> str:
    """A beginning by which any word stands between two labels; empty labels set no bound, and nor does want of room."""
    if not low and not high:
        return ""
    for length in range(_LONGEST_STEM):
        starts = {fence[:length] for fence in (low, high) if len(fence) >= length}
        fitting = sorted(start + letter for start in starts for letter in _STEMS if _between(low, start + letter, high))
        if fitting:
            return fitting[len(fitting) // 2]
    return ""


def _between(low: str, stem: str, high: str) -> bool:
    above = not low or stem > _place(low)
    return above and (not high or (stem < _place(high) and not high.startswith(stem)))


_HEX = {Kind.FINGERPRINT: 16, Kind.PUBLIC_KEY: 16, Kind.ISSUER_KEY: 10, Kind.SERIAL: 1}
"""What is written in hex digits: how often four of them are repeated, so that the first ones tell one from another."""


class Pieces:
    """Learns which pieces of text there are, by kind; as a `Hide` it changes none."""

    def __init__(self) -> None:
        self._found: dict[Kind, dict[str, None]] = {kind: {} for kind in Kind}

    def __call__(self, kind: Kind, text: str) -> str:
        """Take note of a piece."""
        self._found[kind][text] = None
        return text

    def of(self, kind: Kind) -> tuple[str, ...]:
        """All pieces of a kind, in the order of their text."""
        return tuple(sorted(self._found[kind]))


class Pseudonyms:
    """Puts the pseudonym of each of some pieces in its place. Raises KeyError for a piece that is none of them."""

    def __init__(
        self, pieces: Pieces, presented: Collection[str], contacted: Collection[str], suffix_of: SuffixOf
    ) -> None:
        self._names = Names(pieces.of(Kind.NAME), presented, contacted, suffix_of)
        self._addresses = Addresses(pieces.of(Kind.ADDRESS), pieces.of(Kind.NETWORK))
        self._counted = {kind: _numbers(kind, pieces.of(kind)) for kind in Kind}

    def __call__(self, kind: Kind, text: str) -> str:
        """The pseudonym of a piece."""
        match kind:
            case Kind.NAME:
                return self._names.of(text)
            case Kind.ADDRESS:
                return self._addresses.of(text)
            case Kind.NETWORK:
                return self._addresses.of_network(text)
        number = self._counted[kind][_key(kind, text)]
        return f"{number:04x}" * _HEX[kind] if kind in _HEX else f"{kind.value}{number}"


def _key(kind: Kind, text: str) -> str:
    return text.casefold() if kind is Kind.TEXT else text


def _numbers(kind: Kind, texts: Iterable[str]) -> Mapping[str, int]:
    keys = dict.fromkeys(_key(kind, text) for text in texts)
    return {key: number for number, key in enumerate(keys, 1)}
