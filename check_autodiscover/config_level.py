"""One level of the configuration file: its keys, by the tables of `keys`, as values by destination.

Called by `config`. A mistake in one key is noted, and the next key read.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from check_autodiscover.core.severity import SeverityOverride
from check_autodiscover.keys import SEVERITY, Key, Keys, Shape
from check_autodiscover.option import ValueKind
from check_autodiscover.parsers import parser_of
from check_autodiscover.severities import severity_of
from check_autodiscover.strict_yaml import ConfigurationError, Faults, Value
from check_autodiscover.values import parse_state, parse_text

__all__ = ["LevelReader"]

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
