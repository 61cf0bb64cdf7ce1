"""Where the exporter stands behind a proxy: the path before every path, as Prometheus's flags have it."""

import re
from dataclasses import replace
from urllib.parse import urlsplit

from autodiscover_exporter.web.messages import Answer, Handler, Request, Response

__all__ = ["parse_external_url", "parse_prefix", "under"]

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
