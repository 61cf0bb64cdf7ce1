"""Questions, and the observations that answer them; a Survey holds those of one run.

Probes make observations; plan, candidates, walks and rules read them; nothing else knows how they came about. Every way
of not getting an answer is a value of its own: NXDOMAIN, NODATA, SERVFAIL, a timeout and "this host has no IPv6" are
different facts, and none of them is "fine".

What is asked of a directory, and what comes of it; `observations` has the rest.
"""

from dataclasses import dataclass

from check_autodiscover.core.model.certificate import Certificate, Staple, UnreadableCertificate
from check_autodiscover.core.model.states import ClosedSet

__all__ = [
    "AUTODISCOVER_PATH",
    "JSON_PATH",
    "Connect",
    "ConnectionPoint",
    "Contact",
    "DirectoryAnswer",
    "DirectoryQuestion",
    "DirectoryStatus",
    "DnsAnswer",
    "DnsQuestion",
    "DnsStatus",
    "EndpointQuestion",
    "Exchange",
    "Handshake",
    "HttpAnswer",
    "Observation",
    "Question",
    "RecordType",
    "Scheme",
    "Srv",
    "Tls",
    "Variant",
    "VerifyError",
]


class DirectoryStatus(ClosedSet):
    """How one lookup in a directory ended; the value is how sentences say it."""

    ANSWER = "answered"
    UNREACHABLE = "cannot be reached"
    SILENT = "does not answer"
    NO_TLS = "gives no TLS session"
    UNTRUSTED = "shows a certificate that is not trusted"
    UNENCRYPTED = "offers no encryption, and is told no password without"
    LOGIN_REFUSED = "refuses the user or the password"
    NO_TICKET = "was not logged in to, for want of a Kerberos ticket"
    ANONYMOUS_REFUSED = "shows nothing to whoever does not log in"
    FORBIDDEN = "does not let this user read the configuration"
    NO_CONFIGURATION = "has no configuration container, so it is no Active Directory"
    FAILED = "fails"
    CUT_SHORT = "did not answer before the time limit"
    DENIED = "is not asked for a domain that is not configured (targets.deny_networks)"


@dataclass(frozen=True, slots=True)
class DirectoryQuestion:
    """One lookup of the service connection points below an LDAP URL (RFC 4516), which names a server and maybe a base.

    With `login` the user and password of the policy are given to it; pointers to other servers are followed without.
    """

    ldap_url: str
    login: bool = False


@dataclass(frozen=True, slots=True)
class ConnectionPoint:
    """A serviceConnectionPoint object: its DN, and what its `keywords` and `serviceBindingInformation` hold."""

    name: str
    keywords: tuple[str, ...]
    bindings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DirectoryAnswer:
    """What a directory said; `detail` is its own words, or the system's, where it gave no answer."""

    status: DirectoryStatus
    points: tuple[ConnectionPoint, ...] = ()
    detail: str = ""
    seconds: float = 0.0


AUTODISCOVER_PATH = "/autodiscover/autodiscover.xml"
"""The path of the POX service (MS-OXDISCO 3.1.5)."""

JSON_PATH = "/autodiscover/autodiscover.json"
"""The path of the V2 service, which answers without a login where there is one (Exchange 2016 and later)."""


class RecordType(ClosedSet):
    """The DNS types we ask for."""

    A = "A"
    AAAA = "AAAA"
    MX = "MX"
    NS = "NS"
    SOA = "SOA"
    SRV = "SRV"


class DnsStatus(ClosedSet):
    """How one question to one resolver ended."""

    ANSWER = "answer"
    NODATA = "nodata"
    NXDOMAIN = "nxdomain"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    MALFORMED = "malformed"
    OVERSIZED = "oversized answer"
    """More records, or longer names, than any client could use: it was not read to its end."""
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"
    """An encrypted transport whose certificate does not fit the server: it was asked nothing."""
    CUT_SHORT = "cut-short"
    """The run's deadline came first: nothing is known."""
    EXHAUSTED = "out of sockets here"
    """The probing host ran out of file descriptors or memory, so that it could not ask."""
    DENIED = "not asked (targets.deny_networks)"
    """Its address is one that nothing is sent to for a domain that nobody declared: it was not asked."""
    DISBELIEVED = "disbelieved"
    """Never observed: stands for what a resolver said that gives addresses to names which cannot exist."""
    UNDELEGATED = "unknown servers"
    """Never observed: stands for what a domain's own servers would say, were it known who they are."""

    @property
    def conclusive(self) -> bool:
        """Whether the resolver said what the name has, data or none."""
        return self in _CONCLUSIVE


_CONCLUSIVE = frozenset({DnsStatus.ANSWER, DnsStatus.NODATA, DnsStatus.NXDOMAIN})


@dataclass(frozen=True, slots=True)
class DnsQuestion:
    """One name and type, asked of one resolver (by its label) of one view; names are absolute A-labels without the dot.

    A `direct` question goes to the server whose address is the label, without recursion, and belongs to no view.
    `checking_disabled` sets CD (RFC 4035 3.2.2), which tells a bogus signature from another SERVFAIL.
    """

    view: str
    resolver: str
    name: str
    type: RecordType
    direct: bool = False
    checking_disabled: bool = False


