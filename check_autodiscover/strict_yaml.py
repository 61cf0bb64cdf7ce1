"""A YAML file as values that know where they stand, so that every complaint names file, line and key.

Called by the configuration loader. Scalars stay the text that the file holds: what a word means is for the parser
of its key to say, and `no` or `1_0` never turn into something else on the way.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml

__all__ = ["ConfigurationError", "Value", "read_yaml"]

_T = TypeVar("_T")
_NULL = "tag:yaml.org,2002:null"
# The parser of libyaml where PyYAML was built with it: ten times faster, which a file of thousands of domains feels.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ConfigurationError(Exception):
    """A configuration that cannot be used; the text is one line, `file:line: key: what is wrong`."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of the file; `path` is its key with all keys above, joined by dots."""

    file: str
    path: str
    node: yaml.Node

    def error(self, reason: str) -> ConfigurationError:
        """The error that says this of this value."""
        key = f"{self.path}: " if self.path else ""
        return ConfigurationError(f"{self.file}:{self.node.start_mark.line + 1}: {key}{reason}")

    def section(self, known: Collection[str]) -> "dict[str, Value]":
        """The entries of a mapping that may have these keys only. Raises ConfigurationError."""
        entries = self.entries()
        for name, entry in entries.items():
            if name not in known:
                raise entry.error(f"unknown key; known here: {', '.join(known)}")
        return entries

    def entries(self) -> "dict[str, Value]":
        """The entries of a mapping with any keys, each once; nothing at all is none. Raises ConfigurationError."""
        if self.node.tag == _NULL:
            return {}
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error("expected keys with values")
        found: dict[str, Value] = {}
        for key, node in self.node.value:
            name = Value(self.file, self.path, key).text()
            entry = Value(self.file, f"{self.path}.{name}".lstrip("."), node)
            if name in found:
                raise Value(self.file, entry.path, key).error("given twice")
            found[name] = entry
        return found

    def items(self) -> "tuple[Value, ...]":
        """The items of a list. Raises ConfigurationError."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error("expected a list, as in [one, two]")
        return tuple(Value(self.file, self.path, node) for node in self.node.value)

    def text(self) -> str:
        """The text of a single value that is not empty. Raises ConfigurationError."""
        if not isinstance(self.node, yaml.ScalarNode) or not self.node.value:
            raise self.error("expected a single value")
        return str(self.node.value)

    def parsed(self, parse: Callable[[str], _T]) -> _T:
        """The value that `parse` makes of the text; its ValueError becomes a ConfigurationError."""
        text = self.text()
        try:
            return parse(text)
        except ValueError as error:
            raise self.error(str(error)) from error

    def each(self, parse: Callable[[str], _T]) -> tuple[_T, ...]:
        """What `parse` makes of each item of a list. Raises ConfigurationError."""
        return tuple(item.parsed(parse) for item in self.items())


def read_yaml(file: str) -> Value:
    """The one document of a file. Raises ConfigurationError."""
    try:
        root = yaml.compose(Path(file).read_text(encoding="utf-8"), Loader=_LOADER)
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file}: is not UTF-8 text") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(_syntax(file, error)) from error
    return Value(file, "", _nothing(file) if root is None else root)


def _nothing(file: str) -> yaml.Node:
    start = yaml.Mark(file, 0, 0, 0, None, 0)
    return yaml.ScalarNode(_NULL, "", start, start)


def _syntax(file: str, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    line = f":{mark.line + 1}" if mark else ""
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
    return f"{file}{line}: is not YAML: {problem}"
