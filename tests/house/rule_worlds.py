"""Surveys that raise, together, every rule that judging can raise: the incidents, and the few faults beside them."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from check_autodiscover.core.model.certificate import Revocation, Staple, UnreadableCertificate
from check_autodiscover.core.model.observations import (
    Connect,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    Exchange,
    Handshake,
    HttpAnswer,
    RecordType,
    VerifyError,
)
from check_autodiscover.core.model.policy import Expectations, Resolver, View
from check_autodiscover.core.model.survey import Survey
from tests.core import incidents, test_incidents, test_interception, test_rule_directory, test_rule_drift
from tests.core.worlds import (
    APEX,
    AUTODISCOVER,
    DOMAIN,
    EXCHANGE,
    FOREIGN,
    NOW,
    SERVER,
    Site,
    World,
    certificate,
    survey_of,
    xml,
    xml_redirect,
)

A, MX = RecordType.A, RecordType.MX
SETTINGS = HttpAnswer(
    "GET",
    Exchange.ANSWERED,
    200,
    (("content-type", "text/xml"),),
    '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"/>',
)


@cache
def surveys() -> tuple[Survey, ...]:
    """Every cell of the incident table, and one survey for each rule that no incident raises."""
    worlds = [getattr(incidents, row)(method) for row, method, _ in test_incidents.cells()]
    worlds += [world for world, _ in test_incidents.SINGLE_CELLS]
    worlds += [world for world, _ in test_rule_drift.RAISED.values()]
    return (*(survey_of(world) for world in (*worlds, *_other_worlds())), _exposed_parent())


def _other_worlds() -> Iterator[World]:
    host = incidents.healthy("host")
    names = incidents.MULTI.dns_names
    for site in (
        Site(certificate(common_name=AUTODISCOVER)),
        Site(replace(incidents.MULTI, not_before=incidents.MULTI.not_after - 60)),
        Site(replace(incidents.MULTI, issuer=incidents.MULTI.subject), errors=(VerifyError(18, 0),)),
        Site(replace(incidents.MULTI, issuer_urls=("http://ca.example/ca.cer",)), errors=(VerifyError(20, 0),)),
        Site(UnreadableCertificate("00" * 32, "no certificate")),
        Site(incidents.MULTI, handshake=Handshake.REJECTED),
        Site(incidents.MULTI, https=Connect.EXHAUSTED),
        Site(incidents.MULTI, https=Connect.DENIED),
        Site(incidents.MULTI, https=Connect.OVER_BUDGET),
        Site(incidents.MULTI, replace(EXCHANGE, headers=(*EXCHANGE.headers, ("connection", "close")))),
        Site(incidents.MULTI, xml("<Error><ErrorCode>603</ErrorCode></Error>", "POST")),
        Site(incidents.MULTI, xml_redirect("redirectAddr", "autodiscover-check@fabrikam.com")),
        Site(incidents.MULTI, HttpAnswer("GET", Exchange.ANSWERED, 401)),
        Site(replace(incidents.MULTI, key_type="RSA", key_bits=1024)),
        Site(incidents.MULTI, staple=Staple(Revocation.REVOKED, int(NOW), revoked_at=int(NOW))),
    ):
        yield host.site(SERVER, site)
    yield host.site(APEX, Site(certificate(DOMAIN), SETTINGS))
    for pins in (
        Expectations(certificates=("00" * 32,)),
        Expectations(public_keys=("00" * 32,)),
        Expectations(issuers=("Other CA",)),
    ):
        yield host.with_policy(expect=pins)
    yield host.zone(lambda zone: zone.with_(AUTODISCOVER, A, SERVER, FOREIGN)).site(
        FOREIGN, Site(certificate(*names, key="another", issuer="Another CA"))
    )
    yield test_interception.hosted()
    yield from _dns_worlds(host)
    yield from (world for world, _ in test_rule_directory.RAISED.values())


def _dns_worlds(host: World) -> Iterator[World]:
    two = View("outside", (Resolver("192.0.2.53"), Resolver("192.0.2.54")))
    other = host.zones["outside"].without(AUTODISCOVER)
    yield replace(host.with_policy(views=(two,)), resolvers={"192.0.2.54": other})
    yield host.zone(lambda zone: zone.with_(DOMAIN, MX, "10 mail.contoso.com"), "outside")
    yield incidents.served(host).zone(lambda zone: zone.with_(AUTODISCOVER, A, FOREIGN))
    searching = View("outside", (Resolver("192.0.2.53", search=("corp.example",)),))
    yield host.with_policy(views=(searching,)).zone(lambda zone: zone.with_("*.corp.example", A, FOREIGN))


def _exposed_parent() -> Survey:
    survey = replace(survey_of(incidents.healthy("host")), parents=("contoso.example",))
    for view in survey.policy.views:
        question = DnsQuestion(view.name, view.resolvers[0].label, "autodiscover.contoso.example", A)
        survey = survey.observed(question, DnsAnswer(DnsStatus.ANSWER, (FOREIGN,)))
    return survey
