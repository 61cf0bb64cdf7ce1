"""A world for each fault: the scenarios of drifting records first. Data only.

The verdicts are those of the rules' catalogue for the declared method.
"""

from check_autodiscover.core.state import State
from check_autodiscover.lab.parts import (
    APEX,
    APEX_OUTSIDE,
    BY_HOST,
    BY_SRV,
    HOST_SITES,
    HOST_VIEWS,
    HOSTER,
    INSIDE,
    MAIL_INSIDE,
    MAIL_MOVED,
    MAIL_OUTSIDE,
    MULTI,
    OUTSIDE,
    REMOTE_INSIDE,
    REMOTE_OUTSIDE,
    SRV,
    SRV_SITES,
    SRV_VIEWS,
    STRANGER,
    WEB,
    both_views,
    critical,
    exchange_sites,
    outside_view,
    resolver,
    warning,
)
from check_autodiscover.lab.world import Behaviour, CertificateSpec, Issuer, ResolverKind, Site, Verdict, World

__all__ = ["FAULTS", "OTHER_FAULTS", "SCENARIOS"]

SCENARIOS = (
    World(
        name="scenario-1-host-record",
        title="Scenario 1: a host record appeared beside a single-name certificate, inside and outside",
        views=both_views((*REMOTE_INSIDE, f"autodiscover A {INSIDE}"), (*REMOTE_OUTSIDE, f"autodiscover A {OUTSIDE}")),
        sites=SRV_SITES,
        declared=BY_SRV,
        verdict=critical("dns-unwanted-host-record"),
    ),
    World(
        name="scenario-1-inside-only",
        title="Scenario 1: a host record appeared beside a single-name certificate, inside only",
        views=both_views((*REMOTE_INSIDE, f"autodiscover A {INSIDE}"), REMOTE_OUTSIDE),
        sites=SRV_SITES,
        declared=BY_SRV,
        verdict=critical("dns-unwanted-host-record"),
    ),
    World(
        name="scenario-1-wildcard",
        title="Scenario 1: the registrar's catch-all answers for autodiscover.contoso.com, outside",
        views=both_views(REMOTE_INSIDE, (*REMOTE_OUTSIDE, f"* A {HOSTER}")),
        sites=(*SRV_SITES, STRANGER),
        declared=BY_SRV,
        verdict=critical("dns-wildcard-captures-autodiscover"),
    ),
    World(
        name="scenario-2-wrong-address",
        title="Scenario 2: the host record leads to a stranger with a completely different certificate",
        views=both_views((f"mail A {INSIDE}", f"autodiscover A {HOSTER}"), MAIL_MOVED),
        sites=(*HOST_SITES, STRANGER),
        declared=BY_HOST,
        verdict=critical("dns-address-unexpected"),
    ),
    World(
        name="scenario-2-outside-only",
        title="Scenario 2: the host record leads to a stranger outside, while inside it is right",
        views=both_views(MAIL_INSIDE, MAIL_MOVED),
        sites=(*HOST_SITES, STRANGER),
        declared=BY_HOST,
        verdict=critical("dns-address-unexpected"),
    ),
)

