"""`POST /-/reload`: reads the configuration file again, as SIGHUP does."""

from autodiscover_exporter.live import CannotLoad, LiveConfiguration
from autodiscover_exporter.web.messages import Request, Response
from check_autodiscover.hostile import clean

__all__ = ["ReloadEndpoint"]


class ReloadEndpoint:
    """Answers `/-/reload`."""

    def __init__(self, live: LiveConfiguration) -> None:
        self._live = live

    async def __call__(self, _request: Request) -> Response:
        """That it holds, or with 500 every fault for which the old configuration goes on to hold."""
        try:
            await self._live.reload()
        except CannotLoad as error:
            lines = ("not reloaded, the configuration of before holds:", *map(clean, error.faults))
            return Response("".join(f"{line}\n" for line in lines).encode(), 500)
        return Response(b"Reloaded\n")
