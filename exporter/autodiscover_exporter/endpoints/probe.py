"""`/probe`: the metrics of one domain, in the form that the client takes.

Gzipped or plain, as OpenMetrics or as the text format 0.0.4 (RFC 9110 sections 12.5.1 and 12.5.3;
https://prometheus.io/docs/instrumenting/content_negotiation/). For clients that take no gzip, what was asked for lately
is kept unpacked.
"""

import asyncio
import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from autodiscover_exporter.endpoints.request import (
    Asking,
    BadRequest,
    Forbidden,
    ProbeRequest,
    parse_probe_request,
    refused,
)
from autodiscover_exporter.results.result import OPENMETRICS_END, Result
from autodiscover_exporter.web.messages import EXPOSITION, Answer, Request, Response
from check_autodiscover.output.text import render_text

__all__ = ["OPENMETRICS", "ProbeEndpoint", "Unpacking", "expose", "expose_anew", "wants_openmetrics"]

GZIP = 16 + zlib.MAX_WBITS
"""zlib's number for the format of gzip."""

MOST_BYTES = 4 * 1024 * 1024
"""Bytes of text that are remembered: of some hundred domains, in a process of tens of megabytes."""


class Unpacking:
    """Unpacks gzipped text, and remembers at most so many bytes of what came of it."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._left = most_bytes
        self._texts: dict[bytes, bytes] = {}

    def text(self, packed: bytes) -> bytes:
        """The text; what was asked for longest ago is forgotten first."""
        text = self._texts.pop(packed, None)
        if text is None:
            text = zlib.decompress(packed, GZIP)
            self._left -= len(packed) + len(text)
        self._texts[packed] = text
        while self._left < 0:
            self._forget(next(iter(self._texts)))
        return text

    def _forget(self, packed: bytes) -> None:
        self._left += len(packed) + len(self._texts.pop(packed))


OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

SPELLINGS = 64
"""Values of a header whose meaning is remembered: each scraper always sends the same."""

FASTEST = 1
"""zlib's level for text that is sent once."""

_VARY = {"vary": "accept, accept-encoding"}

_COMPRESSED = {**_VARY, "content-encoding": "gzip"}

_END = gzip.compress(OPENMETRICS_END, mtime=0)


def expose(kept: bytes, headers: Mapping[str, str], unpacking: Unpacking) -> Response:
    """The gzipped text that is kept, for a client with these headers."""
    openmetrics, content_type = _format(headers)
    if _takes_gzip(headers.get("accept-encoding", "")):
        # A gzip file may have several members (RFC 1952 2.2).
        return Response(kept + _END if openmetrics else kept, content_type=content_type, headers=_COMPRESSED)
    text = unpacking.text(kept)
    return Response(text + OPENMETRICS_END if openmetrics else text, content_type=content_type, headers=_VARY)


def expose_anew(render: Callable[[bool], bytes], headers: Mapping[str, str]) -> Response:
    """What is written for each request, by `render` (told whether as OpenMetrics), for a client with these headers."""
    openmetrics, content_type = _format(headers)
    text = render(openmetrics)
    if _takes_gzip(headers.get("accept-encoding", "")):
        return Response(gzip.compress(text, FASTEST, mtime=0), content_type=content_type, headers=_COMPRESSED)
    return Response(text, content_type=content_type, headers=_VARY)


def _format(headers: Mapping[str, str]) -> tuple[bool, str]:
    openmetrics = wants_openmetrics(headers.get("accept", ""))
    return openmetrics, OPENMETRICS if openmetrics else EXPOSITION


@lru_cache(maxsize=SPELLINGS)
def wants_openmetrics(accept: str) -> bool:
    """Whether a client takes OpenMetrics 1.0, and no other text rather than that."""
    openmetrics = text = 0.0
    for kind, parameters in _listed(accept):
        if kind == "application/openmetrics-text" and parameters.get("version", "1.0.0") == "1.0.0":
            openmetrics = max(openmetrics, _weight(parameters))
        elif kind == "text/plain":
            text = max(text, _weight(parameters))
    return openmetrics > 0 and openmetrics >= text


@lru_cache(maxsize=SPELLINGS)
def _takes_gzip(accept_encoding: str) -> bool:
    found = {kind: _weight(parameters) for kind, parameters in _listed(accept_encoding)}
    return found.get("gzip", found.get("*", 0.0)) > 0


def _listed(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The members of a list, each with its parameters, in lower case."""
    for member in header.lower().split(","):
        kind, *parameters = (part.strip() for part in member.split(";"))
        yield kind, {name.strip(): value.strip() for name, _, value in (part.partition("=") for part in parameters)}


def _weight(parameters: Mapping[str, str]) -> float:
    try:
        return float(parameters.get("q", "1"))
    except ValueError:
        return 0.0


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
