"""A client that asks many URLs of one HTTP server over connections that stay open; for the fleet benchmarks.

Standard library alone, and on the servers' core: nothing of it is in the figures.
"""

import asyncio
from collections.abc import Iterator, Sequence

__all__ = ["ask_all"]

LIMIT = 1 << 22
"""Bytes of one answer that are read."""


async def ask_all(port: int, paths: Sequence[str], connections: int, wanted: bytes) -> list[bytes]:
    """Ask for all paths once, by so many connections; the answers that did not hold the wanted bytes."""
    left, failed = iter(paths), list[bytes]()
    await asyncio.gather(*(_ask(port, left, wanted, failed) for _ in range(connections)))
    return failed


async def _ask(port: int, paths: Iterator[str], wanted: bytes, failed: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=LIMIT)
    try:
        for path in paths:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            if wanted not in (body := await _body(reader)):
                failed.append(body)
    finally:
        writer.close()


async def _body(reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, found, length = head.partition(b"content-length: ")
    if found:
        return await reader.readexactly(int(length.split(b"\r\n")[0]))
    return await reader.readuntil(b"0\r\n\r\n")
