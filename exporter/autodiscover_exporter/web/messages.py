"""What is asked and what is answered, without the wire; and the path before every path behind a proxy."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

__all__ = [
    "EXPOSITION",
    "HTML",
    "JSON",
    "TEXT",
    "Answer",
    "Handler",
    "Request",
    "Response",
    "parse_external_url",
    "parse_prefix",
    "under",
]

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

_PATH = re.compile(r"[A-Za-z0-9._~/-]*")


def parse_prefix(text: str) -> str:
    """The path of `--web.route-prefix` with its first slash and without its last; empty for none. Raises ValueError."""
    path = text.strip("/")
    if not _PATH.fullmatch(path) or "//" in path or {".", ".."} & set(path.split("/")):
        raise ValueError(f"{text!r} is no path of letters, digits, '.', '_', '~' and '-'")
    return f"/{path}" if path else ""


def parse_external_url(text: str) -> str:
    """The path of `--web.external-url`, as `parse_prefix` has it. Raises ValueError."""
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment or url.username:
        raise ValueError(f"{text!r} is not as in https://example.com/autodiscover")
    return parse_prefix(url.path)


def under(prefix: str, handler: Handler) -> Handler:
    """The handler below a path, to which `/` leads."""
    if not prefix:
        return handler
    home = Response(b"", 302, headers={"location": f"{prefix}/"})

    def answer(request: Request) -> Answer:
        if request.path in ("/", prefix):
            return home
        below = request.path.removeprefix(prefix)
        if below == request.path or not below.startswith("/"):
            return Response(f"Everything is below {prefix}/ here.\n".encode(), 404)
        return handler(replace(request, path=below))

    return answer
