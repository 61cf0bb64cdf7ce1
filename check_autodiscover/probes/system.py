"""The resolvers that this host itself uses; `run` puts them in the place of `system` in a view."""

import ipaddress

from check_autodiscover.core.policy import Resolver

__all__ = ["system_resolvers"]

MAX_NAMESERVERS = 3
"""The C library reads no more (MAXNS, resolv.conf(5))."""

_DEFAULT = (Resolver("127.0.0.1"),)


def system_resolvers(path: str = "/etc/resolv.conf") -> tuple[Resolver, ...]:
    """The nameservers of resolv.conf in order; without any, this host itself, as resolv.conf(5) has it.

    Search domains and options are left out: absolute names are asked, and a suffix must not answer for them.
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError:
        return _DEFAULT
    addresses = dict.fromkeys(filter(None, map(_nameserver, lines)))
    return tuple(map(Resolver, list(addresses)[:MAX_NAMESERVERS])) or _DEFAULT


def _nameserver(line: str) -> str:
    match line.split():
        case ["nameserver", address, *_]:
            try:
                return str(ipaddress.ip_address(address))
            except ValueError:
                return ""
        case _:
            return ""
