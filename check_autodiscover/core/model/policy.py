"""What an administrator declares about a domain: views, method, expectations, thresholds, severities.

A Policy is the whole input of a run besides the domain itself. It is built by the option parser and
the configuration loader, travels inside the Survey, and is read by plan, walks and rules. Nothing here
decides anything.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from check_autodiscover.core.model.states import ClosedSet, SeverityOverride, State

if TYPE_CHECKING:
    pass

__all__ = [
    "DEFAULT_CLIENTS",
    "DEFAULT_THRESHOLDS",
    "ClientName",
    "Directory",
    "Expectations",
    "Expected",
    "Family",
    "LifeLeft",
    "Method",
    "Policy",
    "Resolver",
    "Step",
    "Thresholds",
    "Transport",
    "TrustSettings",
    "View",
    "ViewRole",
    "judgeable",
]


@dataclass(frozen=True, slots=True)
class TrustSettings:
    """Which anchors to use: PEM files, hashed directories (`openssl rehash`), and with `system` the system's."""

    ca_files: tuple[str, ...] = ()
    ca_paths: tuple[str, ...] = ()
    system: bool = True


DAY = 86_400
"""Seconds in a day."""


class Method(ClosedSet):
    """How a domain publishes Autodiscover (contract, `--method`)."""

    AUTO = "auto"
    SRV = "srv"
    HOST = "host"
    EXCHANGE_ONLINE = "exchange-online"
    REDIRECT = "redirect"
    NONE = "none"
    UNDETERMINED = "undetermined"
    """What `auto` ends with when there is nothing to go by; never declared."""


class Step(ClosedSet):
    """The steps of a client's walk that a site's policy can disable (contract, `--skip-step`)."""

    OFFICE365 = "office365"
    SCP = "scp"
    ROOT = "root"
    AUTODISCOVER = "autodiscover"
    REDIRECT = "redirect"
    SRV = "srv"


class ClientName(ClosedSet):
    """The clients whose walks are modelled; `clients` has the habits of each."""

    OUTLOOK_2016 = "outlook-2016"
    OUTLOOK_2013 = "outlook-2013"
    OUTLOOK_2010 = "outlook-2010"
    EWS = "ews"
    OUTLOOK_2007 = "outlook-2007"
    EXCHANGELIB = "exchangelib"
    OUTLOOK_MOBILE = "outlook-mobile"


def judgeable(client: ClientName) -> bool:
    """Whether a client can be judged: how Outlook mobile fares is seen by Microsoft's servers alone."""
    return client is not ClientName.OUTLOOK_MOBILE


class Family(ClosedSet):
    """An address family; the value is the IP version."""

    IPV4 = 4
    IPV6 = 6


class Transport(ClosedSet):
    """How a resolver is asked.

    SYSTEM stands for the nameservers of resolv.conf until they are known, AUTHORITATIVE for the domain's own
    servers, each asked directly.
    """

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"
    HTTPS = "https"
    SYSTEM = "system"
    AUTHORITATIVE = "authoritative"

    @property
    def port(self) -> int:
        """The port that a resolver of this kind has unless another is named."""
        return _PORTS.get(self, 53)


_PORTS = {Transport.TLS: 853, Transport.HTTPS: 443}


@dataclass(frozen=True, slots=True)
class Resolver:
    """One DNS server of a view.

    `name` is what the certificate of a TLS or HTTPS resolver must hold, empty for its host; `path` is that of the
    HTTPS resolver's URL (RFC 8484). `search` holds the suffixes that this host appends to names which one of its own
    resolvers does not know; they make it no other resolver.
    """

    host: str
    port: int = 53
    transport: Transport = Transport.UDP
    name: str = ""
    path: str = ""
    search: tuple[str, ...] = field(default=(), compare=False)

    @property
    def label(self) -> str:
        """The server as messages and labels name it: its port only where it is not the usual one."""
        if self.transport is Transport.UDP and self.port == 53:
            return self.host
        if self.transport in (Transport.SYSTEM, Transport.AUTHORITATIVE):
            return str(self.transport.value)
        usual = self.port == self.transport.port
        host = f"[{self.host}]" if ":" in self.host and not usual else self.host
        address = host if usual else f"{host}:{self.port}"
        if self.transport is Transport.UDP:
            return address
        return f"{self.transport.value}://{address}{self.path}{'#' + self.name if self.name else ''}"


