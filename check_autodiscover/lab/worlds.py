"""Every world of the lab: a healthy one for each way of publishing Autodiscover, and one for each fault.

Data only. `contoso.com` has its server at one address inside and another outside; strangers live at
`hoster.example`. The verdicts are those of the rules' catalogue for the declared method.
"""

from check_autodiscover.core.state import State
from check_autodiscover.lab.world import Behaviour, CertificateSpec, Issuer, Site, Verdict, World, WorldView, Zone

__all__ = ["WORLDS", "world_named"]

INSIDE = "127.0.16.2"
OUTSIDE = "127.0.113.10"
APEX_INSIDE = "127.0.16.5"
"""A domain controller, without a web server."""
APEX_OUTSIDE = "127.0.113.7"
"""The company's own web site."""
HOSTER = "127.0.100.80"
"""A stranger's web server."""
HOSTED_EXCHANGE = "127.0.100.25"

SINGLE = CertificateSpec(("remote.contoso.com",))
MULTI = CertificateSpec(("mail.contoso.com", "autodiscover.contoso.com"))
FOREIGN = CertificateSpec(("*.hoster.example", "hoster.example"))
WEB = CertificateSpec(("contoso.com", "www.contoso.com"))

APEX = Site(APEX_OUTSIDE, WEB, Behaviour.WEBSITE, Behaviour.WEBSITE)
STRANGER = Site(HOSTER, FOREIGN, Behaviour.WEBSITE, Behaviour.WEBSITE)

SRV = "_autodiscover._tcp SRV 0 0 443 remote"
WEB_OUTSIDE = (f"@ A {APEX_OUTSIDE}", f"www A {APEX_OUTSIDE}")
REMOTE_INSIDE = (f"remote A {INSIDE}", SRV)
REMOTE_OUTSIDE = (f"remote A {OUTSIDE}", SRV)
MAIL_INSIDE = (f"mail A {INSIDE}", f"autodiscover A {INSIDE}")
MAIL_OUTSIDE = (f"mail A {OUTSIDE}", f"autodiscover A {OUTSIDE}")
CLOUD_ALIAS = ("autodiscover CNAME autodiscover.outlook.com.",)
REDIRECTED = (f"autodiscover A {HOSTER}",)
MAIL_MOVED = (f"mail A {OUTSIDE}", f"autodiscover A {HOSTER}")

BY_SRV = ("-m", "srv", "-S", "remote.contoso.com")
BY_HOST = ("-m", "host", "-S", "mail.contoso.com")

OK = Verdict(State.OK)


def _critical(root: str) -> Verdict:
    return Verdict(State.CRITICAL, root)


def _warning(root: str) -> Verdict:
    return Verdict(State.WARNING, root)


def _views(inside: tuple[str, ...], outside: tuple[str, ...], beside: tuple[Zone, ...] = ()) -> tuple[WorldView, ...]:
    """Both views of the domain, its apex and web site included; `beside` are other zones that both know."""
    return (
        WorldView("inside", (Zone("contoso.com", (f"@ A {APEX_INSIDE}", *inside)), *beside)),
        WorldView("outside", (Zone("contoso.com", (*WEB_OUTSIDE, *outside)), *beside)),
    )


def _exchange(inside: CertificateSpec, outside: CertificateSpec | None = None) -> tuple[Site, ...]:
    """The one Exchange server at its inside and its outside address, beside the web site."""
    return (
        APEX,
        Site(INSIDE, inside, Behaviour.EXCHANGE),
        Site(OUTSIDE, outside or inside, Behaviour.EXCHANGE),
    )


_SRV_SITES = _exchange(SINGLE)
_HOST_SITES = _exchange(MULTI)
_SRV_VIEWS = _views(REMOTE_INSIDE, REMOTE_OUTSIDE)
_HOST_VIEWS = _views(MAIL_INSIDE, MAIL_OUTSIDE)
_HOSTED = Zone("hoster.example", (f"exchange A {HOSTED_EXCHANGE}",))
_CLOUD = Zone("outlook.com", ("autodiscover CNAME atod-g2.tm-4", "atod-g2.tm-4 A 127.0.52.96"))

