"""Serves the application with uvicorn until the process is told to stop.

Called by main. Nothing here knows what is served.
"""

import asyncio
import signal
import socket
from collections.abc import Sequence
from math import ceil

import uvicorn

from autodiscover_exporter.application import Application

__all__ = ["create_server", "serve"]

MAX_CONNECTIONS = 2048
"""Beyond this many connections or requests at once the answer is 503: Prometheus keeps one connection a target."""
MAX_REQUEST_HEAD = 32 * 1024
"""Bytes of a request line with its headers."""
KEEP_ALIVE = 75
"""Seconds that an idle connection is kept: longer than the usual scrape interval of a minute."""


def serve(application: Application, sockets: Sequence[socket.socket], grace: float) -> None:
    """Answer requests until SIGTERM or SIGINT; requests under way then have `grace` seconds to end."""
    server = create_server(application, grace)

    def stop(*_: object) -> None:
        server.should_exit = True

    # uvicorn puts these back when it has shut down and raises the signal once more: to be stopped is no failure.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    asyncio.run(server.serve(sockets=list(sockets)))


def create_server(application: Application, grace: float) -> uvicorn.Server:
    """A server with our limits, not yet serving; requests under way at its end have `grace` seconds."""
    configuration = uvicorn.Config(
        application,
        loop="asyncio",
        http="h11",
        ws="none",
        interface="asgi3",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        h11_max_incomplete_event_size=MAX_REQUEST_HEAD,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=ceil(grace),
    )
    return uvicorn.Server(configuration)
