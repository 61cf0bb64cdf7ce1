"""The exporter as an ASGI application: which path answers what, and nothing of sockets or signals.

Served by `server`; tests call it through the same server on loopback. It decides nothing about a domain.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from functools import cached_property
from typing import Any

from autodiscover_exporter.discovery import render_targets
from autodiscover_exporter.landing import render_landing
from autodiscover_exporter.own_metrics import OwnMetrics
from autodiscover_exporter.probe_request import BadRequest, parse_probe_request, scrape_timeout
from autodiscover_exporter.probing import Probe
from autodiscover_exporter.responses import EXPOSITION, HTML, JSON, Response
from autodiscover_exporter.scraping import Scraper
from check_autodiscover import __version__
from check_autodiscover.config import Configuration, UnknownModule
from check_autodiscover.declared import Contradiction
from check_autodiscover.hostile import clean

__all__ = ["Application"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

METHODS = ("GET", "HEAD")
_NOT_ALLOWED = "is not configured here: name it under domains, or in targets.allow"
HEADERS_OF_ALL: Mapping[str, str] = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Application:
    """Answers requests from a configuration, with a probe that looks at domains.

    `timeout_offset` is what a scrape's time is cut by, in seconds.
    """

    def __init__(self, configuration: Configuration, probe: Probe, timeout_offset: float) -> None:
        self._configuration = configuration
        self._timeout_offset = timeout_offset
        self._own = OwnMetrics(__version__)
        self._scraper = Scraper(probe, self._own)
        self._routes: Mapping[str, Callable[[Scope], Awaitable[Response]]] = {
            "/": _page(self._landing),
            "/probe": self._probe_target,
            "/metrics": _page(self._own_metrics),
            "/sd": _page(self._discovered),
            "/-/healthy": _page(lambda: Response(b"Healthy\n")),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3, HTTP only."""
        response = await self._respond(scope)
        start = {"type": "http.response.start", "status": response.status, "headers": _header_lines(response)}
        await send(start)
        await send({"type": "http.response.body", "body": response.body})

    async def _respond(self, scope: Scope) -> Response:
        answer = self._routes.get(scope["path"])
        if answer is None:
            return Response(b"There is nothing here; / lists what there is.\n", 404)
        if scope["method"] not in METHODS:
            return Response(b"Only GET and HEAD are answered here.\n", 405, headers={"allow": ", ".join(METHODS)})
        return await answer(scope)

    async def _probe_target(self, scope: Scope) -> Response:
        try:
            request = parse_probe_request(scope["query_string"])
            module = self._configuration.settled(request.domain, request.module)
            left = scrape_timeout(_headers(scope["headers"]), self._timeout_offset)
        except (BadRequest, UnknownModule, Contradiction) as error:
            return Response(f"{clean(str(error))}\n".encode(), 400)
        if not self._configuration.allows(request.domain):
            return Response(f"{request.domain} {_NOT_ALLOWED}\n".encode(), 403)
        return await self._scraper.scrape(request, module, min(left, module.policy.timeout))

    def _landing(self) -> Response:
        return Response(render_landing(__version__, self._configuration.modules).encode(), content_type=HTML)

    @cached_property
    def _targets(self) -> bytes:
        # Thousands of domains take a while, and nothing about them changes in a process.
        return render_targets(self._configuration)

    def _discovered(self) -> Response:
        return Response(self._targets, content_type=JSON)

    def _own_metrics(self) -> Response:
        return Response(self._own.render(), content_type=EXPOSITION)


def _page(render: Callable[[], Response]) -> Callable[[Scope], Awaitable[Response]]:
    """The route of a page that no parameter changes."""

    async def answer(_scope: Scope) -> Response:
        return render()

    return answer


def _headers(lines: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in lines}


def _header_lines(response: Response) -> list[tuple[bytes, bytes]]:
    headers = {
        "content-type": response.content_type,
        "content-length": str(len(response.body)),
        **HEADERS_OF_ALL,
        **response.headers,
    }
    return [(name.encode(), value.encode()) for name, value in headers.items()]
