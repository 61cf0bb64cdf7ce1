"""What the worlds are put together from: addresses, certificates, records, both views, and verdicts.

`contoso.com` has its server at one address inside and another outside; strangers live at `hoster.example`. Used by
the tables of worlds.
"""

from check_autodiscover.core.policy import Method
from check_autodiscover.core.state import State
from check_autodiscover.lab.world import (
    Behaviour,
    CertificateSpec,
    Declaration,
    ResolverKind,
    Site,
    Verdict,
    WorldResolver,
    WorldView,
    Zone,
)

__all__ = [
    "APEX",
    "APEX_INSIDE",
    "APEX_OUTSIDE",
    "BY_HOST",
    "BY_SRV",
    "CLOUD",
    "CLOUD_ALIAS",
    "FOREIGN",
    "HOSTED",
    "HOSTED_EXCHANGE",
    "HOSTER",
    "HOST_SITES",
    "HOST_VIEWS",
    "INSIDE",
    "MAIL_INSIDE",
    "MAIL_MOVED",
    "MAIL_OUTSIDE",
    "MULTI",
    "OK",
    "OUTSIDE",
    "REDIRECTED",
    "REMOTE_INSIDE",
    "REMOTE_OUTSIDE",
    "SINGLE",
    "SRV",
    "SRV_SITES",
    "SRV_VIEWS",
    "STRANGER",
    "WEB",
    "WEB_OUTSIDE",
    "both_views",
    "critical",
    "exchange_sites",
    "outside_view",
    "resolver",
    "warning",
]

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
FOREIGN = CertificateSpec(("*.hoster.example",))
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

BY_SRV = Declaration(Method.SRV, ("remote.contoso.com",))
BY_HOST = Declaration(Method.HOST, ("mail.contoso.com",))

OK = Verdict(State.OK)


def critical(root: str) -> Verdict:
    """CRITICAL because of this rule."""
    return Verdict(State.CRITICAL, root)


def warning(root: str) -> Verdict:
    """WARNING because of this rule."""
    return Verdict(State.WARNING, root)


def both_views(
    inside: tuple[str, ...], outside: tuple[str, ...], beside: tuple[Zone, ...] = ()
) -> tuple[WorldView, ...]:
    """Both views of the domain, its apex and web site included; `beside` are other zones that both know."""
    return (
        WorldView("inside", (WorldResolver((Zone("contoso.com", (f"@ A {APEX_INSIDE}", *inside)), *beside)),)),
        outside_view(resolver(*outside, beside=beside)),
    )


def outside_view(*resolvers: WorldResolver, connect: bool = True) -> WorldView:
    """The view from outside, through these resolvers."""
    return WorldView("outside", resolvers, connect)


def resolver(*records: str, kind: ResolverKind = ResolverKind.HONEST, beside: tuple[Zone, ...] = ()) -> WorldResolver:
    """A resolver outside that knows the web site's records and these of the domain; `beside` are other zones."""
    return WorldResolver((Zone("contoso.com", (*WEB_OUTSIDE, *records)), *beside), kind)


def exchange_sites(inside: CertificateSpec, outside: CertificateSpec | None = None) -> tuple[Site, ...]:
    """The one Exchange server at its inside and its outside address, beside the web site."""
    return (
        APEX,
        Site(INSIDE, inside, Behaviour.EXCHANGE),
        Site(OUTSIDE, outside or inside, Behaviour.EXCHANGE),
    )


SRV_SITES = exchange_sites(SINGLE)
HOST_SITES = exchange_sites(MULTI)
SRV_VIEWS = both_views(REMOTE_INSIDE, REMOTE_OUTSIDE)
HOST_VIEWS = both_views(MAIL_INSIDE, MAIL_OUTSIDE)
HOSTED = Zone("hoster.example", (f"exchange A {HOSTED_EXCHANGE}",))
CLOUD = Zone("outlook.com", ("autodiscover CNAME atod-g2.tm-4", "atod-g2.tm-4 A 127.0.52.96"))
