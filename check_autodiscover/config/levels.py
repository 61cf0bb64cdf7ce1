"""What is declared about a domain, level by level, merged into a Policy and its trust settings.

A level is a mapping from an option's destination to its value, whoever said it: the configuration file at its top, for
a module, for a domain, or the command line.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from check_autodiscover.config import values
from check_autodiscover.config.options import OPTIONS
from check_autodiscover.config.values import DEFAULT_VIEWS
from check_autodiscover.core.model.addresses import DEFAULT_DENIED
from check_autodiscover.core.model.policy import (
    DEFAULT_CLIENTS,
    DEFAULT_THRESHOLDS,
    Directory,
    Expectations,
    Expected,
    Family,
    Method,
    Policy,
    Thresholds,
    TrustSettings,
    View,
)

__all__ = [
    "DEFAULT_CACHE",
    "DEFAULT_MODULE",
    "Configuration",
    "Contradiction",
    "Domain",
    "Level",
    "Module",
    "Rhythm",
    "UnknownModule",
    "merged",
    "policy_of",
    "trust_of",
]

Level = Mapping[str, Any]
"""Values by destination. One that may be bound to a view is a mapping from view to value, the name empty for all."""


class Contradiction(values.BadValue):
    """Values that cannot hold together; `destination` is the one to blame first, of a view if it is bound to one."""

    def __init__(self, destination: str, fault: str, view: str = "") -> None:
        super().__init__(fault)
        self.destination = destination
        self.view = view


_PLUS = ("ca_files", "ca_paths")

_METHODS = "methods"

_SEVERITIES = "severities"

_BY_VIEW = frozenset(option.destination for option in OPTIONS if option.prefixed)


def merged(levels: Iterable[Level], views: Sequence[View]) -> dict[str, Any]:
    """The values that hold after all levels, the most general first. What is bound to other views is left out.

    A level replaces what it names, of a single view where it is bound to one; trust anchors and severities add up.
    """
    names = ("", *(view.name for view in views))
    found: dict[str, Any] = {}
    for level in levels:
        for destination, value in level.items():
            found[destination] = _joined(destination, found.get(destination), value, names)
    return found


def _joined(destination: str, below: Any, value: Any, names: Sequence[str]) -> Any:
    if destination in _BY_VIEW:
        value = {view: item for view, item in value.items() if view in names}
        return value if below is None or "" in value else _over(destination, below, value, names)
    if destination == _SEVERITIES:
        return (*(below or ()), *(item for item in value if item.view in names))
    return tuple(dict.fromkeys((*(below or ()), *value))) if destination in _PLUS else value


def _over(destination: str, below: Mapping[str, Any], value: Mapping[str, Any], names: Sequence[str]) -> Any:
    """What was said for all views stays for those that the level above does not name."""
    if destination == _METHODS:
        return {**below, **value}
    spread = {name: (*below.get("", ()), *below.get(name, ())) for name in names if name}
    return {**spread, **value} if value else below


def policy_of(found: Mapping[str, Any], views: tuple[View, ...]) -> Policy:
    """The policy that merged values make. Raises Contradiction."""
    methods = dict(found.get(_METHODS, {}))
    policy = Policy(
        views=views,
        method=methods.pop("", Method.AUTO),
        methods=tuple(methods.items()),
        expect=_expectations(found),
        thresholds=_thresholds(found),
        families=_families(found),
        directory=_directory(found),
        clients=found.get("clients") or DEFAULT_CLIENTS,
        # Left to the Policy where they are not given, so that each default stands in one place.
        **{name: found[name] for name in _SINGLES if name in found},
    )
    _refuse_what_cannot_fit(policy)
    return policy


_SINGLES = (
    "servers",
    "skip_steps",
    _SEVERITIES,
    "https_port",
    "http_port",
    "timeout",
    "timeout_result",
    "connect_timeout",
    "user_agent",
    "source_address",
)
"""The destinations that are called as the Policy's fields are."""


