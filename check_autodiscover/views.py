"""DNS views and their resolvers, as people write them: for options and configuration keys alike.

Each function raises `BadValue`, one sentence that names the text and its fault.
"""

import re
from collections.abc import Iterable

from check_autodiscover.core.names import parse_host
from check_autodiscover.core.policy import Resolver, Step, Transport, View, ViewRole
from check_autodiscover.values import BadValue, address_of, parse_port, quoted

__all__ = [
    "DEFAULT_VIEW",
    "DEFAULT_VIEWS",
    "parse_resolver",
    "parse_role",
    "parse_view",
    "parse_view_name",
    "view_of",
    "views_of",
]

_LONGEST_VIEW_NAME = 32
"""Characters; every performance label and metric series of a view carries its name."""


def parse_view_name(text: str) -> str:
    """A view's name, fit for performance labels and metrics. Raises BadValue."""
    if not re.fullmatch(rf"[a-z0-9-]{{1,{_LONGEST_VIEW_NAME}}}", text):
        raise BadValue(
            f"{quoted(text)} is no name for a view: it is 1 to {_LONGEST_VIEW_NAME} of a-z, 0-9 and the hyphen"
        )
    return text


def parse_role(text: str) -> ViewRole:
    """A view's role. Raises BadValue."""
    found = next((role for role in ViewRole if role.value == text), None)
    if found is None:
        raise BadValue(f"{quoted(text)} is no role: it is one of {', '.join(role.value for role in ViewRole)}")
    return found


_SYSTEM = Resolver("", transport=Transport.SYSTEM)
_AUTHORITATIVE = Resolver("", transport=Transport.AUTHORITATIVE)
_NAMED = {"system": _SYSTEM, "authoritative": _AUTHORITATIVE}
_TRANSPORTS = {
    "udp": Transport.UDP,
    "tcp": Transport.TCP,
    "tls": Transport.TLS,
    "https": Transport.HTTPS,
}

DEFAULT_VIEW = "default"
"""The view of who names none."""

DEFAULT_VIEWS = (View(DEFAULT_VIEW, (_SYSTEM,)),)
"""Where no view is given: what this host's own resolvers say."""


def parse_resolver(text: str) -> Resolver:
    """A DNS server of a view. Raises BadValue.

    `ADDR`, `ADDR:PORT` or `[V6]:PORT`, also behind `udp://` or `tcp://`; `tls://ADDR[:PORT][#NAME]`;
    `https://HOST[:PORT]/path[#NAME]`; `system`; `authoritative`.
    """
    if text in _NAMED:
        return _NAMED[text]
    scheme, separator, rest = text.rpartition("://")
    transport = _TRANSPORTS.get(scheme) if separator else Transport.UDP
    if transport is None:
        known = ", ".join(f"{name}://" for name in _TRANSPORTS)
        raise BadValue(f"{quoted(text)} is no resolver: {quoted(scheme + separator)} is none of {known}")
    encrypted = transport in (Transport.TLS, Transport.HTTPS)
    rest, mark, name = rest.partition("#") if encrypted else (rest, "", "")
    server, slash, path = rest.partition("/") if transport is Transport.HTTPS else (rest, "", "")
    if transport is Transport.HTTPS and not path:
        raise BadValue(f"{quoted(text)} is no resolver: an https one has a path, as in https://dns.example/dns-query")
    address, port = _host_and_port(server)
    host = address_of(address) or (_named_host(text, address) if transport is Transport.HTTPS else None)
    if host is None:
        raise BadValue(f"{quoted(text)} is no resolver: {_SHAPES}")
    return Resolver(
        host,
        parse_port(port) if port is not None else transport.port,
        transport,
        _named_host(text, name) if mark else "",
        slash + path,
    )


_SHAPES = "it is ADDR, ADDR:PORT, [V6]:PORT, tls://ADDR#NAME, https://HOST/path, system or authoritative"


def _named_host(text: str, name: str) -> str:
    try:
        return parse_host(name)
    except ValueError as error:
        raise BadValue(f"{quoted(text)} is no resolver: {error}") from None


def _host_and_port(text: str) -> tuple[str, str | None]:
    """The address and the port's text, None without one. An IPv6 address needs brackets to have a port."""
    bracketed = re.fullmatch(r"\[([^\]]*:[^\]]*)\](?::(.*))?", text, re.DOTALL)
    if bracketed:
        return bracketed[1], bracketed[2]
    address, colon, port = text.partition(":")
    return (text, None) if not colon or ":" in port else (address, port)


def parse_view(text: str) -> View:
    """A view as `NAME=RESOLVER[,RESOLVER...]`. Raises BadValue."""
    name, equals, resolvers = text.partition("=")
    if not equals:
        raise BadValue(f"{quoted(text)} is no view: it is NAME=RESOLVER, as in inside=192.0.2.53")
    return view_of(name, map(parse_resolver, resolvers.split(",")))


def view_of(name: str, resolvers: Iterable[Resolver], connect: bool = True, skip_steps: Iterable[Step] = ()) -> View:
    """A view of this name and these resolvers. Raises BadValue."""
    view = View(parse_view_name(name), tuple(resolvers), connect, tuple(skip_steps))
    if len(view.resolvers) > 1 and _AUTHORITATIVE in view.resolvers:
        raise BadValue(f"the view {quoted(name)} has more resolvers than authoritative: give them a view of their own")
    if len(set(view.resolvers)) < len(view.resolvers):
        raise BadValue(f"the view {quoted(name)} names a resolver twice")
    return view


def views_of(views: Iterable[View]) -> tuple[View, ...]:
    """All views of a run; `default` is the system's where none is given. Raises BadValue for a name given twice."""
    given = tuple(views)
    twice = next((view.name for index, view in enumerate(given) if view.name in {v.name for v in given[:index]}), None)
    if twice is not None:
        raise BadValue(f"the view {quoted(twice)} is given twice")
    return given or DEFAULT_VIEWS
