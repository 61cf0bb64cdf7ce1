"""Serves until the process is told to stop. Called by main."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from autodiscover_exporter.web.server import Door, Server
from autodiscover_exporter.web.systemd import notify

__all__ = ["serve"]

_ENDING = (signal.SIGTERM, signal.SIGINT)


def serve(
    doors: Sequence[Door],
    grace: Callable[[], float],
    *,
    beside: Callable[[], Coroutine[Any, Any, None]],
    stopping: Callable[[], object],
) -> None:
    """Answer requests until SIGTERM or SIGINT; requests under way then have as many seconds to end as `grace` says.

    `beside` runs in the same loop for as long as requests are answered; `stopping` is called when the end begins.
    A second signal ends the process at once.
    """
    asyncio.run(_serve(doors, grace, beside, stopping))


async def _serve(
    doors: Sequence[Door],
    grace: Callable[[], float],
    beside: Callable[[], Coroutine[Any, Any, None]],
    stopping: Callable[[], object],
) -> None:
    loop = asyncio.get_running_loop()
    server = Server()

    def stop() -> None:
        for number in _ENDING:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        notify("STOPPING=1")
        stopping()
        server.stop()

    for number in _ENDING:
        loop.add_signal_handler(number, stop)
    notify("READY=1")
    async with asyncio.TaskGroup() as group:
        task = group.create_task(beside())
        await server.serve(doors, grace)
        task.cancel()
