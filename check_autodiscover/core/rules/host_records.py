"""Rules about the record at `autodiscover.D`, and the catch-all that may stand in for it."""

from collections.abc import Iterator

from check_autodiscover.core.candidates import Candidate
from check_autodiscover.core.cloud import EXCHANGE_ONLINE_ALIAS
from check_autodiscover.core.finding import Endpoint, Finding
from check_autodiscover.core.http_answer import AnswerClass
from check_autodiscover.core.meeting import Meeting, NameFault
from check_autodiscover.core.picture import Picture, ViewPicture
from check_autodiscover.core.policy import Expected, Method, ViewRole
from check_autodiscover.core.records import Presence
from check_autodiscover.core.rules.phrases import (
    certificate_names,
    family_args,
    foreign_certificate,
    joined,
    srv_record,
)

__all__ = [
    "autodiscover_candidate",
    "declared",
    "hiding",
    "judge_catch_all",
    "judge_host_record",
    "serves",
    "takes_srv_name",
]


def declared(values: tuple[Expected, ...], view: ViewPicture) -> tuple[str, ...]:
    """The values that policy expects in a view."""
    return tuple(item.value for item in values if item.view in ("", view.name))


def judge_catch_all(picture: Picture, view: ViewPicture) -> Iterator[Finding]:
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


def _is_declared(picture: Picture, view: ViewPicture) -> bool:
    """Whether policy expects a catch-all there."""
    parents = declared(picture.survey.policy.expect.wildcards, view)
    return view.scene.catch_all.parent in {parent.removeprefix("*.") for parent in parents}


def _told_as_missing(view: ViewPicture) -> bool:
    """Whether the catch-all is part of why there is no SRV record where one is meant."""
    return view.method is Method.SRV and takes_srv_name(view)


def takes_srv_name(view: ViewPicture) -> bool:
    """Whether the catch-all's alias stands at the SRV name, so that it captures after all."""
    aliases = view.scene.srv.aliases
    return bool(aliases) and aliases[0] == view.scene.catch_all.alias


def _captured_srv(picture: Picture, view: ViewPicture) -> Finding:
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


def _srv_parent(view: ViewPicture) -> str:
    """Where the asterisk stands: names below the domain itself that do not exist are proof that it is below `_tcp`."""
    scene = view.scene
    return scene.srv_catch_all.parent if scene.catch_all.found is False else scene.catch_all.parent


def _srv_host(picture: Picture, target: str) -> str:
    """Where the SRV record of our own should lead: to the server, where that is named."""
    servers = [name for name in picture.survey.policy.servers if name in picture.references.names]
    return next(iter(servers), target)


def _captured(picture: Picture, view: ViewPicture) -> Finding:
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
            ("where", _where(view)),
            ("certificate", foreign_certificate(scene.at(Endpoint.AUTODISCOVER))),
            ("declared", "yes" if expected and serves(view, Endpoint.AUTODISCOVER) else ""),
            ("own_record", _own_record(picture, view)),
            ("record", scene.catch_all.record),
            ("hint", hint),
        ),
    )


def _own_record(picture: Picture, view: ViewPicture) -> str:
    """The record that stops a catch-all at the name: a tombstone, or what the method needs there anyway."""
    if view.method in (Method.HOST, Method.EXCHANGE_ONLINE, Method.REDIRECT):
        return _wanted_record(picture, view)
    return tombstone(view)


def tombstone(view: ViewPicture) -> str:
    """A record that stops a catch-all at the Autodiscover name, and leads nobody anywhere (RFC 4592 section 2.2)."""
    return f'{view.scene.autodiscover.name}. 3600 IN TXT "no autodiscover here"'


def serves(view: ViewPicture, endpoint: Endpoint) -> bool:
    """Whether a judged client is configured at an endpoint, and none is hit there."""
    at = [walk for walk in view.walks if walk.judged and walk.at is not None and walk.at.value == endpoint.value]
    return bool(at) and all(walk.outcome.good for walk in at)


def judge_host_record(picture: Picture, view: ViewPicture) -> Iterator[Finding]:
    """`dns-unwanted-host-record`, `dns-host-record-missing`, `dns-alias-unexpected`: the method decides which."""
    scene = view.scene
    present = scene.autodiscover.presence is Presence.PRESENT
    if present and not scene.captured:
        if _unwanted(view):
            yield _unwanted_record(picture, view)
        else:
            yield from _judge_alias(picture, view)
    if view.method in (Method.HOST, Method.EXCHANGE_ONLINE, Method.REDIRECT):
        missing = scene.autodiscover.presence is Presence.ABSENT
        unserved = scene.captured and not any(serves(view, item.endpoint) for item in view.intended)
        if missing or unserved or dangles(view):
            yield _missing_record(picture, view)


def dangles(view: ViewPicture) -> bool:
    """Whether `autodiscover.D` is an alias that ends nowhere: a loop, or a name without an address."""
    resolution = view.scene.autodiscover
    own = view.method in (Method.HOST, Method.REDIRECT) and not view.scene.captured
    return own and resolution.presence is Presence.PRESENT and not resolution.addresses


def _unwanted(view: ViewPicture) -> bool:
    """Whether the method allows no record: with `redirect`, one that serves Autodiscover itself is none either."""
    if view.method in (Method.SRV, Method.NONE):
        return True
    return view.method is Method.REDIRECT and any(
        meeting.acceptable and meeting.answer in (AnswerClass.EXCHANGE, AnswerClass.SETTINGS)
        for meeting in _met_at_host(view)
    )


