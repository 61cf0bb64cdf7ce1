"""What the exporter answers, before it is HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["EXPOSITION", "HTML", "JSON", "TEXT", "Response"]

TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
JSON = "application/json"
EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus's text format; our names and labels need nothing of the later versions."""


@dataclass(frozen=True, slots=True)
class Response:
    """A status, a body, and what the client must know about it."""

    body: bytes
    status: int = 200
    content_type: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict)
    """Lower-case names, beyond those that every answer carries."""
