"""A body that depends on the configuration alone: made once for each, and not in the event loop."""

import asyncio
from collections.abc import Callable

from autodiscover_exporter.web.messages import Request, Response
from check_autodiscover.config import Configuration

__all__ = ["RenderedEndpoint"]


class RenderedEndpoint:
    """Answers with what `render` makes of the configuration of the moment.

    Thousands of domains take it a while, in which other requests are to be answered.
    """

    def __init__(
        self, configuration: Callable[[], Configuration], render: Callable[[Configuration], bytes], content_type: str
    ) -> None:
        self._configuration = configuration
        self._render = render
        self._content_type = content_type
        self._rendered: tuple[Configuration, asyncio.Task[bytes]] | None = None

    async def __call__(self, _request: Request) -> Response:
        """The body."""
        configuration = self._configuration()
        if self._rendered is None or self._rendered[0] is not configuration:
            self._rendered = configuration, asyncio.create_task(asyncio.to_thread(self._render, configuration))
        # Who waits may go away, and others wait for the same.
        return Response(await asyncio.shield(self._rendered[1]), content_type=self._content_type)
