"""Rules about the SRV record, and about what is met before it."""

from collections.abc import Iterator

from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment
from check_autodiscover.core.analysis.contacts import NameFault
from check_autodiscover.core.analysis.endpoints import Candidate
from check_autodiscover.core.analysis.lookups import Presence
from check_autodiscover.core.model.finding import Endpoint, Finding
from check_autodiscover.core.model.observations import Srv
from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.rules.hosts import declared, hiding, takes_srv_name
from check_autodiscover.core.rules.phrases import certificate_names, family_args, joined, srv_record

__all__ = ["judge_shadow", "judge_srv"]

HTTPS_PORT = 443
"""The only port that clients use, whatever the record says (MS-OXDISCO; EWS Managed API)."""


_NOT_OFFERED = "its target is '.', which says that the service is not offered"


def judge_srv(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """`dns-srv-missing`, `-target-missing`, `-unexpected`, `-port`, where the method is `srv`."""
    if view.method is not Method.SRV:
        return
    if view.scene.srv.presence is Presence.ABSENT:
        yield _missing(picture, view)
    for candidate in view.intended:
        if not candidate.hop:
            yield from _judge_target(picture, view, candidate)
    yield from _judge_several(view)


def _judge_several(view: ViewAssessment) -> Iterator[Finding]:
    """`dns-srv-targets-several`: which client takes which is not the same (RFC 2782; EWS Managed API; exchangelib)."""
    records = view.scene.srv.records
    targets = tuple(dict.fromkeys(record.target for record in records))
    if len(targets) < 2:
        return
    lowest = joined(record.target for record in records if record.priority == records[0].priority)
    highest = joined(record.target for record in records if record.priority == records[-1].priority)
    takers = "clients pick any of them"
    if lowest != highest:
        takers = f"ews takes {lowest}, exchangelib {highest}, Outlook any of them"
    yield Finding(
        rule="dns-srv-targets-several",
        view=view.name,
        endpoint=Endpoint.SRV,
        subject=view.scene.srv.name,
        args=(("targets", joined(targets)), ("takers", takers), ("first", targets[0])),
    )


def _missing(picture: Assessment, view: ViewAssessment) -> Finding:
    scene, survey = view.scene, picture.survey
    elsewhere = any(other.name != view.name and other.scene.srv.records for other in picture.views)
    targets = [record.target for other in picture.views for record in other.scene.srv.records]
    server = next(iter((*survey.policy.servers, *targets)), "YOUR-SERVER")
    return Finding(
        rule="dns-srv-missing",
        view=view.name,
        endpoint=Endpoint.SRV,
        subject=scene.srv.name,
        args=(
            ("hiding", hiding(view, elsewhere)),
            ("refusal", _NOT_OFFERED if scene.srv.not_offered else _alias_instead(view)),
            ("srv_record", srv_record(survey.domain, server)),
        ),
    )


def _alias_instead(view: ViewAssessment) -> str:
    """Names the alias that stands at the SRV name and leads to no SRV data."""
    scene = view.scene
    if not scene.srv.aliases:
        return ""
    alias = scene.srv.aliases[0]
    owner = f"the catch-all *.{scene.catch_all.parent}" if takes_srv_name(view) else "the name"
    return f"{owner} is an alias of {alias}, which has none"


def _judge_target(picture: Assessment, view: ViewAssessment, candidate: Candidate) -> Iterator[Finding]:
    survey, record = picture.survey, candidate.srv
    if record is None:
        return
    expected = _expected(picture, view)
    wanted = next(iter(expected), record.target)
    common = (
        ("owner", view.scene.srv.name),
        ("srv_record", srv_record(survey.domain, wanted)),
        ("expected", joined(expected)),
        ("other_port", str(record.port) if record.target in _hosts(expected) else ""),
        ("port", str(record.port)),
        ("names", _names_lacking(view, candidate)),
        ("hint", _relative_name(survey.domain, record.target)),
        *family_args(survey.policy),
    )
    rule = _target_rule(candidate, record, expected)
    if rule:
        yield _finding(rule, view, candidate, common)
    if candidate.resolution.aliases and candidate.resolution.addresses:
        yield _finding("dns-srv-target-alias", view, candidate, (*common, *_alias_of(survey.domain, candidate)))
    expected_port = f"{record.target}:{record.port}" in declared(survey.policy.expect.srv, view)
    if record.port != HTTPS_PORT and not expected_port:
        yield _finding("dns-srv-port", view, candidate, common)


def _alias_of(domain: str, candidate: Candidate) -> tuple[tuple[str, str], ...]:
    alias = candidate.resolution.aliases[-1]
    return ("alias", alias), ("direct_record", srv_record(domain, alias))


def _finding(rule: str, view: ViewAssessment, candidate: Candidate, args: tuple[tuple[str, str], ...]) -> Finding:
    return Finding(
        rule=rule,
        view=view.name,
        endpoint=Endpoint.SRV,
        subject=candidate.name,
        addresses=candidate.addresses,
        args=args,
    )


def _target_rule(candidate: Candidate, record: Srv, expected: tuple[str, ...]) -> str:
    """What is wrong with the target. Ports other than 443 are those of `dns-srv-port`."""
    if candidate.resolution.leads_nowhere:
        return "dns-srv-target-missing"
    usual = {record.target, f"{record.target}:{HTTPS_PORT}"}
    right = usual & set(expected) if record.port == HTTPS_PORT else record.target in _hosts(expected)
    return "dns-srv-unexpected" if expected and not right else ""


def _hosts(expected: tuple[str, ...]) -> set[str]:
    return {text.partition(":")[0] for text in expected}


def _expected(picture: Assessment, view: ViewAssessment) -> tuple[str, ...]:
    servers = tuple(name for name in picture.survey.policy.servers if name in picture.references.names)
    return declared(picture.survey.policy.expect.srv, view) or servers


def _names_lacking(view: ViewAssessment, candidate: Candidate) -> str:
    for meeting in view.scene.met[candidate]:
        if meeting.certificate is not None and meeting.name_fault is NameFault.MISMATCH:
            return certificate_names(meeting.certificate)
    return ""


def _relative_name(domain: str, target: str) -> str:
    """Names the mistake of a target without its final dot, to which the zone's name was added again."""
    doubled = target.endswith(f".{domain}.{domain}")
    return f"no dot after {target.removesuffix('.' + domain)}" if doubled else ""


def judge_shadow(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """`dns-srv-shadowed`: an SRV record that clients do not get to."""
    scene = view.scene
    if view.method in (Method.NONE, Method.EXCHANGE_ONLINE) or not scene.srv.records:
        return
    shadow = _shadow(view)
    if shadow:
        yield Finding(
            rule="dns-srv-shadowed",
            view=view.name,
            endpoint=Endpoint.SRV,
            subject=scene.srv.name,
            args=(
                ("shadow", shadow),
                ("declared", "yes" if picture.survey.policy.declared_method(view.name) is Method.SRV else ""),
            ),
        )


def _shadow(view: ViewAssessment) -> str:
    walked = any(item.endpoint in (Endpoint.AUTODISCOVER, Endpoint.REDIRECT) for item in view.scene.candidates)
    if walked and view.scene.captured:
        return f"the catch-all's answer for {view.scene.autodiscover.name}"
    if walked and view.scene.autodiscover.presence is Presence.PRESENT:
        return f"the record {view.scene.autodiscover.name}"
    stops = [walk for walk in view.walks if walk.judged and walk.at is not None]
    at_root = [walk for walk in stops if walk.at is not None and walk.at.value == Endpoint.ROOT.value]
    return f"https://{view.scene.domain.name}" if at_root else ""
