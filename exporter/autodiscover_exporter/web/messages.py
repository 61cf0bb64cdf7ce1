"""What is asked and what is answered, without the wire.

The server makes a Request, the application a Response; neither knows how the other does it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["EXPOSITION", "HTML", "JSON", "TEXT", "Answer", "Handler", "Request", "Response"]

TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
JSON = "application/json"
EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus's text format; our names and labels need nothing of the later versions."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose head has arrived; what it brings as a body is of no interest to anyone here.

    `path` is percent-decoded, `query` is what stands after the question mark, as it came. Names of headers are in
    lower case. `source` is where it comes from (`occupancy.source_of`).
    """

    path: str
    method: str = "GET"
    query: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """A status, a body, and what the client must know about it."""

    body: bytes
    status: int = 200
    content_type: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict)
    """Lower-case names, beyond those that every answer carries."""


Answer = Response | Awaitable[Response]
"""A response that is there at once, or one that takes its time: to begin a task for the first would cost most of it."""

Handler = Callable[[Request], Answer]
"""Whatever answers requests: an endpoint, or the application with all of them."""
