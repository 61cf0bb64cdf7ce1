"""A world for each fault of a certificate that is not one of drifting records. Data only.

Expired and untrusted certificates, and one that lacks the root domain, stand in `fault_worlds`.
"""

from check_autodiscover.core.model.policy import Method
from check_autodiscover.lab.world import (
    APEX_INSIDE,
    APEX_OUTSIDE,
    BY_HOST,
    BY_SRV,
    HOST_SITES,
    HOST_VIEWS,
    HOSTED,
    HOSTED_EXCHANGE,
    HOSTER,
    INSIDE,
    MAIL_INSIDE,
    MAIL_OUTSIDE,
    MULTI,
    OUTSIDE,
    REDIRECTED,
    REMOTE_INSIDE,
    REMOTE_OUTSIDE,
    SINGLE,
    SRV,
    SRV_SITES,
    SRV_VIEWS,
    WEB,
    Behaviour,
    CertificateSpec,
    Declaration,
    Flaw,
    Issuer,
    Site,
    World,
    both_views,
    critical,
    exchange_sites,
    warning,
)

__all__ = ["CERTIFICATE_FAULTS"]

SECOND = "127.0.114.10"
"""Another outside address of the server, or of a machine beside it."""

DEEP = "mail.office.contoso.com"

_BY_DEEP_SRV = SRV.replace("remote", "mail.office")

CERTIFICATE_FAULTS = (
    World(
        name="not-yet-valid",
        title="The server's certificate is valid only in five days",
        views=HOST_VIEWS,
        sites=exchange_sites(CertificateSpec(MULTI.names, days_left=95)),
        declared=BY_HOST,
        verdict=critical("certificate-not-yet-valid"),
    ),
    World(
        name="self-signed",
        title="The server still has the certificate that it signed itself when it was installed",
        views=HOST_VIEWS,
        sites=exchange_sites(CertificateSpec(MULTI.names, flaw=Flaw.SELF_SIGNED)),
        declared=BY_HOST,
        verdict=critical("certificate-self-signed"),
    ),
    World(
        name="chain-incomplete",
        title="The server does not send the intermediate certificate",
        views=HOST_VIEWS,
        sites=exchange_sites(CertificateSpec(MULTI.names, flaw=Flaw.CHAIN_INCOMPLETE)),
        declared=BY_HOST,
        verdict=critical("certificate-chain-incomplete"),
    ),
    World(
        name="common-name-only",
        title="The certificate has the server's name in its common name alone",
        views=SRV_VIEWS,
        sites=exchange_sites(CertificateSpec(SINGLE.names, flaw=Flaw.COMMON_NAME_ONLY)),
        declared=BY_SRV,
        verdict=critical("certificate-common-name-only"),
    ),
    World(
        name="weak-key",
        title="The server's key has 1024 bits",
        views=SRV_VIEWS,
        sites=exchange_sites(CertificateSpec(SINGLE.names, flaw=Flaw.SHORT_KEY)),
        declared=BY_SRV,
        verdict=warning("certificate-weak"),
    ),
    World(
        name="misspelt-name",
        title="The certificate was ordered for autdiscover.contoso.com",
        views=HOST_VIEWS,
        sites=exchange_sites(CertificateSpec(("mail.contoso.com", "autdiscover.contoso.com"))),
        declared=BY_HOST,
        verdict=critical("certificate-name-mismatch"),
    ),
    World(
        name="wildcard-too-deep",
        title="A wildcard covers one label, and the SRV record leads two labels down",
        views=both_views((f"mail.office A {INSIDE}", _BY_DEEP_SRV), (f"mail.office A {OUTSIDE}", _BY_DEEP_SRV)),
        sites=exchange_sites(CertificateSpec(("*.contoso.com", "contoso.com"))),
        declared=Declaration(Method.SRV, (DEEP,)),
        verdict=critical("certificate-name-mismatch"),
    ),
    World(
        name="domain-controller-at-the-root",
        title="Inside, https://contoso.com is a domain controller with a certificate of its own name",
        views=SRV_VIEWS,
        sites=(
            *SRV_SITES,
            Site(
                APEX_INSIDE,
                CertificateSpec(("dc1.contoso.com",), flaw=Flaw.DOMAIN_CONTROLLER),
                Behaviour.WEBSITE,
            ),
        ),
        declared=BY_SRV,
        verdict=critical("certificate-name-mismatch"),
    ),
    World(
        name="addresses-differ",
        title="One of the server's two outside addresses was forgotten: it presents a certificate of another kind",
        views=both_views(MAIL_INSIDE, (*MAIL_OUTSIDE, f"mail A {SECOND}", f"autodiscover A {SECOND}")),
        sites=(
            *HOST_SITES,
            Site(SECOND, CertificateSpec(("*.contoso.com",), days_left=40), Behaviour.EXCHANGE),
        ),
        declared=BY_HOST,
        verdict=warning("certificate-addresses-differ"),
    ),
    World(
        name="wildcard-default-host",
        title="A catch-all leads to a server of our own that shows the certificate it was installed with",
        views=both_views((*REMOTE_INSIDE, f"* A {SECOND}"), (*REMOTE_OUTSIDE, f"* A {SECOND}")),
        sites=(
            *SRV_SITES,
            Site(SECOND, CertificateSpec(("localhost",), flaw=Flaw.SELF_SIGNED), Behaviour.WEBSITE),
        ),
        declared=BY_SRV,
        verdict=critical("dns-wildcard-captures-autodiscover"),
    ),
    World(
        name="tls-inspected",
        title="A proxy on this host's way out inspects TLS and certifies both our web site and the hoster's server",
        views=both_views(REDIRECTED, REDIRECTED, (HOSTED,)),
        sites=(
            Site(APEX_OUTSIDE, CertificateSpec(WEB.names, issuer=Issuer.PRIVATE), Behaviour.WEBSITE),
            Site(HOSTER, http=Behaviour.REDIRECT, redirect_to="exchange.hoster.example"),
            Site(
                HOSTED_EXCHANGE,
                CertificateSpec(("exchange.hoster.example",), issuer=Issuer.PRIVATE),
                Behaviour.EXCHANGE,
            ),
        ),
        declared=Declaration(Method.REDIRECT, ("exchange.hoster.example",)),
        verdict=warning("certificate-intercepted"),
    ),
)
