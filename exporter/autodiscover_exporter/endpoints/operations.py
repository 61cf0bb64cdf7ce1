"""The endpoints for whoever runs the exporter: health, configuration, discovery of the domains, reload.

What depends on the configuration alone is made once for each, and not in the event loop. `/config` names files with
passwords and not what they hold.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import yaml

from autodiscover_exporter.reload import CannotLoad, LiveConfiguration
from autodiscover_exporter.web.messages import Request, Response
from check_autodiscover.config.describe import document
from check_autodiscover.config.file import Configuration
from check_autodiscover.output.terminal import sanitize

__all__ = [
    "Readiness",
    "ReloadEndpoint",
    "RenderedEndpoint",
    "answer_healthy",
    "render_configuration",
    "render_targets",
]


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


# The emitter of libyaml where PyYAML was built with it.
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def render_configuration(configuration: Configuration) -> bytes:
    """The configuration as a YAML document, in the order of the file."""
    found: bytes = yaml.dump(document(configuration), Dumper=_DUMPER, sort_keys=False, encoding="ascii", width=120)
    return found


MIXED = "mixed"
"""The method of a domain whose views have different ones."""


def render_targets(configuration: Configuration) -> bytes:
    """A target group for each domain, as JSON."""
    # One by one, as a thread that encodes them all at once lets nobody else run.
    groups = (json.dumps(_group(configuration, domain)) for domain in configuration.domains)
    return f"[{','.join(groups)}]".encode()


def _group(configuration: Configuration, domain: str) -> dict[str, Any]:
    settled = configuration.settled(domain)
    policy = settled.policy
    methods = {policy.declared_method(view.name).value for view in policy.views}
    labels = {
        "__param_module": settled.name,
        "__meta_autodiscover_method": methods.pop() if len(methods) == 1 else MIXED,
        "__meta_autodiscover_server": next(iter(policy.servers), ""),
    }
    return {"targets": [domain], "labels": {**configuration.domains[domain].labels, **labels}}


class ReloadEndpoint:
    """Answers `/-/reload`."""

    def __init__(self, live: LiveConfiguration) -> None:
        self._live = live

    async def __call__(self, _request: Request) -> Response:
        """That it holds, or with 500 every fault for which the old configuration goes on to hold."""
        try:
            await self._live.reload()
        except CannotLoad as error:
            lines = ("not reloaded, the configuration of before holds:", *map(sanitize, error.faults))
            return Response("".join(f"{line}\n" for line in lines).encode(), 500)
        return Response(b"Reloaded\n")


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
