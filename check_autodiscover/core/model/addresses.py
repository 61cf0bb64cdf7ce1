"""Addresses that are never contacted for a domain that nobody declared: its DNS may point anywhere.

A cloud's metadata service answers whoever asks from inside, and gives secrets; link-local addresses are this host's own
neighbours. `run` asks here before anything is sent, whatever led to the address.

The order of IP addresses: by number, so that 10.0.0.2 stands before 10.0.0.10 whatever a resolver's rotation.
"""

from collections.abc import Iterable
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

__all__ = ["DEFAULT_DENIED", "denies", "in_order"]

DEFAULT_DENIED = (
    "169.254.0.0/16",  # RFC 3927, and the metadata services of most clouds
    "fe80::/10",  # RFC 4291 2.5.6
    "100.100.100.200/32",  # Alibaba Cloud
    "168.63.129.16/32",  # Azure's platform
    "192.0.0.192/32",  # Oracle Cloud
    "fd00:ec2::/32",  # Amazon EC2
    "fd20:ce::254/128",  # Google Cloud
)
"""Link-local networks, and the places where clouds tell a machine about itself."""

_NAT64 = ip_network("64:ff9b::/96")
"""RFC 6052 2.1."""

_LOCAL_NAT64 = ip_network("64:ff9b:1::/48")
"""RFC 8215."""

_Address = IPv4Address | IPv6Address

_Network = IPv4Network | IPv6Network


def denies(networks: tuple[str, ...], address: str) -> bool:
    """Whether an address lies in one of the networks, in whatever form it is written.

    What is no address is denied wherever anything is.
    """
    if not networks:
        return False
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return True
    return any(form in network for form in _forms(found) for network in _parsed(networks))


@cache
def _parsed(networks: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple(map(ip_network, networks))


def _forms(address: _Address) -> tuple[_Address, ...]:
    """The address, and the IPv4 addresses that a gateway may reach by it."""
    if isinstance(address, IPv4Address):
        return (address, IPv6Address(0xFFFF << 32 | int(address)))
    within = [address.ipv4_mapped, address.sixtofour]
    if address in _NAT64 or address in _LOCAL_NAT64 or not int(address) >> 32:
        within.append(IPv4Address(int(address) & 0xFFFF_FFFF))
    if address in _LOCAL_NAT64:
        # A prefix of 48 bits has the address around the octet that is always 0 (RFC 6052 2.2).
        octets = address.packed
        within.append(IPv4Address(octets[6:8] + octets[9:11]))
    return (address, *(form for form in within if form is not None))


def in_order(addresses: Iterable[str]) -> tuple[str, ...]:
    """Addresses by version and number; what is no address comes last, by its text."""
    given = tuple(addresses)
    # Most names have one address, and this is asked after each answer.
    return given if len(given) < 2 else tuple(sorted(given, key=_place))


def _place(text: str) -> tuple[int, int, str]:
    try:
        address = ip_address(text)
    except ValueError:
        return 9, 0, text
    return address.version, int(address), text
