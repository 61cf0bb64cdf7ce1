"""Everything the rules may look at, put together once from a Survey: who is met where, by which method, to what end.

`judge` calls `assemble`; rules read the Assessment and nothing else. The method that a domain publishes by is found out
over all views: the customer's rules 1 to 3 read backwards, as the certificate says which records are right.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from check_autodiscover.core.analysis.contacts import EndpointState, Known, meetings
from check_autodiscover.core.analysis.endpoints import SRV_LABELS, Candidate, candidates, srv_name
from check_autodiscover.core.analysis.lookups import (
    Failure,
    Presence,
    Resolution,
    Services,
    label_types,
    resolve,
    services,
)
from check_autodiscover.core.analysis.replies import AnswerClass
from check_autodiscover.core.analysis.walks import Courses, Walker, walk
from check_autodiscover.core.model.certificate import Certificate, Kind, covers, kind
from check_autodiscover.core.model.clients import CLIENTS, STEP_NAMES, UNOBSERVED, Outcome, Walk
from check_autodiscover.core.model.finding import CandidateRole, Endpoint, role_of
from check_autodiscover.core.model.names import cloud_name, is_below
from check_autodiscover.core.model.observations import DnsQuestion, DnsStatus, Srv
from check_autodiscover.core.model.policy import Family, Method, Step, View
from check_autodiscover.core.model.survey import Survey

if TYPE_CHECKING:
    from check_autodiscover.core.model.baseline import Baseline, Change

__all__ = [
    "Assessment",
    "CatchAll",
    "Choice",
    "References",
    "ViewAssessment",
    "ViewFacts",
    "choose_method",
    "failures",
    "fares_unknown",
    "observe",
    "place_of",
    "refused_elsewhere",
    "unvalidated",
    "walks_of",
]


@dataclass(frozen=True, slots=True)
class CatchAll:
    """What random labels below a parent showed in a view.

    `found` is None where it could not be told: nobody answered, or the names exist without data, as under a wildcard
    of another type or a signer that denies compactly (RFC 9824). `addresses` are gathered over all labels, because
    an answer may rotate; `alias` is the first hop.
    """

    parent: str
    found: bool | None
    alias: str = ""
    addresses: tuple[str, ...] = ()
    services: tuple[Srv, ...] = ()
    inconclusive: bool = False
    renamed: str = ""
    """Where a DNAME record at the parent leads all names below it (RFC 6672), else empty."""

    @property
    def record(self) -> str:
        """The record that answers, as a zone file names it."""
        return f"{self.parent}. DNAME {self.renamed}." if self.renamed else f"*.{self.parent}"

    @property
    def leads_to(self) -> str:
        """The first hop, the same in every run: a DNAME record puts the label that was asked for before it."""
        return self.renamed or self.alias

    def captures(self, resolution: Resolution) -> bool:
        """Whether a name's records are the catch-all's: the same alias, or no address that the catch-all lacks."""
        if not self.found or resolution.presence is not Presence.PRESENT:
            return False
        if resolution.synthesized is not None:
            return resolution.synthesized
        if self.renamed:
            beneath = resolution.name.removesuffix(f".{self.parent}")
            return next(iter(resolution.aliases), "") == f"{beneath}.{self.renamed}"
        if self.alias or resolution.aliases:
            return self.alias == next(iter(resolution.aliases), "")
        return bool(resolution.addresses) and set(resolution.addresses) <= set(self.addresses)


@dataclass(frozen=True, slots=True)
class ViewFacts:
    """One view before any method is known: its records, candidates, and what is met at each."""

    view: View
    domain: Resolution
    autodiscover: Resolution
    srv: Services
    catch_all: CatchAll
    srv_catch_all: CatchAll
    candidates: tuple[Candidate, ...]
    skipped: tuple[Candidate, ...]
    """What stands at steps that policy disables; no candidates, and looked at to be told."""
    disabled: tuple[Step, ...]
    """Those steps."""
    met: Mapping[Candidate, tuple[EndpointState, ...]]

    @property
    def captured(self) -> bool:
        """Whether a catch-all answers for `autodiscover.D`."""
        return self.catch_all.captures(self.autodiscover)

    def at(self, endpoint: Endpoint) -> tuple[EndpointState, ...]:
        """Everything met at the candidates of one endpoint, hops included."""
        candidates_there = (item for item in self.candidates if item.endpoint is endpoint)
        return tuple(meeting for candidate in candidates_there for meeting in self.met[candidate])


@dataclass(frozen=True, slots=True)
class References:
    """What the `--server` hosts are, in any view: names, addresses, and the certificates valid for their names."""

    names: frozenset[str]
    addresses: frozenset[str]
    certificates: tuple[Certificate, ...]

    @property
    def keys(self) -> frozenset[str]:
        """The public keys of the reference certificates."""
        return frozenset(certificate.public_key for certificate in self.certificates)


@dataclass(frozen=True, slots=True)
class ViewAssessment:
    """One view as it is judged: the scene, the effective method, and the walks of the judged clients."""

    scene: ViewFacts
    method: Method
    walks: tuple[Walk, ...]
    intended: tuple[Candidate, ...] = field(init=False)
    """The candidates that clients are meant to use, in order."""

    def __post_init__(self) -> None:
        intended = (item for item in self.scene.candidates if self.role(item) is CandidateRole.INTENDED)
        object.__setattr__(self, "intended", tuple(intended))

    @property
    def name(self) -> str:
        """The view's name."""
        return self.scene.view.name

    def role(self, candidate: Candidate) -> CandidateRole:
        """The role of a candidate under this view's method."""
        if candidate.skipped:
            return CandidateRole.SKIPPED
        return role_of(self.method, candidate.endpoint)


