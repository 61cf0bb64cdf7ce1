"""How the lab's servers end a conversation with a client, whoever ends it; used by `dns_server` and `site_server`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["conversation"]


@asynccontextmanager
async def conversation(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Close the connection at the end of the block. A client that leaves, and the lab's own end, are no errors."""
    try:
        yield
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
        pass
    except asyncio.CancelledError:
        # Not raised again: some Pythons report a cancelled conversation as an error of the server.
        writer.transport.abort()
    finally:
        writer.close()
