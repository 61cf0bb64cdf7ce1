"""What is hidden: kinds of text, and how a field's text is taken apart into them.

A `Hide` is asked for each piece, with its kind: once to learn which there are, once to put pseudonyms in their place.
"""

from collections.abc import Callable
from enum import Enum

from check_autodiscover.core.directory import POINTER, URL, BadLdapUrl, LdapUrl, parse_ldap_url
from check_autodiscover.core.http_answer import is_autodiscover_path
from check_autodiscover.core.names import BadName, parse_host
from check_autodiscover.core.observations import AUTODISCOVER_PATH, JSON_PATH
from check_autodiscover.core.policy import Transport
from check_autodiscover.core.redaction.networks import is_address
from check_autodiscover.core.url import RedirectTarget, parse_url

__all__ = [
    "WORDS",
    "Hide",
    "Kind",
    "Rule",
    "address",
    "address_or_network",
    "common_name",
    "hidden",
    "host_and_port",
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
