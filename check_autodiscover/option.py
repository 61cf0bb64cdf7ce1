"""What an option of the plugin and of `autodiscoverctl diagnose` is; `options` is the table of them."""

from dataclasses import KW_ONLY, dataclass
from enum import Enum

from check_autodiscover.core.policy import ClientName, Method, Step, ViewRole, judgeable

__all__ = ["CHOICES", "Option", "ValueKind"]


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
