"""What a configuration file comes to: levels, and what they say together of one domain.

`config` reads it; the exporter and `autodiscoverctl config` ask it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from check_autodiscover.core.denial import DEFAULT_DENIED
from check_autodiscover.core.policy import Policy, View
from check_autodiscover.declared import Level, merged, policy_of, trust_of
from check_autodiscover.trust import TrustSettings
from check_autodiscover.views import DEFAULT_VIEWS

__all__ = [
    "DEFAULT_CACHE",
    "DEFAULT_MODULE",
    "Configuration",
    "Domain",
    "Module",
    "Rhythm",
    "UnknownModule",
]

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
