"""Exposition text in the form that a client takes: gzipped or plain, as OpenMetrics or as the text format 0.0.4.

RFC 9110 sections 12.5.1 and 12.5.3; https://prometheus.io/docs/instrumenting/content_negotiation/.
"""

import gzip
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from autodiscover_exporter.endpoints.unpacking import Unpacking
from autodiscover_exporter.results.exposition import OPENMETRICS_END
from autodiscover_exporter.web.messages import EXPOSITION, Response

__all__ = ["OPENMETRICS", "expose", "expose_anew", "wants_openmetrics"]

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
