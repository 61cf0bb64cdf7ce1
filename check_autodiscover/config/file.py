"""The configuration file (contract section 3): its keys, its levels, and what it says of views, modules and domains.

The keys are tables, of which whatever reads, describes or checks the file is made. A key that says what an option says
is made of that option, so that an option to come has its key at once.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Any

from check_autodiscover.config.levels import (
    DEFAULT_CACHE,
    DEFAULT_MODULE,
    Configuration,
    Contradiction,
    Domain,
    Level,
    Module,
    Rhythm,
    UnknownModule,
)
from check_autodiscover.config.options import OPTIONS, Option, ValueKind
from check_autodiscover.config.values import DEFAULT_VIEWS, parse_state, parse_text, parser_of, severity_of, view_of
from check_autodiscover.config.yaml import (
    ConfigurationError,
    Faults,
    TooManyFaults,
    Value,
    read_yaml,
    without_collection,
)
from check_autodiscover.core.model.names import BadName, parse_domain
from check_autodiscover.core.model.policy import Method, Policy, View
from check_autodiscover.core.model.states import SeverityOverride
from check_autodiscover.named_files import CONFIGURATION, CONFIGURATION_FOR_ONE

__all__ = [
    "DEFAULT_CACHE",
    "DEFAULT_MODULE",
    "DOMAIN",
    "POLICY",
    "SCHEDULE",
    "SEVERITY",
    "TARGETS",
    "TOP",
    "VIEW",
    "Configuration",
    "ConfigurationError",
    "Domain",
    "Key",
    "Keys",
    "LevelReader",
    "Module",
    "Rhythm",
    "Shape",
    "UnknownModule",
    "key_of",
    "load_configuration",
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

_VIEWS = "views"
"""The key below which a section says what holds for a single view."""

_PLACES = (ValueKind.FILE, ValueKind.DIRECTORY, ValueKind.PATH)


class LevelReader:
    """Reads levels of one file. `folder` is what file names are relative to, `views` are those that there are."""

    def __init__(self, folder: Path, views: Collection[str], faults: Faults) -> None:
        self._folder = folder
        self._views = views
        self._faults = faults

    def entries(self, value: Value | None) -> dict[str, Value]:
        """The entries of a mapping with names of any kind; none where it is no mapping, which is a fault."""
        try:
            return {} if value is None else value.entries()
        except ConfigurationError as error:
            self._faults.note(error)
            return {}

    def level(self, value: Value | None, keys: Keys, others: Collection[str] = ()) -> dict[str, Any]:
        """The values of a mapping that has these keys and `others`, which are not read here."""
        found: dict[str, Any] = {}
        for name, entry in self.entries(value).items():
            if name in others:
                continue
            try:
                self._take(keys.get(name), entry, (*keys, *others), found)
            except ConfigurationError as error:
                self._faults.note(error)
        return found

    def _take(self, key: Key | Mapping[str, Key] | None, entry: Value, known: Collection[str], found: Any) -> None:
        match key:
            case None:
                raise _unknown(entry, known)
            case Key(shape=Shape.LIST_BY_VIEW):
                found.setdefault(key.destination, {})[""] = self._each(key, entry)
            case Key():
                found[key.destination] = self._read(key, entry)
            case _:
                found.update(self._section(key, entry))

    def _section(self, keys: Mapping[str, Key], entry: Value) -> dict[str, Any]:
        bound = {name: key for name, key in keys.items() if key.shape is Shape.LIST_BY_VIEW}
        found = self.level(entry, keys, (_VIEWS,) if bound else ())
        views = self.entries(self.entries(entry).get(_VIEWS)) if bound else {}
        for view, of_view in views.items():
            try:
                self._known_view(view, of_view)
            except ConfigurationError as error:
                self._faults.note(error)
                continue
            for destination, values in self.level(of_view, bound).items():
                found.setdefault(destination, {})[view] = values[""]
        return found

    def _read(self, key: Key, entry: Value) -> Any:
        match key.shape:
            case Shape.LIST:
                return self._each(key, entry)
            case Shape.BY_VIEW:
                return self._by_view(key, entry)
            case Shape.GRADES:
                return tuple(self._grades(entry))
            case Shape.TEXTS:
                return {_label(name, text): text.parsed(parse_text) for name, text in entry.entries().items()}
            case _:
                found = entry.parsed(parser_of(key.kind))
                return not found if key.contrary else self._beside(key, found)

    def _each(self, key: Key, entry: Value) -> tuple[Any, ...]:
        found = entry.each(parser_of(key.kind))
        if key.kind is ValueKind.CLIENT and not found:
            raise entry.error("somebody must be judged: leave the key out, or name a client")
        return tuple([self._beside(key, item) for item in found])

    def _beside(self, key: Key, value: Any) -> Any:
        """A file's name as it counts: beside the configuration unless it is a whole path."""
        return str(self._folder / value) if key.kind in _PLACES else value

    def _by_view(self, key: Key, entry: Value) -> dict[str, Any]:
        if entry.single:
            return {"": entry.parsed(parser_of(key.kind))}
        found = {}
        for view, value in entry.entries().items():
            self._known_view(view, value)
            found[view] = value.parsed(parser_of(key.kind))
        return found

    def _grades(self, entry: Value) -> Iterator[SeverityOverride]:
        for place, grade in entry.entries().items():
            try:
                yield self._grade(place, grade)
            except ConfigurationError as error:
                self._faults.note(error)

    def _grade(self, place: str, value: Value) -> SeverityOverride:
        if value.single:
            said: Mapping[str, Any] = {"state": value.parsed(parse_state)}
        else:
            before = len(self._faults)
            said = self.level(value, SEVERITY)
            if "state" not in said and len(self._faults) == before:
                raise value.error("a severity needs a state, as in {state: ok, until: 2027-01-31, reason: CHG-123}")
        try:
            override = severity_of(place, **{"state": None, **said})
        except ValueError as error:
            raise value.error(str(error)) from error
        if override.view:
            self._known_view(override.view, value)
        return override

    def _known_view(self, view: str, value: Value) -> None:
        if view not in self._views:
            raise value.error(f"there is no view {view!r}: there is {', '.join(self._views)}")