def fares_unknown(views: Iterable[ViewAssessment]) -> bool:
    """Whether it is not known of any judged client how it fares in these views."""
    return all(walk.outcome is Outcome.UNKNOWN for view in views for walk in view.walks if walk.judged)


@dataclass(frozen=True, slots=True)
class Assessment:
    """A whole survey as it is judged. `now` is Unix seconds; `why` says how the method was chosen.

    `intercepted` are the meetings at which a machine that inspects TLS on our way answered in a server's place.
    """

    survey: Survey
    now: float
    references: References
    views: tuple[ViewAssessment, ...]
    why: str
    intercepted: tuple[EndpointState, ...] = ()
    baseline: "Baseline | None" = None
    """What was accepted, if it was asked for and can be read."""
    changes: "tuple[Change, ...]" = ()
    """What has changed since."""


def observe(survey: Survey, view: View, now: float, known: Known) -> ViewFacts:
    """One view's scene. `now` is Unix seconds; `known` is what was met in other views, and is added to."""
    found = candidates(survey, view)
    resolved = {item.endpoint: item.resolution for item in found if item.step is not None and item.hop == 0}
    return ViewFacts(
        view,
        resolved[Endpoint.ROOT],
        resolved[Endpoint.AUTODISCOVER],
        services(survey, view, srv_name(survey.domain)),
        _catch_all(survey, view),
        _srv_catch_all(survey, view),
        tuple(item for item in found if not item.skipped),
        tuple(item for item in found if item.skipped),
        survey.policy.skipped(view),
        {candidate: meetings(survey, candidate, now, known) for candidate in found},
    )


def _catch_all(survey: Survey, view: View) -> CatchAll:
    answers = [resolve(survey, view, f"{label}.{survey.domain}", label_types(survey, label)) for label in survey.labels]
    present = [answer for answer in answers if answer.presence is Presence.PRESENT]
    if present:
        addresses = dict.fromkeys(address for answer in present for address in answer.addresses)
        alias = next(iter(present[0].aliases), "")
        label = present[0].name.removesuffix(f".{survey.domain}")
        renamed = alias.removeprefix(f"{label}.") if alias.startswith(f"{label}.") else ""
        return CatchAll(survey.domain, True, alias, tuple(addresses), renamed=renamed)
    absent = [answer for answer in answers if answer.presence is Presence.ABSENT]
    denied = bool(answers) and all(answer.nxdomain for answer in answers)
    empty = bool(absent) and len(absent) == len(answers) and not denied
    return CatchAll(survey.domain, False if denied else None, inconclusive=empty)


