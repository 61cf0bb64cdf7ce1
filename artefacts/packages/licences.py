"""The copyright file: ours, and that of each library that a package brings, in Debian's form (copyright-format 1.0)."""

import csv
import textwrap
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

from artefacts.packages.targets import LIBRARY

__all__ = ["copyright_file"]

TEXTS = ("LICENSE*", "LICENCE*", "COPYING*", "NOTICE*", "AUTHORS*")


def copyright_file(header: str, folder: Path) -> str:
    """The header, then a paragraph for each library whose metadata lies in the folder, with its licence in full."""
    return "\n".join((header.rstrip("\n") + "\n", *(_paragraph(info) for info in sorted(folder.glob("*.dist-info")))))


def _paragraph(info: Path) -> str:
    metadata = HeaderParser().parsestr((info / "METADATA").read_text(encoding="utf-8"))
    name = metadata["Name"]
    patterns = sorted({f"{LIBRARY}/{path}" for path in _owned(info)})
    fields = (
        ("Files", "\n ".join(patterns)),
        ("Copyright", f"the authors of {name}, as named below"),
        ("License", f"{name}-{metadata['Version']}\n{_indented(_licence(metadata, info))}"),
    )
    return "".join(f"{field}: {text}\n" for field, text in fields)


def _owned(info: Path) -> set[str]:
    """What lies in the folder for a library, by what pip noted."""
    with (info / "RECORD").open(encoding="utf-8", newline="") as record:
        paths = [PurePosixPath(path) for path, *_ in csv.reader(record)]
    return {path.parts[0] + ("/*" if len(path.parts) > 1 else "") for path in paths if ".." not in path.parts}


def _licence(metadata: Message, info: Path) -> str:
    expression = metadata["License-Expression"] or metadata["License"] or "see below"
    files = sorted({path for pattern in TEXTS for path in info.rglob(pattern) if path.is_file()})
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in files)
    return "\n\n".join((f"{metadata['Name']}: {expression.splitlines()[0]}", *texts))


def _indented(text: str) -> str:
    lines = (line.rstrip() for line in textwrap.dedent(text).expandtabs().splitlines())
    return "\n".join(f" {line}" if line else " ." for line in lines)