def _unwanted_record(picture: Picture, view: ViewPicture) -> Finding:
    scene, survey = view.scene, picture.survey
    names, certificate = _presented(picture, view)
    wanted = view.method is Method.SRV and scene.srv.presence is Presence.ABSENT and bool(survey.policy.servers)
    return Finding(
        rule="dns-unwanted-host-record",
        view=view.name,
        endpoint=Endpoint.AUTODISCOVER,
        subject=scene.autodiscover.name,
        addresses=scene.autodiscover.addresses,
        args=(
            ("where", _where(view)),
            ("names", names),
            ("certificate", certificate),
            ("alias", joined(scene.autodiscover.aliases[:1])),
            ("srv_record", srv_record(survey.domain, survey.policy.servers[0]) if wanted else ""),
            ("in_place", tombstone(view) if scene.catch_all.found else ""),
            ("catch_all", scene.catch_all.record if scene.catch_all.found else ""),
        ),
    )


def _presented(picture: Picture, view: ViewPicture) -> tuple[str, str]:
    """The names of the certificate that `autodiscover.D` presents wrongly: our own server's, or a stranger's."""
    met = [item for item in _met_at_host(view) if item.name_fault is NameFault.MISMATCH]
    for meeting in met:
        if meeting.certificate is not None and _own(picture, view, meeting):
            return certificate_names(meeting.certificate), ""
    return "", foreign_certificate(met)


def _own(picture: Picture, view: ViewPicture, meeting: Meeting) -> bool:
    keys = picture.references.keys | {
        item.certificate.public_key
        for candidate in view.intended
        for item in view.scene.met[candidate]
        if item.certificate
    }
    return meeting.certificate is not None and meeting.certificate.public_key in keys


def autodiscover_candidate(view: ViewPicture) -> Candidate | None:
    """The candidate `https://autodiscover.D`, None where the step is skipped."""
    return next((item for item in view.scene.candidates if item.endpoint is Endpoint.AUTODISCOVER), None)


def _met_at_host(view: ViewPicture) -> tuple[Meeting, ...]:
    candidate = autodiscover_candidate(view)
    return () if candidate is None else view.scene.met[candidate]


def _where(view: ViewPicture) -> str:
    """Where the record leads: its addresses, or the alias where Microsoft or nothing is behind it."""
    resolution = view.scene.autodiscover
    candidate = autodiscover_candidate(view)
    if not resolution.addresses or (candidate is not None and candidate.cloud):
        return joined(resolution.aliases[:1])
    return joined(resolution.addresses)


def _missing_record(picture: Picture, view: ViewPicture) -> Finding:
    name = view.scene.autodiscover.name
    others = (other.scene for other in picture.views if other.name != view.name)
    elsewhere = any(scene.autodiscover.addresses and not scene.captured for scene in others)
    return Finding(
        rule="dns-host-record-missing",
        view=view.name,
        endpoint=Endpoint.AUTODISCOVER,
        subject=name,
        args=(
            ("wanted", _wanted_record(picture, view)),
            ("hiding", hiding(view, elsewhere)),
            ("alias", view.scene.autodiscover.aliases[-1] if dangles(view) else ""),
            ("inside_only", "yes" if view.scene.view.role is ViewRole.INSIDE and elsewhere else ""),
            *family_args(picture.survey.policy),
        ),
    )


def hiding(view: ViewPicture, elsewhere: bool) -> str:
    """Names the zone that hides a public record, where this view is the inside and another view has the record."""
    if not elsewhere or view.scene.view.role is not ViewRole.INSIDE:
        return "another view has it" if elsewhere else ""
    return f"zone on {view.scene.view.resolvers[0].label} hides the public one"


def _wanted_record(picture: Picture, view: ViewPicture) -> str:
    name = view.scene.autodiscover.name
    if view.method is Method.EXCHANGE_ONLINE:
        return f"{name}. 3600 IN CNAME {EXCHANGE_ONLINE_ALIAS}."
    servers = picture.survey.policy.servers
    if view.method is Method.HOST and servers:
        return f"{name}. 3600 IN CNAME {servers[0]}."
    return f"{name}. 3600 IN A ADDRESS-OF-THE-{'REDIRECTOR' if view.method is Method.REDIRECT else 'SERVER'}"


def _judge_alias(picture: Picture, view: ViewPicture) -> Iterator[Finding]:
    scene = view.scene
    expected = declared(picture.survey.policy.expect.aliases, view)
    candidate = autodiscover_candidate(view)
    cloud = candidate.cloud if candidate else ""
    if expected:
        wrong, wanted = not set(expected) & set(scene.autodiscover.aliases), joined(expected)
    elif view.method is Method.EXCHANGE_ONLINE:
        wrong, wanted = not cloud, EXCHANGE_ONLINE_ALIAS
    else:
        wrong, wanted = bool(cloud), joined(picture.survey.policy.servers) or "the domain's own server"
    if not wrong:
        return
    found = joined(scene.autodiscover.aliases[:1] or scene.autodiscover.addresses)
    record = (
        f"{scene.autodiscover.name}. 3600 IN CNAME {wanted}."
        if expected or not cloud
        else _wanted_record(picture, view)
    )
    yield Finding(
        rule="dns-alias-unexpected",
        view=view.name,
        endpoint=Endpoint.AUTODISCOVER,
        subject=scene.autodiscover.name,
        addresses=scene.autodiscover.addresses,
        args=(
            ("found", f"an alias of {found}" if scene.autodiscover.aliases else found),
            ("expected", f"of {wanted}" if scene.autodiscover.aliases else f"an alias of {wanted}"),
            ("wanted", record),
            ("certificate", foreign_certificate(scene.at(Endpoint.AUTODISCOVER))),
        ),
    )
