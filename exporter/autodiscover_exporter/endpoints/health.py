"""`/-/healthy` and `/-/ready`: whether to restart the exporter, and whether to send it requests."""

from autodiscover_exporter.web.messages import Request, Response

__all__ = ["Readiness", "answer_healthy"]


async def answer_healthy(_request: Request) -> Response:
    """Who can answer is healthy: domains in a bad way are no reason to restart anything."""
    return Response(b"Healthy\n")


class Readiness:
    """Answers `/-/ready`: 200 from the first request on, 503 once the exporter stops.

    It is asked when the configuration is read and the sockets are open. Results need not be there: a domain without
    one is looked at when it is asked for.
    """

    def __init__(self) -> None:
        self._stopping = False

    def stop(self) -> None:
        """From now on others should be sent the requests."""
        self._stopping = True

    async def __call__(self, _request: Request) -> Response:
        """Whether requests are welcome."""
        return Response(b"Stopping\n", 503) if self._stopping else Response(b"Ready\n")
