"""A YAML file as values that know where they stand, so that every complaint names file, line and key.

Called by the configuration loader. Scalars stay the text that the file holds: what a word means is for the parser
of its key to say, and `no` or `1_0` never turn into something else on the way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from check_autodiscover.named_files import FileKind, UnusableFile, read_file
from check_autodiscover.yaml_nodes import BadYaml, Node, Pairs, compose

__all__ = ["ConfigurationError", "Fault", "Faults", "TooManyFaults", "Value", "read_yaml"]

_T = TypeVar("_T")
MOST_FAULTS = 100
"""Faults that are looked for: who made more of them has mistaken the file."""


class Fault(NamedTuple):
    """What is wrong at a place of a file, whose line counts from 1 and is 0 for all of it."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        """The fault as one line, `file:line: key: what is wrong`."""
        return f"{self.file}{f':{self.line}' if self.line else ''}: {self.text}"


class ConfigurationError(Exception):
    """A configuration that cannot be used; the text is its first fault, and how many there are beside it."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        more = f" (+{len(faults) - 1} more: autodiscoverctl config check lists them)" if len(faults) > 1 else ""
        super().__init__(f"{faults[0]}{more}")


class TooManyFaults(Exception):
    """So many that there is no use in looking for more."""


class Faults:
    """The faults found so far, so that one mistake does not hide the next."""

    def __init__(self) -> None:
        self._found: list[Fault] = []

    def __len__(self) -> int:
        """How many there are."""
        return len(self._found)

    def note(self, error: ConfigurationError) -> None:
        """Keep an error and go on. Raises TooManyFaults."""
        self._found.extend(error.faults)
        if len(self._found) >= MOST_FAULTS:
            raise TooManyFaults

    def tell(self) -> None:
        """Raise ConfigurationError with all of them in the order of their lines, if there are any."""
        if self._found:
            raise ConfigurationError(*sorted(self._found, key=lambda fault: fault.line))


@dataclass(frozen=True, slots=True)
class Value:
    """One value of the file; `path` is its key with all keys above, joined by dots."""

    file: str
    path: str
    node: Node

    @property
    def single(self) -> bool:
        """Whether it is one text, and no list or keys."""
        return isinstance(self.node.content, str)

    @property
    def empty(self) -> bool:
        """Whether nothing stands there."""
        return self.node.content is None

    def error(self, reason: str) -> ConfigurationError:
        """The error that says this of this value."""
        key = f"{_shown(self.path)}: " if self.path else ""
        return ConfigurationError(Fault(self.file, self.node.line, f"{key}{_shown(reason)}"))

    def entries(self) -> "dict[str, Value]":
        """The entries of a mapping, each once; nothing at all is none. Raises ConfigurationError."""
        if self.empty:
            return {}
        if not isinstance(self.node.content, Pairs):
            raise self.error("expected keys with values, as in {key: value}")
        found: dict[str, Value] = {}
        prefix = f"{self.path}." if self.path else ""
        for key, node in zip(self.node.content[::2], self.node.content[1::2], strict=True):
            name = key.content
            if not isinstance(name, str) or not name:
                raise Value(self.file, self.path, key).error("expected a key, which is a single word")
            if name in found:
                raise Value(self.file, prefix + name, key).error(f"given twice, first in line {found[name].node.line}")
            found[name] = Value(self.file, prefix + name, node)
        return found

    def items(self) -> "tuple[Value, ...]":
        """The items of a list. Raises ConfigurationError."""
        if not isinstance(self.node.content, list) or isinstance(self.node.content, Pairs):
            raise self.error("expected a list, as in [one, two]")
        return tuple([Value(self.file, self.path, node) for node in self.node.content])

    def text(self) -> str:
        """The text of a single value that is not empty. Raises ConfigurationError."""
        if not isinstance(self.node.content, str) or not self.node.content:
            raise self.error("expected a single value")
        return self.node.content

    def parsed(self, parse: Callable[[str], _T]) -> _T:
        """The value that `parse` makes of the text; its ValueError becomes a ConfigurationError."""
        text = self.text()
        try:
            return parse(text)
        except ValueError as error:
            raise self.error(str(error)) from error

    def each(self, parse: Callable[[str], _T]) -> tuple[_T, ...]:
        """What `parse` makes of each item of a list, which must all differ. Raises ConfigurationError."""
        found: dict[_T, None] = {}
        for item in self.items():
            value = item.parsed(parse)
            if value in found:
                raise item.error(f"{item.text()} is given twice")
            found[value] = None
        return tuple(found)


def _shown(text: str) -> str:
    """A text as one line that shows what cannot be seen."""
    return text if text.isprintable() else "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def read_yaml(file: str, kind: FileKind) -> Value:
    """The one document of a file of this kind. Raises ConfigurationError."""
    text = _text(file, kind)
    try:
        return Value(file, "", compose(text))
    except BadYaml as error:
        raise ConfigurationError(Fault(file, error.line, _shown(str(error)))) from error


def _text(file: str, kind: FileKind) -> str:
    try:
        return read_file(file, kind).decode("utf-8-sig")
    except UnusableFile as error:
        raise ConfigurationError(Fault(_shown(file), 0, f"cannot be read: {error.fault}")) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(Fault(file, 0, "is not UTF-8 text")) from error
