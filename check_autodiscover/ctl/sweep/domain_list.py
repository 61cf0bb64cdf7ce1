"""The list of domains to sweep: a line each, as people write them.

A line that is no domain is told with its place, and costs the others nothing.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from check_autodiscover.core.model.names import BadName, parse_domain
from check_autodiscover.ctl.common import CommandError
from check_autodiscover.named_files import DOMAIN_LIST, UnusableFile, open_file

__all__ = ["STANDARD_INPUT", "DomainList", "read_domains"]

STANDARD_INPUT = "-"

_COMMENT = "#"

_COLUMNS = " (a list has a domain a line and no columns)"

LONGEST_LINE = 4096
"""Bytes; what is longer is no domain."""

MOST_FAULTS = 100
"""Lines that are told to be no domain: who has more of them has mistaken the file, and those have told it."""

NO_LIST = 1 << 20
"""Bytes; what has a longer line is no list, and may never end."""


@dataclass(frozen=True, slots=True)
class DomainList:
    """The domains (A-labels), each once, in the order of the list.

    `refused` is how many lines are none, `faults` a sentence each on the first of them.
    """

    domains: tuple[str, ...]
    faults: tuple[str, ...] = ()
    refused: int = 0


def read_domains(file: str) -> DomainList:
    """The list in a file, or on standard input. Raises CommandError where it cannot be read or holds no domain."""
    name = "standard input" if file == STANDARD_INPUT else file
    try:
        with _opened(file) as opened:
            found = _listed(_lines(opened), name)
    except UnusableFile as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from error
    except BadName as error:
        raise CommandError(f"{name}: {error}") from error
    if not found.domains:
        raise CommandError(found.faults[0] if found.faults else f"{name}: there is no domain in it")
    return found


@contextmanager
def _opened(file: str) -> Iterator[IO[bytes]]:
    if file == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    with open_file(file, DOMAIN_LIST) as opened:
        yield opened


def _lines(opened: IO[bytes]) -> Iterator[bytes]:
    """The lines, each cut where it is too long to be one of a list. Raises BadName where there is no end of it."""
    whole = 0
    while line := opened.readline(LONGEST_LINE):
        yield line
        length = len(line)
        while line and not line.endswith(b"\n"):
            line = opened.readline(LONGEST_LINE)
            length += len(line)
            if length > NO_LIST:
                raise BadName("a line of more than a megabyte: it is no list of domains")
        whole += length
        # What comes by a pipe has no size, and may never end.
        if whole > DOMAIN_LIST.most_bytes:
            raise BadName(DOMAIN_LIST.excess)


def _listed(lines: Iterable[bytes], name: str) -> DomainList:
    domains: dict[str, None] = {}
    faults: list[str] = []
    refused = 0
    for number, line in enumerate(lines, 1):
        try:
            if domain := _domain(line):
                domains[domain] = None
        except (BadName, UnicodeDecodeError) as error:
            refused += 1
            if len(faults) < MOST_FAULTS:
                fault = "it is no text in UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
                faults.append(f"{name}:{number}: {fault}{_COLUMNS if _has_columns(line) else ''}")
    return DomainList(tuple(domains), tuple(faults), refused)


def _has_columns(line: bytes) -> bool:
    return any(separator in line for separator in (b",", b";", b"\t"))


def _domain(line: bytes) -> str:
    """The domain of a line, empty for a comment and an empty line. Raises BadName and UnicodeDecodeError."""
    # Editors of other systems begin a file with a mark of its encoding.
    text, comment, _ = line.decode("utf-8-sig").partition(_COMMENT)
    if len(line) == LONGEST_LINE and not comment:
        raise BadName("the line is too long to be a domain")
    return parse_domain(text.strip()) if text.strip() else ""
