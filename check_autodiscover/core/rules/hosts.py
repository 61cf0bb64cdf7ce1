"""Rules about where `autodiscover.D` leads: its record, a catch-all or a search list in its place, its addresses."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment
from check_autodiscover.core.analysis.contacts import EndpointState, NameFault, Reach
from check_autodiscover.core.analysis.endpoints import Candidate, autodiscover_name
from check_autodiscover.core.analysis.lookups import Presence
from check_autodiscover.core.analysis.plan import catch_all_below, suffixes
from check_autodiscover.core.analysis.replies import AnswerClass
from check_autodiscover.core.model.certificate import covers
from check_autodiscover.core.model.finding import Endpoint, Finding
from check_autodiscover.core.model.names import EXCHANGE_ONLINE_ALIAS
from check_autodiscover.core.model.observations import Scheme
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
    "judge_addresses",
    "judge_catch_all",
    "judge_host_record",
    "judge_suffixes",
    "serves",
    "takes_srv_name",
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


def judge_addresses(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """`dns-address-unexpected`: against `--expected-address`, else against the server's addresses."""
    expected = declared(picture.survey.policy.expect.addresses, view)
    for candidate in view.intended:
        if candidate.hop or candidate.cloud or candidate.scheme is Scheme.HTTP:
            continue
        if expected:
            yield from _against_expected(picture, view, candidate, expected)
        elif view.method is Method.HOST:
            yield from _against_server(picture, view, candidate)
    if view.method is Method.REDIRECT and not view.scene.captured:
        host = autodiscover_candidate(view)
        if host is not None and expected:
            yield from _against_expected(picture, view, host, expected)
        elif host is not None:
            yield from _against_server(picture, view, host)


def _against_expected(
    picture: Assessment, view: ViewAssessment, candidate: Candidate, expected: tuple[str, ...]
) -> Iterator[Finding]:
    networks = [ip_network(text, strict=False) for text in expected]
    found = {text: ip_address(text) for text in candidate.resolution.addresses}
    wrong = [text for text, address in found.items() if not any(address in network for network in networks)]
    # Of a family that was not asked for, or gave no answer, nothing is missing.
    asked = {family.value for family in picture.survey.policy.families}
    missing = [
        str(network.network_address)
        for network in networks
        if network.prefixlen == network.max_prefixlen and network.version in asked
        if network.network_address not in found.values()
    ]
    if wrong:
        yield _address_finding(view, candidate, tuple(wrong), joined(expected))
    elif missing and found and candidate.resolution.complete:
        yield Finding(
            rule="dns-address-unexpected",
            view=view.name,
            endpoint=candidate.endpoint,
            subject=candidate.name,
            addresses=tuple(missing),
            args=(("where", joined(missing)), ("expected", joined(expected)), ("missing", "yes")),
        )


def _against_server(picture: Assessment, view: ViewAssessment, candidate: Candidate) -> Iterator[Finding]:
    references = picture.references
    if not references.addresses or view.scene.captured:
        return
    wrong = tuple(
        meeting.address
        for meeting in view.scene.met[candidate]
        if meeting.address not in references.addresses and _suspect(picture, view, meeting)
    )
    if wrong:
        own = _addresses_here(view, references.names) or tuple(sorted(references.addresses))
        yield _address_finding(view, candidate, wrong, f"{joined(own)} ({joined(sorted(references.names))})")


def _addresses_here(view: ViewAssessment, names: frozenset[str]) -> tuple[str, ...]:
    return tuple(
        address
        for candidate in view.scene.candidates
        if candidate.endpoint is Endpoint.SERVER and candidate.name in names
        for address in candidate.addresses
    )


def _suspect(picture: Assessment, view: ViewAssessment, meeting: EndpointState) -> bool:
    """Whether an address that is not the server's is wrong.

    It has no valid certificate with an Exchange answer, and does not redirect to the server. With `redirect`,
    another host is normal: only one that answers https for it is not.
    """
    if meeting.reach is Reach.UNSEEN or (meeting.acceptable and meeting.exchange):
        return False
    key = meeting.certificate.public_key if meeting.certificate else ""
    if key in picture.references.keys or _leads_to_server(picture, view, meeting.address):
        return False
    answers = meeting.name_fault is NameFault.MISMATCH or meeting.answer is AnswerClass.PASSWORD
    return view.method is Method.HOST or answers


def _leads_to_server(picture: Assessment, view: ViewAssessment, address: str) -> bool:
    return any(
        item.address == address and item.redirect is not None and item.redirect.host in picture.references.names
        for item in view.scene.at(Endpoint.REDIRECT)
        if item.candidate.hop == 0
    )


def _address_finding(view: ViewAssessment, candidate: Candidate, wrong: tuple[str, ...], expected: str) -> Finding:
    met = [meeting for meeting in view.scene.met[candidate] if meeting.address in wrong]
    return Finding(
        rule="dns-address-unexpected",
        view=view.name,
        endpoint=candidate.endpoint,
        subject=candidate.name,
        addresses=wrong,
        args=(("where", joined(wrong)), ("expected", expected), ("certificate", foreign_certificate(met))),
    )


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


def judge_suffixes(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """`dns-wildcard-present`, for a catch-all that answers once a suffix is appended to `autodiscover.D`."""
    for suffix in suffixes(picture.survey, view.scene.view):
        found = catch_all_below(picture.survey, view.scene.view, suffix)
        if found is not None:
            yield Finding(
                rule="dns-wildcard-present",
                view=view.name,
                endpoint=Endpoint.ZONE,
                subject=f"*.{suffix}",
                addresses=found.addresses,
                args=(
                    ("where", joined(found.aliases[:1] or found.addresses)),
                    ("protected", autodiscover_name(picture.survey.domain)),
                    ("suffix", suffix),
                ),
            )