class ViewRole(ClosedSet):
    """Where a view looks from; a view that is named so has the role of its name."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    AUTHORITATIVE = "authoritative"
    OTHER = "other"


_ROLES = {role.value: role for role in ViewRole}


@dataclass(frozen=True, slots=True)
class View:
    """The answers that one named set of resolvers gives.

    `connect` is False where its addresses cannot be reached. `skip_steps` are disabled on the clients that have this
    view, beside those that policy disables everywhere. `declared_role` is that of a view whose name says none.
    """

    name: str
    resolvers: tuple[Resolver, ...]
    connect: bool = True
    skip_steps: tuple[Step, ...] = ()
    declared_role: ViewRole | None = None

    @property
    def role(self) -> ViewRole:
        """The role that was declared, or else that of the view's name."""
        return self.declared_role or _ROLES.get(self.name, ViewRole.OTHER)


@dataclass(frozen=True, slots=True)
class Expected:
    """A declared value, for one view or (`view` empty) for every view."""

    value: str
    view: str = ""


@dataclass(frozen=True, slots=True)
class Expectations:
    """The exact sets that are allowed (contract, the `--expected-*` options); an empty tuple declares nothing.

    Addresses are single addresses or networks, `srv` is `HOST` or `HOST:PORT`, fingerprints are lower-case hex,
    `scp` the URLs of service connection points in lower case.
    """

    addresses: tuple[Expected, ...] = ()
    srv: tuple[Expected, ...] = ()
    aliases: tuple[Expected, ...] = ()
    wildcards: tuple[Expected, ...] = ()
    certificates: tuple[str, ...] = ()
    public_keys: tuple[str, ...] = ()
    issuers: tuple[str, ...] = ()
    redirects: tuple[str, ...] = ()
    scp: tuple[str, ...] = ()
    name_servers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Directory:
    """The Active Directory that domain-joined clients ask, and how we log in there.

    `url` is `ldap://HOST[:PORT][/BASE]` or `ldaps://`; `site` the clients' site, empty where it is not known. A user
    without a password file logs in by Kerberos, and nobody is anonymous. The password itself is never part of a policy.
    """

    url: str
    site: str = ""
    user: str = ""
    password_file: str = ""


@dataclass(frozen=True, slots=True)
class LifeLeft:
    """A minimum of certificate life: seconds, a share (0 to 1) of the lifetime, or the smaller of both."""

    seconds: int | None = None
    share: float | None = None

    def for_lifetime(self, lifetime: int) -> int:
        """The limit in seconds for a certificate that lives `lifetime` seconds in all."""
        limits = [] if self.seconds is None else [self.seconds]
        if self.share is not None:
            limits.append(round(self.share * lifetime))
        return min(limits, default=0)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The life a certificate must have left before it is a warning, or critical."""

    warning: LifeLeft
    critical: LifeLeft

    def for_lifetime(self, lifetime: int) -> tuple[int, int]:
        """The limits in seconds, warning and critical, for a certificate that lives `lifetime` seconds in all.

        Where days meet a share of a short life, the warning begins no later than what is critical.
        """
        critical = self.critical.for_lifetime(lifetime)
        return max(self.warning.for_lifetime(lifetime), critical), critical


DEFAULT_CLIENTS = (ClientName.OUTLOOK_2016, ClientName.OUTLOOK_2013, ClientName.OUTLOOK_2010, ClientName.EWS)
"""The clients that are judged unless policy names others; those left are walked and told of, and alarm nobody."""

DEFAULT_THRESHOLDS = Thresholds(LifeLeft(30 * DAY, 0.25), LifeLeft(14 * DAY, 0.15))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything that is declared about one domain. Durations are seconds."""

    views: tuple[View, ...]
    method: Method = Method.AUTO
    methods: tuple[tuple[str, Method], ...] = ()
    """Methods of single views, by the view's name; they win over `method`."""
    servers: tuple[str, ...] = ()
    directory: Directory | None = None
    """The directory to ask, None to ask none."""
    expect: Expectations = Expectations()
    thresholds: Thresholds = DEFAULT_THRESHOLDS
    families: tuple[Family, ...] = (Family.IPV4, Family.IPV6)
    https_port: int = 443
    http_port: int = 80
    clients: tuple[ClientName, ...] = DEFAULT_CLIENTS
    skip_steps: tuple[Step, ...] = ()
    severities: tuple[SeverityOverride, ...] = ()
    timeout: float = 10.0
    timeout_result: State = State.CRITICAL
    connect_timeout: float = 3.0
    user_agent: str = ""
    source_address: str = ""
    denied_networks: tuple[str, ...] = ()
    """Networks that nothing is sent to, wherever the domain's records point; empty for a domain that is declared."""

    def declared_method(self, view: str) -> Method:
        """The method declared for a view, `AUTO` where none is."""
        return dict(self.methods).get(view, self.method)

    def skipped(self, view: View) -> tuple[Step, ...]:
        """The steps that no client of a view takes, in the order of the walk."""
        disabled = (*self.skip_steps, *view.skip_steps)
        return tuple(step for step in Step if step in disabled) if disabled else ()
