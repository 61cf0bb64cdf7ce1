"""Pseudonyms for IP addresses and networks that keep which of them lie together.

Two addresses have as many leading bits in common as their pseudonyms, so that every network, of whatever length, holds
the same ones; they stand in the same order; and special blocks (private, loopback, link-local ...) keep theirs. All
other bits are made up: they depend on nothing but what was made up before them.
"""

from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from zlib import crc32

__all__ = ["Addresses", "is_address"]

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
