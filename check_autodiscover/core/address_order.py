"""The order of IP addresses: by number, so that 10.0.0.2 stands before 10.0.0.10 whatever a resolver's rotation."""

from collections.abc import Iterable
from ipaddress import ip_address

__all__ = ["in_order"]


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
