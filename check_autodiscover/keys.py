"""The keys of the configuration file, as tables: whatever reads, describes or checks the file is made of these.

A key that says what an option says is made of that option, so that an option to come has its key at once. The others
stand here: those about views, and those that say how the exporter works.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from check_autodiscover.option import Option, ValueKind
from check_autodiscover.options import OPTIONS

__all__ = [
    "DOMAIN",
    "POLICY",
    "SCHEDULE",
    "SEVERITY",
    "TARGETS",
    "TOP",
    "VIEW",
    "Key",
    "Keys",
    "Shape",
    "key_of",
]


class Shape(Enum):
    """How the values of a key stand in the file."""

    ONE = "one"
    LIST = "list"
    BY_VIEW = "one, or one for each view"
    LIST_BY_VIEW = "list, under `views` for a single view"
    GRADES = "grades"
    TEXTS = "texts"
    SECTION = "section"


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its name, the destination of its value, what the value is and how it stands there.

    `contrary` is True for a switch whose destination means the contrary.
    """

    name: str
    destination: str
    kind: ValueKind
    shape: Shape
    help: str
    contrary: bool = False


_SHAPES = {"method": Shape.BY_VIEW, "severities": Shape.GRADES}


def _key(option: Option) -> Key:
    name = option.key.rpartition(".")[2]
    contrary = option.kind is ValueKind.SWITCH and option.flags[-1].startswith("--no-")
    shape = Shape.LIST if option.repeatable else Shape.ONE
    shape = _SHAPES.get(option.key, Shape.LIST_BY_VIEW if option.prefixed else shape)
    text = f"false: {option.help}" if contrary else option.help.replace("; repeatable", "")
    return Key(name, option.destination, option.kind, shape, text, contrary)


Keys = Mapping[str, "Key | Mapping[str, Key]"]
"""Keys by name, those of a section together."""


def _policy() -> Keys:
    keys: dict[str, Key | dict[str, Key]] = {}
    sections: dict[str, dict[str, Key]] = {}
    for option in OPTIONS:
        section, _, name = option.key.rpartition(".")
        if not name or option.key in _NO_POLICY:
            continue
        if section:
            keys[section] = sections.setdefault(section, {})
            sections[section][name] = _key(option)
        else:
            keys[name] = _key(option)
    return keys


_NO_POLICY = ("domains", "views", "views.connect")
"""Keys of options that the file has tables of its own for."""


def key_of(destination: str) -> str:
    """The key that says what is known by a destination, with its section."""
    return next(option.key for option in OPTIONS if option.destination == destination)


def _table(*keys: Key) -> dict[str, Key]:
    return {key.name: key for key in keys}


POLICY: Keys = {
    **_policy(),
    **_table(
        Key("cache", "cache", ValueKind.SPAN, Shape.ONE, "how long the exporter gives a result again; default 60s"),
    ),
}
"""What may be declared at the top, in a module and in a domain."""


VIEW = _table(
    Key("resolvers", "resolvers", ValueKind.RESOLVER, Shape.LIST, "the DNS servers that are asked, as for --view"),
    Key("connect", "connect", ValueKind.SWITCH, Shape.ONE, "false: judge its DNS, connect to none of its addresses"),
    Key("role", "declared_role", ValueKind.VIEW_ROLE, Shape.ONE, "where a view of another name looks from"),
    Key("method", "method", ValueKind.METHOD, Shape.ONE, "the method of domains in this view"),
    Key("skip_steps", "skip_steps", ValueKind.STEP, Shape.LIST, "steps disabled on the clients that have this view"),
    Key("ca_files", "ca_files", ValueKind.FILE, Shape.LIST, "CA certificates to trust, in any view"),
)
"""What is said of a view."""

DOMAIN = _table(
    Key("module", "module", ValueKind.NAME, Shape.ONE, "the module that the domain is looked at by; default: default"),
    Key(
        "labels",
        "labels",
        ValueKind.TEXT,
        Shape.TEXTS,
        "labels that service discovery gives to the domain; not those that its metrics have",
    ),
)
"""What is said of a domain beside its policy."""

SEVERITY = _table(
    Key("state", "state", ValueKind.STATE, Shape.ONE, "the grade; what is ok stays listed as accepted"),
    Key("until", "until", ValueKind.TEXT, Shape.ONE, "the last day on which it counts (UTC), as in 2027-01-31"),
    Key("reason", "reason", ValueKind.TEXT, Shape.ONE, "why, as the report shall say"),
)
"""What is said of a severity that is more than its state."""

TARGETS = _table(
    Key("allow", "allow", ValueKind.PATTERN, Shape.LIST, "domains that may be asked for beside those under domains"),
    Key(
        "deny_networks",
        "deny_networks",
        ValueKind.ADDRESS,
        Shape.LIST,
        "networks that are never contacted for a domain that is not under domains; default: link-local and metadata",
    ),
)
"""What is said of domains that are not configured."""

SCHEDULE = _table(
    Key("interval", "interval", ValueKind.SECONDS, Shape.ONE, "how often the exporter looks at each domain, unasked"),
    Key("concurrency", "concurrency", ValueKind.NUMBER, Shape.ONE, "how many it looks at at a time; default 64"),
)
"""What is said of the exporter's own looks."""

_SECTION = ValueKind.SECTION
TOP = _table(
    Key("views", "views", _SECTION, Shape.SECTION, "the DNS views by name"),
    Key("modules", "modules", _SECTION, Shape.SECTION, "policies by name, for many domains"),
    Key("domains", "domains", _SECTION, Shape.SECTION, "the domains that are looked at, each with its policy"),
    Key("targets", "targets", _SECTION, Shape.SECTION, "what may be asked for beside them"),
    Key("schedule", "schedule", _SECTION, Shape.SECTION, "when the exporter looks at the domains by itself"),
)
"""What stands at the top beside policy."""