def trust_of(found: Mapping[str, Any]) -> TrustSettings:
    """The trust settings that merged values make."""
    files, paths = found.get("ca_files", ()), found.get("ca_paths", ())
    return TrustSettings(files, paths, not found.get("no_system_trust", False))


def _expectations(found: Mapping[str, Any]) -> Expectations:
    def by_view(destination: str) -> tuple[Expected, ...]:
        given = found.get(destination, {})
        return tuple(Expected(text, view) for view, texts in given.items() for text in texts)

    return Expectations(
        addresses=by_view("addresses"),
        srv=by_view("srv"),
        aliases=by_view("aliases"),
        wildcards=by_view("wildcards"),
        certificates=found.get("certificates", ()),
        public_keys=found.get("public_keys", ()),
        issuers=found.get("issuers", ()),
        scp=found.get("expected_scp", ()),
        redirects=found.get("redirects", ()),
        name_servers=found.get("name_servers", ()),
    )


def _thresholds(found: Mapping[str, Any]) -> Thresholds:
    warning = found.get("warning", DEFAULT_THRESHOLDS.warning)
    critical = found.get("critical", DEFAULT_THRESHOLDS.critical)
    try:
        return values.thresholds_of(warning, critical)
    except values.BadValue as error:
        raise Contradiction("warning", str(error)) from None


def _directory(found: Mapping[str, Any]) -> Directory | None:
    parts = (found.get(name, "") for name in ("scp", "scp_site", "scp_user", "scp_password_file"))
    try:
        return values.directory_of(*parts)
    except values.BadValue as error:
        raise Contradiction("scp", str(error)) from None


def _families(found: Mapping[str, Any]) -> tuple[Family, ...]:
    switches = {"ipv4_only": Family.IPV4, "ipv6_only": Family.IPV6}
    only = tuple(family for switch, family in switches.items() if found.get(switch))
    if len(only) > 1:
        raise Contradiction("ipv4_only", "one address family or both; without -4 or -6 it is both")
    return only or tuple(Family)


_UNUSED = {
    "aliases": (Method.SRV, Method.NONE),
    "srv": (Method.HOST, Method.EXCHANGE_ONLINE, Method.REDIRECT, Method.NONE),
    "addresses": (Method.EXCHANGE_ONLINE, Method.NONE),
    "certificates": (Method.EXCHANGE_ONLINE, Method.NONE),
    "public_keys": (Method.EXCHANGE_ONLINE, Method.NONE),
    "issuers": (Method.EXCHANGE_ONLINE, Method.NONE),
}
"""By expectation: the methods under which nothing is ever held against it."""


def _refuse_what_cannot_fit(policy: Policy) -> None:
    """Raise Contradiction for an expectation that no view's method can meet or break, so that nobody relies on it."""
    declared = {view.name: policy.declared_method(view.name) for view in policy.views}
    for destination, methods in _UNUSED.items():
        for item in getattr(policy.expect, destination):
            bound = [declared[item.view]] if isinstance(item, Expected) and item.view else list(declared.values())
            if all(method in methods for method in bound):
                view = item.view if isinstance(item, Expected) else ""
                raise Contradiction(destination, _unused(destination, item, bound[0]), view)


def _unused(destination: str, item: Expected | str, method: Method) -> str:
    value, view = (item.value, item.view) if isinstance(item, Expected) else (item, "")
    fitting = [each.value for each in Method if each not in (*_UNUSED[destination], Method.UNDETERMINED)]
    where = f" of the view '{view}'" if view else ""
    return (
        f"{values.quoted(value)} is never looked at under the method {method.value}{where}: "
        f"leave it out, or declare {_or(fitting)}"
    )


