"""Worlds whose DNS alone is at fault, or looks as if it were: catch-alls, SRV records, resolvers, views. Data only."""

from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.model.states import State
from check_autodiscover.lab.world import (
    APEX,
    BY_HOST,
    BY_SRV,
    CLOUD,
    CLOUD_ALIAS,
    FOREIGN,
    HOST_SITES,
    HOSTER,
    INSIDE,
    OK,
    OUTSIDE,
    REMOTE_INSIDE,
    REMOTE_OUTSIDE,
    SINGLE,
    SRV,
    SRV_SITES,
    SRV_VIEWS,
    STRANGER,
    Behaviour,
    CertificateSpec,
    Declaration,
    ResolverKind,
    Site,
    Verdict,
    World,
    both_views,
    critical,
    exchange_sites,
    outside_view,
    resolver,
    warning,
)

__all__ = ["DNS_FAULTS", "DNS_FINE"]

SECOND = "127.0.113.11"
"""A second server's address, the same from both sides."""

BY_TWO = Declaration(Method.SRV, ("remote.contoso.com", "second.contoso.com"))

TWO_TARGETS = ("_autodiscover._tcp SRV 0 0 443 second", f"second A {SECOND}")

TWO_TARGET_VIEWS = both_views((*REMOTE_INSIDE, *TWO_TARGETS), (*REMOTE_OUTSIDE, *TWO_TARGETS))

BOTH_SERVERS = CertificateSpec(BY_TWO.servers)

DNS_FINE = (
    World(
        name="one-resolver-dead",
        title="One of the two outside resolvers is dead, and the other one answers",
        views=(
            SRV_VIEWS[0],
            outside_view(resolver(*REMOTE_OUTSIDE, kind=ResolverKind.DEAD), resolver(*REMOTE_OUTSIDE)),
        ),
        sites=SRV_SITES,
        declared=BY_SRV,
        verdict=OK,
    ),
    World(
        name="not-connected",
        title="The outside address cannot be reached from here: that view's DNS alone is judged",
        views=(SRV_VIEWS[0], outside_view(resolver(*REMOTE_OUTSIDE), connect=False)),
        sites=(APEX, Site(INSIDE, SINGLE, Behaviour.EXCHANGE)),
        declared=BY_SRV,
        verdict=OK,
    ),
)

_CATCH_ALLS = (
    World(
        name="tombstone",
        title="A catch-all outside, kept from autodiscover.contoso.com by a TXT record at that name",
        views=both_views(REMOTE_INSIDE, (*REMOTE_OUTSIDE, f"* A {HOSTER}", 'autodiscover TXT "no autodiscover here"')),
        sites=(*SRV_SITES, STRANGER),
        declared=BY_SRV,
        verdict=warning("dns-wildcard-present"),
    ),
    World(
        name="srv-catch-all",
        title="The SRV record stands at *._tcp.contoso.com, so that it answers for every service",
        views=both_views(
            (REMOTE_INSIDE[0], SRV.replace("_autodiscover", "*")),
            (REMOTE_OUTSIDE[0], SRV.replace("_autodiscover", "*")),
        ),
        sites=SRV_SITES,
        declared=BY_SRV,
        verdict=warning("dns-wildcard-captures-srv"),
    ),
    World(
        name="wildcard-alias",
        title="A catch-all alias stands at the SRV name too, beside a host record that the certificate covers",
        views=both_views(
            (f"remote A {INSIDE}", f"autodiscover A {INSIDE}", "* CNAME www.hoster.example."),
            (f"remote A {OUTSIDE}", f"autodiscover A {OUTSIDE}", "* CNAME www.hoster.example."),
        ),
        sites=exchange_sites(CertificateSpec(("remote.contoso.com", "autodiscover.contoso.com"))),
        declared=BY_SRV,
        verdict=warning("dns-unwanted-host-record"),
    ),
)

