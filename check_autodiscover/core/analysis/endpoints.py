"""The URLs that a client would try in a view, with their place in the walk.

The one source of candidates for plan, walks and rules. Candidates do not depend on the method; the role that a
method gives them is in `roles`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from check_autodiscover.core.analysis.lookups import Resolution, resolve, services
from check_autodiscover.core.analysis.replies import AnswerClass, classify, redirect_of
from check_autodiscover.core.model.finding import Endpoint
from check_autodiscover.core.model.names import cloud_name
from check_autodiscover.core.model.observations import AUTODISCOVER_PATH, Contact, EndpointQuestion, Scheme, Srv
from check_autodiscover.core.model.policy import Policy, Step, View
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.core.model.urls import RedirectTarget

__all__ = [
    "MAX_ADDRESSES",
    "MAX_HOPS",
    "MAX_REDIRECTS",
    "MAX_TARGETS",
    "SRV_LABELS",
    "Candidate",
    "autodiscover_name",
    "candidates",
    "questions",
    "srv_name",
]

SRV_LABELS = 2
"""Random labels asked for below `_tcp.D`: two that agree are no accident."""

MAX_ADDRESSES = 16
"""Addresses of one name that are contacted; a name with more is a CDN's."""

MAX_TARGETS = 8
"""Distinct targets of an SRV name that are looked at."""

MAX_REDIRECTS = 10
"""Redirects after which clients give up (EWS Managed API, AutodiscoverMaxRedirections)."""

MAX_HOPS = 16
"""Redirects of one candidate that are followed, whichever of its addresses answer with them."""


def autodiscover_name(domain: str) -> str:
    """`autodiscover.D`."""
    return f"autodiscover.{domain}"


def srv_name(domain: str) -> str:
    """The owner of the SRV record (KB 940881)."""
    return f"_autodiscover._tcp.{domain}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One URL a client would try. `hop` counts the redirects that led to it, `srv` is the record it came from."""

    view: str
    endpoint: Endpoint
    step: Step | None
    name: str
    scheme: Scheme
    port: int
    resolution: Resolution
    path: str = AUTODISCOVER_PATH
    hop: int = 0
    stray: bool = False
    """Whether it is a redirect's target on a host that policy does not expect there."""
    srv: Srv | None = None
    rank: int = 0
    """The place among the directory's URLs; clients take those of the lowest rank first, in any order."""
    point: str = ""
    """The name of the directory's object that gives the URL."""
    skipped: bool = False
    """Whether policy disables the step: looked at to be told, and walked by nobody."""
    named_port: int | None = None
    """The port that the URL names, where it is not the usual one."""
    cloud: str = field(init=False)
    """The name of Microsoft's cloud that it leads to, else empty; such a candidate is never contacted."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "cloud", cloud_name(self.resolution.names))

    def __hash__(self) -> int:
        # Looked up all the time, and hashing what the name resolves to would cost more than all of that.
        return hash((self.view, self.name, self.path))

    @property
    def url(self) -> str:
        """The URL as clients write it: without the port that a lab may use."""
        host = f"[{self.name}]" if ":" in self.name else self.name
        port = "" if self.named_port is None else f":{self.named_port}"
        return f"{self.scheme.value}://{host}{port}{self.path}"

    def is_at(self, target: RedirectTarget) -> bool:
        """Whether a redirect leads here."""
        place = (target.host, target.scheme, target.path, target.named_port)
        return place == (self.name, self.scheme, self.path, self.named_port)

    @property
    def site(self) -> str:
        """The URL as sentences have room for it: the path only where it is not the usual one."""
        return self.url.removesuffix(AUTODISCOVER_PATH)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses to contact."""
        return () if self.cloud else self.resolution.addresses[:MAX_ADDRESSES]


def candidates(survey: Survey, view: View) -> tuple[Candidate, ...]:
    """Every candidate of a view in the order of the walk, redirects after what led to them, `--server` last.

    Those of skipped steps are among them, and marked.
    """
    found: list[Candidate] = []
    for first in _first_candidates(survey, view):
        found.append(first)
        found.extend(_hops(survey, view, first))
    return tuple(found)


def questions(candidate: Candidate) -> tuple[EndpointQuestion, ...]:
    """The connections that show what a client meets at a candidate."""
    return tuple(
        EndpointQuestion(candidate.name, address, candidate.port, candidate.scheme, candidate.path)
        for address in candidate.addresses
    )


