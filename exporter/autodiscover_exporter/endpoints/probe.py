"""`/probe`: the metrics of one domain.

The deadline is Prometheus's, less what the way there and back takes, and no longer than the module allows.
"""

import gzip
from collections.abc import Callable

from autodiscover_exporter.endpoints.target import BadRequest, ProbeRequest, parse_probe_request, scrape_timeout
from autodiscover_exporter.results.result import Result
from autodiscover_exporter.results.results import Outcome, Results
from autodiscover_exporter.web.messages import EXPOSITION, Request, Response
from check_autodiscover.config import Configuration, UnknownModule
from check_autodiscover.declared import Contradiction
from check_autodiscover.hostile import clean
from check_autodiscover.render import render_text

__all__ = ["ProbeEndpoint"]

DEBUG_VERBOSITY = 2
_NOT_ALLOWED = "is not configured here: name it under domains, or in targets.allow"


class ProbeEndpoint:
    """Answers `/probe` by the configuration of the moment. `timeout_offset` is in seconds."""

    def __init__(self, configuration: Callable[[], Configuration], results: Results, timeout_offset: float) -> None:
        self._configuration = configuration
        self._results = results
        self._timeout_offset = timeout_offset

    async def __call__(self, request: Request) -> Response:
        """The metrics, or what is wrong with the request."""
        configuration = self._configuration()
        try:
            asked = parse_probe_request(request.query)
            module = configuration.settled(asked.domain, asked.module)
            left = scrape_timeout(request.headers, self._timeout_offset)
        except (BadRequest, UnknownModule, Contradiction) as error:
            return Response(f"{clean(str(error))}\n".encode(), 400)
        if not configuration.allows(asked.domain):
            return Response(f"{asked.domain} {_NOT_ALLOWED}\n".encode(), 403)
        outcome = await self._results.obtain(asked.domain, module, min(left, module.policy.timeout))
        return _exposed(asked, outcome)


def _exposed(asked: ProbeRequest, outcome: Outcome) -> Response:
    exposition = gzip.decompress(outcome.exposition)
    if asked.debug and isinstance(outcome, Result):
        return Response(render_text(outcome.report(), DEBUG_VERBOSITY, True).encode() + b"\n\n" + exposition)
    return Response(exposition, content_type=EXPOSITION)
