"""Text that people type, as values of the core: one parser a kind of value, for options and configuration keys alike.

The command line and the configuration loader call these. Each raises `BadValue` (names raise its sibling `BadName`),
one sentence that names the text and its fault, so that the caller only adds where it stood.
"""

import re
from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network
from typing import TypeVar

from check_autodiscover.bad_value import BadValue, quoted
from check_autodiscover.core.names import parse_domain, parse_host
from check_autodiscover.core.policy import (
    DAY,
    ClientName,
    Directory,
    LifeLeft,
    Method,
    Step,
    Thresholds,
    judgeable,
)
from check_autodiscover.core.state import State
from check_autodiscover.durations import parse_duration, parse_span

__all__ = [
    "BadValue",
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
    "parse_scp_url",
    "parse_span",
    "parse_srv",
    "parse_state",
    "parse_step",
    "parse_switch",
    "parse_text",
    "parse_user_agent",
    "quoted",
    "thresholds_of",
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
    from check_autodiscover.core import directory

    try:
        return directory.parse_ldap_url(text).text
    except ValueError as error:
        raise BadValue(f"{quoted(text)} is no LDAP URL: {error}") from None


def parse_scp_url(text: str) -> str:
    """An https URL of Autodiscover, in lower case as clients compare it. Raises BadValue."""
    from check_autodiscover.core.http_answer import is_autodiscover_path
    from check_autodiscover.core.url import parse_url

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
