"""Worlds in which it depends on the client, or on its site's policy, how its user fares. Data only."""

from check_autodiscover.core.model.policy import ClientName, Method, Step
from check_autodiscover.lab.world import (
    APEX_OUTSIDE,
    CLOUD,
    CLOUD_ALIAS,
    HOST_SITES,
    HOST_VIEWS,
    OK,
    SRV_SITES,
    SRV_VIEWS,
    Behaviour,
    CertificateSpec,
    Declaration,
    Site,
    World,
    both_views,
    critical,
)

__all__ = ["CLIENT_FAULTS", "CLIENT_FINE"]

_BY_SRV = ("remote.contoso.com",)

_PANEL = CertificateSpec(("contoso.com", "www.contoso.com", "cpanel.contoso.com", "webdisk.contoso.com"))

CLIENT_FINE = (
    World(
        name="root-skipped",
        title="https://contoso.com has a wrong certificate, and policy keeps every client away from it",
        views=HOST_VIEWS,
        sites=(Site(APEX_OUTSIDE, CertificateSpec(("www.contoso.com",)), Behaviour.WEBSITE), *HOST_SITES[1:]),
        declared=Declaration(Method.HOST, ("mail.contoso.com",), skip_steps=(Step.ROOT,)),
        verdict=OK,
    ),
    World(
        name="panel-beside-cloud",
        title="An alias leads to Microsoft's cloud, and the web site has a hosting panel's certificate",
        views=both_views(CLOUD_ALIAS, CLOUD_ALIAS, (CLOUD,)),
        sites=(Site(APEX_OUTSIDE, _PANEL, Behaviour.WEBSITE, Behaviour.WEBSITE),),
        declared=Declaration(Method.EXCHANGE_ONLINE),
        verdict=OK,
    ),
)

CLIENT_FAULTS = (
    World(
        name="old-outlook",
        title="An SRV record alone, and an Outlook 2007 without its service pack, which knows none",
        views=SRV_VIEWS,
        sites=SRV_SITES,
        declared=Declaration(Method.SRV, _BY_SRV, clients=(ClientName.OUTLOOK_2007,)),
        verdict=critical("client-finds-nothing"),
    ),
    World(
        name="srv-skipped",
        title="Policy keeps every client from the SRV record, by which the domain publishes Autodiscover",
        views=SRV_VIEWS,
        sites=SRV_SITES,
        declared=Declaration(Method.SRV, _BY_SRV, skip_steps=(Step.SRV,)),
        verdict=critical("client-finds-nothing"),
    ),
)