def _first_candidates(survey: Survey, view: View) -> Iterator[Candidate]:
    policy, domain = survey.policy, survey.domain
    skipped = policy.skipped(view)
    autodiscover = resolve(survey, view, autodiscover_name(domain))

    def https(endpoint: Endpoint, step: Step | None, resolution: Resolution, srv: Srv | None = None) -> Candidate:
        place = (view.name, endpoint, step, resolution.name, Scheme.HTTPS, policy.https_port, resolution)
        return Candidate(*place, srv=srv, skipped=step in skipped)

    if policy.directory is not None:
        yield from _directory_candidates(survey, view)
    yield https(Endpoint.ROOT, Step.ROOT, resolve(survey, view, domain))
    yield https(Endpoint.AUTODISCOVER, Step.AUTODISCOVER, autodiscover)
    yield Candidate(
        view.name,
        Endpoint.REDIRECT,
        Step.REDIRECT,
        autodiscover.name,
        Scheme.HTTP,
        policy.http_port,
        autodiscover,
        skipped=Step.REDIRECT in skipped,
    )
    for record in _distinct_targets(services(survey, view, srv_name(domain)).records):
        yield https(Endpoint.SRV, Step.SRV, resolve(survey, view, record.target), record)
    for server in policy.servers:
        yield https(Endpoint.SERVER, None, resolve(survey, view, server))


def _directory_candidates(survey: Survey, view: View) -> Iterator[Candidate]:
    """The usable URLs that the directory gives to the clients of a view."""
    # Few runs ask a directory, and the others need not wait for the module.
    from check_autodiscover.core.analysis.directory import read_directory, within_reach

    for url in read_directory(survey).urls if within_reach(view) else ():
        if url.target is not None:
            yield Candidate(
                view.name,
                Endpoint.SCP,
                Step.SCP,
                url.target.host,
                url.target.scheme,
                _port(survey.policy, url.target),
                resolve(survey, view, url.target.host),
                url.target.path,
                rank=url.rank,
                point=url.point,
                named_port=url.target.named_port,
                skipped=Step.SCP in survey.policy.skipped(view),
            )


def _distinct_targets(records: tuple[Srv, ...]) -> tuple[Srv, ...]:
    return tuple({(record.target, record.port): record for record in reversed(records)}.values())[::-1][:MAX_TARGETS]


def _hops(survey: Survey, view: View, first: Candidate) -> Iterator[Candidate]:
    """The redirects that a candidate's addresses answer with, followed one by one, each URL once."""
    seen = {(first.scheme, first.name, first.named_port, first.path)}
    pending = [first]
    while pending:
        candidate = pending.pop(0)
        if candidate.hop >= MAX_REDIRECTS:
            continue
        for target in _targets(survey, candidate):
            if len(seen) > MAX_HOPS:
                return
            place = (target.scheme, target.host, target.named_port, target.path)
            if place in seen:
                continue
            seen.add(place)
            hop = replace(_hop(survey, view, candidate, target), stray=_strays(survey.policy, first, target))
            yield hop
            pending.append(hop)


def _strays(policy: Policy, first: Candidate, target: RedirectTarget) -> bool:
    """Whether a redirect leaves the expected hosts; that from http to https on the same host never does."""
    expected = policy.expect.redirects
    return bool(expected) and target.host not in (*expected, first.name)


def _targets(survey: Survey, candidate: Candidate) -> Iterator[RedirectTarget]:
    for question in questions(candidate):
        match survey.contacts.get(question):
            case Contact(answers=answers) if target := redirect_of(answers, question):
                if classify(answers, question) is AnswerClass.REDIRECT:
                    yield target


def _hop(survey: Survey, view: View, origin: Candidate, target: RedirectTarget) -> Candidate:
    return replace(
        origin,
        name=target.host,
        scheme=target.scheme,
        port=_port(survey.policy, target),
        resolution=resolve(survey, view, target.host),
        path=target.path,
        hop=origin.hop + 1,
        named_port=target.named_port,
    )


def _port(policy: Policy, target: RedirectTarget) -> int:
    """The port to connect to: a URL's usual port is the policy's, as for every other candidate."""
    ours = policy.https_port if target.scheme is Scheme.HTTPS else policy.http_port
    return target.named_port or ours
