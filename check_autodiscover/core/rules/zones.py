"""Rules about who serves the domain's records, and whether they agree: resolvers, authorities, zones, parents."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from check_autodiscover.core.analysis.assessment import Assessment, ViewAssessment
from check_autodiscover.core.analysis.endpoints import autodiscover_name, srv_name
from check_autodiscover.core.analysis.lookups import (
    Presence,
    answer_of,
    asks_authority,
    authorities,
    resolve,
    rewrites,
    servers_without_address,
    zone_of,
)
from check_autodiscover.core.analysis.replies import authentication_methods
from check_autodiscover.core.model.certificate import Certificate
from check_autodiscover.core.model.finding import Endpoint, Finding
from check_autodiscover.core.model.observations import (
    Contact,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    EndpointQuestion,
    RecordType,
)
from check_autodiscover.core.model.policy import View, ViewRole
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.core.rules.phrases import joined

__all__ = ["judge_parents", "judge_resolvers", "judge_servers", "judge_zone_contents"]


@dataclass(frozen=True, slots=True)
class Said:
    """What one server says of a name, as far as it matters: presence, first alias, services, addresses."""

    server: str
    status: DnsStatus
    alias: str
    services: tuple[tuple[str, int], ...]
    addresses: frozenset[str]
    failure: str = ""
    """Why it says nothing, in words."""

    @property
    def kind(self) -> tuple[bool, str, tuple[tuple[str, int], ...], str]:
        """What must agree: whether there is a record, which alias, which SRV targets; NXDOMAIN and NODATA are one."""
        # An alias that ends nowhere is a record, whatever is said of its end.
        present = self.status is DnsStatus.ANSWER or bool(self.alias)
        return present, self.alias, self.services, self.failure

    @property
    def words(self) -> str:
        """What it says, for a sentence."""
        if self.failure:
            return self.failure
        if self.status is not DnsStatus.ANSWER and not self.alias:
            return "no record"
        targets = joined(target for target, _ in self.services)
        return f"alias {self.alias}" if self.alias else targets or joined(sorted(self.addresses))


def _said(server: str, answer: DnsAnswer) -> Said:
    services = tuple(sorted((record.target, record.port) for record in answer.services))
    alias = next(iter(answer.aliases), "")
    return Said(server, answer.status, alias, services, frozenset(answer.addresses))


def _names(survey: Survey) -> tuple[tuple[str, RecordType], ...]:
    """The names that decide, with the type that is compared."""
    return (autodiscover_name(survey.domain), RecordType.A), (srv_name(survey.domain), RecordType.SRV)


def judge_resolvers(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """`dns-servers-disagree`: the resolvers of one view say different things."""
    survey = picture.survey
    if asks_authority(view.scene.view) or len(view.scene.view.resolvers) < 2:
        return
    domain = tuple(replace(item, addresses=frozenset()) for item in _saying(survey, view.scene.view, survey.domain))
    if len({(item.status is DnsStatus.ANSWER, item.failure) for item in domain}) > 1:
        yield _finding("dns-servers-disagree", view, survey.domain, RecordType.A, (("told", _told_of_domain(domain)),))
        return
    for name, type_ in _names(survey):
        said = _saying(survey, view.scene.view, name, type_)
        if _disagree(said, view):
            yield _finding("dns-servers-disagree", view, name, type_, (("told", _told(said)),))


def _saying(survey: Survey, view: View, name: str, type_: RecordType = RecordType.A) -> tuple[Said, ...]:
    """What each resolver says, where any says something; one that answers SERVFAIL fails clients, a dead one nobody."""
    said = []
    for resolver in view.resolvers:
        question = DnsQuestion(view.name, resolver.label, name, type_)
        answer = survey.lookups.get(question)
        if answer is None or rewrites(survey, question):
            continue
        if answer.status.conclusive:
            said.append(_said(resolver.label, answer))
        elif answer.status is DnsStatus.SERVFAIL:
            unchecked = survey.lookups.get(replace(question, checking_disabled=True))
            bogus = unchecked is not None and unchecked.status.conclusive
            failure = "SERVFAIL, as DNSSEC validation fails" if bogus else "SERVFAIL"
            said.append(Said(resolver.label, answer.status, "", (), frozenset(), failure))
    return tuple(said) if any(not item.failure for item in said) else ()


def _told_of_domain(said: Iterable[Said]) -> str:
    """Whether the domain exists for each: its addresses are nobody's business here."""
    return ", ".join(
        f"{item.server}: {item.failure or ('an answer' if item.status is DnsStatus.ANSWER else 'no record')}"
        for item in said
    )


