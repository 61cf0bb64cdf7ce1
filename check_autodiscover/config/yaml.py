"""A YAML file as values that know where they stand, so that every complaint names file, line and key.

PyYAML's parser tells events. They are put together here, as its own composer goes down by recursion, and a few thousand
brackets crash it.
"""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import yaml

from check_autodiscover.named_files import FileKind, UnusableFile, read_file

__all__ = [
    "BadYaml",
    "ConfigurationError",
    "Fault",
    "Faults",
    "Node",
    "Pairs",
    "TooManyFaults",
    "Value",
    "compose",
    "read_yaml",
    "without_collection",
]

# The parser of libyaml where PyYAML was built with it: ten times faster, which a file of thousands of domains feels.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

DEEPEST = 16
"""Levels of keys and lists; no key needs half of them."""

MOST_NODES = 4_000_000
"""Values of a file after its aliases are followed: what the largest file may have, and no bomb of aliases."""


class BadYaml(ValueError):
    """The text is no document that can be used; `line` counts from 1, 0 where none is to blame."""

    def __init__(self, line: int, fault: str) -> None:
        super().__init__(fault)
        self.line = line


class Node(NamedTuple):
    """A node of the document: its line from 1, and a text, a list, the pairs of a mapping, or None for nothing."""

    line: int
    content: "str | list[Node] | Pairs | None"


class Pairs(list[Node]):
    """A mapping's keys and values by turns, as they stand there."""


def compose(text: str) -> Node:
    """The node of the only document, which may be nothing. Raises BadYaml."""
    composer = _Composer()
    try:
        with without_collection():
            # yaml.parse would look at each event twice.
            loader = _LOADER(text)
            while (event := loader.get_event()) is not None:
                composer.take(event)
    except yaml.YAMLError as error:
        raise _syntax(error) from error
    return composer.document()


@contextmanager
def without_collection() -> Iterator[None]:
    """Without looking for garbage: a large file is a million objects of which none is any."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Composer:
    """Puts nodes together from events, one after the other."""

    def __init__(self) -> None:
        self._above: list[tuple[Node, str | None]] = []
        self._anchors: dict[str, Node] = {}
        self._aliased = False
        self._root: Node | None = None
        self._takers: Mapping[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.SequenceStartEvent: lambda event: self._begin(event, []),
            yaml.MappingStartEvent: lambda event: self._begin(event, Pairs()),
            yaml.SequenceEndEvent: self._end,
            yaml.MappingEndEvent: self._end,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }

    def take(self, event: yaml.Event) -> None:
        """One event. Raises BadYaml."""
        taker = self._takers.get(type(event))
        if taker is not None:
            taker(event)

    def document(self) -> Node:
        """All of it. Raises BadYaml."""
        root = self._root or Node(1, None)
        if self._aliased and _size(root, {}) > MOST_NODES:
            raise BadYaml(0, f"its aliases stand for more than {MOST_NODES} values")
        return root

    def _scalar(self, event: Any) -> None:
        self._refuse_tag(event)
        content = event.value
        if content in _NOTHING and event.implicit[0]:
            content = None
        self._put(Node(event.start_mark.line + 1, content), event.anchor)

    def _begin(self, event: Any, content: list[Node]) -> None:
        self._refuse_tag(event)
        if len(self._above) >= DEEPEST:
            raise BadYaml(event.start_mark.line + 1, f"is nested deeper than {DEEPEST} levels")
        self._above.append((Node(event.start_mark.line + 1, content), event.anchor))

    def _end(self, _event: Any) -> None:
        self._put(*self._above.pop())

    def _refuse_tag(self, event: Any) -> None:
        if event.tag not in (None, "!"):
            raise BadYaml(event.start_mark.line + 1, f"has a tag, {event.tag!r}, and no value needs one")

    def _put(self, node: Node, anchor: str | None) -> None:
        """Put a node where it belongs. Its anchor counts from here on, so that nothing can hold itself."""
        if anchor is not None:
            self._anchors[anchor] = node
        if self._above:
            self._above[-1][0].content.append(node)  # type: ignore[union-attr]  # only lists are begun
        else:
            self._root = node

    def _alias(self, event: Any) -> None:
        node = self._anchors.get(event.anchor)
        if node is None:
            raise BadYaml(event.start_mark.line + 1, f"is not YAML: found undefined alias {event.anchor!r}")
        self._aliased = True
        self._put(node, None)

    def _document(self, event: Any) -> None:
        if self._root is not None:
            raise BadYaml(event.start_mark.line + 1, "there is a second document, and one is enough")


_NOTHING = ("", "~", "null", "Null", "NULL")
"""What is nothing where it is not quoted (YAML 1.1, the null type)."""


def _size(node: Node, known: dict[int, int]) -> int:
    """How many values a node stands for, with its aliases followed."""
    if node.content is None or isinstance(node.content, str):
        return 1
    if id(node) not in known:
        known[id(node)] = 1 + sum([_size(part, known) for part in node.content])
    return known[id(node)]


def _syntax(error: yaml.YAMLError) -> BadYaml:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    return BadYaml(mark.line + 1 if mark else 0, f"is not YAML: {problem}")


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
