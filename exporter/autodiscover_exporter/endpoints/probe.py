"""`/probe`: the metrics of one domain."""

import asyncio
import gzip

from autodiscover_exporter.endpoints.asking import Asking, Forbidden, refused
from autodiscover_exporter.endpoints.exposing import expose
from autodiscover_exporter.endpoints.target import BadRequest, ProbeRequest, parse_probe_request
from autodiscover_exporter.endpoints.unpacking import Unpacking
from autodiscover_exporter.results.result import Result
from autodiscover_exporter.web.messages import Answer, Request, Response
from check_autodiscover.render import render_text

__all__ = ["ProbeEndpoint"]

DEBUG_VERBOSITY = 2


class ProbeEndpoint:
    """Answers `/probe`."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._unpacking = Unpacking()

    def __call__(self, request: Request) -> Answer:
        """The metrics, or what is wrong with the request."""
        try:
            asked = parse_probe_request(request.query)
            outcome = self._asking.at_hand(asked.target, request.headers)
        except (BadRequest, Forbidden) as error:
            return refused(error)
        if outcome is None:
            return self._looked(asked, request)
        if asked.debug and isinstance(outcome, Result):
            return asyncio.to_thread(_explained, outcome)
        return expose(outcome.exposition, request.headers, self._unpacking)

    async def _looked(self, asked: ProbeRequest, request: Request) -> Response:
        try:
            outcome = await self._asking.obtain(asked.target, request.headers)
        except (BadRequest, Forbidden) as error:
            return refused(error)
        if asked.debug and isinstance(outcome, Result):
            return await asyncio.to_thread(_explained, outcome)
        return expose(outcome.exposition, request.headers, self._unpacking)


def _explained(result: Result) -> Response:
    """What a debugging request is answered with. To be called in a thread, as there may be much to judge."""
    text = render_text(result.report(), DEBUG_VERBOSITY, True).encode()
    return Response(text + b"\n\n" + gzip.decompress(result.exposition))
