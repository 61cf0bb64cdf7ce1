"""What a small world of the lab is made of: views with their zones, sites with their certificates, and the verdict due.

Frozen data, written down in `worlds` and brought to life by `running`. Nothing here opens a socket.

What the worlds are put together from: addresses, certificates, records, both views, and verdicts.

`contoso.com` has its server at one address inside and another outside; strangers live at `hoster.example`. Used by
the tables of worlds.
"""

from dataclasses import dataclass
from enum import Enum

from check_autodiscover.core.model.policy import ClientName, Method, Step
from check_autodiscover.core.model.states import State

__all__ = [
    "APEX",
    "APEX_INSIDE",
    "APEX_OUTSIDE",
    "BY_HOST",
    "BY_SRV",
    "CLOUD",
    "CLOUD_ALIAS",
    "DAYS_LEFT",
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
    "SEARCH_PAGE",
    "SINGLE",
    "SRV",
    "SRV_SITES",
    "SRV_VIEWS",
    "STRANGER",
    "WEB",
    "WEB_OUTSIDE",
    "Behaviour",
    "CertificateSpec",
    "Declaration",
    "Flaw",
    "Issuer",
    "ResolverKind",
    "Site",
    "Verdict",
    "World",
    "WorldResolver",
    "WorldView",
    "Zone",
    "both_views",
    "critical",
    "exchange_sites",
    "outside_view",
    "resolver",
    "warning",
]

DAYS_LEFT = 61
"""What a healthy certificate has left, in whole days; above every default threshold of a 90-day certificate."""


class Behaviour(Enum):
    """What a port of a site does once it is connected to; `answers` has the HTTP texts."""

    REFUSED = "refused"
    """Nothing listens: the connection is refused."""
    SILENT = "silent"
    """The connection is accepted and then nothing is said."""
    EXCHANGE = "exchange"
    """An Exchange server asks for authentication at the Autodiscover path."""
    WEBSITE = "website"
    """A web site answers 200 and a page to whatever is asked."""
    REDIRECT = "redirect"
    """A redirector answers 302 to the Autodiscover URL of the site's `redirect_to`."""
    NOT_FOUND = "not-found"
    UNAVAILABLE = "unavailable"
    """A server answers 503 without saying when to come back."""
    PASSWORD = "password"
    """A web server that is no Exchange asks for Basic authentication."""
    SETTINGS = "settings"
    """A server answers with Autodiscover settings, unasked for credentials."""
    CERTIFICATE_DEMANDED = "certificate-demanded"
    """IIS's detailed page 403.7 at the Autodiscover path; a login elsewhere, as for the next four."""
    CERTIFICATE_SUSPECTED = "certificate-suspected"
    """IIS's short page, which says 403 and no more."""
    CERTIFICATE_RESET = "certificate-reset"
    """IIS up to Server 2022: a reset under TLS 1.3, and 403.7 below."""
    CERTIFICATE_UNASKED = "certificate-unasked"
    """IIS of Server 2025: 500 with 0x80070032 under TLS 1.3, and 403.7 below."""
    CERTIFICATE_UNTRUSTED = "certificate-untrusted"
    """IIS's 403.16: something in front presents a certificate that IIS does not trust."""
    SSL_REQUIRED = "ssl-required"
    """IIS's 403.4, on port 80."""
    FORBIDDEN = "forbidden"
    """A filter answers 403 whatever is asked."""
    FAILING = "failing"
    """500 whatever is asked."""
    BRIDGE_FAILING = "bridge-failing"
    """TMG's 500 with -2146893022."""
    GATEWAY_FAILING = "gateway-failing"
    """A proxy's 502."""
    BUSY = "busy"
    """503, with a time to come back."""
    NO_METHOD = "no-method"
    """401 that offers no way to log in."""
    LOGIN_CUT = "login-cut"
    """401 that offers NTLM alone, and closes the connection."""
    LOGIN_PAGE = "login-page"
    """A redirect to a web site's login page."""
    XML_ERROR = "xml-error"
    """Autodiscover XML with error 603, unasked for credentials."""


