"""What a configuration comes to for one domain, key by key; and the file's form as a JSON Schema (draft 2020-12).

`autodiscoverctl config check --domain` prints the one, `autodiscoverctl config schema` the other. Both are made of the
tables that the loader reads by.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

from check_autodiscover.config.file import (
    DEFAULT_CACHE,
    DOMAIN,
    POLICY,
    SCHEDULE,
    SEVERITY,
    TARGETS,
    TOP,
    VIEW,
    Configuration,
    Key,
    Keys,
    Shape,
)
from check_autodiscover.config.levels import Level, merged
from check_autodiscover.config.options import CHOICES, ValueKind
from check_autodiscover.core.model.policy import DAY, LifeLeft, Method, Policy, Resolver, View
from check_autodiscover.core.model.states import SeverityOverride

__all__ = ["Line", "document", "effective", "schema", "summary", "view_of_file"]

Line = tuple[tuple[str, ...], Any, str]
"""A key with its sections, its value as the file would have it, and the levels that say so."""


def effective(configuration: Configuration, domain: str) -> Iterator[Line]:
    """Everything that holds for a domain (A-labels), what is built in too. Raises UnknownModule."""
    names = ("the top level", f"the module {configuration.module_of(domain)}", "the domain")
    levels = (("built in", _built_in()), *zip(names, configuration.levels(domain), strict=True))
    found = merged((level for _, level in levels), configuration.views)
    for path, key in _keys():
        if found.get(key.destination) not in (None, (), {}):
            said = [(name, level[key.destination]) for name, level in levels if key.destination in level]
            for below, value in _spelt(key, found[key.destination], [view.name for view in configuration.views]):
                yield (*path[:-1], *below, path[-1]), value, _origin(key, said)


def document(configuration: Configuration) -> dict[str, Any]:
    """The whole of it as the file would have it, which means the same.

    What is built in and what the top says stand with each module, and with a domain what is said of that one.
    """
    views = configuration.views
    modules = {name: (_built_in(), *configuration.levels(module=name)) for name in configuration.modules}
    found: dict[str, Any] = {
        "views": {view.name: view_of_file(view) for view in views},
        "modules": {name: _level(configuration, merged(levels, views)) for name, levels in modules.items()},
    }
    if configuration.allowed is not None:
        found["domains"] = {
            name: {
                **({"module": domain.module} if domain.module else {}),
                **_level(configuration, domain.level),
                **({"labels": dict(domain.labels)} if domain.labels else {}),
            }
            for name, domain in configuration.domains.items()
        }
        found["targets"] = {"allow": list(configuration.allowed), "deny_networks": list(configuration.denied)}
    if configuration.rhythm is not None:
        rhythm = configuration.rhythm
        found["schedule"] = {"interval": _word(rhythm.interval), "concurrency": rhythm.concurrency}
    return found


def _level(configuration: Configuration, said: Level) -> dict[str, Any]:
    """What a level says, as the file would have it."""
    views = [view.name for view in configuration.views]
    found: dict[str, Any] = {}
    for path, key in _keys():
        if said.get(key.destination) not in (None, {}):
            for below, value in _spelt(key, said[key.destination], views):
                section = found
                for name in (*path[:-1], *below):
                    section = section.setdefault(name, {})
                section[path[-1]] = value
    return found


def _keys() -> Iterator[tuple[tuple[str, ...], Key]]:
    for name, key in POLICY.items():
        if isinstance(key, Key):
            yield (name,), key
        else:
            yield from (((name, part), below) for part, below in key.items())


def _origin(key: Key, said: list[tuple[str, Any]]) -> str:
    """The level that counts, or those that add to one another."""
    if key.destination not in ("severities", "ca_files", "ca_paths") and key.shape not in _BY_VIEW:
        return said[-1][0]
    # What is said of all views leaves nothing of what was said before.
    last = max((index for index, (_, value) in enumerate(said) if key.shape in _BY_VIEW and "" in value), default=0)
    return " and ".join(name for name, value in said[last:] if value)


_BY_VIEW = (Shape.BY_VIEW, Shape.LIST_BY_VIEW)


def _built_in() -> Level:
    policy = Policy(views=())
    singles = ("timeout", "timeout_result", "connect_timeout", "https_port", "http_port", "clients")
    return {
        "methods": {"": Method.AUTO},
        "warning": policy.thresholds.warning,
        "critical": policy.thresholds.critical,
        "cache": DEFAULT_CACHE,
        **{name: getattr(policy, name) for name in singles},
    }


def _spelt(key: Key, value: Any, views: Sequence[str]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The value as the file would have it, for all views and for each."""
    match key.shape:
        case Shape.LIST_BY_VIEW:
            for view, items in value.items():
                yield ("views", view) if view else (), [_word(item) for item in items]
        case Shape.BY_VIEW:
            words = {view: _word(value.get(view, value.get(""))) for view in views if {view, ""} & value.keys()}
            yield (), words if set(value) - {""} else _word(value[""])
        case Shape.GRADES:
            yield (), _grades(value)
        case Shape.LIST:
            yield (), [_word(item) for item in value]
        case _:
            yield (), not value if key.contrary else _word(value)


def _grades(severities: tuple[SeverityOverride, ...]) -> dict[str, Any]:
    """The grades by their place; of two for one place the later counts, and stands where it does."""
    grades: dict[str, Any] = {}
    for item in severities:
        endpoint = f"@{item.endpoint}" if item.endpoint else ""
        place = f"{item.view}:{item.rule}{endpoint}".removeprefix(":")
        said = {"state": item.state.value.lower(), "until": item.until, "reason": item.reason}
        grades.pop(place, None)
        grades[place] = {name: text for name, text in said.items() if text}
    return grades


