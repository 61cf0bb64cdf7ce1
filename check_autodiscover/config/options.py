"""The options of the plugin, and of `autodiscoverctl diagnose` and `sweep`, as one table.

The parser and its help are made of it, and so is whatever else describes options: manual, completion, templates of
monitoring systems, the keys of the configuration file.
"""

from dataclasses import KW_ONLY, dataclass
from enum import Enum

from check_autodiscover.core.model.policy import ClientName, Method, Step, ViewRole, judgeable

__all__ = ["CHOICES", "EXPECTED", "GROUPS", "OPTIONS", "Option", "ValueKind"]


class ValueKind(Enum):
    """What the value of an option or a configuration key is; `parsers` knows how each is read."""

    SWITCH = "switch"
    COUNT = "count"
    HELP = "help"
    DOMAIN = "domain"
    HOST = "host"
    ALIAS = "alias"
    METHOD = "method"
    CLIENT = "client"
    STEP = "step"
    VIEW = "view"
    VIEW_NAME = "view-name"
    VIEW_ROLE = "role"
    RESOLVER = "resolver"
    ADDRESS = "address"
    HOST_ADDRESS = "host-address"
    SRV = "srv"
    PARENT = "parent"
    FINGERPRINT = "fingerprint"
    ISSUER = "issuer"
    LDAP_URL = "ldap-url"
    SITE = "site"
    USER = "user"
    SCP_URL = "scp-url"
    LIFE_LEFT = "life-left"
    FILE = "file"
    DIRECTORY = "directory"
    PATH = "path"
    PORT = "port"
    USER_AGENT = "user-agent"
    SECONDS = "seconds"
    SPAN = "span"
    NUMBER = "number"
    STATE = "state"
    SEVERITY = "severity"
    OUTPUT = "output"
    EXPORTER_URL = "exporter-url"
    NAME = "name"
    TEXT = "text"
    PATTERN = "pattern"
    SECTION = "section"


_METHODS = tuple(method.value for method in Method if method is not Method.UNDETERMINED)

CHOICES = {
    ValueKind.METHOD: _METHODS,
    ValueKind.CLIENT: tuple(client.value for client in ClientName if judgeable(client)),
    ValueKind.STEP: tuple(step.value for step in Step),
    ValueKind.VIEW_ROLE: tuple(role.value for role in ViewRole),
    ValueKind.STATE: ("ok", "warning", "critical", "unknown"),
    ValueKind.OUTPUT: ("text", "json", "log"),
}
"""The values that a kind is limited to, where there are few."""

_WITHOUT_VALUE = (ValueKind.SWITCH, ValueKind.COUNT, ValueKind.HELP)