def _srv_catch_all(survey: Survey, view: View) -> CatchAll:
    """The catch-all below `_tcp.D`: only SRV data makes one, an alias that has none counts as absent."""
    parent = f"_tcp.{survey.domain}"
    answers = [services(survey, view, f"{label}.{parent}") for label in survey.labels[:SRV_LABELS]]
    records = tuple(dict.fromkeys(record for answer in answers for record in answer.records))
    if records:
        return CatchAll(parent, True, services=records)
    absent = bool(answers) and all(answer.presence is Presence.ABSENT for answer in answers)
    return CatchAll(parent, False if absent else None)


def references_of(survey: Survey, scenes: tuple[ViewFacts, ...]) -> References:
    """The `--server` hosts in all views. A stranger among their addresses is no reference for itself."""
    met = [meeting for scene in scenes for meeting in scene.at(Endpoint.SERVER)]
    addresses = {
        address
        for scene in scenes
        for candidate in scene.candidates
        if candidate.endpoint is Endpoint.SERVER
        for address in candidate.addresses
    }
    certificates = {
        meeting.certificate.fingerprint: meeting.certificate
        for meeting in met
        if meeting.certificate is not None and covers(meeting.certificate, meeting.candidate.name)
    }
    # A name that no view has an address for is a slip of the pen, and must not turn the real server into a stranger.
    nowhere = {
        server
        for server in survey.policy.servers
        if all(resolve(survey, scene.view, server).presence is Presence.ABSENT for scene in scenes)
    }
    names = frozenset(survey.policy.servers) - nowhere
    return References(names, frozenset(addresses), tuple(certificates.values()))


_AS_EXCHANGE = (AnswerClass.EXCHANGE, AnswerClass.SETTINGS)


@dataclass(frozen=True, slots=True)
class Host:
    """Who is no stranger in a view: the method's host by address and key, and the `--server` hosts."""

    method: Method
    references: References
    addresses: frozenset[str]
    keys: frozenset[str]

    def stranger(self, meeting: EndpointState) -> bool:
        """Whether a login or settings met there come from a host that the method does not lead to."""
        if meeting.candidate.endpoint is Endpoint.SCP and meeting.answer in _AS_EXCHANGE:
            # Only the organisation's own administrators write into its directory.
            return False
        if self.method is Method.UNDETERMINED:
            return meeting.answer is AnswerClass.PASSWORD
        if self.method is Method.EXCHANGE_ONLINE:
            return not meeting.candidate.cloud
        if meeting.candidate.cloud or (meeting.candidate.stray and meeting.candidate.name not in self.references.names):
            return True
        return not (self._own(meeting) or (meeting.exchange and meeting.acceptable))

    def _own(self, meeting: EndpointState) -> bool:
        key = meeting.certificate.public_key if meeting.certificate else ""
        if meeting.candidate.name in self.references.names:
            return True
        return meeting.address in self.addresses or key in self.keys


def host_of(method: Method, scene: ViewFacts, references: References) -> Host:
    """The host that a method leads to in a view. With `--server` it is that alone, else the intended endpoint."""
    addresses, keys = set(references.addresses), set(references.keys)
    for candidate in scene.candidates:
        leads = role_of(method, candidate.endpoint) is CandidateRole.INTENDED and not candidate.stray
        if leads and (not references.names or candidate.name in references.names):
            addresses.update(candidate.addresses)
            keys.update(item.certificate.public_key for item in scene.met[candidate] if item.certificate)
    return Host(method, references, frozenset(addresses), frozenset(keys))


