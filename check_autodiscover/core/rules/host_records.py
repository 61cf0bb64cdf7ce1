"""Rules about the record at `autodiscover.D`."""

from collections.abc import Iterator

from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment
from check_autodiscover.core.analysis.contacts import EndpointState, NameFault
from check_autodiscover.core.analysis.endpoints import Candidate
from check_autodiscover.core.analysis.lookups import Presence
from check_autodiscover.core.analysis.replies import AnswerClass
from check_autodiscover.core.model.certificate import covers
from check_autodiscover.core.model.finding import Endpoint, Finding
from check_autodiscover.core.model.names import EXCHANGE_ONLINE_ALIAS
from check_autodiscover.core.model.policy import Expected, Method, ViewRole
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
    "judge_host_record",
    "serves",
    "tombstone",
    "wanted_record",
    "where",
]


def declared(values: tuple[Expected, ...], view: ViewAssessment) -> tuple[str, ...]:
    """The values that policy expects in a view."""
    return tuple(item.value for item in values if item.view in ("", view.name))


def tombstone(view: ViewAssessment) -> str:
    """A record that stops a catch-all at the Autodiscover name, and leads nobody anywhere (RFC 4592 section 2.2)."""
    return f'{view.scene.autodiscover.name}. 3600 IN TXT "no autodiscover here"'


def serves(view: ViewAssessment, endpoint: Endpoint) -> bool:
    """Whether a judged client is configured at an endpoint, and none is hit there."""
    at = [walk for walk in view.walks if walk.judged and walk.at is not None and walk.at.value == endpoint.value]
    return bool(at) and all(walk.outcome.good for walk in at)


def judge_host_record(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
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
        seen = scene.view.connect or view.method is Method.EXCHANGE_ONLINE
        unserved = scene.captured and seen and not any(serves(view, item.endpoint) for item in view.intended)
        if missing or unserved or dangles(view):
            yield _missing_record(picture, view)


def dangles(view: ViewAssessment) -> bool:
    """Whether `autodiscover.D` is an alias that ends nowhere: a loop, or a name without an address."""
    resolution = view.scene.autodiscover
    own = view.method in (Method.HOST, Method.REDIRECT) and not view.scene.captured
    return own and resolution.presence is Presence.PRESENT and resolution.leads_nowhere


def _unwanted(view: ViewAssessment) -> bool:
    """Whether the method allows no record: with `redirect`, one that serves Autodiscover itself is none either."""
    if view.method in (Method.SRV, Method.NONE):
        return True
    return view.method is Method.REDIRECT and any(
        meeting.acceptable and meeting.answer in (AnswerClass.EXCHANGE, AnswerClass.SETTINGS)
        for meeting in _met_at_host(view)
    )


def _unwanted_record(picture: Assessment, view: ViewAssessment) -> Finding:
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
            ("where", where(view)),
            ("names", names),
            ("certificate", certificate),
            ("alias", joined(scene.autodiscover.aliases[:1])),
            ("srv_record", srv_record(survey.domain, survey.policy.servers[0]) if wanted else ""),
            ("in_place", tombstone(view) if scene.catch_all.found else ""),
            ("catch_all", scene.catch_all.record if scene.catch_all.found else ""),
        ),
    )


def _presented(picture: Assessment, view: ViewAssessment) -> tuple[str, str]:
    """The names of the certificate that `autodiscover.D` presents wrongly: our own server's, or a stranger's."""
    met = [item for item in _met_at_host(view) if item.name_fault is NameFault.MISMATCH]
    for meeting in met:
        if meeting.certificate is not None and _own(picture, view, meeting):
            return certificate_names(meeting.certificate), ""
    return "", foreign_certificate(met)


def _own(picture: Assessment, view: ViewAssessment, meeting: EndpointState) -> bool:
    keys = picture.references.keys | {
        item.certificate.public_key
        for candidate in view.intended
        for item in view.scene.met[candidate]
        if item.certificate
    }
    return meeting.certificate is not None and meeting.certificate.public_key in keys


def autodiscover_candidate(view: ViewAssessment) -> Candidate | None:
    """The candidate `https://autodiscover.D`, None where the step is skipped."""
    return next((item for item in view.scene.candidates if item.endpoint is Endpoint.AUTODISCOVER), None)


def _met_at_host(view: ViewAssessment) -> tuple[EndpointState, ...]:
    candidate = autodiscover_candidate(view)
    return () if candidate is None else view.scene.met[candidate]


def where(view: ViewAssessment) -> str:
    """Where the record leads: its addresses, or the alias where Microsoft or nothing is behind it."""
    resolution = view.scene.autodiscover
    candidate = autodiscover_candidate(view)
    if not resolution.addresses or (candidate is not None and candidate.cloud):
        return joined(resolution.aliases[:1])
    return joined(resolution.addresses)


def _missing_record(picture: Assessment, view: ViewAssessment) -> Finding:
    name = view.scene.autodiscover.name
    others = (other.scene for other in picture.views if other.name != view.name)
    elsewhere = any(scene.autodiscover.addresses and not scene.captured for scene in others)
    return Finding(
        rule="dns-host-record-missing",
        view=view.name,
        endpoint=Endpoint.AUTODISCOVER,
        subject=name,
        args=(
            ("wanted", wanted_record(picture, view)),
            ("hiding", hiding(view, elsewhere)),
            ("alias", view.scene.autodiscover.aliases[-1] if dangles(view) else ""),
            ("lacking", _lacking(picture, view)),
            ("srv_record", srv_record(picture.survey.domain, next(iter(picture.survey.policy.servers), ""))),
            ("inside_only", "yes" if view.scene.view.role is ViewRole.INSIDE and elsewhere else ""),
            *family_args(picture.survey.policy),
        ),
    )


def _lacking(picture: Assessment, view: ViewAssessment) -> str:
    """The server whose certificate lacks the name, so that the record alone would have clients warned (Rule 3)."""
    name, certificates = view.scene.autodiscover.name, picture.references.certificates
    if view.method is not Method.HOST or not certificates or any(covers(item, name) for item in certificates):
        return ""
    return joined(sorted(picture.references.names))


def hiding(view: ViewAssessment, elsewhere: bool) -> str:
    """Names the zone that hides a public record, where this view is the inside and another view has the record."""
    if not elsewhere or view.scene.view.role is not ViewRole.INSIDE:
        return "another view has it" if elsewhere else ""
    return f"zone on {view.scene.view.resolvers[0].label} hides the public one"


def wanted_record(picture: Assessment, view: ViewAssessment) -> str:
    """The record that the method needs at `autodiscover.D`, as a zone file has it."""
    name = view.scene.autodiscover.name
    if view.method is Method.EXCHANGE_ONLINE:
        return f"{name}. 3600 IN CNAME {EXCHANGE_ONLINE_ALIAS}."
    servers = picture.survey.policy.servers
    if view.method is Method.HOST and servers:
        return f"{name}. 3600 IN CNAME {servers[0]}."
    return f"{name}. 3600 IN A ADDRESS-OF-THE-{'REDIRECTOR' if view.method is Method.REDIRECT else 'SERVER'}"


def _judge_alias(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
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
        f"{scene.autodiscover.name}. 3600 IN CNAME {wanted}." if expected or not cloud else wanted_record(picture, view)
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