def _or(words: Sequence[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


DEFAULT_MODULE = "default"

DEFAULT_CACHE = 60.0
"""Seconds for which the exporter gives a result again."""

_MEANS = {"ca_files", "ca_paths", "no_system_trust", "scp", "scp_user", "scp_password_file"}
"""What needs a file or a package to be there."""


class UnknownModule(LookupError):
    """There is no module of that name; the text is one sentence, not yet cleaned."""


@dataclass(frozen=True, slots=True)
class Module:
    """A way of looking at domains: what is declared about them, and whom their certificates are trusted by.

    `baseline` is the path of what was accepted, empty without one; `cache` the seconds for which a result is young.
    """

    name: str
    policy: Policy
    trust: TrustSettings
    baseline: str = ""
    cache: float = DEFAULT_CACHE


@dataclass(frozen=True, slots=True)
class Domain:
    """What a file says of one domain. `module` is empty where it names none."""

    module: str = ""
    level: Level = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often the exporter looks at each configured domain, in seconds, and at how many at a time."""

    interval: float
    concurrency: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A file's levels. `allowed` are patterns of domains that may be asked for, None where all may.

    Without a `rhythm` the exporter looks when it is asked alone.
    """

    views: tuple[View, ...] = DEFAULT_VIEWS
    top: Level = field(default_factory=dict)
    modules: Mapping[str, Level] = field(default_factory=lambda: {DEFAULT_MODULE: {}})
    domains: Mapping[str, Domain] = field(default_factory=dict)
    allowed: tuple[str, ...] | None = None
    rhythm: Rhythm | None = None
    denied: tuple[str, ...] = DEFAULT_DENIED
    """Networks that are never contacted for a domain that is not configured."""
    _shared: dict[tuple[str, bool], Module] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What has been settled for domains that declare nothing of their own, by module and whether they are foreign."""

    def levels(self, domain: str = "", module: str = "") -> tuple[Level, ...]:
        """What holds for a domain (A-labels), the most general first. Without a module the domain's own counts.

        Raises UnknownModule.
        """
        entry = self.domains.get(domain, Domain())
        name = module or entry.module or DEFAULT_MODULE
        if name not in self.modules:
            raise UnknownModule(f"unknown module {name!r}: there are {', '.join(self.modules)}")
        return self.top, self.modules[name], entry.level

    def module_of(self, domain: str) -> str:
        """The module that a domain is looked at by unless another is asked for."""
        return self.domains.get(domain, Domain()).module or DEFAULT_MODULE

    def settled(self, domain: str = "", module: str = "") -> Module:
        """Policy and trust for a domain, or of a module alone.

        Raises UnknownModule, and Contradiction for a module that a domain is not meant for.
        """
        entry, name = self.domains.get(domain), module or self.module_of(domain)
        foreign = bool(domain) and entry is None
        if entry is not None and entry.level:
            return self._settle(domain, name, foreign)
        # Asked anew for each scrape, and the same for most domains of a fleet.
        if (name, foreign) not in self._shared:
            self._shared[name, foreign] = self._settle(domain, name, foreign)
        return self._shared[name, foreign]

    def _settle(self, domain: str, name: str, foreign: bool) -> Module:
        found = merged(self.levels(domain, name), self.views)
        policy = policy_of(found, self.views)
        if foreign:
            policy = replace(policy, denied_networks=self.denied)
        return Module(
            name,
            policy,
            trust_of(found),
            found.get("baseline", ""),
            found.get("cache", DEFAULT_CACHE),
        )

    def means(self) -> tuple[Module, ...]:
        """Of the modules and domains one of each sort by trust and directory: what a start has to try."""
        named = [domain for domain, said in self.domains.items() if said.level.keys() & _MEANS]
        found = (*(self.settled(module=name) for name in self.modules), *map(self.settled, named))
        return tuple({(each.trust, each.policy.directory): each for each in reversed(found)}.values())

    def allows(self, domain: str) -> bool:
        """Whether a domain (A-labels) may be asked for by whoever may ask at all."""
        if self.allowed is None or domain in self.domains:
            return True
        below = {f"*.{domain[index + 1 :]}" for index, letter in enumerate(domain) if letter == "."}
        return not {"*", domain, *below}.isdisjoint(self.allowed)
