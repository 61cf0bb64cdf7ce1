"""The URLs that servers and directories give, hostile ones among them: where each leads, or that it leads nowhere."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from check_autodiscover.core.model.names import BadName, address_of, parse_host
from check_autodiscover.core.model.observations import EndpointQuestion, Scheme

if TYPE_CHECKING:
    pass

__all__ = ["BadLdapUrl", "LdapUrl", "RedirectTarget", "is_autodiscover_path", "parse_ldap_url", "parse_url"]

POINTER = "67661d7f-8fc4-4fa7-bfac-e1d7794c1f68"

URL = "77378f46-2c66-4aa9-a6a6-3e7a48b19596"
"""The keywords that tell the two kinds of connection points apart, in lower case."""

_LDAP_URL = re.compile(
    r"(?P<scheme>ldaps?)://(?P<host>\[[0-9a-f:.]*:[0-9a-f:.]*\]|[^\[\]:/?#@\s]+)(?::(?P<port>[0-9]{1,5}))?(?:/(?P<base>[^?#\s]*))?",
    re.IGNORECASE,
)

_PORTS = {"ldap": 389, "ldaps": 636}


class BadLdapUrl(ValueError):
    """The text is no LDAP URL of a server; the message says why."""


@dataclass(frozen=True, slots=True)
class LdapUrl:
    """An LDAP URL (RFC 4516): a server, and maybe the DN to search below, percent-encoded as it was given."""

    scheme: str
    host: str
    port: int
    base: str = ""

    @property
    def server(self) -> str:
        """The server without the base, as sentences name it: its port only where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")

    @property
    def text(self) -> str:
        """The whole URL, one spelling for all that mean the same."""
        return f"{self.server}/{self.base}" if self.base else self.server


def parse_ldap_url(text: str) -> LdapUrl:
    """An LDAP URL that names a server. Raises `BadLdapUrl`."""
    parts = _LDAP_URL.fullmatch(text)
    if parts is None:
        raise BadLdapUrl("it is ldaps://HOST or ldap://HOST, with :PORT and /BASE-DN if need be")
    scheme, host = parts["scheme"].lower(), parts["host"].lower()
    port = int(parts["port"]) if parts["port"] else _PORTS[scheme]
    if not 1 <= port <= 65535:
        raise BadLdapUrl("the port is a number from 1 to 65535")
    bare = host.strip("[]")
    if host == bare and not re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}", host):
        try:
            bare = parse_host(host)
        except ValueError as error:
            raise BadLdapUrl(str(error)) from None
    return LdapUrl(scheme, bare, port, parts["base"] or "")


def is_autodiscover_path(path: str) -> bool:
    """Whether clients follow a redirect to this path (EWS Managed API, AutodiscoverService: legacy path expression)."""
    return _AUTODISCOVER_PATH.fullmatch(path.partition("?")[0]) is not None


_AUTODISCOVER_PATH = re.compile(r"/autodiscover/(?:[^/]+/)*autodiscover\.xml", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RedirectTarget:
    """Where a redirect leads. `host` is A-labels or an IP address, `port` None where the URL names none.

    `path` includes the query.
    """

    scheme: Scheme
    host: str
    port: int | None
    path: str

    @property
    def named_port(self) -> int | None:
        """The port, unless it is the scheme's usual one."""
        usual = 443 if self.scheme is Scheme.HTTPS else 80
        return None if self.port in (None, 0, usual) else self.port


def parse_url(text: str, base: EndpointQuestion | None = None) -> RedirectTarget | None:
    """Where a URL leads that a server or a directory gives (RFC 3986 5).

    None for what is no http(s) URL with a host: one with backslashes, spaces or control characters included.
    Without `base` a URL without a host leads nowhere. A user and password in the URL are dropped.
    """
    parts = _URL_PARTS.fullmatch(text) if _URL_TEXT.fullmatch(text) else None
    if parts is None:
        return None
    scheme, authority, path, query = (parts[name] for name in ("scheme", "authority", "path", "query"))
    if authority is None:
        return _relative(path, query or "", base) if scheme is None and base else None
    schemes = {"https": Scheme.HTTPS, "http": Scheme.HTTP, None: base.scheme if base else None}
    return _absolute(schemes.get(scheme.lower() if scheme else None), authority, path, query or "")


_URL_TEXT = re.compile(r"(?!.*\\)[\x21-\x7e]{1,2048}")

_URL_PARTS = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?://(?P<authority>[^/?#]*+))?(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?:#.*)?"
)

_AUTHORITY = re.compile(r"(?:.*@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^@:\[\]]+)(?::(?P<port>[0-9]{0,5}))?")


def _absolute(scheme: Scheme | None, authority: str, path: str, query: str) -> RedirectTarget | None:
    parts = _AUTHORITY.fullmatch(authority)
    if scheme is None or parts is None or int(parts["port"] or 0) > 65535:
        return None
    try:
        host = address_of(parts["host"]) or parse_host(parts["host"])
    except BadName:
        return None
    return RedirectTarget(
        scheme, host, int(parts["port"]) if parts["port"] else None, _without_dots(path or "/") + query
    )


def _relative(path: str, query: str, base: EndpointQuestion) -> RedirectTarget:
    """A Location on the server that was asked (RFC 3986 5.2.2)."""
    asked = base.path.partition("?")[0]
    whole = path if path.startswith("/") else f"{asked.rpartition('/')[0]}/{path}" if path else asked
    return RedirectTarget(base.scheme, base.name, base.port, _without_dots(whole) + query)


def _without_dots(path: str) -> str:
    """A path without its `.` and `..` segments (RFC 3986 5.2.4)."""
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    folder = kept and path.endswith(("/.", "/.."))
    return "/" + "/".join(kept) + ("/" if folder else "")
