"""A sweep by the workers of a Dask cluster that exists already.

Its scheduler hands out batches, those of a worker that is gone to another. What a batch came to is kept when it arrives
here and no sooner, so that nothing is lost with a worker and nothing is there twice.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import TYPE_CHECKING

from check_autodiscover import __version__
from check_autodiscover.config.commandline import Arguments
from check_autodiscover.ctl.common import CommandError
from check_autodiscover.ctl.sweep.results import Record
from check_autodiscover.ctl.sweep.workers import Limits, look_at_batch
from check_autodiscover.settings import install_command

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["look_by_cluster"]

CONNECT_SECONDS = 10.0

MOST_IN_BATCH = 256
"""Domains: some of each are slow, and the others of its batch have long been looked at when these are done."""

BATCHES_A_THREAD = 4
"""At least so many for each thread of a worker, so that all of them end at about the same time."""

_LOGGERS = ("distributed", "distributed.client", "distributed.core")
"""Their account of a scheduler that does not answer is a page of tracebacks; a lost worker is nothing to us."""


async def look_by_cluster(address: str, asked: Sequence[Arguments], limits: Limits) -> AsyncGenerator[Record]:
    """The record of each domain, batch by batch as they are done. The limits hold for each thread of a worker.

    Raises CommandError where the cluster cannot do it, or at the end where workers died with one batch several times.
    """
    from distributed import as_completed
    from distributed.scheduler import KilledWorker

    lost = 0
    async with _connected(address) as client:
        threads = await _threads(client, address)
        size = max(1, min(MOST_IN_BATCH, len(asked) // (threads * BATCHES_A_THREAD)))
        batches = _batches(asked, size)
        under_way = as_completed(
            [_submitted(client, batch, limits) for batch in islice(batches, threads * BATCHES_A_THREAD)]
        )
        async for future in under_way:
            try:
                records = await future.result()
            except KilledWorker:
                records = ()
                lost += 1
            for batch in islice(batches, 1):
                under_way.add(_submitted(client, batch, limits))
            for record in records:
                yield record
    if lost:
        raise CommandError(f"--dask: workers died over {lost} of the batches several times; their domains are not done")


@asynccontextmanager
async def _connected(address: str) -> "AsyncIterator[Client]":
    try:
        from distributed import Client
    except ImportError as error:
        raise CommandError(
            f"--dask: {error.name} is missing, of the extra 'dask': {install_command('ctl', 'dask')}"
        ) from error
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    client = Client(address, asynchronous=True, timeout=CONNECT_SECONDS)
    try:
        try:
            # Its own limit is for a connection, of which it makes several where something else answers.
            async with asyncio.timeout(CONNECT_SECONDS):
                await client
        except Exception as error:  # each transport has its own, down to TypeError for TLS without certificates
            raise CommandError(f"--dask {address}: no scheduler answers there{_why(error)}") from error
        yield client
    finally:
        await client.close()


def _why(error: Exception) -> str:
    """An error's own first line in brackets, if it has one."""
    lines = str(error).splitlines()
    return f" ({lines[0]})" if lines else ""


async def _threads(client: "Client", address: str) -> int:
    """How many threads its workers have. Raises CommandError where there are none, or of another version of us."""
    threads: dict[str, int] = await client.nthreads()
    if not threads:
        raise CommandError(f"--dask {address}: the scheduler has no workers")
    try:
        versions = await client.run(_version)
    except Exception as error:  # whatever a worker of another installation answers, as text in an error without a type
        raise CommandError(
            f"--dask {address}: its workers cannot run check_autodiscover {__version__} ({error})"
        ) from error
    for worker, version in versions.items():
        if version != __version__:
            raise CommandError(f"--dask: {worker} has check_autodiscover {version}, and this is {__version__}")
    return sum(threads.values())


def _version() -> str:
    return __version__


def _batches(asked: Sequence[Arguments], size: int) -> Iterator[tuple[Arguments, ...]]:
    waiting = iter(asked)
    while batch := tuple(islice(waiting, size)):
        yield batch


def _submitted(client: "Client", batch: tuple[Arguments, ...], limits: Limits) -> "Future":
    # Looked at anew each time: what was so a minute ago is not what is asked.
    return client.submit(look_at_batch, batch, limits, pure=False)
