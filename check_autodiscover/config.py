"""The configuration file (contract section 3): views, modules, domains and targets, each level with its policy.

Called by the exporter, by `autodiscoverctl config`, and by the plugin for `--config`. Every key stands in `keys`; what
a level declares is merged with the others by `declared`. All mistakes are found at once, each with file, line and key.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from check_autodiscover.config_level import LevelReader
from check_autodiscover.configuration import (
    DEFAULT_CACHE,
    DEFAULT_MODULE,
    Configuration,
    Domain,
    Module,
    Rhythm,
    UnknownModule,
)
from check_autodiscover.core.names import BadName, parse_domain
from check_autodiscover.core.policy import Method, Policy, View
from check_autodiscover.declared import Contradiction, Level
from check_autodiscover.keys import DOMAIN, POLICY, SCHEDULE, TARGETS, TOP, VIEW, key_of
from check_autodiscover.named_files import CONFIGURATION, CONFIGURATION_FOR_ONE
from check_autodiscover.strict_yaml import ConfigurationError, Faults, TooManyFaults, Value, read_yaml
from check_autodiscover.views import DEFAULT_VIEWS, view_of
from check_autodiscover.yaml_nodes import without_collection

__all__ = [
    "DEFAULT_CACHE",
    "DEFAULT_MODULE",
    "Configuration",
    "ConfigurationError",
    "Domain",
    "Module",
    "Rhythm",
    "UnknownModule",
    "load_configuration",
]


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
