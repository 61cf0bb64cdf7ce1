"""The templates, and the one place where what they show is made harmless.

Every expression passes `clean` and then Jinja's own escaping, so that a template cannot forget either.
"""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autodiscover_exporter.pages.spans import moment, span
from check_autodiscover.hostile import clean

__all__ = ["Verbatim", "make_environment"]


class Verbatim(str):
    """Text whose parts are clean already, and which has pipes and angle brackets of ours: commands to paste, logs."""

    __slots__ = ()


def make_environment() -> Environment:
    """The environment of all pages."""
    environment = Environment(
        loader=PackageLoader("autodiscover_exporter.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(moment=moment, span=span)
    return environment


def _shown(value: Any) -> Any:
    return clean(value) if isinstance(value, str) and not isinstance(value, Verbatim | Markup) else value
