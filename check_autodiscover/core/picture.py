"""Everything the rules may look at, put together once from a Survey: who is met where, by which method, to what end.

`judge` puts it together; rules read the Picture and nothing else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from check_autodiscover.core.candidates import Candidate, candidates, srv_name
from check_autodiscover.core.certificate import Certificate, covers
from check_autodiscover.core.clients import Outcome, Walk
from check_autodiscover.core.finding import Endpoint
from check_autodiscover.core.meeting import Known, Meeting, meetings
from check_autodiscover.core.observations import Srv
from check_autodiscover.core.plan import SRV_LABELS
from check_autodiscover.core.policy import Method, Step, View
from check_autodiscover.core.records import Presence, Resolution, Services, label_types, resolve, services
from check_autodiscover.core.roles import CandidateRole, role_of
from check_autodiscover.core.survey import Survey

if TYPE_CHECKING:
    from check_autodiscover.core.baseline import Baseline, Change

__all__ = ["CatchAll", "Picture", "References", "Scene", "ViewPicture", "fares_unknown", "observe"]


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
class Scene:
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
    met: Mapping[Candidate, tuple[Meeting, ...]]

    @property
    def captured(self) -> bool:
        """Whether a catch-all answers for `autodiscover.D`."""
        return self.catch_all.captures(self.autodiscover)

    def at(self, endpoint: Endpoint) -> tuple[Meeting, ...]:
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
class ViewPicture:
    """One view as it is judged: the scene, the effective method, and the walks of the judged clients."""

    scene: Scene
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


def fares_unknown(views: Iterable[ViewPicture]) -> bool:
    """Whether it is not known of any judged client how it fares in these views."""
    return all(walk.outcome is Outcome.UNKNOWN for view in views for walk in view.walks if walk.judged)


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole survey as it is judged. `now` is Unix seconds; `why` says how the method was chosen.

    `intercepted` are the meetings at which a machine that inspects TLS on our way answered in a server's place.
    """

    survey: Survey
    now: float
    references: References
    views: tuple[ViewPicture, ...]
    why: str
    intercepted: tuple[Meeting, ...] = ()
    baseline: "Baseline | None" = None
    """What was accepted, if it was asked for and can be read."""
    changes: "tuple[Change, ...]" = ()
    """What has changed since."""


def observe(survey: Survey, view: View, now: float, known: Known) -> Scene:
    """One view's scene. `now` is Unix seconds; `known` is what was met in other views, and is added to."""
    found = candidates(survey, view)
    resolved = {item.endpoint: item.resolution for item in found if item.step is not None and item.hop == 0}
    return Scene(
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


def references_of(survey: Survey, scenes: tuple[Scene, ...]) -> References:
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