_HEALTHY = (
    World(
        name="healthy-srv",
        title="An SRV record leads to the host that a single-name certificate names",
        views=_SRV_VIEWS,
        sites=_SRV_SITES,
        options=BY_SRV,
        verdict=OK,
    ),
    World(
        name="healthy-san",
        title="A host record, and a certificate that holds its name beside the server's",
        views=_HOST_VIEWS,
        sites=_HOST_SITES,
        options=BY_HOST,
        verdict=OK,
    ),
    World(
        name="healthy-wildcard-certificate",
        title="A host record, and a wildcard certificate",
        views=_HOST_VIEWS,
        sites=_exchange(CertificateSpec(("*.contoso.com", "contoso.com"))),
        options=BY_HOST,
        verdict=OK,
    ),
    World(
        name="healthy-prefix",
        title="A host record, and a certificate issued to autodiscover.contoso.com itself",
        views=_views((f"autodiscover A {INSIDE}",), (f"autodiscover A {OUTSIDE}",)),
        sites=_exchange(CertificateSpec(("autodiscover.contoso.com",))),
        options=("-m", "host", "-S", "autodiscover.contoso.com"),
        verdict=OK,
    ),
    World(
        name="healthy-exchange-online",
        title="An alias leads to Microsoft's cloud",
        views=_views(CLOUD_ALIAS, CLOUD_ALIAS, (_CLOUD,)),
        sites=(APEX,),
        options=("-m", "exchange-online"),
        verdict=OK,
    ),
    World(
        name="healthy-redirect",
        title="A hoster's redirector on port 80 leads to the hosted Exchange",
        views=_views(REDIRECTED, REDIRECTED, (_HOSTED,)),
        sites=(
            APEX,
            Site(HOSTER, http=Behaviour.REDIRECT, redirect_to="exchange.hoster.example"),
            Site(HOSTED_EXCHANGE, CertificateSpec(("exchange.hoster.example",)), Behaviour.EXCHANGE),
        ),
        options=("-m", "redirect", "-S", "exchange.hoster.example"),
        verdict=OK,
    ),
    World(
        name="none-clean",
        title="A domain without Exchange publishes nothing, as it should",
        views=_views((), ()),
        sites=(APEX,),
        options=("-m", "none"),
        verdict=OK,
    ),
)

_SCENARIOS = (
    World(
        name="scenario-1-host-record",
        title="Scenario 1: a host record appeared beside a single-name certificate, inside and outside",
        views=_views((*REMOTE_INSIDE, f"autodiscover A {INSIDE}"), (*REMOTE_OUTSIDE, f"autodiscover A {OUTSIDE}")),
        sites=_SRV_SITES,
        options=BY_SRV,
        verdict=_critical("dns-unwanted-host-record"),
    ),
    World(
        name="scenario-1-inside-only",
        title="Scenario 1: a host record appeared beside a single-name certificate, inside only",
        views=_views((*REMOTE_INSIDE, f"autodiscover A {INSIDE}"), REMOTE_OUTSIDE),
        sites=_SRV_SITES,
        options=BY_SRV,
        verdict=_critical("dns-unwanted-host-record"),
    ),
    World(
        name="scenario-1-wildcard",
        title="Scenario 1: the registrar's catch-all answers for autodiscover.contoso.com, outside",
        views=_views(REMOTE_INSIDE, (*REMOTE_OUTSIDE, f"* A {HOSTER}")),
        sites=(*_SRV_SITES, STRANGER),
        options=BY_SRV,
        verdict=_critical("dns-wildcard-captures-autodiscover"),
    ),
    World(
        name="scenario-2-wrong-address",
        title="Scenario 2: the host record leads to a stranger with a completely different certificate",
        views=_views((f"mail A {INSIDE}", f"autodiscover A {HOSTER}"), MAIL_MOVED),
        sites=(*_HOST_SITES, STRANGER),
        options=BY_HOST,
        verdict=_critical("dns-address-unexpected"),
    ),
    World(
        name="scenario-2-outside-only",
        title="Scenario 2: the host record leads to a stranger outside, while inside it is right",
        views=_views(MAIL_INSIDE, MAIL_MOVED),
        sites=(*_HOST_SITES, STRANGER),
        options=BY_HOST,
        verdict=_critical("dns-address-unexpected"),
    ),
)

