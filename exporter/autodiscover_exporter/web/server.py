"""Serves the application with uvicorn until the process is told to stop.

Called by main. Nothing here knows what is served.
"""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, MutableMapping, Sequence
from math import ceil
from typing import Any

import uvicorn

from autodiscover_exporter.web.messages import Handler, Request, Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

__all__ = ["create_server", "serve"]

MAX_CONNECTIONS = 2048
"""Beyond this many connections or requests at once the answer is 503: Prometheus keeps one connection a target."""
MAX_REQUEST_HEAD = 32 * 1024
"""Bytes of a request line with its headers."""
KEEP_ALIVE = 75
"""Seconds that an idle connection is kept: longer than the usual scrape interval of a minute."""


def serve(
    handler: Handler,
    sockets: Sequence[socket.socket],
    grace: float,
    *,
    beside: Callable[[], Coroutine[Any, Any, None]],
    stopping: Callable[[], object],
) -> None:
    """Answer requests until SIGTERM or SIGINT; requests under way then have `grace` seconds to end.

    `beside` runs in the same loop for as long as requests are answered; `stopping` is called when the end begins.
    """
    server = create_server(handler, grace)

    def stop(*_: object) -> None:
        stopping()
        server.should_exit = True

    # uvicorn puts these back when it has shut down and raises the signal once more: to be stopped is no failure.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    asyncio.run(_serve_beside(server, sockets, beside))


async def _serve_beside(
    server: uvicorn.Server, sockets: Sequence[socket.socket], beside: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(beside())
        await server.serve(sockets=list(sockets))
        task.cancel()


def create_server(handler: Handler, grace: float) -> uvicorn.Server:
    """A server with our limits, not yet serving; requests under way at its end have `grace` seconds."""
    configuration = uvicorn.Config(
        _Asgi(handler),
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


class _Asgi:
    """A Handler as uvicorn wants it: ASGI 3, HTTP only."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope["path"], scope["method"], scope["query_string"], _headers(scope["headers"]))
        response = await self._handler(request)
        start = {"type": "http.response.start", "status": response.status, "headers": _header_lines(response)}
        await send(start)
        await send({"type": "http.response.body", "body": response.body})


def _headers(lines: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in lines}


def _header_lines(response: Response) -> list[tuple[bytes, bytes]]:
    headers = {
        "content-type": response.content_type,
        "content-length": str(len(response.body)),
        **response.headers,
    }
    return [(name.encode(), value.encode()) for name, value in headers.items()]
