"""Rules about what is otherwise than accepted: `drift-*`. A change that is a fault is explained by the fault."""

from collections.abc import Iterator

from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment
from check_autodiscover.core.analysis.drift import name_servers
from check_autodiscover.core.analysis.endpoints import autodiscover_name, srv_name
from check_autodiscover.core.model.baseline import BaselineFormatError, Change, Drift, RecordKind, read_baseline
from check_autodiscover.core.model.finding import Endpoint, Finding
from check_autodiscover.core.model.policy import ViewRole
from check_autodiscover.core.rules.phrases import date_of, joined

__all__ = ["judge_drift"]


def judge_drift(picture: Assessment) -> Iterator[Finding]:
    """All rules of this file."""
    yield from _judge_baseline(picture)
    yield from _judge_changes(picture)
    for view in picture.views:
        yield from _judge_delegation(picture, view)


def _judge_baseline(picture: Assessment) -> Iterator[Finding]:
    """`drift-baseline-missing`: a baseline was asked for, and there is none, or none that can be used."""
    file = picture.survey.baseline
    if file is not None and picture.baseline is None:
        yield Finding(
            rule="drift-baseline-missing",
            view="",
            endpoint=Endpoint.ZONE,
            subject=picture.survey.domain,
            args=(
                ("path", file.path),
                ("fault", "" if file.missing else file.fault or _fault(file.text, picture.survey.domain)),
                ("broken", "" if file.missing else file.path),
                ("accept", _accept(picture)),
            ),
        )


def _accept(picture: Assessment) -> str:
    """The command that accepts what is so now."""
    path = picture.survey.baseline.path if picture.survey.baseline else ""
    return f"autodiscoverctl baseline accept {picture.survey.domain} --baseline {path}"


def _fault(text: str, domain: str) -> str:
    """Why a file that could be read is no baseline of the domain."""
    try:
        return f"it is about {read_baseline(text).domain}, not {domain}"
    except BaselineFormatError as error:
        return str(error)


def _judge_changes(picture: Assessment) -> Iterator[Finding]:
    """One finding for each change, but one for all clients of a view whose walks changed alike."""
    told: set[tuple[str, str, str]] = set()
    for change in picture.changes:
        if change.kind is not Drift.WALK_CHANGED:
            yield _finding(picture, change)
        elif (key := (change.view, change.old, change.new)) not in told:
            told.add(key)
            yield _finding(picture, change)


def _finding(picture: Assessment, change: Change) -> Finding:
    alike = [
        other.subject
        for other in picture.changes
        if (other.kind, other.view, other.old, other.new) == (change.kind, change.view, change.old, change.new)
    ]
    walks = change.kind is Drift.WALK_CHANGED
    return Finding(
        rule=f"drift-{change.kind.value}",
        view=change.view,
        endpoint=_endpoint(picture, change),
        subject=picture.survey.domain if walks else change.subject,
        args=(
            ("old", change.old or "none"),
            ("new", change.new or "none"),
            ("kind", _KINDS.get(change.detail, change.detail)),
            ("lost", change.detail),
            ("clients", joined(alike)),
            ("since", _since(picture)),
            ("accept", _accept(picture)),
            ("declare", ""),
        ),
    )


_KINDS = {
    RecordKind.ADDRESS.value: "the address",
    RecordKind.ALIAS.value: "the alias",
    RecordKind.SRV.value: "the SRV record",
}


def _since(picture: Assessment) -> str:
    return date_of(picture.baseline.accepted) if picture.baseline else ""


def _endpoint(picture: Assessment, change: Change) -> Endpoint:
    """Where a client meets what changed: for a record, the first place that its name stands for."""
    if change.kind is not Drift.RECORD:
        return change.endpoint
    domain = picture.survey.domain
    known = {autodiscover_name(domain): Endpoint.AUTODISCOVER, srv_name(domain): Endpoint.SRV}
    if change.subject in known:
        return known[change.subject]
    view = next(item for item in picture.views if item.name == change.view)
    places = (item.endpoint for item in view.scene.candidates if item.name == change.subject and not item.hop)
    return next(places, Endpoint.ZONE)


def _judge_delegation(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """`drift-delegation` against what is declared; the inside may have servers of its own."""
    expected = tuple(sorted(picture.survey.policy.expect.name_servers))
    found = name_servers(picture.survey, view.scene.view)
    already = any(change.kind is Drift.DELEGATION and change.view == view.name for change in picture.changes)
    if expected and found and found != expected and view.scene.view.role is not ViewRole.INSIDE and not already:
        yield Finding(
            rule="drift-delegation",
            view=view.name,
            endpoint=Endpoint.ZONE,
            subject=picture.survey.domain,
            args=(
                ("old", joined(expected)),
                ("new", joined(found)),
                ("since", ""),
                ("accept", ""),
                ("declare", " ".join(f"--expected-ns {name}" for name in found)),
            ),
        )
