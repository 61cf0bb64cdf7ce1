"""The exporter's command: arguments, configuration, sockets, server; and which path answers what.

The only place that ends the process. Exit codes: 0 when told to stop, 1 for what the configuration or the machine does
not allow, 2 for a usage error.
"""

import asyncio
import logging
import os
import resource
import socket
import sys
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from autodiscover_exporter.commandline import Arguments, parse_arguments
from autodiscover_exporter.endpoints.operations import (
    Readiness,
    ReloadEndpoint,
    RenderedEndpoint,
    answer_healthy,
    render_configuration,
    render_targets,
)
from autodiscover_exporter.endpoints.probe import ProbeEndpoint, expose_anew
from autodiscover_exporter.endpoints.report import ReportEndpoint
from autodiscover_exporter.endpoints.request import Asking
from autodiscover_exporter.pages.site import Site
from autodiscover_exporter.reload import CannotLoad, LiveConfiguration, load_checked
from autodiscover_exporter.results.results import Results
from autodiscover_exporter.results.schedule import Schedule
from autodiscover_exporter.telemetry import OwnMetrics, event, set_up_logging
from autodiscover_exporter.web.access import AccessControl, Users
from autodiscover_exporter.web.config_file import LiveWebConfig
from autodiscover_exporter.web.listening import CannotListen, ListenAddress, UnixAddress, listening, passed_sockets
from autodiscover_exporter.web.messages import JSON, TEXT, Answer, Handler, Request, Response, under
from autodiscover_exporter.web.server import Listener
from autodiscover_exporter.web.serving import serve
from check_autodiscover import __version__
from check_autodiscover.checker.checker import DomainChecker, Probe
from check_autodiscover.cli import forget_untold
from check_autodiscover.config.describe import summary
from check_autodiscover.config.file import Configuration, ConfigurationError

__all__ = ["MOST", "Application", "main", "raise_limit", "run"]

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


MOST = 65_536
"""More are of no use: all that is open at once is counted in thousands."""


def raise_limit() -> None:
    """Take what the administrator allows: the usual soft limit of 1024 is for programs that use select(2)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


logger = logging.getLogger(__name__)


def run() -> None:
    """The console script."""
    exit_code: int | str | None = 1
    try:
        exit_code = main()
    except SystemExit as end:
        exit_code = end.code
    finally:
        forget_untold(sys.stderr)
    logging.shutdown()
    try:
        sys.stdout.flush()
    except OSError:
        exit_code = 1
    # The interpreter would wait for its threads: for a file server that has gone, or a password's hash.
    os._exit(exit_code if isinstance(exit_code, int) else int(exit_code is not None))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the exporter until it is told to stop; the process's exit code."""
    arguments = parse_arguments(argv)
    set_up_logging(arguments.log_level, arguments.log_format)
    try:
        configuration, guard = _loaded(arguments)
        if arguments.config_check:
            print(f"{arguments.config_file or 'built in'}: {summary(configuration)}")
        else:
            _serve(arguments, configuration, guard)
    except CannotLoad as error:
        for fault in error.faults:
            logger.error("cannot start", extra=event(error=fault))
        return 1
    except CannotListen as error:
        logger.error("cannot start", extra=event(error=str(error)))
        return 1
    return 0


def _loaded(arguments: Arguments) -> tuple[Configuration, LiveWebConfig | None]:
    """What both files say. Raises CannotLoad with the faults of both."""
    faults: list[str] = []
    guard = None
    try:
        guard = LiveWebConfig(arguments.web_config_file) if arguments.web_config_file else None
    except ConfigurationError as error:
        faults += map(str, error.faults)
    try:
        configuration = load_checked(arguments.config_file)
    except CannotLoad as error:
        raise CannotLoad(*error.faults, *faults) from error
    if faults:
        raise CannotLoad(*faults)
    return configuration, guard


def _serve(arguments: Arguments, configuration: Configuration, guard: LiveWebConfig | None) -> None:
    raise_limit()
    live = LiveConfiguration(arguments.config_file, configuration)
    prober = DomainChecker()
    live.follow(lambda _: prober.recheck())
    application = Application(live, prober, arguments.timeout_offset, arguments.base)

    users = Users()

    async def beside() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(live.reload_on_hangup())
            group.create_task(application.schedule.run())
            if guard is not None:
                group.create_task(guard.follow())

    with _listening(arguments) as sockets, listening([arguments.health] if arguments.health else []) as for_health:
        _announce([*sockets, *for_health])
        doors = _doors(sockets, under(arguments.route_prefix, application), guard, users)
        health = under(arguments.route_prefix, application.health)
        doors += [Listener(sock, health, apart=True) for sock in for_health]

        def stopping() -> None:
            application.readiness.stop()
            users.close()

        serve(doors, lambda: _grace(live()), beside=beside, stopping=stopping)
    logger.info("stopped")


def _grace(configuration: Configuration) -> float:
    """Seconds in which any scrape that is under way ends."""
    return max(configuration.settled(module=name).policy.timeout for name in configuration.modules) + 1


def _doors(
    sockets: Sequence[socket.socket], handler: Handler, guard: LiveWebConfig | None, users: Users
) -> list[Listener]:
    # Whoever crowds the network's door is no reason to send away who is on this machine.
    local = [sock.family == socket.AF_UNIX for sock in sockets]
    if guard is None:
        return [Listener(sock, handler, apart=apart) for sock, apart in zip(sockets, local, strict=True)]
    gate = AccessControl(guard, handler, users)
    return [
        Listener(sock, gate, guard.context, guard.admits, apart) for sock, apart in zip(sockets, local, strict=True)
    ]


def _listening(arguments: Arguments) -> AbstractContextManager[Sequence[socket.socket]]:
    return nullcontext(passed_sockets()) if arguments.systemd_socket else listening(arguments.listen)


def _announce(sockets: Sequence[socket.socket]) -> None:
    for sock in sockets:
        name = sock.getsockname()
        address = UnixAddress(name) if isinstance(name, str) else ListenAddress(*name[:2])
        logger.info("listening", extra=event(address=str(address)))