_RESOLVERS = (
    World(
        name="nxdomain-rewriting",
        title="The outside resolver leads every name that does not exist to its provider's search page",
        views=(SRV_VIEWS[0], outside_view(resolver(*REMOTE_OUTSIDE, kind=ResolverKind.REWRITING))),
        sites=SRV_SITES,
        declared=BY_SRV,
        verdict=Verdict(State.UNKNOWN, "dns-nxdomain-rewritten"),
    ),
    World(
        name="resolvers-disagree",
        title="The second outside resolver still has a host record that the first one does not know",
        views=(
            SRV_VIEWS[0],
            outside_view(resolver(*REMOTE_OUTSIDE), resolver(*REMOTE_OUTSIDE, f"autodiscover A {OUTSIDE}")),
        ),
        sites=SRV_SITES,
        declared=BY_SRV,
        verdict=warning("dns-servers-disagree"),
    ),
    World(
        name="unresolvable",
        title="The outside resolver answers other questions, and SERVFAIL for contoso.com",
        views=(SRV_VIEWS[0], outside_view(resolver(*REMOTE_OUTSIDE, kind=ResolverKind.FAILING))),
        sites=SRV_SITES,
        declared=BY_SRV,
        verdict=critical("dns-domain-unresolvable"),
    ),
)

_SRV_RECORDS = (
    World(
        name="srv-target-alias",
        title="The SRV record leads to an alias",
        views=both_views(
            (SRV, "remote CNAME exchange", f"exchange A {INSIDE}"),
            (SRV, "remote CNAME exchange", f"exchange A {OUTSIDE}"),
        ),
        sites=SRV_SITES,
        declared=BY_SRV,
        verdict=warning("dns-srv-target-alias"),
    ),
    World(
        name="srv-two-targets",
        title="The SRV record leads to two servers, both healthy",
        views=TWO_TARGET_VIEWS,
        sites=(*exchange_sites(BOTH_SERVERS), Site(SECOND, BOTH_SERVERS, Behaviour.EXCHANGE)),
        declared=BY_TWO,
        verdict=warning("dns-srv-targets-several"),
    ),
    World(
        name="srv-two-targets-one-broken",
        title="The SRV record leads to two servers, and the certificate of the second has expired",
        views=TWO_TARGET_VIEWS,
        sites=(
            *exchange_sites(SINGLE),
            Site(SECOND, CertificateSpec(("second.contoso.com",), days_left=-5), Behaviour.EXCHANGE),
        ),
        declared=BY_TWO,
        verdict=critical("certificate-expired"),
    ),
    World(
        name="relative-name",
        title="The SRV record's target lacks its final dot, so that it leads to remote.contoso.com.contoso.com",
        views=both_views(
            (REMOTE_INSIDE[0], SRV.replace("remote", "remote.contoso.com")),
            (REMOTE_OUTSIDE[0], SRV.replace("remote", "remote.contoso.com")),
        ),
        sites=SRV_SITES,
        declared=BY_SRV,
        verdict=critical("dns-srv-target-missing"),
    ),
)

_CLOUD = (
    World(
        name="cloud-alias-inside-missing",
        title="The inside zone lacks the alias to Microsoft's cloud",
        views=both_views((), CLOUD_ALIAS, (CLOUD,)),
        sites=(APEX,),
        declared=Declaration(Method.EXCHANGE_ONLINE),
        verdict=warning("dns-host-record-missing"),
    ),
    World(
        name="hybrid-alias-host",
        title="An alias leads to Microsoft's cloud, while the mailboxes are on the company's own server",
        views=both_views((f"mail A {INSIDE}", *CLOUD_ALIAS), (f"mail A {OUTSIDE}", *CLOUD_ALIAS), (CLOUD,)),
        sites=HOST_SITES,
        declared=BY_HOST,
        verdict=critical("dns-alias-unexpected"),
    ),
)

_PARENT = (
    World(
        name="parent-exposed",
        title="The parent domain's autodiscover.contoso.com leads to a stranger who asks for passwords",
        domain="mail.contoso.com",
        views=both_views(
            (f"autodiscover.mail A {INSIDE}", f"autodiscover A {HOSTER}"),
            (f"autodiscover.mail A {OUTSIDE}", f"autodiscover A {HOSTER}"),
        ),
        sites=(
            *exchange_sites(CertificateSpec(("autodiscover.mail.contoso.com",))),
            Site(HOSTER, FOREIGN, Behaviour.PASSWORD),
        ),
        declared=Declaration(Method.HOST, ("autodiscover.mail.contoso.com",)),
        verdict=warning("dns-parent-exposed"),
    ),
)

DNS_FAULTS = (*_CATCH_ALLS, *_RESOLVERS, *_SRV_RECORDS, *_CLOUD, *_PARENT)
