"""The part of a survey that an administrator accepts, and what has changed since: what lasts, compared as typed values.

`judge` compares, `autodiscoverctl baseline accept` keeps. What one of two parts does not hold was not looked at, and is
no change.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeVar

from check_autodiscover.core.analysis.assessment import (
    Assessment,
    CatchAll,
    ViewAssessment,
    ViewFacts,
    refused_elsewhere,
)
from check_autodiscover.core.analysis.endpoints import Candidate
from check_autodiscover.core.analysis.lookups import Presence, Resolution, servers_named, zone_of
from check_autodiscover.core.model.baseline import (
    AcceptedCertificate,
    AcceptedRecord,
    AcceptedView,
    Baseline,
    CatchAllState,
    Change,
    Drift,
    Presented,
    RecordKind,
    Walked,
)
from check_autodiscover.core.model.certificate import Certificate, kind
from check_autodiscover.core.model.clients import Outcome, Walk
from check_autodiscover.core.model.finding import Endpoint
from check_autodiscover.core.model.names import cloud_name, is_below
from check_autodiscover.core.model.policy import Family, View
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.survey import Survey

__all__ = [
    "accept",
    "accept_over",
    "agree",
    "asked_of",
    "compare_baselines",
    "name_servers",
    "unanswered",
    "unseen",
    "within",
]

_ORDER = {kind: index for index, kind in enumerate(Drift)}


def compare_baselines(old: Baseline, new: Baseline) -> tuple[Change, ...]:
    """Every change from one accepted part to another, by view, kind and subject."""
    places = {view.name: index for index, view in enumerate(new.views)}
    found = sorted(_changes(old, new), key=lambda item: (places.get(item.view, -1), _ORDER[item.kind], item.subject))
    return tuple(found)


def _changes(old: Baseline, new: Baseline) -> Iterator[Change]:
    for view in new.views:
        before = old.view(view.name)
        if before is not None:
            yield from _compare_delegations(new.domain, before, view)
            yield from _compare_views(before, view)


def _compare_delegations(domain: str, old: AcceptedView, new: AcceptedView) -> Iterator[Change]:
    if old.name_servers and new.name_servers and old.name_servers != new.name_servers:
        before, now = (", ".join(side.name_servers) for side in (old, new))
        yield Change(Drift.DELEGATION, new.name, Endpoint.ZONE, domain, before, now)


def _compare_views(old: AcceptedView, new: AcceptedView) -> Iterator[Change]:
    for before, record in _pairs(old.records, new.records, lambda item: (item.name, item.kind)):
        yield from _compare_records(new.name, before, record)
    for was, state in _pairs(old.catch_alls, new.catch_alls, lambda item: item.parent):
        if was.present is not state.present:
            kind = Drift.WILDCARD_APPEARED if state.present else Drift.WILDCARD_GONE
            told = [f"*.{side.parent}" if side.present else "" for side in (was, state)]
            yield Change(kind, new.name, Endpoint.ZONE, f"*.{state.parent}", *told)
    for presented, now in _pairs(old.certificates, new.certificates, lambda item: (item.endpoint, item.name)):
        yield from _compare_certificates(new.name, presented, now)
    for walked, walk in _pairs(old.walks, new.walks, lambda item: item.client):
        if (walked.outcome, walked.step) != (walk.outcome, walk.step):
            told = [f"{side.outcome}{' at ' + side.step if side.step else ''}" for side in (walked, walk)]
            endpoint = Endpoint(walk.step) if walk.step in _ENDPOINTS else Endpoint.ZONE
            yield Change(Drift.WALK_CHANGED, new.name, endpoint, walk.client, *told)


_ENDPOINTS = {endpoint.value for endpoint in Endpoint}

Item = TypeVar("Item")


def _pairs(old: Iterable[Item], new: Iterable[Item], key: Callable[[Item], object]) -> Iterator[tuple[Item, Item]]:
    """What both sides hold, side by side."""
    known = {key(item): item for item in old}
    return ((known[key(item)], item) for item in new if key(item) in known)


def _compare_records(view: str, old: AcceptedRecord, new: AcceptedRecord) -> Iterator[Change]:
    if not agree(old, new):
        before, now = (", ".join(side.values) for side in (old, new))
        yield Change(Drift.RECORD, view, Endpoint.ZONE, new.name, before, now, new.kind.value)


def agree(old: AcceptedRecord, new: AcceptedRecord) -> bool:
    """Whether what is seen of a name is what was accepted of it."""
    if old.kind is not RecordKind.ADDRESS:
        return old.values == new.values
    networks = [value for value in old.values if "/" in value]
    single = set(old.values) - set(networks)
    beyond = {value for value in new.values if value not in single and not within(value, networks)}
    gone = set() if old.pool and new.values else single - set(new.values)
    nothing = bool(old.values) and not new.values
    return not (beyond or gone or nothing)


def within(address: str, networks: Iterable[str]) -> bool:
    """Whether an address, or a network, lies in one of these networks."""
    inner = ip_network(address)
    return any(_holds(ip_network(network), inner) for network in networks)


def _holds(outer: IPv4Network | IPv6Network, inner: IPv4Network | IPv6Network) -> bool:
    match outer, inner:
        case IPv4Network(), IPv4Network():
            return inner.subnet_of(outer)
        case IPv6Network(), IPv6Network():
            return inner.subnet_of(outer)
        case _:
            return False


def _compare_certificates(view: str, old: Presented, new: Presented) -> Iterator[Change]:
    """One change for each kind in which certificates that were not accepted differ from the nearest that were."""
    kinds: dict[Drift, Change] = {}
    for certificate in new.certificates:
        if certificate not in old.certificates and old.certificates:
            before = max(old.certificates, key=lambda item: len(set(item.names) & set(certificate.names)))
            for kind, told in _differences(before, certificate):
                kinds.setdefault(kind, Change(kind, view, new.endpoint, new.name, *told))
    if len(kinds) > 1:
        kinds.pop(Drift.CERTIFICATE_RENEWED, None)
    yield from kinds.values()


def _differences(
    old: AcceptedCertificate, new: AcceptedCertificate
) -> Iterator[tuple[Drift, tuple[str, str] | tuple[str, str, str]]]:
    lost = sorted(set(old.names) - set(new.names))
    stranger = not set(old.names) & set(new.names)
    if lost and not stranger:
        yield Drift.CERTIFICATE_NAMES_LOST, (", ".join(old.names), ", ".join(new.names), ", ".join(lost))
    pairs = [
        (f"issued by {old.issuer}", f"issued by {new.issuer}"),
        (old.kind, new.kind),
        (f"{old.key_type} key", f"{new.key_type} key"),
    ]
    if stranger:
        pairs.append((f"for {', '.join(old.names)}", f"for {', '.join(new.names)}"))
    replaced = [(before, after) for before, after in pairs if before != after]
    # A certificate that lost a name may be of another kind for that alone.
    if replaced and not (lost and all(before in (old.kind,) for before, _ in replaced)):
        yield (
            Drift.CERTIFICATE_REPLACED,
            (
                ", ".join(before for before, _ in replaced),
                ", ".join(after for _, after in replaced),
            ),
        )
    yield Drift.CERTIFICATE_RENEWED, (f"key {old.public_key[:16]}", f"key {new.public_key[:16]}")


_UNSEEN_RULES = frozenset({"check-network-denied", "check-timed-out", "dns-lookup-failed", "dns-nxdomain-rewritten"})
"""Findings after which nobody knows all that there is to accept."""


def accept(picture: Assessment) -> Baseline:
    """The accepted part of a survey, as of its end."""
    survey = picture.survey
    return Baseline(
        domain=survey.domain,
        accepted=int(survey.ended),
        views=tuple(sorted((_view(picture, view) for view in picture.views), key=lambda item: item.name)),
    )


def unseen(report: Report) -> tuple[str, ...]:
    """Why a report shows too little to be accepted, one sentence for each cause; empty if it shows all."""
    return tuple(
        f"{item.finding.view}: {item.message}" for item in report.judgements if item.finding.rule in _UNSEEN_RULES
    )


def unanswered(picture: Assessment) -> tuple[str, ...]:
    """The names of which a part got no answer, so that it is not known what to accept of them, a sentence each."""
    found = []
    for view in picture.views:
        elsewhere = refused_elsewhere(picture.survey, view)
        names = (view.scene.autodiscover, *(candidate.resolution for candidate in _lasting(view.scene)))
        lacking = {item.name for item in names if not item.complete and not _own_aliases(picture.survey, item)[1]}
        found += [f"{view.name}: not all of {name} was answered" for name in sorted(lacking - set(elsewhere))]
    return tuple(found)


def asked_of(baseline: Baseline, families: Iterable[Family]) -> Baseline:
    """The part of a baseline that a look at these address families alone is to be compared with."""
    versions = {family.value for family in families}
    views = (replace(view, records=tuple(_asked(view.records, versions))) for view in baseline.views)
    return replace(baseline, views=tuple(views))


def _asked(records: Iterable[AcceptedRecord], versions: set[int]) -> Iterator[AcceptedRecord]:
    for record in records:
        if record.kind is not RecordKind.ADDRESS:
            yield record
            continue
        values = tuple(value for value in record.values if ip_network(value).version in versions)
        if values or not record.values:
            yield replace(record, values=values)


def accept_over(old: Baseline, new: Baseline, networks: Iterable[str] = (), pools: Iterable[str] = ()) -> Baseline:
    """What is kept once `new` is accepted where `old` stood.

    A view that was not asked stays as it was, and so do the networks and pools that new addresses fit in. Addresses in
    one of `networks` are kept as that network; those of the names in `pools` are added to what was accepted.
    """
    wide, wanted = tuple(networks), frozenset(pools)
    views = {view.name: view for view in old.views}
    for view in new.views:
        before = views.get(view.name)
        known = {(item.name, item.kind): item for item in before.records} if before else {}
        records = (_kept(known.get((item.name, item.kind)), item, wide, wanted) for item in view.records)
        views[view.name] = replace(view, records=tuple(records))
    return replace(new, views=tuple(views[name] for name in sorted(views)))


def _kept(
    old: AcceptedRecord | None, new: AcceptedRecord, networks: tuple[str, ...], pools: frozenset[str]
) -> AcceptedRecord:
    if new.kind is not RecordKind.ADDRESS:
        return new
    if old is not None and agree(old, new):
        new = old
    if new.name in pools:
        new = replace(new, pool=True, values=tuple(sorted({*new.values, *(old.values if old else ())})))
    return replace(new, values=tuple(sorted({_widened(value, networks) for value in new.values})))


def _widened(value: str, networks: tuple[str, ...]) -> str:
    return next((network for network in networks if within(value, (network,))), value)


def name_servers(survey: Survey, view: View) -> tuple[str, ...]:
    """The domain's name servers as a view is told of them; a domain within another zone has none of its own."""
    return tuple(sorted(servers_named(survey, view))) if zone_of(survey, view) == survey.domain else ()