_METAVARS = {
    **{kind: "" if kind in _WITHOUT_VALUE else kind.value.upper() for kind in ValueKind},
    ValueKind.ALIAS: "NAME",
    ValueKind.CLIENT: "NAME",
    ValueKind.VIEW: "NAME=RESOLVER[,RESOLVER...]",
    ValueKind.VIEW_NAME: "VIEW",
    ValueKind.RESOLVER: "ADDR",
    ValueKind.ADDRESS: "ADDR|CIDR",
    ValueKind.HOST_ADDRESS: "ADDR",
    ValueKind.SRV: "HOST[:PORT]",
    ValueKind.FINGERPRINT: "SHA256",
    ValueKind.ISSUER: "TEXT",
    ValueKind.SITE: "NAME",
    ValueKind.SCP_URL: "URL",
    ValueKind.LIFE_LEFT: "LIFE",
    ValueKind.DIRECTORY: "DIR",
    ValueKind.PORT: "N",
    ValueKind.USER_AGENT: "TEXT",
    ValueKind.SEVERITY: "[VIEW:]RULE[@ENDPOINT]=STATE",
    ValueKind.OUTPUT: "FORMAT",
    ValueKind.EXPORTER_URL: "URL",
}


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its flags, what its value is, and the configuration key that says the same, empty where none does.

    The key of a switch `--no-x` says the contrary, `x`.

    A `prefixed` value may stand behind `VIEW=` and then holds for that view alone; such an option is `repeatable`.
    """

    flags: tuple[str, ...]
    destination: str
    kind: ValueKind
    help: str
    _: KW_ONLY
    key: str = ""
    repeatable: bool = False
    prefixed: bool = False

    @property
    def metavar(self) -> str:
        """What stands for the value in help texts, empty for an option without one."""
        metavar = _METAVARS[self.kind]
        return f"[VIEW=]{metavar}" if self.prefixed else metavar


EXPECTED = (
    Option(
        ("-a", "--expected-address"),
        "addresses",
        ValueKind.ADDRESS,
        "an allowed address of the intended endpoint; together the whole set; repeatable",
        key="expect.addresses",
        prefixed=True,
    ),
    Option(
        ("--expected-srv",),
        "srv",
        ValueKind.SRV,
        "a target that the SRV record may have; repeatable",
        key="expect.srv",
        prefixed=True,
    ),
    Option(
        ("--expected-alias",),
        "aliases",
        ValueKind.ALIAS,
        "a name that autodiscover.DOMAIN may be an alias of; repeatable",
        key="expect.aliases",
        prefixed=True,
    ),
    Option(
        ("--expected-wildcard",),
        "wildcards",
        ValueKind.PARENT,
        "a name below which a catch-all is meant to answer, as in contoso.com for *.contoso.com; repeatable",
        key="expect.wildcards",
        prefixed=True,
    ),
    Option(
        ("--expected-redirect",),
        "redirects",
        ValueKind.HOST,
        "a host that a redirect may lead to, the hosts on the way included; repeatable",
        key="expect.redirects",
        repeatable=True,
    ),
    Option(
        ("--expected-ns",),
        "name_servers",
        ValueKind.ALIAS,
        "a name server that the domain is delegated to; together the whole set; repeatable",
        key="expect.nameservers",
        repeatable=True,
    ),
    Option(
        ("--expected-certificate",),
        "certificates",
        ValueKind.FINGERPRINT,
        "the fingerprint of an allowed certificate, in hex; repeatable",
        key="expect.certificates",
        repeatable=True,
    ),
    Option(
        ("--expected-public-key",),
        "public_keys",
        ValueKind.FINGERPRINT,
        "the fingerprint of an allowed public key, which survives a renewal; repeatable",
        key="expect.public_keys",
        repeatable=True,
    ),
    Option(
        ("--expected-issuer",),
        "issuers",
        ValueKind.ISSUER,
        "the CN or O of an allowed issuer, of any certificate of the chain; repeatable",
        key="expect.issuers",
        repeatable=True,
    ),
    Option(
        ("--expected-scp",),
        "expected_scp",
        ValueKind.SCP_URL,
        "a URL that the directory may give; together the whole set; repeatable",
        key="expect.scp",
        repeatable=True,
    ),
)

_DOMAIN = (
    Option(
        ("-H", "--hostname", "--domain"),
        "domain",
        ValueKind.DOMAIN,
        "the mail domain, as in contoso.com; required",
        key="domains",
    ),
    Option(
        ("-m", "--method"),
        "methods",
        ValueKind.METHOD,
        "how the domain publishes Autodiscover: auto (default: as what is published and the server's "
        "certificate show), srv, host, exchange-online, redirect or none",
        key="method",
        prefixed=True,
    ),
    Option(
        ("-S", "--server"),
        "servers",
        ValueKind.HOST,
        "the host that really publishes Exchange; its certificate is the reference; repeatable",
        key="servers",
        repeatable=True,
    ),
    Option(
        ("--client",),
        "clients",
        ValueKind.CLIENT,
        "a client that is judged: outlook-2016, outlook-2013, outlook-2010 and ews unless others are given; also "
        "outlook-2007 (as released) and exchangelib; repeatable",
        key="clients",
        repeatable=True,
    ),
    Option(
        ("--skip-step",),
        "skip_steps",
        ValueKind.STEP,
        "a step that this site's policy disables on its clients (ExcludeHttpsRootDomain and the like): office365, "
        "scp, root, autodiscover, redirect or srv; what is found there is told and alarms nobody; repeatable",
        key="skip_steps",
        repeatable=True,
    ),
)

_VIEWS = (
    Option(
        ("--view",),
        "views",
        ValueKind.VIEW,
        "a DNS view, as in inside=10.0.0.2 and outside=192.0.2.53; repeatable. RESOLVER is ADDR, ADDR:PORT, "
        "[V6]:PORT, any of these behind udp:// or tcp://; tls://ADDR[:PORT][#NAME] and https://HOST/path[#NAME], "
        "whose certificate must hold NAME, or without it the address or host; system (the nameservers of "
        "resolv.conf); or authoritative (the domain's own servers, as its parent zone names them, each asked "
        "directly). Without a view: default=system",
        key="views",
        repeatable=True,
    ),
    Option(
        ("--no-connect",),
        "no_connect",
        ValueKind.VIEW_NAME,
        "judge this view's DNS only, and connect to none of its addresses (no way there from here); repeatable",
        key="views.connect",
        repeatable=True,
    ),
    Option(("-s", "--dns-server"), "dns_server", ValueKind.RESOLVER, "short for --view default=ADDR"),
)

_DIRECTORY = (
    Option(
        ("--scp",),
        "scp",
        ValueKind.LDAP_URL,
        "look up service connection points in this Active Directory, as in ldaps://dc1.contoso.com: what "
        "domain-joined clients inside try first. Needs the extra directory",
        key="scp.url",
    ),
    Option(("--scp-site",), "scp_site", ValueKind.SITE, "the clients' site; without it any site", key="scp.site"),
    Option(
        ("--scp-user",),
        "scp_user",
        ValueKind.USER,
        "log in there, as in svc@contoso.com: with --scp-password-file by its password, else by Kerberos",
        key="scp.user",
    ),
    Option(
        ("--scp-password-file",),
        "scp_password_file",
        ValueKind.FILE,
        "the file that holds the password; it goes to that server alone, over TLS (ldaps, or StartTLS)",
        key="scp.password_file",
    ),
)

_SEVERITY = (
    Option(
        ("--severity",),
        "severities",
        ValueKind.SEVERITY,
        "policy's own grade of a rule: ok, warning, critical or unknown, as in dns-wildcard-present=ok or "
        "outside:certificate-name-mismatch@root=warning; the last that fits counts; what is ok is listed as accepted; "
        "a consequence never counts above its cause; repeatable",
        key="severities",
        repeatable=True,
    ),
)

_DRIFT = (
    Option(
        ("--baseline",),
        "baseline",
        ValueKind.PATH,
        "judge drift against what was accepted with autodiscoverctl baseline accept: a directory, or one file",
        key="baseline.path",
    ),
)

_CERTIFICATE = (
    Option(
        ("-w", "--warning"),
        "warning",
        ValueKind.LIFE_LEFT,
        "WARNING below this certificate life: days (30, 30:, 30d), hours (720h), a share of the lifetime "
        "(25%), or both, the smaller counts; default 30d/25%",
        key="certificate.warning",
    ),
    Option(
        ("-c", "--critical"),
        "critical",
        ValueKind.LIFE_LEFT,
        "CRITICAL below this certificate life; default 14d/15%",
        key="certificate.critical",
    ),
    Option(
        ("-r", "--ca-file"),
        "ca_files",
        ValueKind.FILE,
        "trust the CA certificates in this PEM file too; repeatable",
        key="ca_files",
        repeatable=True,
    ),
    Option(
        ("--ca-path",),
        "ca_paths",
        ValueKind.DIRECTORY,
        "trust those in this directory too (openssl rehash); repeatable",
        key="ca_paths",
        repeatable=True,
    ),
    Option(
        ("--no-system-trust",),
        "no_system_trust",
        ValueKind.SWITCH,
        "do not trust the system's CA certificates",
        key="system_trust",
    ),
)

_CONNECTION = (
    Option(("-4",), "ipv4_only", ValueKind.SWITCH, "look at IPv4 addresses only"),
    Option(("-6",), "ipv6_only", ValueKind.SWITCH, "look at IPv6 addresses only"),
    Option(
        ("--https-port",), "https_port", ValueKind.PORT, "connect there instead of 443 (labs, tests)", key="https_port"
    ),
    Option(("--http-port",), "http_port", ValueKind.PORT, "connect there instead of 80", key="http_port"),
    Option(
        ("--source-address",),
        "source_address",
        ValueKind.HOST_ADDRESS,
        "ask and connect from this address",
        key="source_address",
    ),
    Option(("--user-agent",), "user_agent", ValueKind.USER_AGENT, "what to say as User-Agent", key="user_agent"),
    Option(
        ("--connect-timeout",),
        "connect_timeout",
        ValueKind.SECONDS,
        "the longest wait for a connection; default 3",
        key="connect_timeout",
    ),
    Option(
        ("-t", "--timeout"),
        "timeout",
        ValueKind.SECONDS,
        "the whole check ends within it, with what was seen so far; default 10",
        key="timeout",
    ),
    Option(
        ("--timeout-result",),
        "timeout_result",
        ValueKind.STATE,
        "the state if the time was up before the verdict; default critical",
        key="timeout_result",
    ),
)

_OUTPUT = (
    Option(
        ("-o", "--output"),
        "output",
        ValueKind.OUTPUT,
        "text (default), json, or log: as Outlook's Test E-mail AutoConfiguration tells it",
    ),
    Option(
        ("--config",),
        "config",
        ValueKind.FILE,
        "the configuration file of the exporter, for what it says of this domain; options win over it",
    ),
    Option(("--no-perfdata",), "no_perfdata", ValueKind.SWITCH, "leave the performance data out"),
    Option(
        ("-v", "--verbose"),
        "verbosity",
        ValueKind.COUNT,
        "-v adds each client's walk, -vv every observation, -vvv timings",
    ),
    Option(("-V", "--version"), "version", ValueKind.SWITCH, "print the version"),
    Option(("-h", "--help"), "help", ValueKind.HELP, "print this help"),
)

_EXPORTER = (
    Option(
        ("--from-exporter",),
        "from_exporter",
        ValueKind.EXPORTER_URL,
        "print what a running exporter says of the domain, with its exit code: http(s)://HOST[:PORT][/PREFIX] or "
        "unix:PATH. Its configuration decides: with this only --exporter-auth-file, -r (whom its certificate may be "
        "issued by), -H, -t, --timeout-result, -o, -v and --no-perfdata",
    ),
    Option(
        ("--exporter-auth-file",),
        "exporter_auth_file",
        ValueKind.FILE,
        "the file that holds user:password for it; they go over TLS, a UNIX socket or to this host alone",
    ),
)

GROUPS = (
    ("what is checked", _DOMAIN),
    ("where DNS is asked", _VIEWS),
    ("active directory", _DIRECTORY),
    ("what is expected", (*EXPECTED, *_DRIFT)),
    ("how grave it is", _SEVERITY),
    ("certificates", _CERTIFICATE),
    ("connections and time", _CONNECTION),
    ("through an exporter", _EXPORTER),
    ("output", _OUTPUT),
)
"""The options under their headings, in the order of the help text."""

OPTIONS = tuple(option for _, options in GROUPS for option in options)
"""Every option."""