class Issuer(Enum):
    """Who signs a certificate of the lab."""

    LAB = "lab"
    """The authority that the plugin is told to trust."""
    PRIVATE = "private"
    """An authority that it is not told of."""


class Flaw(Enum):
    """What is wrong, or special, with how a certificate was made."""

    NONE = "none"
    SELF_SIGNED = "self-signed"
    CHAIN_INCOMPLETE = "chain-incomplete"
    """An intermediate authority issued it, whose certificate the server does not send."""
    COMMON_NAME_ONLY = "common-name-only"
    SHORT_KEY = "short-key"
    DOMAIN_CONTROLLER = "domain-controller"
    """It was issued to a domain controller, as its uses say."""


@dataclass(frozen=True, slots=True)
class CertificateSpec:
    """A certificate for these names, the first its CN. Equal specs are one.

    It lives 90 days: expired where `days_left` is negative, not yet valid where they are more than that.
    """

    names: tuple[str, ...]
    days_left: int = DAYS_LEFT
    issuer: Issuer = Issuer.LAB
    flaw: Flaw = Flaw.NONE


@dataclass(frozen=True, slots=True)
class Site:
    """One loopback address: what its https port does behind which certificate, and what its http port does."""

    address: str
    certificate: CertificateSpec | None = None
    https: Behaviour = Behaviour.REFUSED
    http: Behaviour = Behaviour.REFUSED
    redirect_to: str = ""


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone's records as `OWNER TYPE DATA`, all names relative to `origin` unless they end in a dot."""

    origin: str
    records: tuple[str, ...]


class ResolverKind(Enum):
    """What a resolver makes of the zones that it knows."""

    HONEST = "honest"
    """It answers from them, and says of every other name that it does not exist."""
    DEAD = "dead"
    """Nobody listens: its port refuses."""
    FAILING = "failing"
    """It says SERVFAIL for every name in them, and answers other questions."""
    REWRITING = "rewriting"
    """It gives the address SEARCH_PAGE to every name that does not exist."""


SEARCH_PAGE = "127.0.100.53"
"""Where a provider that sells what its customers mistype leads them."""


@dataclass(frozen=True, slots=True)
class WorldResolver:
    """One resolver of a view."""

    zones: tuple[Zone, ...]
    kind: ResolverKind = ResolverKind.HONEST


@dataclass(frozen=True, slots=True)
class WorldView:
    """The resolvers of one view; `connect` is False where the plugin is told not to connect to its addresses."""

    name: str
    resolvers: tuple[WorldResolver, ...]
    connect: bool = True


@dataclass(frozen=True, slots=True)
class Declaration:
    """What an administrator declares: how the domain publishes Autodiscover, its Exchange servers, and its clients.

    Without `clients` the usual ones are judged; `skip_steps` are those that policy disables on them. `severities` are
    policy's own, by rule.
    """

    method: Method
    servers: tuple[str, ...] = ()
    clients: tuple[ClientName, ...] = ()
    skip_steps: tuple[Step, ...] = ()
    severities: tuple[tuple[str, State], ...] = ()

    @property
    def options(self) -> tuple[str, ...]:
        """The same as options of the plugin."""
        repeated = {
            "-S": self.servers,
            "--client": [client.value for client in self.clients],
            "--skip-step": [step.value for step in self.skip_steps],
            "--severity": [f"{rule}={state.value.lower()}" for rule, state in self.severities],
        }
        return (
            *("-m", self.method.value),
            *(word for option, values in repeated.items() for value in values for word in (option, value)),
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state that the plugin must come to, and the root that its first line must name, empty for OK."""

    state: State
    root: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One fault, or none: everything that a check meets, what is declared about it, and the verdict due."""

    name: str
    title: str
    views: tuple[WorldView, ...]
    sites: tuple[Site, ...]
    declared: Declaration
    verdict: Verdict
    domain: str = "contoso.com"


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
