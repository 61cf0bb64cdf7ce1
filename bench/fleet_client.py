"""A client that asks many URLs of one HTTP server, over connections that stay open where it lets them.

For the fleet benchmarks. It runs on the servers' core: nothing of it is in the figures.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

__all__ = ["ask_all"]

LIMIT = 1 << 22
"""Bytes of one answer that are read."""


async def ask_all(port: int, paths: Sequence[str], connections: int, wanted: bytes, headers: str = "") -> list[bytes]:
    """Ask for all paths once, by so many connections; the answers that did not hold the wanted bytes.

    `headers` are lines that each request has besides.
    """
    left, failed = iter(paths), list[bytes]()
    await asyncio.gather(*(_ask(port, left, (wanted, headers), failed) for _ in range(connections)))
    return failed


async def _ask(port: int, paths: Iterator[str], how: tuple[bytes, str], failed: list[bytes]) -> None:
    wanted, headers = how
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=LIMIT)
    try:
        for path in paths:
            if writer.is_closing():
                reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=LIMIT)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if wanted not in (body := await _body(reader, head)):
                failed.append(body)
            if head.startswith(b"http/1.0"):
                writer.close()
    finally:
        writer.close()


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    _, found, length = head.partition(b"content-length: ")
    if found:
        return await reader.readexactly(int(length.split(b"\r\n")[0]))
    return b"".join([chunk async for chunk in _chunks(reader)])


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """What follows chunk by chunk (RFC 9112 section 7.1), which may be cut anywhere."""
    while size := int(await reader.readline(), 16):
        yield (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
