"""Observations made by hand, for the reports of `report_factory`."""

from collections.abc import Mapping

from check_autodiscover.core.model.certificate import Certificate, UnreadableCertificate
from check_autodiscover.core.model.observations import (
    Connect,
    Contact,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    EndpointQuestion,
    Exchange,
    Handshake,
    HttpAnswer,
    Question,
    RecordType,
    Scheme,
    Srv,
    Tls,
    VerifyError,
)
from check_autodiscover.core.model.policy import Policy, Resolver, View
from check_autodiscover.core.model.survey import Survey

__all__ = ["CONTACTS", "DOMAIN", "INSIDE", "LOOKUPS", "OUTSIDE", "certificate", "survey"]

DOMAIN = "contoso.com"
STARTED = 1_700_000_000.0

INSIDE = View("inside", (Resolver("10.0.0.2"),))
OUTSIDE = View("outside", (Resolver("192.0.2.53"), Resolver("2001:db8::53", 5353)))


def survey(
    *views: View,
    lookups: Mapping[DnsQuestion, DnsAnswer] | None = None,
    contacts: Mapping[EndpointQuestion, Contact] | None = None,
    anchors: tuple[str, ...] = (),
    unfinished: frozenset[Question] = frozenset(),
) -> Survey:
    return Survey(
        domain=DOMAIN,
        policy=Policy(views=views),
        labels=("x1", "x2"),
        started=STARTED,
        ended=STARTED + 0.4125,
        lookups=lookups or {},
        contacts=contacts or {},
        anchors=anchors,
        unfinished=unfinished,
    )


def certificate(*names: str) -> Certificate:
    return Certificate(
        fingerprint="ab" * 32,
        public_key="cd" * 32,
        subject=f"CN={names[0]}",
        common_name=names[0],
        issuer="CN=Example CA",
        issuer_common_name="Example CA",
        issuer_organization="",
        not_before=1_690_000_000,
        not_after=1_710_000_000,
        dns_names=names,
    )


LOOKUPS = {
    **{
        DnsQuestion(view.name, view.resolvers[0].label, "remote.contoso.com", RecordType.A): DnsAnswer(
            DnsStatus.ANSWER, ("203.0.113.10",), ttl=300, seconds=0.002
        )
        for view in (INSIDE, OUTSIDE)
    },
    DnsQuestion("outside", "192.0.2.53", "_autodiscover._tcp.contoso.com", RecordType.SRV): DnsAnswer(
        DnsStatus.ANSWER, services=(Srv(0, 5, 443, "remote.contoso.com"),), ttl=3600, authoritative=True, seconds=0.012
    ),
    DnsQuestion("outside", "192.0.2.53", "autodiscover.contoso.com", RecordType.A): DnsAnswer(
        DnsStatus.ANSWER, aliases=("web.hoster.example",), addresses=("198.51.100.80",), seconds=0.034
    ),
    DnsQuestion("inside", "10.0.0.2", "autodiscover.contoso.com", RecordType.A): DnsAnswer(
        DnsStatus.NXDOMAIN, zone="contoso.com", ttl=900, seconds=0.001
    ),
    DnsQuestion("inside", "10.0.0.2", "contoso.com", RecordType.NS): DnsAnswer(DnsStatus.TIMEOUT, seconds=2),
}

CONTACTS = {
    EndpointQuestion("remote.contoso.com", "203.0.113.10", 443, Scheme.HTTPS): Contact(
        Connect.CONNECTED,
        Tls(Handshake.ESTABLISHED, "TLSv1.3", (certificate("remote.contoso.com"),), (VerifyError(20, 0),), True),
        (
            HttpAnswer("GET", Exchange.ANSWERED, 404),
            HttpAnswer("POST", Exchange.ANSWERED, 401, (("www-authenticate", "Negotiate"), ("x-feserver", "EX1"))),
        ),
        0.123,
    ),
    EndpointQuestion("autodiscover.contoso.com", "198.51.100.80", 443, Scheme.HTTPS): Contact(
        Connect.CONNECTED,
        Tls(Handshake.REJECTED, chain=(UnreadableCertificate("ef" * 32, "not DER"),), detail="handshake failure"),
        (),
        0.2,
    ),
    EndpointQuestion("autodiscover.contoso.com", "198.51.100.80", 80, Scheme.HTTP): Contact(Connect.REFUSED),
}
