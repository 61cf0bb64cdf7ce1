"""Text that people type, as values of the core: one parser a kind of value, for options and configuration keys alike.

Each raises BadValue, one sentence that names the text and its fault.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from ipaddress import ip_address, ip_network
from typing import Any, TypeVar

from check_autodiscover.config.options import CHOICES, ValueKind
from check_autodiscover.core.model.names import parse_domain, parse_host
from check_autodiscover.core.model.policy import (
    DAY,
    ClientName,
    Directory,
    LifeLeft,
    Method,
    Resolver,
    Step,
    Thresholds,
    Transport,
    View,
    ViewRole,
    judgeable,
)
from check_autodiscover.core.model.states import SeverityOverride, State
from check_autodiscover.settings import BadValue, parse_duration, parse_span, quoted

__all__ = [
    "DEFAULT_VIEW",
    "DEFAULT_VIEWS",
    "BadValue",
    "Output",
    "address_of",
    "directory_of",
    "parse_address",
    "parse_client",
    "parse_directory_name",
    "parse_duration",
    "parse_fingerprint",
    "parse_host_address",
    "parse_issuer",
    "parse_ldap_url",
    "parse_life_left",
    "parse_method",
    "parse_number",
    "parse_parent",
    "parse_pattern",
    "parse_port",
    "parse_prefixed",
    "parse_resolver",
    "parse_role",
    "parse_scp_url",
    "parse_severity",
    "parse_span",
    "parse_srv",
    "parse_state",
    "parse_step",
    "parse_switch",
    "parse_text",
    "parse_user_agent",
    "parse_view",
    "parse_view_name",
    "parser_of",
    "quoted",
    "severity_of",
    "thresholds_of",
    "view_of",
    "views_of",
]

_T = TypeVar("_T")

_LONGEST_USER_AGENT = 200

_LONGEST_TEXT = 200


def parse_method(text: str) -> Method:
    """A method that can be declared. Raises BadValue."""
    found = next((method for method in Method if method.value == text and method is not Method.UNDETERMINED), None)
    if found is None:
        known = ", ".join(method.value for method in Method if method is not Method.UNDETERMINED)
        raise BadValue(f"{quoted(text)} is no method: it is one of {known}")
    return found


def parse_client(text: str) -> ClientName:
    """A client that can be judged. Raises BadValue."""
    found = next((client for client in ClientName if client.value == text), None)
    known = ", ".join(client.value for client in ClientName if judgeable(client))
    if found is None:
        raise BadValue(f"{quoted(text)} is no client: it is one of {known}")
    if not judgeable(found):
        raise BadValue(f"{quoted(text)} cannot be judged, as Microsoft's servers ask for it: it is one of {known}")
    return found


def parse_step(text: str) -> Step:
    """A step of a client's walk. Raises BadValue."""
    found = next((step for step in Step if step.value == text), None)
    if found is None:
        raise BadValue(f"{quoted(text)} is no step: it is one of {', '.join(step.value for step in Step)}")
    return found


def parse_switch(text: str) -> bool:
    """What is so or not. Raises BadValue."""
    if text not in ("true", "false"):
        raise BadValue(f"{quoted(text)} is neither true nor false")
    return text == "true"


_STATES = {name: state for state in State for name in (state.value.lower(), str(state.exit_code))}


def parse_state(text: str) -> State:
    """A service state by its name, in any case, or its exit code. Raises BadValue."""
    state = _STATES.get(text.lower())
    if state is None:
        raise BadValue(f"{quoted(text)} is no state: it is one of ok, warning, critical, unknown, or 0 to 3")
    return state


def parse_number(text: str) -> int:
    """How many of something there may be: 1 to 1000. Raises BadValue."""
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= 1000):
        raise BadValue(f"{quoted(text)} is no number from 1 to 1000")
    return int(text)