FAULTS = (
    World(
        name="srv-missing",
        title="An inside zone for the public name hides the SRV record",
        views=both_views(REMOTE_INSIDE[:1], REMOTE_OUTSIDE),
        sites=SRV_SITES,
        declared=BY_SRV,
        verdict=critical("dns-srv-missing"),
    ),
    World(
        name="srv-wrong-target",
        title="The SRV record leads to a name that the certificate lacks",
        views=both_views(
            (f"remote A {INSIDE}", f"owa A {INSIDE}", SRV.replace("remote", "owa")),
            (f"remote A {OUTSIDE}", f"owa A {OUTSIDE}", SRV.replace("remote", "owa")),
        ),
        sites=SRV_SITES,
        declared=BY_SRV,
        verdict=critical("dns-srv-unexpected"),
    ),
    World(
        name="srv-shadowed",
        title="A host record, though covered by the certificate, is met before the SRV record",
        views=both_views((*REMOTE_INSIDE, f"autodiscover A {INSIDE}"), (*REMOTE_OUTSIDE, f"autodiscover A {OUTSIDE}")),
        sites=exchange_sites(CertificateSpec(("remote.contoso.com", "autodiscover.contoso.com"))),
        declared=BY_SRV,
        verdict=warning("dns-unwanted-host-record"),
    ),
    World(
        name="root-domain-trap",
        title="The web site at https://contoso.com has a certificate for www.contoso.com only",
        views=HOST_VIEWS,
        sites=(Site(APEX_OUTSIDE, CertificateSpec(("www.contoso.com",)), Behaviour.WEBSITE), *HOST_SITES[1:]),
        declared=BY_HOST,
        verdict=critical("certificate-name-mismatch"),
    ),
    World(
        name="expired",
        title="The server's certificate has expired",
        views=HOST_VIEWS,
        sites=exchange_sites(CertificateSpec(MULTI.names, days_left=-5)),
        declared=BY_HOST,
        verdict=critical("certificate-expired"),
    ),
    World(
        name="expiring",
        title="The server's certificate has 20 days left",
        views=HOST_VIEWS,
        sites=exchange_sites(CertificateSpec(MULTI.names, days_left=20)),
        declared=BY_HOST,
        verdict=warning("certificate-expiring"),
    ),
    World(
        name="untrusted",
        title="Inside, the server has a certificate of a private authority that was not given",
        views=HOST_VIEWS,
        sites=exchange_sites(CertificateSpec(MULTI.names, issuer=Issuer.PRIVATE), MULTI),
        declared=BY_HOST,
        verdict=critical("certificate-untrusted"),
    ),
    World(
        name="one-address-of-two",
        title="One of the server's two outside addresses is a stranger's",
        views=both_views(MAIL_INSIDE, (*MAIL_OUTSIDE, f"mail A {HOSTER}", f"autodiscover A {HOSTER}")),
        sites=(*HOST_SITES, STRANGER),
        declared=BY_HOST,
        verdict=critical("certificate-name-mismatch"),
    ),
    World(
        name="nothing-there",
        title="Nothing listens where the host record leads",
        views=HOST_VIEWS,
        sites=(APEX,),
        declared=BY_HOST,
        verdict=critical("service-unreachable"),
    ),
    World(
        name="resolver-dead",
        title="The outside resolver is dead: nobody knows what clients see there",
        views=(SRV_VIEWS[0], outside_view(resolver(*REMOTE_OUTSIDE, kind=ResolverKind.DEAD))),
        sites=SRV_SITES,
        declared=BY_SRV,
        verdict=Verdict(State.UNKNOWN, "dns-lookup-failed"),
    ),
)

OTHER_FAULTS = (
    World(
        name="foreign-login",
        title="Outside, the host record leads to a stranger with a valid certificate who asks for a password",
        views=both_views(MAIL_INSIDE, MAIL_MOVED),
        sites=(*HOST_SITES, Site(HOSTER, CertificateSpec(MULTI.names[1:]), Behaviour.PASSWORD)),
        declared=BY_HOST,
        verdict=critical("dns-address-unexpected"),
    ),
    World(
        name="foreign-settings",
        title="The hosting panel at https://contoso.com answers with settings of its own",
        views=HOST_VIEWS,
        sites=(Site(APEX_OUTSIDE, WEB, Behaviour.SETTINGS), *HOST_SITES[1:]),
        declared=BY_HOST,
        verdict=critical("service-foreign-settings"),
    ),
    World(
        name="slow-root",
        title="https://contoso.com accepts connections and says nothing, so every client waits there",
        views=HOST_VIEWS,
        sites=(Site(APEX_OUTSIDE, https=Behaviour.SILENT), *HOST_SITES[1:]),
        declared=BY_HOST,
        verdict=warning("service-slow-candidate"),
    ),
    World(
        name="wrong-port",
        title="The SRV record says port 8443, which clients do not use",
        views=both_views(
            (REMOTE_INSIDE[0], SRV.replace("443", "8443")), (REMOTE_OUTSIDE[0], SRV.replace("443", "8443"))
        ),
        sites=SRV_SITES,
        declared=BY_SRV,
        verdict=critical("dns-srv-port"),
    ),
    World(
        name="web-page",
        title="A web site answers where Autodiscover should",
        views=HOST_VIEWS,
        sites=(APEX, Site(INSIDE, MULTI, Behaviour.WEBSITE), Site(OUTSIDE, MULTI, Behaviour.WEBSITE)),
        declared=BY_HOST,
        verdict=critical("service-not-autodiscover"),
    ),
    World(
        name="no-such-path",
        title="The server knows no Autodiscover",
        views=HOST_VIEWS,
        sites=(APEX, Site(INSIDE, MULTI, Behaviour.NOT_FOUND), Site(OUTSIDE, MULTI, Behaviour.NOT_FOUND)),
        declared=BY_HOST,
        verdict=critical("service-broken"),
    ),
    World(
        name="out-of-service",
        title="The server says that it is out of service",
        views=HOST_VIEWS,
        sites=(APEX, Site(INSIDE, MULTI, Behaviour.UNAVAILABLE), Site(OUTSIDE, MULTI, Behaviour.UNAVAILABLE)),
        declared=BY_HOST,
        verdict=critical("service-broken"),
    ),
)