def _view(picture: Assessment, view: ViewAssessment) -> AcceptedView:
    survey = picture.survey
    return AcceptedView(
        name=view.name,
        method=view.method,
        name_servers=name_servers(survey, view.scene.view),
        records=tuple(sorted(_records(survey, view.scene), key=lambda item: (item.name, item.kind.value))),
        catch_alls=tuple(sorted(_catch_alls((view.scene.catch_all, view.scene.srv_catch_all)))),
        certificates=tuple(sorted(_presented(picture, view.scene), key=lambda item: (item.endpoint.value, item.name))),
        walks=tuple(sorted(_walked(walk) for walk in view.walks if walk.judged and _seen(walk))),
    )


def _records(survey: Survey, scene: ViewFacts) -> Iterator[AcceptedRecord]:
    yield from _resolved(survey, scene.autodiscover)
    if scene.srv.presence in (Presence.PRESENT, Presence.ABSENT):
        values = sorted(
            f"{record.priority} {record.weight} {record.port} {record.target}" for record in scene.srv.records
        )
        yield AcceptedRecord(scene.srv.name, RecordKind.SRV, tuple(values))
    known = {scene.autodiscover.name, survey.domain}
    for candidate in _lasting(scene):
        if candidate.name not in known:
            known.add(candidate.name)
            yield from _resolved(survey, candidate.resolution)


