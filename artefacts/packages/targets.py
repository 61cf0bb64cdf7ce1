"""What is built for whom: the distributions, their Python and their C library.

A distribution package brings its own libraries, and compiled libraries and bytecode are for one Python alone: so there
is one package a distribution, and it depends on that Python.
"""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["LIBRARY", "TARGETS", "Form", "Target"]

LIBRARY = "usr/lib/check_autodiscover"
"""Where the programs and their libraries lie, in every distribution, relative to the root."""


class Form(StrEnum):
    """The kind of package."""

    DEB = "deb"
    RPM = "rpm"


@dataclass(frozen=True, slots=True)
class Target:
    """A distribution.

    `python` is its interpreter's version, `interpreter` what the programs' first lines name, `glibc` the minor version
    of its C library (manylinux tags, PEP 600), `suffix` what tells its packages from those for another distribution.
    """

    name: str
    form: Form
    python: str
    interpreter: str
    glibc: int
    suffix: str


TARGETS = (
    Target("debian12", Form.DEB, "3.11", "/usr/bin/python3", 36, "~deb12"),
    Target("debian13", Form.DEB, "3.13", "/usr/bin/python3", 41, "~deb13"),
    # python3.12 is a package beside EL 9's own 3.9, and is EL 10's own: one package serves both.
    Target("el9", Form.RPM, "3.12", "/usr/bin/python3.12", 34, ".el9"),
)
