"""A world for each way in which a service fails or is refused, by the rows of the failure-mode catalogue. Data only."""

from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.model.states import State
from check_autodiscover.lab.world import (
    APEX,
    BY_HOST,
    HOST_SITES,
    HOST_VIEWS,
    HOSTED,
    HOSTED_EXCHANGE,
    HOSTER,
    INSIDE,
    MULTI,
    OUTSIDE,
    REDIRECTED,
    Behaviour,
    CertificateSpec,
    Declaration,
    Site,
    Verdict,
    World,
    both_views,
    critical,
    warning,
)

__all__ = ["SERVICE_FAULTS"]

_HOSTED_AT = "exchange.hoster.example"


def _at_the_server(name: str, title: str, behaviour: Behaviour, verdict: Verdict) -> World:
    """The server does this at both of its addresses."""
    sites = (APEX, Site(INSIDE, MULTI, behaviour), Site(OUTSIDE, MULTI, behaviour))
    return World(name=name, title=title, views=HOST_VIEWS, sites=sites, declared=BY_HOST, verdict=verdict)


def _redirected(name: str, title: str, port_80: Behaviour, hosted: Site, verdict: Verdict) -> World:
    """The hoster's redirector does this on port 80, and the hosted Exchange is this site."""
    there = _HOSTED_AT if port_80 is Behaviour.REDIRECT else ""
    return World(
        name=name,
        title=title,
        views=both_views(REDIRECTED, REDIRECTED, (HOSTED,)),
        sites=(APEX, Site(HOSTER, http=port_80, redirect_to=there), hosted),
        declared=Declaration(Method.REDIRECT, (_HOSTED_AT,)),
        verdict=verdict,
    )


_DEMANDED = critical("service-client-certificate-demanded")

_SUSPECTED = critical("service-client-certificate-suspected")

_BROKEN = critical("service-broken")

_HOSTED_SITE = Site(HOSTED_EXCHANGE, CertificateSpec((_HOSTED_AT,)), Behaviour.EXCHANGE)

SERVICE_FAULTS = (
    _at_the_server(
        "client-certificate",
        "Scenario 3: the virtual directory demands a client certificate, and IIS says so (403.7)",
        Behaviour.CERTIFICATE_DEMANDED,
        _DEMANDED,
    ),
    _at_the_server(
        "client-certificate-suspected",
        "Scenario 3: the Autodiscover path alone answers 403, and nothing says why",
        Behaviour.CERTIFICATE_SUSPECTED,
        _SUSPECTED,
    ),
    _at_the_server(
        "client-certificate-reset",
        "Scenario 3: IIS resets the connection under TLS 1.3, as it does up to Server 2022",
        Behaviour.CERTIFICATE_RESET,
        _DEMANDED,
    ),
    _at_the_server(
        "client-certificate-tls-1-3",
        "Scenario 3: IIS of Server 2025 cannot ask under TLS 1.3 (500, 0x80070032)",
        Behaviour.CERTIFICATE_UNASKED,
        _DEMANDED,
    ),
    _at_the_server(
        "client-certificate-untrusted",
        "A proxy presents a certificate to IIS that IIS does not trust (403.16)",
        Behaviour.CERTIFICATE_UNTRUSTED,
        _SUSPECTED,
    ),
    _at_the_server("blocked", "A filter by country answers 403 to everything", Behaviour.FORBIDDEN, _BROKEN),
    _at_the_server("application-error", "The application fails (500)", Behaviour.FAILING, _BROKEN),
    _at_the_server(
        "bridge-name-mismatch",
        "TMG connects to a name that the server's certificate lacks (500, -2146893022)",
        Behaviour.BRIDGE_FAILING,
        _BROKEN,
    ),
    _at_the_server("bad-gateway", "The proxy cannot reach Exchange (502)", Behaviour.GATEWAY_FAILING, _BROKEN),
    _at_the_server(
        "busy",
        "The server says when to come back (503, Retry-After): nothing is known",
        Behaviour.BUSY,
        Verdict(State.UNKNOWN, "service-broken"),
    ),
    _at_the_server(
        "no-login-offered",
        "The server wants a login and offers none (401)",
        Behaviour.NO_METHOD,
        critical("service-no-authentication"),
    ),
    _at_the_server(
        "login-cut",
        "A proxy closes the connection that NTLM would log in",
        Behaviour.LOGIN_CUT,
        warning("service-login-interrupted"),
    ),
    _at_the_server(
        "xml-error",
        "A server that is no Exchange answers every request with error 603",
        Behaviour.XML_ERROR,
        warning("service-xml-error"),
    ),
    _redirected(
        "redirect-needs-ssl",
        "IIS wants https on port 80 and redirects nobody (403.4)",
        Behaviour.SSL_REQUIRED,
        _HOSTED_SITE,
        _BROKEN,
    ),
    _redirected(
        "redirect-to-login",
        "Port 80 redirects to a web site's login page",
        Behaviour.LOGIN_PAGE,
        _HOSTED_SITE,
        critical("service-redirect-invalid"),
    ),
    _redirected(
        "redirect-loop",
        "The redirect's target redirects to itself",
        Behaviour.REDIRECT,
        Site(HOSTED_EXCHANGE, CertificateSpec((_HOSTED_AT,)), Behaviour.REDIRECT, redirect_to=_HOSTED_AT),
        critical("service-redirect-loop"),
    ),
    World(
        name="redirect-warns",
        title="The redirector listens on 443 too, with the hoster's certificate",
        views=both_views(REDIRECTED, REDIRECTED, (HOSTED,)),
        sites=(
            APEX,
            Site(
                HOSTER,
                CertificateSpec(("*.hoster.example",)),
                Behaviour.WEBSITE,
                Behaviour.REDIRECT,
                redirect_to=_HOSTED_AT,
            ),
            _HOSTED_SITE,
        ),
        declared=Declaration(Method.REDIRECT, (_HOSTED_AT,)),
        verdict=critical("certificate-name-mismatch"),
    ),
    World(
        name="ssl-required-on-port-80",
        title="IIS wants https on port 80 (403.4), and nobody is meant to ask there",
        views=HOST_VIEWS,
        sites=(
            APEX,
            *(Site(site.address, site.certificate, site.https, Behaviour.SSL_REQUIRED) for site in HOST_SITES[1:]),
        ),
        declared=BY_HOST,
        verdict=Verdict(State.OK),
    ),
)
