"""What has changed since a baseline was accepted: a typed, sorted comparison of two accepted parts.

What one of the two does not hold was not looked at, and is no change. Called by `judge` and by
`autodiscoverctl baseline`.
"""

from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeVar

from check_autodiscover.core.baseline import (
    AcceptedCertificate,
    AcceptedRecord,
    AcceptedView,
    Baseline,
    Change,
    Drift,
    Presented,
    RecordKind,
)
from check_autodiscover.core.finding import Endpoint

__all__ = ["agree", "compare_baselines", "within"]

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
