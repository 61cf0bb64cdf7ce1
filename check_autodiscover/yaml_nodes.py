"""YAML text as nodes that know their line: what `strict_yaml` gives meaning to.

PyYAML's parser tells events; its own composer goes down by recursion, and a few thousand brackets crash it. Here
whatever the text holds takes time and memory in proportion to its size.
"""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import yaml

__all__ = ["BadYaml", "Node", "Pairs", "compose", "without_collection"]

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
