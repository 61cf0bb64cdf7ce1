"""Which path answers what, and what every answer carries; nothing of sockets or signals.

Served by `web.server`; tests call it through the same server on loopback. It decides nothing about a domain.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property

from autodiscover_exporter.endpoints.asking import Asking
from autodiscover_exporter.endpoints.discovery import render_targets
from autodiscover_exporter.endpoints.probe import ProbeEndpoint
from autodiscover_exporter.endpoints.report import ReportEndpoint
from autodiscover_exporter.own_metrics import OwnMetrics
from autodiscover_exporter.pages.landing import render_landing
from autodiscover_exporter.results.probe import Probe
from autodiscover_exporter.results.results import Results
from autodiscover_exporter.web.messages import EXPOSITION, HTML, JSON, Handler, Request, Response
from check_autodiscover import __version__
from check_autodiscover.config import Configuration

__all__ = ["Application"]

METHODS = ("GET", "HEAD")
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
        self._own = OwnMetrics(__version__)
        self._results = Results(probe, self._own)
        asking = Asking(lambda: self._configuration, self._results, timeout_offset)
        self._routes: Mapping[str, Handler] = {
            "/": _page(self._landing),
            "/probe": ProbeEndpoint(asking),
            "/api/v1/report": ReportEndpoint(asking),
            "/metrics": _page(self._own_metrics),
            "/sd": _page(self._discovered),
            "/-/healthy": _page(lambda: Response(b"Healthy\n")),
        }

    async def __call__(self, request: Request) -> Response:
        """The Handler of everything."""
        response = await self._respond(request)
        return replace(response, headers={**HEADERS_OF_ALL, **response.headers})

    async def _respond(self, request: Request) -> Response:
        answer = self._routes.get(request.path)
        if answer is None:
            return Response(b"There is nothing here; / lists what there is.\n", 404)
        if request.method not in METHODS:
            return Response(b"Only GET and HEAD are answered here.\n", 405, headers={"allow": ", ".join(METHODS)})
        return await answer(request)

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


def _page(render: Callable[[], Response]) -> Handler:
    """The route of a page that no parameter changes."""

    async def answer(_request: Request) -> Response:
        return render()

    return answer