def walks_of(survey: Survey, scene: ViewFacts, method: Method, references: References) -> tuple[Walk, ...]:
    """The walks of all clients in a view under a method."""
    host = host_of(method, scene, references)
    judged, ipv4 = survey.policy.clients, Family.IPV4 in survey.policy.families
    skipped = {step: STEP_NAMES[step] for step in scene.disabled}
    skipped |= {item.step: item.url for item in reversed(scene.skipped) if item.step and not item.hop}
    unobserved = _unobserved(survey, scene)
    courses: Courses = {}
    return tuple(
        walk(
            Walker(
                profile,
                scene.candidates,
                scene.srv.presence,
                scene.met.__getitem__,
                host.stranger,
                ipv4,
                skipped,
                unobserved,
                courses,
            ),
            scene.view.name,
            profile.name in judged,
        )
        for profile in CLIENTS
    )


def _unobserved(survey: Survey, scene: ViewFacts) -> Mapping[Step, str]:
    """The steps of which nothing is known in a view, and why."""
    if survey.policy.directory is None:
        return UNOBSERVED
    # Few runs ask a directory, and the others need not wait for the module.
    from check_autodiscover.core.analysis.directory import why_unseen

    why = why_unseen(survey, scene.view)
    told = {**UNOBSERVED, Step.SCP: f"not observed: {why}"}
    return {step: words for step, words in told.items() if why or step is not Step.SCP}


@dataclass(frozen=True, slots=True)
class Choice:
    """An effective method and the reason for it, in words."""

    method: Method
    why: str


def choose_method(survey: Survey, scenes: tuple[ViewFacts, ...], references: References) -> Choice:
    """The method that a domain's records and certificates show, UNDETERMINED if there is nothing to go by."""
    for decide in (_cloud, _srv, _host, _redirect):
        for scene in scenes:
            choice = decide(scene, references)
            if choice is not None:
                return choice
    return _by_harm(survey, scenes, references)


def _cloud(scene: ViewFacts, _references: References) -> Choice | None:
    for candidate in scene.candidates:
        if candidate.endpoint is Endpoint.AUTODISCOVER and candidate.cloud and not candidate.hop:
            return Choice(Method.EXCHANGE_ONLINE, f"{candidate.name} is an alias of {candidate.cloud}")
    return None


def _srv(scene: ViewFacts, references: References) -> Choice | None:
    """An SRV record that leads somewhere, unless the certificate there makes a host record right as well."""
    for candidate in scene.candidates:
        if candidate.endpoint is not Endpoint.SRV or candidate.hop:
            continue
        met = scene.met[candidate]
        server = candidate.name in references.names
        nowhere = candidate.resolution.presence is Presence.ABSENT
        if not (server or nowhere or any(meeting.exchange for meeting in met)):
            continue
        walked = Step.AUTODISCOVER not in scene.disabled
        if (
            walked
            and scene.autodiscover.presence is Presence.PRESENT
            and any(meeting.certificate and covers(meeting.certificate, scene.autodiscover.name) for meeting in met)
        ):
            continue
        return Choice(Method.SRV, f"the SRV record leads to {candidate.name}")
    return None


def _host(scene: ViewFacts, references: References) -> Choice | None:
    """A host record that Exchange answers at, or that holds an address of the server: the certificate decides."""
    for meeting in _own(scene, references):
        certificate = meeting.certificate
        name = scene.autodiscover.name
        if certificate is None:
            return Choice(Method.HOST, f"{name} has an address of the server")
        if covers(certificate, name):
            return Choice(Method.HOST, f"{name} has a record and the certificate there covers it")
        if kind(certificate) is Kind.SINGLE_NAME:
            return Choice(Method.SRV, "the certificate is issued to one name only")
        return Choice(Method.HOST, f"{name} has a record and the certificate there is {kind(certificate).value}")
    return None


def _own(scene: ViewFacts, references: References) -> Iterator[EndpointState]:
    met = scene.at(Endpoint.AUTODISCOVER)
    yield from (meeting for meeting in met if meeting.exchange or meeting.answer is AnswerClass.SETTINGS)
    yield from (meeting for meeting in met if meeting.address in references.addresses)


