"""The latest outcome of each domain and module: configured domains always, a bounded number of others.

Where nothing is configured anybody may ask for any name; those asked for last are remembered.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from autodiscover_exporter.results.result import Failure, Result
from check_autodiscover.config import Module

__all__ = ["MOST_STRANGERS", "Kept", "Key", "Memory", "Outcome"]

MOST_STRANGERS = 1000
"""Outcomes that are kept of domains that are not configured."""

Key = tuple[str, str]
"""A domain (A-labels) and the name of the module it is looked at by."""
Outcome = Result | Failure


@dataclass(frozen=True, slots=True)
class Kept:
    """An outcome, the module as it was then, the seconds that the probe had, and when it ended on a steady clock."""

    outcome: Outcome
    module: Module
    granted: float
    at: float


class Memory:
    """What is known of each domain."""

    def __init__(self, most_strangers: int = MOST_STRANGERS) -> None:
        self._most_strangers = most_strangers
        self._kept: dict[Key, Kept] = {}
        self._latest: dict[Key, Outcome] = {}
        self._strangers: dict[Key, None] = {}
        self._modules: dict[Module, Module] = {}
        self._configured: Container[str] = ()

    @property
    def latest(self) -> Mapping[Key, Outcome]:
        """All outcomes, in the order in which domains were first asked for."""
        return MappingProxyType(self._latest)

    def get(self, domain: str, module: Module) -> Kept | None:
        """What is known of a domain by a module as it is now; what it said before a reload does not count."""
        kept = self._kept.get((domain, module.name))
        if kept is None or (kept.module is not module and kept.module != module):
            return None
        if (domain, module.name) in self._strangers:
            self._visited((domain, module.name))
        return kept

    def keep(self, outcome: Outcome, module: Module, granted: float, at: float) -> None:
        """Remember an outcome in the place of the one before it."""
        key = outcome.domain, module.name
        # Thousands of domains are looked at alike: one module serves them all.
        self._kept[key] = Kept(outcome, self._modules.setdefault(module, module), granted, at)
        self._latest[key] = outcome
        if outcome.domain not in self._configured:
            self._visited(key)
            if len(self._strangers) > self._most_strangers:
                self._forget(next(iter(self._strangers)))

    def follow(self, configured: Container[str]) -> None:
        """Keep these domains always, and forget those that were configured and are not any more."""
        gone = [key for key in self._kept if key not in self._strangers and key[0] not in configured]
        for key in gone:
            self._forget(key)
        for key in [key for key in self._strangers if key[0] in configured]:
            del self._strangers[key]
        self._configured = configured
        self._modules = {kept.module: kept.module for kept in self._kept.values()}

    def _visited(self, key: Key) -> None:
        """Make it the last of the strangers that is forgotten."""
        self._strangers.pop(key, None)
        self._strangers[key] = None

    def _forget(self, key: Key) -> None:
        self._strangers.pop(key, None)
        del self._kept[key], self._latest[key]