def _disagree(said: tuple[Said, ...], view: ViewAssessment) -> bool:
    """By kind always; by addresses only where they have none in common and not all of them are fit for the name."""
    if len({item.kind for item in said}) > 1:
        return True
    common = frozenset[str].intersection(*(item.addresses for item in said)) if said else frozenset()
    disjoint = len(said) > 1 and all(item.addresses for item in said) and not common
    everywhere = {address for item in said for address in item.addresses}
    met = [meeting for meetings in view.scene.met.values() for meeting in meetings if meeting.address in everywhere]
    return disjoint and any(meeting.connected and not meeting.acceptable for meeting in met)


def _told(said: Iterable[Said]) -> str:
    return ", ".join(f"{item.server}: {item.words}" for item in said)


def _finding(
    rule: str, view: ViewAssessment, name: str, type_: RecordType, args: tuple[tuple[str, str], ...]
) -> Finding:
    endpoint = Endpoint.SRV if type_ is RecordType.SRV else Endpoint.AUTODISCOVER
    if name == view.scene.domain.name:
        endpoint = Endpoint.ZONE
    return Finding(rule=rule, view=view.name, endpoint=endpoint, subject=name, args=args)


def judge_servers(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """`dns-authority-inconsistent` and `dns-stale-answer`: what the domain's own servers say themselves."""
    survey = picture.survey
    zone = zone_of(survey, view.scene.view)
    answers = {server: _soa(survey, zone, server) for server in authorities(survey, view.scene.view)}
    living = tuple(server for server, answer in answers.items() if _alive(answer))
    if not living:
        return
    lame = {server: why for server, answer in answers.items() if (why := _lameness(server, answer))}
    lame |= dict.fromkeys(servers_without_address(survey, view.scene.view), "has no address")
    if lame:
        yield _zone_finding(zone, view, ("told", ", ".join(f"{server}: {why}" for server, why in lame.items())))
    for name, type_ in _names(survey):
        said = tuple(_from_authority(survey, living, name, type_))
        if len({item.kind for item in said}) > 1:
            yield _finding("dns-authority-inconsistent", view, name, type_, (("told", _told(said)), ("serial", "")))
        elif said:
            yield from _judge_stale(picture, view, name, type_, said[0])
    yield from _judge_serials(zone, view, {server: answers[server] for server in living})


def _zone_finding(zone: str, view: ViewAssessment, *args: tuple[str, str]) -> Finding:
    given = dict(args)
    return Finding(
        rule="dns-authority-inconsistent",
        view=view.name,
        endpoint=Endpoint.ZONE,
        subject=zone,
        args=(("told", given["told"]), ("serial", given.get("serial", ""))),
    )


def _soa(survey: Survey, zone: str, server: str) -> DnsAnswer | None:
    return survey.lookups.get(DnsQuestion("", server, zone, RecordType.SOA, direct=True))


def _alive(answer: DnsAnswer | None) -> bool:
    return answer is not None and answer.status.conclusive and answer.authoritative


def _lameness(server: str, answer: DnsAnswer | None) -> str:
    """Why a server that the zone names does not serve it; empty for one that does, or that nothing is known of."""
    if answer is None or answer.status in (DnsStatus.CUT_SHORT, DnsStatus.EXHAUSTED, DnsStatus.DENIED):
        return ""
    if answer.status is DnsStatus.UNREACHABLE and ":" in server:
        # This host may lack IPv6; whether the server serves it is not known.
        return ""
    if not answer.status.conclusive:
        return str(answer.status.value)
    return "" if answer.authoritative else "not authoritative"


def _from_authority(survey: Survey, servers: tuple[str, ...], name: str, type_: RecordType) -> Iterator[Said]:
    for server in servers:
        answer = survey.lookups.get(DnsQuestion("", server, name, type_, direct=True))
        if answer is not None and answer.status.conclusive and answer.authoritative:
            yield _said(server, answer)


def _judge_serials(zone: str, view: ViewAssessment, answers: Mapping[str, DnsAnswer | None]) -> Iterator[Finding]:
    serials = {server: answer.serial for server, answer in answers.items() if answer and answer.serial is not None}
    if len(set(serials.values())) > 1:
        told = ", ".join(f"{server}: serial {serial}" for server, serial in serials.items())
        yield _zone_finding(zone, view, ("told", told), ("serial", "yes"))


def _judge_stale(
    picture: Assessment, view: ViewAssessment, name: str, type_: RecordType, authority: Said
) -> Iterator[Finding]:
    """A cached answer that the domain's own servers do not give any more."""
    answer = answer_of(picture.survey, view.scene.view, name, type_)
    if answer is None or not answer.status.conclusive or answer.authoritative:
        return
    cached = _said("", answer)
    if cached.kind != authority.kind or (authority.addresses and not cached.addresses & authority.addresses):
        args = (
            ("cached", cached.words),
            ("served", authority.words),
            ("seconds", str(answer.ttl) if answer.ttl is not None else ""),
        )
        yield _finding("dns-stale-answer", view, name, type_, args)


def judge_zone_contents(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """`dns-inside-zone-extra-records`: the inside zone stands in for the public one, with more or less in it."""
    if view.scene.view.role is not ViewRole.INSIDE:
        return
    outside = next((other for other in picture.views if other.scene.view.role is ViewRole.OUTSIDE), None)
    if outside is None:
        return
    survey = picture.survey
    hidden, held = list[str](), list[str]()
    for name, type_ in ((survey.domain, RecordType.MX), (f"www.{survey.domain}", RecordType.A)):
        here = answer_of(survey, view.scene.view, name, type_)
        there = answer_of(survey, outside.scene.view, name, type_)
        if here is None or there is None or not (here.status.conclusive and there.status.conclusive):
            continue
        is_here, is_there = here.status is DnsStatus.ANSWER, there.status is DnsStatus.ANSWER
        told = hidden if is_there and not is_here else held if is_here and here.authoritative else None
        if told is None or _made_by_catch_all(survey, view, name) or _made_by_catch_all(survey, outside, name):
            continue
        told.append(f"{name} {type_.value}")
    if hidden or held:
        yield Finding(
            rule="dns-inside-zone-extra-records",
            view=view.name,
            endpoint=Endpoint.ZONE,
            subject=survey.domain,
            args=(
                ("server", view.scene.view.resolvers[0].label),
                ("hidden", joined(hidden)),
                ("held", joined(held)),
            ),
        )


def _made_by_catch_all(survey: Survey, view: ViewAssessment, name: str) -> bool:
    """Whether a name's addresses are the catch-all's: nobody put a record there."""
    return view.scene.catch_all.captures(resolve(survey, view.scene.view, name, (RecordType.A,)))


def judge_parents(picture: Assessment, view: ViewAssessment) -> Iterator[Finding]:
    """`dns-parent-exposed`: the names that a client would climb to once nothing else is found (2021's leak)."""
    survey = picture.survey
    for parent in survey.parents:
        resolution = resolve(survey, view.scene.view, autodiscover_name(parent))
        if resolution.presence is Presence.PRESENT:
            yield Finding(
                rule="dns-parent-exposed",
                view=view.name,
                endpoint=Endpoint.ZONE,
                subject=resolution.name,
                addresses=resolution.addresses,
                args=(
                    ("where", joined(resolution.addresses or resolution.aliases[:1])),
                    ("basic", "yes" if _offers_basic(picture, resolution.name) else ""),
                ),
            )


def _offers_basic(picture: Assessment, name: str) -> bool:
    """Whether a stranger behind a name takes passwords in a form that can be used again."""
    met = (
        contact
        for question, contact in picture.survey.contacts.items()
        if question.name == name and not _is_own(picture, question, contact)
    )
    return any("Basic" in authentication_methods(answer) for contact in met for answer in contact.answers)


def _is_own(picture: Assessment, question: EndpointQuestion, contact: Contact) -> bool:
    """Whether a server is one of the domain's: by its address, or by the key of its certificate."""
    leaf = contact.tls.chain[0] if contact.tls and contact.tls.chain else None
    known = isinstance(leaf, Certificate) and leaf.public_key in picture.references.keys
    return known or question.address in picture.references.addresses