def parse_port(text: str) -> int:
    """A TCP or UDP port. Raises BadValue."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise BadValue(f"{quoted(text)} is no port: it is a number from 1 to 65535")
    return int(text)


_LIFE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(d|h|%|)")

_LIFE_SECONDS = {"": DAY, "d": DAY, "h": 3600}


def parse_life_left(text: str) -> LifeLeft:
    """A minimum of certificate life, as in `30`, `30:`, `30d`, `720h`, `25%` or `30d/25%`. Raises BadValue."""
    amounts = [_LIFE.fullmatch(part) for part in text.removesuffix(":").split("/")]
    spans = [round(float(part[1]) * _LIFE_SECONDS[part[2]]) for part in amounts if part and part[2] != "%"]
    shares = [float(part[1]) / 100 for part in amounts if part and part[2] == "%"]
    if None in amounts or len(spans) > 1 or len(shares) > 1:
        raise BadValue(
            f"{quoted(text)} is no certificate life: it is a minimum of days (30, 30: or 30d), hours (720h), "
            "a share of the lifetime (25%), or both (30d/25%)"
        )
    if any(share > 1 for share in shares):
        raise BadValue(f"{quoted(text)} is no certificate life: the share is more than 100%")
    return LifeLeft(next(iter(spans), None), next(iter(shares), None))


def thresholds_of(warning: LifeLeft, critical: LifeLeft) -> Thresholds:
    """Both thresholds together. Raises BadValue where the warning would come after the critical state."""
    pairs = ((warning.seconds, critical.seconds), (warning.share, critical.share))
    if any(early is not None and late is not None and early < late for early, late in pairs):
        raise BadValue(
            f"the certificate's warning threshold ({_life(warning)}) is below the critical one ({_life(critical)})"
        )
    return Thresholds(warning, critical)


def _life(limit: LifeLeft) -> str:
    days = [] if limit.seconds is None else [f"{limit.seconds / DAY:g}d"]
    share = [] if limit.share is None else [f"{limit.share * 100:g}%"]
    return "/".join(days + share)


def parse_fingerprint(text: str) -> str:
    """A SHA-256 as 64 hexadecimal digits, with or without colons and `sha256:`; lower case without. Raises BadValue."""
    digits = text.lower().removeprefix("sha256:").replace(":", "")
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise BadValue(f"{quoted(text)} is no SHA-256 fingerprint: it has 64 hexadecimal digits, colons allowed")
    return digits


def parse_issuer(text: str) -> str:
    """A certificate issuer's common name or organisation. Raises BadValue for a blank."""
    if not text.strip():
        raise BadValue("an issuer's name cannot be empty")
    return text.strip()


def parse_ldap_url(text: str) -> str:
    """The LDAP URL of a server, one spelling for all that mean the same. Raises BadValue."""
    # Few runs ask a directory, and the others need not wait for the module.
    from check_autodiscover.core.model import urls

    try:
        return urls.parse_ldap_url(text).text
    except ValueError as error:
        raise BadValue(f"{quoted(text)} is no LDAP URL: {error}") from None


def parse_scp_url(text: str) -> str:
    """An https URL of Autodiscover, in lower case as clients compare it. Raises BadValue."""
    from check_autodiscover.core.model.urls import is_autodiscover_path, parse_url

    target = parse_url(text.lower())
    if target is None or target.scheme.value != "https" or not is_autodiscover_path(target.path):
        shape = "https://HOST/autodiscover/autodiscover.xml"
        raise BadValue(f"{quoted(text)} is no URL for domain-joined clients: it is {shape}")
    return text.lower()


def parse_directory_name(text: str) -> str:
    """The name of a site or a user, as the directory spells it. Raises BadValue for a blank."""
    if not text.strip() or not text.isprintable():
        raise BadValue(f"{quoted(text)} is no name in a directory")
    return text.strip()


def directory_of(url: str, site: str, user: str, password_file: str) -> Directory | None:
    """How to ask a directory, None without a URL. Raises BadValue for what has no use without another part."""
    if not url and (site or user or password_file):
        raise BadValue(
            "a site, a user and a password are for the directory: name it too, as in ldaps://dc1.contoso.com"
        )
    if password_file and not user:
        raise BadValue("a password without a user logs nobody in: name the user too, as in svc@contoso.com")
    return Directory(url, site, user, password_file) if url else None


def parse_user_agent(text: str) -> str:
    """What to send as User-Agent (RFC 9110 10.1.5). Raises BadValue for what could not stand in a header line."""
    if not re.fullmatch(rf"[!-~](?:[ -~]{{0,{_LONGEST_USER_AGENT - 2}}}[!-~])?", text):
        raise BadValue(f"{quoted(text)} is no user agent: it is 1 to {_LONGEST_USER_AGENT} printable ASCII characters")
    return text


def parse_host_address(text: str) -> str:
    """A single IP address in its canonical form. Raises BadValue."""
    address = address_of(text)
    if address is None:
        raise BadValue(f"{quoted(text)} is no IP address")
    return address


def parse_address(text: str) -> str:
    """An IP address, or a network as `ADDR/LENGTH`, in its canonical form. Raises BadValue."""
    if "/" not in text:
        return parse_host_address(text)
    try:
        network = ip_network(text) if "%" not in text else None
    except ValueError as error:
        raise BadValue(f"{quoted(text)} is no network: {_network_fault(error)}") from None
    if network is None:
        raise BadValue(f"{quoted(text)} is no network: a zone (%) has no meaning in it")
    return str(network)


def _network_fault(error: ValueError) -> str:
    return "it has bits of a single host set" if "host bits" in str(error) else "it is not ADDR/LENGTH"


def address_of(text: str) -> str | None:
    """An IP address in its canonical form, None where the text is none."""
    # Zones (fe80::1%eth0) are left out: they name an interface of one machine, in any characters.
    try:
        return None if "%" in text else str(ip_address(text))
    except ValueError:
        return None


def parse_srv(text: str) -> str:
    """An SRV record's `HOST` or `HOST:PORT`, the host as A-labels. Raises BadValue or BadName."""
    host, colon, port = text.rpartition(":")
    return f"{parse_host(host)}:{parse_port(port)}" if colon else parse_host(text)


