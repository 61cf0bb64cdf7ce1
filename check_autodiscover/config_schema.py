"""The configuration file as a JSON Schema (draft 2020-12), for editors and for those who generate the file.

Made of the tables that the loader reads by; `autodiscoverctl config schema` prints it. What it refuses the loader
refuses; the loader knows more, such as whether a view or a rule exists.
"""

from collections.abc import Mapping
from typing import Any

from check_autodiscover.keys import DOMAIN, POLICY, SCHEDULE, SEVERITY, TARGETS, TOP, VIEW, Key, Keys, Shape
from check_autodiscover.option import CHOICES, ValueKind

__all__ = ["schema"]

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
