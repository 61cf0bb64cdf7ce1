"""`/probe`: the metrics of one domain."""

import gzip

from autodiscover_exporter.endpoints.asking import Asking, Forbidden, refused
from autodiscover_exporter.endpoints.target import BadRequest, ProbeRequest, parse_probe_request
from autodiscover_exporter.results.result import Result
from autodiscover_exporter.results.results import Outcome
from autodiscover_exporter.web.messages import EXPOSITION, Request, Response
from check_autodiscover.render import render_text

__all__ = ["ProbeEndpoint"]

DEBUG_VERBOSITY = 2


class ProbeEndpoint:
    """Answers `/probe`."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def __call__(self, request: Request) -> Response:
        """The metrics, or what is wrong with the request."""
        try:
            asked = parse_probe_request(request.query)
            outcome = await self._asking.obtain(asked.target, request.headers)
        except (BadRequest, Forbidden) as error:
            return refused(error)
        return _exposed(asked, outcome)


def _exposed(asked: ProbeRequest, outcome: Outcome) -> Response:
    exposition = gzip.decompress(outcome.exposition)
    if asked.debug and isinstance(outcome, Result):
        return Response(render_text(outcome.report(), DEBUG_VERBOSITY, True).encode() + b"\n\n" + exposition)
    return Response(exposition, content_type=EXPOSITION)
