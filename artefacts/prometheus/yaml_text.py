"""Values as YAML that people read: keys in their order, long expressions as blocks."""

from typing import Any

import yaml

__all__ = ["render_yaml"]

WIDTH = 120


class _Dumper(yaml.SafeDumper):
    """Strings of several lines are blocks, and lists stand below their keys."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists too."""
        super().increase_indent(flow, False)


def _string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _string)


def render_yaml(value: Any, *comment: str) -> str:
    """A value as a YAML document, below these lines of comment."""
    head = "".join(f"# {line}\n" for line in comment)
    return head + yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=True)