def _redirect(scene: ViewFacts, _references: References) -> Choice | None:
    """A redirect from port 80 to Autodiscover, unless it leads round in a circle: nothing is published by that."""
    met = scene.at(Endpoint.REDIRECT)
    hops = [meeting for meeting in met if meeting.candidate.hop]
    if hops and all(meeting.answer is AnswerClass.REDIRECT for meeting in hops):
        return None
    for meeting in met:
        if meeting.candidate.hop == 0 and meeting.answer is AnswerClass.REDIRECT and meeting.redirect:
            return Choice(Method.REDIRECT, f"{meeting.candidate.url} redirects to {meeting.redirect.host}")
    return None


_BY_STEP = {Step.AUTODISCOVER: Method.HOST, Step.REDIRECT: Method.REDIRECT, Step.SRV: Method.SRV}


def _by_harm(survey: Survey, scenes: tuple[ViewFacts, ...], references: References) -> Choice:
    """Nothing serves, but a client is warned or misled: the place where it happens is judged."""
    for scene in scenes:
        for each in walks_of(survey, scene, Method.UNDETERMINED, references):
            if each.judged and each.outcome.harmful and each.at is not None:
                # Without a reference a stranger would be taken for the host that the method leads to.
                told = each.outcome is Outcome.WARNED or references.names
                method = _BY_STEP.get(each.at, Method.UNDETERMINED) if told else Method.UNDETERMINED
                return Choice(method, f"nothing serves Autodiscover, but clients stop at the {each.at.value} step")
    return Choice(Method.UNDETERMINED, "nothing that serves Autodiscover was found")


def failures(survey: Survey, view: ViewAssessment) -> tuple[Failure, ...]:
    """The unanswered questions about the domain and the names that its records lead to, each once.

    What lies behind Microsoft's names is nobody's to judge, and what a server refuses of zones that are not its own is
    no fault.
    """
    return tuple(item for item in _unanswered(view) if not cloud_name((item.name,)) and not _elsewhere(survey, item))


def _unanswered(view: ViewAssessment) -> tuple[Failure, ...]:
    scene = view.scene
    walked = (candidate.resolution for candidate in scene.candidates if candidate.step is not None)
    resolutions = (scene.domain, scene.autodiscover, *walked)
    found = (failure for resolution in resolutions for failure in resolution.failures)
    return tuple(dict.fromkeys((*found, *scene.srv.failures)))


def _elsewhere(survey: Survey, failure: Failure) -> bool:
    """Whether all resolvers refuse a name of another zone, as those without recursion do."""
    return not is_below(failure.name, survey.domain) and all(
        status is DnsStatus.REFUSED for _, status in failure.reasons
    )


def refused_elsewhere(survey: Survey, view: ViewAssessment) -> tuple[str, ...]:
    """The names of other zones that the resolvers of a view refuse to look up, which is a note."""
    refused = (item.name for item in _unanswered(view) if _elsewhere(survey, item) and not cloud_name((item.name,)))
    return tuple(dict.fromkeys(refused))


def unvalidated(survey: Survey, view: ViewAssessment, failure: Failure) -> list[str]:
    """The resolvers that have an answer to a question which they fail, if they are not to validate it."""
    labels = []
    for label, status in failure.reasons:
        question = DnsQuestion(view.name, label, failure.name, failure.type, checking_disabled=True)
        unchecked = survey.lookups.get(question)
        if status is DnsStatus.SERVFAIL and unchecked is not None and unchecked.status.conclusive:
            labels.append(label)
    return labels


def place_of(survey: Survey, view: ViewAssessment, failure: Failure) -> Endpoint:
    """Where clients miss the answer to a question: everywhere, where it is about the domain itself."""
    if failure.name == survey.domain:
        return Endpoint.ZONE
    led = (item.endpoint for item in view.scene.candidates if failure in item.resolution.failures)
    return next(led, Endpoint.SRV)
