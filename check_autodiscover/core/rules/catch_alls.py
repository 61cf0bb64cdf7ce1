"""Rules about the catch-all that may stand in for the records of the domain."""

from collections.abc import Iterator

from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment
from check_autodiscover.core.analysis.lookups import Presence
from check_autodiscover.core.model.finding import Endpoint, Finding
from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.rules.host_records import declared, serves, tombstone, wanted_record, where
from check_autodiscover.core.rules.phrases import foreign_certificate, joined, srv_record

__all__ = ["judge_catch_all", "takes_srv_name"]


def judge_catch_all(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """`dns-wildcard-captures-autodiscover`, or `dns-wildcard-present` where it captures nothing."""
    scene = view.scene
    if scene.srv_catch_all.found:
        yield _captured_srv(picture, view)
    if not scene.catch_all.found:
        return
    if scene.captured:
        yield _captured(picture, view)
    elif scene.autodiscover.presence in (Presence.PRESENT, Presence.ABSENT) and not _told_as_missing(view):
        yield Finding(
            rule="dns-wildcard-present",
            view=view.name,
            endpoint=Endpoint.ZONE,
            subject=f"*.{scene.catch_all.parent}",
            addresses=scene.catch_all.addresses,
            args=(
                ("where", scene.catch_all.leads_to or joined(scene.catch_all.addresses)),
                ("protected", scene.autodiscover.name),
                ("parent", scene.catch_all.parent),
                ("record", scene.catch_all.record),
                ("declared", "yes" if _is_declared(picture, view) else ""),
            ),
        )


def _is_declared(picture: Assessment, view: ViewAssessment) -> bool:
    """Whether policy expects a catch-all there."""
    parents = declared(picture.survey.policy.expect.wildcards, view)
    return view.scene.catch_all.parent in {parent.removeprefix("*.") for parent in parents}


def _told_as_missing(view: ViewAssessment) -> bool:
    """Whether the catch-all is part of why there is no SRV record where one is meant."""
    return view.method is Method.SRV and takes_srv_name(view)


def takes_srv_name(view: ViewAssessment) -> bool:
    """Whether the catch-all's alias stands at the SRV name, so that it captures after all."""
    aliases = view.scene.srv.aliases
    return bool(aliases) and aliases[0] == view.scene.catch_all.alias


def _captured_srv(picture: Assessment, view: ViewAssessment) -> Finding:
    catch_all = view.scene.srv_catch_all
    return Finding(
        rule="dns-wildcard-captures-srv",
        view=view.name,
        endpoint=Endpoint.SRV,
        subject=view.scene.srv.name,
        args=(
            ("parent", _srv_parent(view)),
            ("target", joined(record.target for record in catch_all.services)),
            ("srv_record", srv_record(picture.survey.domain, _srv_host(picture, catch_all.services[0].target))),
        ),
    )


def _srv_parent(view: ViewAssessment) -> str:
    """Where the asterisk stands: names below the domain itself that do not exist are proof that it is below `_tcp`."""
    scene = view.scene
    return scene.srv_catch_all.parent if scene.catch_all.found is False else scene.catch_all.parent


def _srv_host(picture: Assessment, target: str) -> str:
    """Where the SRV record of our own should lead: to the server, where that is named."""
    servers = [name for name in picture.survey.policy.servers if name in picture.references.names]
    return next(iter(servers), target)


def _captured(picture: Assessment, view: ViewAssessment) -> Finding:
    scene = view.scene
    expected = _is_declared(picture, view)
    guessed = picture.survey.policy.declared_method(view.name) is Method.AUTO
    hint = "If nobody uses Outlook here: -m none." if guessed and not picture.survey.policy.servers else ""
    return Finding(
        rule="dns-wildcard-captures-autodiscover",
        view=view.name,
        endpoint=Endpoint.AUTODISCOVER,
        subject=scene.autodiscover.name,
        addresses=scene.autodiscover.addresses,
        args=(
            ("parent", scene.catch_all.parent),
            ("where", where(view)),
            ("certificate", foreign_certificate(scene.at(Endpoint.AUTODISCOVER))),
            # What is not connected to cannot be seen to be well, nor to be otherwise.
            ("declared", "yes" if expected and (serves(view, Endpoint.AUTODISCOVER) or not scene.view.connect) else ""),
            ("own_record", _own_record(picture, view)),
            ("record", scene.catch_all.record),
            ("hint", hint),
        ),
    )


def _own_record(picture: Assessment, view: ViewAssessment) -> str:
    """The record that stops a catch-all at the name: a tombstone, or what the method needs there anyway."""
    if view.method in (Method.HOST, Method.EXCHANGE_ONLINE, Method.REDIRECT):
        return wanted_record(picture, view)
    return tombstone(view)
