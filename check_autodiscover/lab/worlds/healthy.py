"""A healthy world for each way of publishing Autodiscover. Data only."""

from check_autodiscover.core.model.policy import Method
from check_autodiscover.lab.world import (
    APEX,
    BY_HOST,
    BY_SRV,
    CLOUD,
    CLOUD_ALIAS,
    HOST_SITES,
    HOST_VIEWS,
    HOSTED,
    HOSTED_EXCHANGE,
    HOSTER,
    INSIDE,
    OK,
    OUTSIDE,
    REDIRECTED,
    SRV_SITES,
    SRV_VIEWS,
    Behaviour,
    CertificateSpec,
    Declaration,
    Site,
    World,
    both_views,
    exchange_sites,
)

__all__ = ["HEALTHY"]

HEALTHY = (
    World(
        name="healthy-srv",
        title="An SRV record leads to the host that a single-name certificate names",
        views=SRV_VIEWS,
        sites=SRV_SITES,
        declared=BY_SRV,
        verdict=OK,
    ),
    World(
        name="healthy-san",
        title="A host record, and a certificate that holds its name beside the server's",
        views=HOST_VIEWS,
        sites=HOST_SITES,
        declared=BY_HOST,
        verdict=OK,
    ),
    World(
        name="healthy-wildcard-certificate",
        title="A host record, and a wildcard certificate",
        views=HOST_VIEWS,
        sites=exchange_sites(CertificateSpec(("*.contoso.com", "contoso.com"))),
        declared=BY_HOST,
        verdict=OK,
    ),
    World(
        name="healthy-prefix",
        title="A host record, and a certificate issued to autodiscover.contoso.com itself",
        views=both_views((f"autodiscover A {INSIDE}",), (f"autodiscover A {OUTSIDE}",)),
        sites=exchange_sites(CertificateSpec(("autodiscover.contoso.com",))),
        declared=Declaration(Method.HOST, ("autodiscover.contoso.com",)),
        verdict=OK,
    ),
    World(
        name="healthy-exchange-online",
        title="An alias leads to Microsoft's cloud",
        views=both_views(CLOUD_ALIAS, CLOUD_ALIAS, (CLOUD,)),
        sites=(APEX,),
        declared=Declaration(Method.EXCHANGE_ONLINE),
        verdict=OK,
    ),
    World(
        name="healthy-redirect",
        title="A hoster's redirector on port 80 leads to the hosted Exchange",
        views=both_views(REDIRECTED, REDIRECTED, (HOSTED,)),
        sites=(
            APEX,
            Site(HOSTER, http=Behaviour.REDIRECT, redirect_to="exchange.hoster.example"),
            Site(HOSTED_EXCHANGE, CertificateSpec(("exchange.hoster.example",)), Behaviour.EXCHANGE),
        ),
        declared=Declaration(Method.REDIRECT, ("exchange.hoster.example",)),
        verdict=OK,
    ),
    World(
        name="none-clean",
        title="A domain without Exchange publishes nothing, as it should",
        views=both_views((), ()),
        sites=(APEX,),
        declared=Declaration(Method.NONE),
        verdict=OK,
    ),
)