@dataclass(frozen=True, slots=True)
class Srv:
    """The data of an SRV record (RFC 2782); target `.` is the empty string."""

    priority: int
    weight: int
    port: int
    target: str


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """What one resolver answered.

    `aliases` is the chain of CNAME targets in order, `addresses` and `services` what stands at its end. An
    ANSWER with aliases alone is a chain that the resolver did not finish. `ttl` (seconds) is the smallest of the
    answer, or the negative TTL of RFC 2308; `zone` the owner of the SOA that came with a negative answer.
    """

    status: DnsStatus
    addresses: tuple[str, ...] = ()
    services: tuple[Srv, ...] = ()
    aliases: tuple[str, ...] = ()
    ttl: int | None = None
    authoritative: bool = False
    zone: str = ""
    seconds: float = 0.0
    names: tuple[str, ...] = ()
    serial: int | None = None
    synthesized: bool | None = None
    compact_denial: bool = False


class Scheme(ClosedSet):
    """The scheme of a candidate URL."""

    HTTPS = "https"
    HTTP = "http"


class Variant(ClosedSet):
    """How a connection differs from a client's usual one: to find out about client certificates, or to ask less."""

    USUAL = "usual"
    GLANCE = "glance"
    """One GET and no POST, by a deadline of its own: for a host that may be anybody's."""
    TLS_1_2 = "tls-1.2"
    """TLS 1.2 at most, where a server asks by renegotiation (RFC 5246 7.4.1.1)."""
    POST_HANDSHAKE = "post-handshake"
    """TLS 1.3 that offers post-handshake authentication (RFC 8446 4.6.2)."""


@dataclass(frozen=True, slots=True)
class EndpointQuestion:
    """One connection: to this address and port, under this name, asking for this path."""

    name: str
    address: str
    port: int
    scheme: Scheme
    path: str = AUTODISCOVER_PATH
    variant: Variant = Variant.USUAL


class Connect(ClosedSet):
    """How a TCP connection attempt ended."""

    CONNECTED = "connected"
    REFUSED = "refused"
    RESET = "reset"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    NO_FAMILY = "no-family"
    """The probing host has no such address family: nothing is known of the address."""
    CUT_SHORT = "cut-short"
    """The run's deadline came first: nothing is known beyond that it had not answered yet."""
    EXHAUSTED = "exhausted"
    """The probing host ran out of file descriptors or memory: nothing is known of the address."""
    DENIED = "denied"
    """Nothing is sent to the address for a domain that nobody declared: nothing is known of it."""
    OVER_BUDGET = "over-budget"
    """What the connections of one check may cost was spent (`budget`): nothing is known of the address."""


class Handshake(ClosedSet):
    """How a TLS handshake ended."""

    ESTABLISHED = "established"
    REJECTED = "rejected"
    """An alert, or no common protocol."""
    NOT_TLS = "not-tls"
    RESET = "reset"
    SILENT = "silent"
    """The connection is accepted and then nothing comes."""
    CUT_SHORT = "cut-short"


@dataclass(frozen=True, slots=True, order=True)
class VerifyError:
    """One verification error of OpenSSL: its X509_V_ERR code and the depth in the chain, 0 for the leaf."""

    code: int
    depth: int


@dataclass(frozen=True, slots=True)
class Tls:
    """What a TLS handshake showed: `chain` as the server presented it, leaf first, and every verification error.

    `staple` is what a stapled OCSP answer says of the leaf, None where the server staples none.
    """

    handshake: Handshake
    version: str = ""
    chain: tuple[Certificate | UnreadableCertificate, ...] = ()
    errors: tuple[VerifyError, ...] = ()
    client_certificate_requested: bool = False
    detail: str = ""
    staple: Staple | None = None


class Exchange(ClosedSet):
    """How one HTTP request on an open connection ended."""

    ANSWERED = "answered"
    SILENT = "silent"
    RESET = "reset"
    CLOSED = "closed"
    MALFORMED = "malformed"
    CUT_SHORT = "cut-short"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One HTTP answer: lower-case header names in order of arrival, and the first bytes of the body as Latin-1 text."""

    method: str
    outcome: Exchange
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    detail: str = ""
    path: str = ""
    """What was asked for, empty for the path of the question."""

    def header(self, name: str) -> tuple[str, ...]:
        """All values of a header, by its lower-case name."""
        return tuple(value for key, value in self.headers if key == name)


@dataclass(frozen=True, slots=True)
class Contact:
    """What one connection yielded, as far as it got."""

    connect: Connect
    tls: Tls | None = None
    answers: tuple[HttpAnswer, ...] = ()
    seconds: float = 0.0

    @property
    def cut_short(self) -> bool:
        """Whether the deadline came before the connection, the handshake or an answer did."""
        handshake = self.tls.handshake if self.tls else None
        answers = any(answer.outcome is Exchange.CUT_SHORT for answer in self.answers)
        return answers or self.connect is Connect.CUT_SHORT or handshake is Handshake.CUT_SHORT


Question = DnsQuestion | EndpointQuestion | DirectoryQuestion

Observation = DnsAnswer | Contact | DirectoryAnswer