_FAULTS = (
    World(
        name="srv-missing",
        title="An inside zone for the public name hides the SRV record",
        views=_views(REMOTE_INSIDE[:1], REMOTE_OUTSIDE),
        sites=_SRV_SITES,
        options=BY_SRV,
        verdict=_critical("dns-srv-missing"),
    ),
    World(
        name="srv-wrong-target",
        title="The SRV record leads to a name that the certificate lacks",
        views=_views(
            (f"remote A {INSIDE}", f"owa A {INSIDE}", SRV.replace("remote", "owa")),
            (f"remote A {OUTSIDE}", f"owa A {OUTSIDE}", SRV.replace("remote", "owa")),
        ),
        sites=_SRV_SITES,
        options=BY_SRV,
        verdict=_critical("dns-srv-unexpected"),
    ),
    World(
        name="srv-shadowed",
        title="A host record, though covered by the certificate, is met before the SRV record",
        views=_views((*REMOTE_INSIDE, f"autodiscover A {INSIDE}"), (*REMOTE_OUTSIDE, f"autodiscover A {OUTSIDE}")),
        sites=_exchange(CertificateSpec(("remote.contoso.com", "autodiscover.contoso.com"))),
        options=BY_SRV,
        verdict=_warning("dns-unwanted-host-record"),
    ),
    World(
        name="root-domain-trap",
        title="The web site at https://contoso.com has a certificate for www.contoso.com only",
        views=_HOST_VIEWS,
        sites=(Site(APEX_OUTSIDE, CertificateSpec(("www.contoso.com",)), Behaviour.WEBSITE), *_HOST_SITES[1:]),
        options=BY_HOST,
        verdict=_critical("certificate-name-mismatch"),
    ),
    World(
        name="expired",
        title="The server's certificate has expired",
        views=_HOST_VIEWS,
        sites=_exchange(CertificateSpec(MULTI.names, days_left=-5)),
        options=BY_HOST,
        verdict=_critical("certificate-expired"),
    ),
    World(
        name="expiring",
        title="The server's certificate has 20 days left",
        views=_HOST_VIEWS,
        sites=_exchange(CertificateSpec(MULTI.names, days_left=20)),
        options=BY_HOST,
        verdict=_warning("certificate-expiring"),
    ),
    World(
        name="untrusted",
        title="Inside, the server has a certificate of a private authority that was not given",
        views=_HOST_VIEWS,
        sites=_exchange(CertificateSpec(MULTI.names, issuer=Issuer.PRIVATE), MULTI),
        options=BY_HOST,
        verdict=_critical("certificate-untrusted"),
    ),
    World(
        name="one-address-of-two",
        title="One of the server's two outside addresses is a stranger's",
        views=_views(MAIL_INSIDE, (*MAIL_OUTSIDE, f"mail A {HOSTER}", f"autodiscover A {HOSTER}")),
        sites=(*_HOST_SITES, STRANGER),
        options=BY_HOST,
        verdict=_critical("certificate-name-mismatch"),
    ),
    World(
        name="nothing-there",
        title="Nothing listens where the host record leads",
        views=_HOST_VIEWS,
        sites=(APEX,),
        options=BY_HOST,
        verdict=_critical("service-unreachable"),
    ),
    World(
        name="resolver-dead",
        title="The outside resolver is dead: nobody knows what clients see there",
        views=(_SRV_VIEWS[0], WorldView("outside", _SRV_VIEWS[1].zones, answers=False)),
        sites=_SRV_SITES,
        options=BY_SRV,
        verdict=Verdict(State.UNKNOWN, "dns-lookup-failed"),
    ),
)

WORLDS = (*_HEALTHY, *_SCENARIOS, *_FAULTS)
"""All worlds, the healthy ones first."""


def world_named(name: str) -> World:
    """The world of this name. Raises KeyError if there is none."""
    return {world.name: world for world in WORLDS}[name]
