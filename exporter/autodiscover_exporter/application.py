"""Which path answers what, and what every answer carries; nothing of sockets or signals.

Served by `web.server`; tests call it through the same server on loopback. It decides nothing about a domain.
"""

from collections.abc import Awaitable, Mapping, Sequence

from autodiscover_exporter.endpoints.asking import Asking
from autodiscover_exporter.endpoints.configuration import render_configuration
from autodiscover_exporter.endpoints.discovery import render_targets
from autodiscover_exporter.endpoints.exposing import expose_anew
from autodiscover_exporter.endpoints.health import Readiness, answer_healthy
from autodiscover_exporter.endpoints.probe import ProbeEndpoint
from autodiscover_exporter.endpoints.reload import ReloadEndpoint
from autodiscover_exporter.endpoints.rendered import RenderedEndpoint
from autodiscover_exporter.endpoints.report import ReportEndpoint
from autodiscover_exporter.live import LiveConfiguration
from autodiscover_exporter.own_metrics import OwnMetrics
from autodiscover_exporter.pages.site import Site
from autodiscover_exporter.results.results import Results
from autodiscover_exporter.results.schedule import Schedule
from autodiscover_exporter.web.messages import JSON, TEXT, Answer, Handler, Request, Response
from check_autodiscover import __version__
from check_autodiscover.prober import Probe

__all__ = ["Application"]

READING = ("GET", "HEAD")
ORDERING = ("POST",)
_HEALTH = ("/-/healthy", "/-/ready")
HEADERS_OF_ALL: Mapping[str, str] = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Application:
    """Answers requests from the configuration that holds, with a probe that looks at domains.

    `timeout_offset` is what a scrape's time is cut by, in seconds; `base` is put before every link of the pages.
    """

    def __init__(self, live: LiveConfiguration, probe: Probe, timeout_offset: float, base: str = "") -> None:
        self._live = live
        self._own = OwnMetrics(__version__)
        self._own.follow_reloads(lambda: live.state.successful, lambda: live.state.succeeded)
        self.results = Results(probe, self._own)
        self._own.follow_domains(self.results.count_domains)
        self.schedule = Schedule(self.results)
        self._own.follow_schedule(lambda: self.schedule.lag)
        for follower in (self.results.follow, self.schedule.follow):
            follower(live())
            live.follow(follower)
        self.readiness = Readiness()
        asking = Asking(live, self.results, timeout_offset)
        self._routes: Mapping[str, Handler] = {
            "/probe": ProbeEndpoint(asking),
            "/api/v1/report": ReportEndpoint(asking),
            "/metrics": self._own_metrics,
            "/sd": RenderedEndpoint(live, render_targets, JSON),
            "/config": RenderedEndpoint(live, render_configuration, TEXT),
            "/-/healthy": answer_healthy,
            "/-/ready": self.readiness,
        }
        site = Site(live, self.results, base=base)
        self._sites: Mapping[str, Handler] = dict.fromkeys(("", "domains", "rules", "static"), site)
        self._orders: Mapping[str, Handler] = {"/-/reload": ReloadEndpoint(live)}

    def __call__(self, request: Request) -> Answer:
        """The Handler of everything."""
        found = self._respond(request)
        return _with_headers(found) if isinstance(found, Response) else _completed(found)

    def health(self, request: Request) -> Answer:
        """The Handler of an address at which only this is told."""
        return self(request) if request.path in _HEALTH else Response(b"Only health is told here.\n", 404)

    def _respond(self, request: Request) -> Answer:
        area = request.path.removeprefix("/").partition("/")[0]
        reading = self._routes.get(request.path) or self._sites.get(area)
        for answer, methods in ((reading, READING), (self._orders.get(request.path), ORDERING)):
            if answer is not None:
                return answer(request) if request.method in methods else _not_allowed(methods)
        return Response(b"There is nothing here; / lists what there is.\n", 404)

    def _own_metrics(self, request: Request) -> Response:
        return expose_anew(self._own.render, request.headers)


async def _completed(found: Awaitable[Response]) -> Response:
    return _with_headers(await found)


def _with_headers(response: Response) -> Response:
    headers = {**HEADERS_OF_ALL, **response.headers}
    return Response(response.body, response.status, response.content_type, headers)


def _not_allowed(methods: Sequence[str]) -> Response:
    text = f"Only {' and '.join(methods)} {'are' if len(methods) > 1 else 'is'} answered here.\n"
    return Response(text.encode(), 405, headers={"allow": ", ".join(methods)})
