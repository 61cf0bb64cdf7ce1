"""The URLs that servers and directories give, hostile ones among them: where each leads, or that it leads nowhere."""

import re
from dataclasses import dataclass

from check_autodiscover.core.names import BadName, address_of, parse_host
from check_autodiscover.core.observations import EndpointQuestion, Scheme

__all__ = ["RedirectTarget", "parse_url"]


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
