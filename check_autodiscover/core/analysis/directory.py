"""What Active Directory tells domain-joined clients: the service connection points, read as Outlook reads them.

Pointers lead to other directories, URLs are tried in the order of the client's site (Microsoft, "How to find
Autodiscover endpoints by using SCP lookup in Exchange"; EWS Managed API, Autodiscover/DirectoryHelper.cs). Only runs
that ask a directory load this module.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from check_autodiscover.core.analysis.lookups import asks_authority
from check_autodiscover.core.model.observations import (
    ConnectionPoint,
    DirectoryAnswer,
    DirectoryQuestion,
    DirectoryStatus,
    Scheme,
)
from check_autodiscover.core.model.policy import Directory, View, ViewRole
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.core.model.urls import (
    POINTER,
    URL,
    BadLdapUrl,
    RedirectTarget,
    is_autodiscover_path,
    parse_ldap_url,
    parse_url,
)

__all__ = ["MAX_HOPS", "Reading", "ScpUrl", "directory_questions", "read_directory", "why_unseen", "within_reach"]

MAX_HOPS = 10
"""Directories that are asked one after another, as pointers lead (EWS Managed API, AutodiscoverMaxScpHops)."""

MAX_URLS = 64
"""URLs that are looked at; an organisation has one for each Exchange server, most of them the same."""


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
