"""Serves until the process is told to stop. Called by main."""

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from autodiscover_exporter.telemetry import event
from autodiscover_exporter.web.listening import notify
from autodiscover_exporter.web.server import Listener, Server

__all__ = ["serve"]

logger = logging.getLogger(__name__)

LATE_SECONDS = 2.0
"""Seconds beyond those for requests, in which all else has to end."""

_ENDING = (signal.SIGTERM, signal.SIGINT)


def serve(
    doors: Sequence[Listener],
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


class _Threads(ThreadPoolExecutor):
    """Threads that nobody waits for at the end: one of them may hang in a file server that has gone."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        super().shutdown(wait=False, cancel_futures=True)


def _end_late(seconds: float) -> None:
    """End the process if it has not ended by itself in time; called in a thread."""
    time.sleep(seconds)
    logger.error("stopped late", extra=event(after=f"{seconds:g} s"))
    os._exit(0)


async def _serve(
    doors: Sequence[Listener],
    grace: Callable[[], float],
    beside: Callable[[], Coroutine[Any, Any, None]],
    stopping: Callable[[], object],
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(_Threads(thread_name_prefix="beside"))
    server = Server()

    def stop() -> None:
        threading.Thread(target=_end_late, args=(grace() + LATE_SECONDS,), name="end", daemon=True).start()
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