def _label(name: str, value: Value) -> str:
    """A label's name as Prometheus takes it; those with two underscores are its own (Prometheus, "Data model")."""
    if not re.fullmatch(r"(?!__)[A-Za-z_][A-Za-z0-9_]*", name):
        raise value.error("no name of a label: it is letters, digits and underscores, not two of them at its start")
    if name in _TAKEN:
        # Prometheus would rename ours, and the shipped rules would find nothing any more.
        raise value.error(
            f"the exporter's metrics, or their alerts, have a label {name} of their own: choose another name"
        )
    return name


_TAKEN = frozenset(
    (
        *("address", "alertname", "client", "declared", "endpoint", "fingerprint_sha256", "instance", "issuer", "job"),
        *("kind", "method", "outcome", "parent", "phase", "public_key_sha256", "resolver", "role", "rule"),
        *("satellite", "server", "severity", "state", "type", "view"),
    )
)
"""Labels that metrics of a target and the shipped rules have."""


def _unknown(entry: Value, known: Collection[str]) -> ConfigurationError:
    name = entry.path.rpartition(".")[2]
    near = get_close_matches(name, known, n=1)
    meant = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
    return entry.error(f"unknown key; {meant}")


def load_configuration(path: str, only: str = "") -> Configuration:
    """The configuration in a file; file names in it are relative to its folder. Raises ConfigurationError.

    With `only` a domain, what the file says of other domains is not looked at: a check of one domain need not wait.
    """
    with without_collection():
        faults, root = Faults(), read_yaml(path, CONFIGURATION_FOR_ONE if only else CONFIGURATION)
        found = Configuration()
        with suppress(TooManyFaults):
            found = _Loader(Path(path).parent, faults, only).load(root)
        faults.tell()
    return found


