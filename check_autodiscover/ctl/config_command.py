"""`autodiscoverctl config`: whether a configuration file is right, what it comes to for a domain, its JSON Schema."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from check_autodiscover.config.describe import Line, effective, schema, summary, view_of_file
from check_autodiscover.config.file import Configuration, ConfigurationError, load_configuration
from check_autodiscover.core.model.names import BadName, parse_domain
from check_autodiscover.ctl.common import CommandError
from check_autodiscover.output.terminal import sanitize

__all__ = ["WRONG", "check", "schema_text"]

WRONG = 3
"""The exit code for a file with mistakes, as the plugin has it."""

_INDENT = "  "


def check(file: str, domain: str) -> tuple[int, str]:
    """The exit code, and every mistake on a line; or what holds for a domain, if one is named. Raises CommandError."""
    try:
        name = parse_domain(domain) if domain else ""
    except BadName as error:
        raise CommandError(f"--domain: {error}") from error
    try:
        configuration = load_configuration(file)
    except ConfigurationError as error:
        # A file may hold anything, and be called anything.
        return WRONG, "\n".join(sanitize(str(fault)) for fault in error.faults)
    return 0, "\n".join(_settled(configuration, name)) if name else f"{sanitize(file)}: {summary(configuration)}"


def schema_text() -> str:
    """The JSON Schema of the file."""
    return json.dumps(schema(), indent=1)


def _settled(configuration: Configuration, domain: str) -> Iterator[str]:
    """What holds for the domain, as a configuration whose comments say which level says so."""
    if not configuration.allows(domain):
        yield f"# {domain} is not configured here: the exporter answers 403"
    yield "views:"
    for view in configuration.views:
        yield f"{_INDENT}{view.name}: {_flow(view_of_file(view))}"
    yield "domains:"
    yield f"{_INDENT}{domain}:"
    yield from _nested(effective(configuration, domain))
    entry = configuration.domains.get(domain)
    if entry and entry.labels:
        yield f"{_INDENT * 2}labels: {_flow(dict(entry.labels))}"


def _nested(lines: Iterable[Line]) -> Iterator[str]:
    """The lines below their sections, each section once."""
    above: tuple[str, ...] = ()
    for path, value, origin in sorted(lines, key=lambda line: (len(line[0]) > 1, line[0])):
        for depth, section in enumerate(path[:-1]):
            if above[: depth + 1] != path[: depth + 1]:
                yield f"{_INDENT * (depth + 2)}{section}:"
        yield f"{_INDENT * (len(path) + 1)}{path[-1]}: {_flow(value)}  # {origin}"
        above = path[:-1]


def _flow(value: Any) -> str:
    """A value on one line, words without quotes where none are needed."""
    match value:
        case dict():
            return f"{{{', '.join(f'{_flow(name)}: {_flow(item)}' for name, item in value.items())}}}"
        case list():
            return f"[{', '.join(map(_flow, value))}]"
        case str() if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", value) and value.lower() != "null":
            return value
        case _:
            return json.dumps(value).replace("\x7f", r"\u007f")