def _lasting(scene: ViewFacts) -> Iterator[Candidate]:
    """The candidates whose records are the domain's own affair: no redirect's targets."""
    return (item for item in scene.candidates if not item.hop and item.endpoint in (Endpoint.SRV, Endpoint.SERVER))


def _resolved(survey: Survey, resolution: Resolution) -> Iterator[AcceptedRecord]:
    """A name's aliases, and its addresses unless somebody else's name stands before them."""
    if resolution.presence not in (Presence.PRESENT, Presence.ABSENT) or not _followed(resolution):
        return
    aliases, foreign = _own_aliases(survey, resolution)
    yield AcceptedRecord(resolution.name, RecordKind.ALIAS, aliases)
    if not foreign and resolution.complete:
        yield AcceptedRecord(resolution.name, RecordKind.ADDRESS, tuple(sorted(resolution.addresses)))


def _followed(resolution: Resolution) -> bool:
    """Whether the chain of aliases is known to its end."""
    return bool(resolution.addresses) or resolution.complete


def _own_aliases(survey: Survey, resolution: Resolution) -> tuple[tuple[str, ...], bool]:
    """The chain of aliases up to the first that is not the domain's, and whether there is one."""
    aliases = []
    for alias in resolution.aliases:
        aliases.append(alias)
        own = is_below(alias, survey.domain) or alias in survey.policy.servers
        if cloud_name((alias,)) or not own:
            return tuple(aliases), True
    return tuple(aliases), False


def _catch_alls(found: Iterable[CatchAll]) -> Iterator[CatchAllState]:
    return (CatchAllState(item.parent, item.found) for item in found if item.found is not None)


def _presented(picture: Assessment, scene: ViewFacts) -> Iterator[Presented]:
    """The certificates of every place that clients are led to. A web site at the root is another's affair."""
    told = set()
    for candidate in scene.candidates:
        if candidate.hop or candidate.endpoint in (Endpoint.ROOT, Endpoint.REDIRECT) or candidate.name in told:
            continue
        told.add(candidate.name)
        met = (item for item in scene.met[candidate] if item not in picture.intercepted)
        shown = {_certificate(item.certificate) for item in met if item.certificate is not None}
        if shown:
            yield Presented(candidate.endpoint, candidate.name, tuple(sorted(shown)))


def _certificate(certificate: Certificate) -> AcceptedCertificate:
    return AcceptedCertificate(
        public_key=certificate.public_key,
        issuer=certificate.issuer_organization or certificate.issuer_common_name,
        kind=kind(certificate).value,
        key_type=certificate.key_type,
        names=tuple(sorted(set(certificate.dns_names or (certificate.common_name,)))),
    )


def _walked(walk: Walk) -> Walked:
    return Walked(walk.client.value, walk.outcome.value, walk.at.value if walk.at else "")


def _seen(walk: Walk) -> bool:
    return walk.outcome is not Outcome.UNKNOWN