def view_of_file(view: View) -> dict[str, Any]:
    """A view as the file would have it."""
    said = {
        "role": view.declared_role.value if view.declared_role else None,
        "skip_steps": [step.value for step in view.skip_steps],
    }
    resolvers = [resolver.label for resolver in view.resolvers]
    return {"resolvers": resolvers, "connect": view.connect, **{name: item for name, item in said.items() if item}}


def summary(configuration: Configuration) -> str:
    """What it comes to, in a sentence."""
    views = ", ".join(view.name for view in configuration.views)
    guard = "any domain may be asked for" if configuration.allowed is None else "no others may be asked for"
    if configuration.allowed:
        guard = f"others that may be asked for: {', '.join(configuration.allowed)}"
    count = len(configuration.domains)
    domains = "1 domain" if count == 1 else f"{count} domains"
    return f"right: views {views}; modules {', '.join(configuration.modules)}; {domains}; {guard}"


def _life(limit: LifeLeft) -> str:
    seconds, share = limit.seconds, limit.share
    span = "" if seconds is None else f"{seconds / DAY:g}d" if seconds % DAY == 0 else f"{seconds / 3600:g}h"
    return "/".join(filter(None, (span, "" if share is None else f"{share * 100:g}%")))


_WORDS: Mapping[type, Callable[[Any], Any]] = {
    LifeLeft: _life,
    Resolver: lambda resolver: resolver.label,
    float: lambda seconds: f"{seconds:.9f}".rstrip("0").rstrip(".") + "s",
}


def _word(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value.lower() if isinstance(value.value, str) else value.value
    return _WORDS.get(type(value), lambda same: same)(value)


Schema = dict[str, Any]

# The loader takes a word as it stands there, even one that YAML has another type for.
_WORD: Schema = {"type": ["string", "number", "boolean"], "minLength": 1}

_SPAN = r"^[0-9]{1,9}(\.[0-9]{1,9})?(ms|s|m|h|d)?$"

_LIFE = r"^[0-9]{1,6}(\.[0-9]{1,3})?(d|h|%)?(/[0-9]{1,6}(\.[0-9]{1,3})?(d|h|%)?)?:?$"

_KINDS: Mapping[ValueKind, Schema] = {
    ValueKind.SWITCH: {"enum": [True, False, "true", "false"]},
    ValueKind.PORT: {"type": ["integer", "string"], "minimum": 1, "maximum": 65535, "pattern": "^[0-9]{1,5}$"},
    ValueKind.SECONDS: {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": _SPAN}]},
    ValueKind.SPAN: {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": _SPAN}]},
    ValueKind.LIFE_LEFT: {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": _LIFE}]},
    ValueKind.FINGERPRINT: {"type": "string", "pattern": "^([Ss][Hh][Aa]256:)?([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$"},
    ValueKind.NUMBER: {"type": ["integer", "string"], "minimum": 1, "maximum": 1000, "pattern": "^[0-9]{1,4}$"},
    **{kind: {"enum": list(words)} for kind, words in CHOICES.items()},
    ValueKind.STATE: {"enum": [*CHOICES[ValueKind.STATE], 0, 1, 2, 3]},
}
"""What a value of a kind is; of the others no more is said than that they are words."""


def schema() -> Schema:
    """The whole schema."""
    policy = _properties(POLICY)
    sections = {
        "views": _named(_object(_properties(VIEW), required=["resolvers"])),
        "modules": _named(_object(policy)),
        "domains": _named(_object({**_properties(DOMAIN), **policy})),
        "targets": _object(_properties(TARGETS)),
        "schedule": _object(_properties(SCHEDULE), required=["interval"]),
    }
    described = {name: {"description": key.help, **sections[name]} for name, key in TOP.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The configuration of check_autodiscover, autodiscover_exporter and autodiscoverctl",
        **_object({**described, **policy}),
    }


def _properties(keys: Keys) -> dict[str, Schema]:
    return {name: _described(key) if isinstance(key, Key) else _section(key) for name, key in keys.items()}


def _described(key: Key) -> Schema:
    return {"description": key.help, **_shaped(key)}


def _section(keys: Mapping[str, Key]) -> Schema:
    bound = {name: key for name, key in keys.items() if key.shape is Shape.LIST_BY_VIEW}
    views = {"views": {"description": "for single views", **_named(_object(_properties(bound)))}} if bound else {}
    return _object({**_properties(keys), **views})


def _shaped(key: Key) -> Schema:
    one = _KINDS.get(key.kind, _WORD)
    match key.shape:
        case Shape.LIST | Shape.LIST_BY_VIEW:
            fewest = {"minItems": 1} if key.kind in (ValueKind.CLIENT, ValueKind.RESOLVER) else {}
            return {"type": "array", "items": one, "uniqueItems": True, **fewest}
        case Shape.BY_VIEW:
            return {"anyOf": [one, _named(one)]}
        case Shape.GRADES:
            state = _KINDS[ValueKind.STATE]
            return _named({"anyOf": [state, _object(_properties(SEVERITY), required=["state"])]})
        case Shape.TEXTS:
            return _named({"type": "string"})
        case _:
            return one


def _object(properties: Mapping[str, Schema], required: list[str] | None = None) -> Schema:
    """A mapping with these keys. Where none is needed it may be left empty, as in `fabrikam.com:`."""
    needed = {"required": required} if required else {}
    type_ = "object" if required else ["object", "null"]
    return {"type": type_, "properties": dict(properties), "additionalProperties": False, **needed}


def _named(value: Schema) -> Schema:
    """A mapping from names of the user's choice."""
    return {"type": ["object", "null"], "additionalProperties": value}