def parse_parent(text: str) -> str:
    """The name below which a catch-all answers, with or without its asterisk, as A-labels. Raises BadName."""
    return parse_host(text.removeprefix("*."))


def parse_pattern(text: str) -> str:
    """A domain, all below one as in `*.contoso.com`, or any as `*`; A-labels. Raises BadName."""
    if text == "*":
        return text
    domain = parse_domain(text.removeprefix("*."))
    return f"*.{domain}" if text.startswith("*.") else domain


def parse_text(text: str) -> str:
    """A line for people to read. Raises BadValue."""
    if len(text) > _LONGEST_TEXT or not text.isprintable():
        raise BadValue(f"{quoted(text)} is no text for a line: it is at most {_LONGEST_TEXT} printable characters")
    return text


def parse_prefixed(text: str, views: Iterable[str], parse: Callable[[str], _T]) -> tuple[str, _T]:
    """`[VIEW=]VALUE` as the view's name (empty for all) and what `parse` makes of the value. Raises BadValue."""
    view, equals, value = text.rpartition("=")
    known = tuple(views)
    if equals and view not in known:
        raise BadValue(f"{quoted(text)} is about a view that is not given: there is {', '.join(known)}")
    return view, parse(value)


def parse_severity(text: str) -> SeverityOverride:
    """Policy's grade of a rule, as `[VIEW:]RULE[@ENDPOINT]=STATE`. Raises BadValue."""
    place, equals, state = text.rpartition("=")
    if not equals:
        raise BadValue(f"{quoted(text)} is no severity: it is [VIEW:]RULE[@ENDPOINT]=STATE")
    return severity_of(place, parse_state(state))


def severity_of(place: str, state: State, until: str = "", reason: str = "") -> SeverityOverride:
    """Policy's grade of the rule at a place, `[VIEW:]RULE[@ENDPOINT]`. Raises BadValue."""
    # The catalogue is imported with the rules, while answers are under way; few command lines name one of them.
    from check_autodiscover.core.model.finding import Endpoint
    from check_autodiscover.core.rules.catalogue import RULES

    view, _, rest = place.rpartition(":")
    rule, at, endpoint = rest.partition("@")
    if rule not in RULES:
        from difflib import get_close_matches

        near = get_close_matches(rule, RULES, n=1)
        raise BadValue(f"{quoted(rule)} is no rule: {f'did you mean {near[0]}?' if near else _RULES_ARE_LISTED}")
    known = [each.value for each in Endpoint]
    if at and endpoint not in known:
        raise BadValue(f"{quoted(endpoint)} is no endpoint: it is one of {', '.join(known)}")
    try:
        return SeverityOverride(rule, state, view, endpoint, reason, until)
    except ValueError as error:
        raise BadValue(str(error)) from None


_RULES_ARE_LISTED = "autodiscoverctl rules lists them"

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


class Output(Enum):
    """The forms that a report is printed in."""

    TEXT = "text"
    JSON = "json"
    LOG = "log"


def _chosen_output(text: str) -> Output:
    try:
        return Output(text)
    except ValueError:
        raise BadValue(f"'{text}' is no output: it is one of {', '.join(CHOICES[ValueKind.OUTPUT])}") from None


_PARSERS: Mapping[ValueKind, Callable[[str], Any]] = {
    ValueKind.SWITCH: parse_switch,
    ValueKind.DOMAIN: parse_domain,
    ValueKind.HOST: parse_host,
    ValueKind.ALIAS: parse_host,
    ValueKind.METHOD: parse_method,
    ValueKind.CLIENT: parse_client,
    ValueKind.STEP: parse_step,
    ValueKind.VIEW: parse_view,
    ValueKind.VIEW_NAME: parse_view_name,
    ValueKind.VIEW_ROLE: parse_role,
    ValueKind.RESOLVER: parse_resolver,
    ValueKind.ADDRESS: parse_address,
    ValueKind.HOST_ADDRESS: parse_host_address,
    ValueKind.SRV: parse_srv,
    ValueKind.PARENT: parse_parent,
    ValueKind.FINGERPRINT: parse_fingerprint,
    ValueKind.ISSUER: parse_issuer,
    ValueKind.LIFE_LEFT: parse_life_left,
    ValueKind.PORT: parse_port,
    ValueKind.USER_AGENT: parse_user_agent,
    ValueKind.SECONDS: parse_duration,
    ValueKind.SPAN: parse_span,
    ValueKind.NUMBER: parse_number,
    ValueKind.STATE: parse_state,
    ValueKind.SEVERITY: parse_severity,
    ValueKind.LDAP_URL: parse_ldap_url,
    ValueKind.SITE: parse_directory_name,
    ValueKind.USER: parse_directory_name,
    ValueKind.SCP_URL: parse_scp_url,
    ValueKind.OUTPUT: _chosen_output,
    ValueKind.TEXT: parse_text,
    ValueKind.PATTERN: parse_pattern,
}


def parser_of(kind: ValueKind) -> Callable[[str], Any]:
    """The parser of a kind; files and directories stay as they are, their users say what is wrong with them."""
    return _PARSERS.get(kind, str)
