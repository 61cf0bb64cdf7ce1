"""The resolvers that this host itself uses; `run` puts them in the place of `system` in a view."""

import ipaddress
from collections.abc import Iterable

from check_autodiscover.core.model.names import BadName, parse_host
from check_autodiscover.core.model.policy import Resolver
from check_autodiscover.named_files import RESOLV_CONF, UnusableFile, read_file

__all__ = ["system_resolvers"]

MAX_NAMESERVERS = 3
"""The C library reads no more (MAXNS, resolv.conf(5))."""

LOCAL = "127.0.0.1"
"""Who is asked where resolv.conf names nobody."""


def system_resolvers(path: str = "/etc/resolv.conf") -> tuple[Resolver, ...]:
    """The nameservers of resolv.conf in order; without any, this host itself, as resolv.conf(5) has it.

    Absolute names are asked, so that no suffix answers for them; each server knows the search list that goes with it.
    """
    try:
        lines = read_file(path, RESOLV_CONF).decode(errors="replace").splitlines()
    except UnusableFile:
        return (Resolver(LOCAL),)
    addresses = dict.fromkeys(filter(None, map(_nameserver, lines))) or {LOCAL: None}
    search = _search_list(lines)
    return tuple(Resolver(address, search=search) for address in list(addresses)[:MAX_NAMESERVERS])


def _search_list(lines: Iterable[str]) -> tuple[str, ...]:
    """The suffixes of the last `search` or `domain` line; what is no name of a host, the root included, is left out."""
    found: tuple[str, ...] = ()
    for line in lines:
        match line.split():
            case ["search", *suffixes] | ["domain", *suffixes]:
                found = tuple(filter(None, map(_suffix, suffixes)))
    return found


def _suffix(text: str) -> str:
    try:
        return parse_host(text)
    except BadName:
        return ""


def _nameserver(line: str) -> str:
    match line.split():
        case ["nameserver", address, *_]:
            try:
                return str(ipaddress.ip_address(address))
            except ValueError:
                return ""
        case _:
            return ""