class _Loader:
    """Reads one file."""

    def __init__(self, folder: Path, faults: Faults, only: str) -> None:
        self._folder = folder
        self._faults = faults
        self._only = only

    def load(self, root: Value) -> Configuration:
        """What the document says. Mistakes are noted, unless nothing can be made of it at all."""
        entries = root.entries()
        views, below = self._views(entries.get("views"))
        reader = LevelReader(self._folder, [view.name for view in views], self._faults)
        top = reader.level(root, POLICY, TOP)
        modules = {name: reader.level(each, POLICY) for name, each in reader.entries(entries.get("modules")).items()}
        configuration = Configuration(
            views=views,
            top=_with_views(top, below),
            modules={DEFAULT_MODULE: {}, **modules},
            **self._targets(reader, entries),
        )
        sound = [
            name for name in configuration.modules if self._fits(configuration, root, "modules", name, module=name)
        ]
        found = self._with_domains(configuration, root, reader, sound)
        return replace(found, rhythm=self._rhythm(found, reader, entries.get("schedule")))

    def _views(self, value: Value | None) -> tuple[tuple[View, ...], Level]:
        """The views, and what is said of them that is the policy's: methods, and trust that is the whole run's."""
        reader = LevelReader(self._folder, (), self._faults)
        views: list[View] = []
        methods: dict[str, Method] = {}
        files: list[str] = []
        for name, entry in reader.entries(value).items():
            said = reader.level(entry, VIEW)
            methods |= {name: said.pop("method")} if "method" in said else {}
            files += said.pop("ca_files", ())
            try:
                views.append(_view(name, entry, said))
            except ConfigurationError as error:
                self._faults.note(error)
        return tuple(views) or DEFAULT_VIEWS, {"methods": methods, "ca_files": tuple(files)}

    def _targets(self, reader: LevelReader, entries: Mapping[str, Value]) -> dict[str, Any]:
        """What is said of domains that are not configured, as the configuration has it."""
        said = reader.level(entries.get("targets"), TARGETS)
        anybody = "targets" not in entries and "domains" not in entries
        denied = {"denied": said["deny_networks"]} if "deny_networks" in said else {}
        return {"allowed": None if anybody else said.get("allow", ()), **denied}

    def _rhythm(self, found: Configuration, reader: LevelReader, value: Value | None) -> Rhythm | None:
        before = len(self._faults)
        said = reader.level(value, SCHEDULE)
        if value is None or len(self._faults) > before:
            return None
        try:
            return _rhythm_of(said, found, value)
        except ConfigurationError as error:
            self._faults.note(error)
            return None

    def _with_domains(
        self, configuration: Configuration, root: Value, reader: LevelReader, sound: Collection[str]
    ) -> Configuration:
        domains: dict[str, Domain] = {}
        lines: dict[str, int] = {}
        for name, entry in reader.entries(root.entries().get("domains")).items():
            try:
                domain = _domain_name(name, entry, lines)
                if self._only in ("", domain):
                    domains[domain] = self._domain(reader, entry, configuration)
            except ConfigurationError as error:
                self._faults.note(error)
        found = replace(configuration, domains=domains)
        for domain, said in domains.items():
            # One that says nothing fits as its module does, and a module's fault is told once.
            if said.level and found.module_of(domain) in sound:
                self._fits(found, root, "domains", domain, domain=domain)
        return found

    def _domain(self, reader: LevelReader, entry: Value, configuration: Configuration) -> Domain:
        said = reader.level(entry, {**POLICY, **DOMAIN})
        module, labels = said.pop("module", ""), said.pop("labels", {})
        if module and module not in configuration.modules:
            known = ", ".join(configuration.modules)
            raise entry.entries()["module"].error(f"there is no module {module!r}: there is {known}")
        return Domain(module, said, labels)

    def _fits(self, configuration: Configuration, root: Value, section: str, name: str, **whose: str) -> bool:
        """Whether what all levels say together can hold."""
        try:
            configuration.settled(**whose)
        except Contradiction as error:
            self._faults.note(_blamed(root, section, name, error))
            return False
        return True


def _with_views(top: Level, below: Level) -> Level:
    """What the top says of all views, and of each."""
    methods = {**top.get("methods", {}), **below["methods"]}
    files = tuple(dict.fromkeys((*below["ca_files"], *top.get("ca_files", ()))))
    return {**top, **({"methods": methods} if methods else {}), **({"ca_files": files} if files else {})}


def _view(name: str, value: Value, said: Mapping[str, Any]) -> View:
    if not said.get("resolvers"):
        raise value.error("a view needs resolvers, as in {resolvers: [192.0.2.53]}")
    try:
        return replace(view_of(name, said["resolvers"]), **said)
    except ValueError as error:
        raise value.error(str(error)) from error


def _rhythm_of(said: Mapping[str, Any], found: Configuration, value: Value) -> Rhythm:
    if "interval" not in said:
        raise value.error("a schedule needs an interval, as in {interval: 5m}")
    scheduled = [found.levels(domain) for domain in found.domains] or [
        found.levels(module=name) for name in found.modules
    ]
    longest = max(map(_time_limit, scheduled))
    if said["interval"] < longest:
        told = f"shorter than a look may take ({longest:g}s): a domain would be due again before it was seen"
        raise value.entries()["interval"].error(told)
    return Rhythm(**said)


def _time_limit(levels: Sequence[Level]) -> float:
    """The seconds that a look may take by some levels, the most general first."""
    return next((level["timeout"] for level in reversed(levels) if "timeout" in level), Policy(views=()).timeout)


def _domain_name(name: str, entry: Value, lines: dict[str, int]) -> str:
    """The domain as A-labels; `lines` are those that it was met in before."""
    try:
        domain = parse_domain(name)
    except BadName as error:
        raise entry.error(str(error)) from error
    if domain in lines:
        raise entry.error(f"given twice, as {domain} first in line {lines[domain]}")
    lines[domain] = entry.node.line
    return domain


def _blamed(root: Value, section: str, name: str, error: Contradiction) -> ConfigurationError:
    """The error at the key to blame if it stands in this level, else at the level; what no level says is the top's."""
    key = key_of(error.destination)
    within, _, last = key.rpartition(".")
    level = _below(root, (section, name)) or root
    paths = ((within, "views", error.view, last), key.split("."), (within,))
    place = next((found for path in paths if (found := _below(level, path))), None)
    return place.error(str(error)) if place else level.error(f"{key}: {error}")


def _below(value: Value, path: Sequence[str]) -> Value | None:
    """What stands there, None if nothing does."""
    for name in path:
        below = None if value.single else value.entries().get(name)
        if below is None:
            return None
        value = below
    return value
