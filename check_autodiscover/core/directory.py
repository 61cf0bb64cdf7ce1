"""What Active Directory tells domain-joined clients: the service connection points, read as Outlook reads them.

Pointers lead to other directories, URLs are tried in the order of the client's site (Microsoft, "How to find
Autodiscover endpoints by using SCP lookup in Exchange"; EWS Managed API, Autodiscover/DirectoryHelper.cs). Only runs
that ask a directory load this module.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from check_autodiscover.core.answers import asks_authority
from check_autodiscover.core.directory_observations import (
    ConnectionPoint,
    DirectoryAnswer,
    DirectoryQuestion,
    DirectoryStatus,
)
from check_autodiscover.core.http_answer import is_autodiscover_path
from check_autodiscover.core.names import parse_host
from check_autodiscover.core.observations import Scheme
from check_autodiscover.core.policy import Directory, View, ViewRole
from check_autodiscover.core.survey import Survey
from check_autodiscover.core.url import RedirectTarget, parse_url

__all__ = [
    "MAX_HOPS",
    "BadLdapUrl",
    "LdapUrl",
    "Reading",
    "ScpUrl",
    "directory_questions",
    "parse_ldap_url",
    "read_directory",
    "why_unseen",
    "within_reach",
]

MAX_HOPS = 10
"""Directories that are asked one after another, as pointers lead (EWS Managed API, AutodiscoverMaxScpHops)."""

MAX_URLS = 64
"""URLs that are looked at; an organisation has one for each Exchange server, most of them the same."""

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


@dataclass(frozen=True, slots=True)
class ScpUrl:
    """A URL that the directory gives, in lower case, and where it leads: None where clients cannot use it.

    `rank` 1 is for clients of that site, 2 for any, 3 for another site; all are 1 while the site is not known, as each
    is then somebody's first. `point` is the name of the object that holds it, as in `EX1`.
    """

    text: str
    target: RedirectTarget | None
    rank: int
    point: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The directory as it was read: whom we asked, how the last of them answered (None: not yet), and its URLs."""

    asked: tuple[DirectoryQuestion, ...]
    status: DirectoryStatus | None
    detail: str = ""
    urls: tuple[ScpUrl, ...] = ()
    beyond: int = 0
    """URLs that there are more of."""

    @property
    def known(self) -> bool:
        """Whether it is known which URLs there are."""
        return self.status is DirectoryStatus.ANSWER

    @property
    def server(self) -> str:
        """The server that was asked last."""
        return parse_ldap_url(self.asked[-1].ldap_url).server


def within_reach(view: View) -> bool:
    """Whether clients that have this view's DNS reach a domain controller, so that they ask it before DNS."""
    return view.role not in (ViewRole.OUTSIDE, ViewRole.AUTHORITATIVE) and not asks_authority(view)


def why_unseen(survey: Survey, view: View) -> str:
    """Why it is not known what the directory leads the clients of a view to, empty where it is."""
    if not within_reach(view):
        return "no domain controller is within reach there"
    reading = read_directory(survey)
    return "" if reading.known else f"{reading.server} {(reading.status or DirectoryStatus.CUT_SHORT).value}"


def directory_questions(survey: Survey) -> tuple[DirectoryQuestion, ...]:
    """The lookups that the policy and the pointers found so far ask for."""
    return read_directory(survey).asked if any(map(within_reach, survey.policy.views)) else ()


def read_directory(survey: Survey) -> Reading:
    """What the directory of the policy says, as far as it was asked. Raises ValueError where the policy names none."""
    directory = survey.policy.directory
    if directory is None:
        raise ValueError("the policy names no directory")
    asked = [DirectoryQuestion(directory.url, login=bool(directory.user))]
    while True:
        answer = survey.directories.get(asked[-1])
        if answer is None or answer.status is not DirectoryStatus.ANSWER:
            return Reading(tuple(asked), answer.status if answer else None, answer.detail if answer else "")
        urls = tuple(_urls(answer, directory.site))
        pointer = _pointer(answer, survey.domain, bool(urls))
        if pointer is None:
            return Reading(tuple(asked), answer.status, urls=urls[:MAX_URLS], beyond=len(urls[MAX_URLS:]))
        further = _led_to(directory, pointer)
        if further is None or further in asked or len(asked) >= MAX_HOPS:
            fault = "is no LDAP URL" if further is None else "leads round in a circle"
            return Reading(tuple(asked), DirectoryStatus.FAILED, f"its pointer {pointer} {fault}")
        asked.append(further)


def _led_to(directory: Directory, pointer: str) -> DirectoryQuestion | None:
    """The lookup that a pointer asks for. Only the server that the policy names is given the login."""
    try:
        url, named = parse_ldap_url(pointer), parse_ldap_url(directory.url)
    except BadLdapUrl:
        return None
    same = (url.scheme, url.host, url.port) == (named.scheme, named.host, named.port)
    return DirectoryQuestion(url.text, login=same and bool(directory.user))


def _pointer(answer: DirectoryAnswer, domain: str, served: bool) -> str | None:
    """Where the search goes on: at a pointer for the domain, or without URLs at the first for any domain."""
    pointers = [(_keywords(point), point.bindings[0]) for point in answer.points if point.bindings]
    pointers = [(keywords, binding) for keywords, binding in pointers if POINTER in keywords]
    for keywords, binding in pointers:
        if f"domain={domain}" in keywords:
            return binding
    return next((binding for keywords, binding in pointers if len(keywords) == 1 and not served), None)


def _keywords(point: ConnectionPoint) -> frozenset[str]:
    return frozenset(keyword.strip().lower() for keyword in point.keywords)


def _urls(answer: DirectoryAnswer, site: str) -> Iterator[ScpUrl]:
    """The URLs in the order in which a client of the site tries them, each once."""
    found: dict[str, ScpUrl] = {}
    for point in answer.points:
        keywords = _keywords(point)
        if URL not in keywords or not point.bindings:
            continue
        text = point.bindings[0].strip().lower()
        url = ScpUrl(text, _target(text), _rank(keywords, site.lower()), _common_name(point))
        if text not in found or url.rank < found[text].rank:
            found[text] = url
    yield from sorted(found.values(), key=lambda url: (url.rank, url.text))


def _target(text: str) -> RedirectTarget | None:
    target = parse_url(text)
    usable = target is not None and target.scheme is Scheme.HTTPS and is_autodiscover_path(target.path)
    return target if usable else None


def _rank(keywords: frozenset[str], site: str) -> int:
    sites = {keyword for keyword in keywords if keyword.startswith("site=")}
    if not site or f"site={site}" in sites:
        return 1
    return 3 if sites else 2


def _common_name(point: ConnectionPoint) -> str:
    """The value of the DN's first part: the Exchange server's name, as Exchange writes it."""
    return point.name.partition(",")[0].partition("=")[2] or point.name
