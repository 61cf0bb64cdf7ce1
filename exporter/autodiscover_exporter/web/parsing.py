"""Bytes into requests, by the C parser of httptools (llhttp), and what is left to say of them beside it.

Whoever stands before us, a proxy or a balancer, must see the same requests as we do: what is ambiguous is refused and
ends the connection (RFC 9112, sections 2.2, 3 and 6).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import httptools

from autodiscover_exporter.web.limits import Limits
from autodiscover_exporter.web.messages import Request

__all__ = ["Refusal", "RequestParser"]

_ABSOLUTE = re.compile(r"https?://[^/?#@\s]+([/?][^#]*)?", re.IGNORECASE)
_ONCE = frozenset({"authorization", "content-length", "content-type", "expect", "host", "transfer-encoding"})
"""Headers of which a second one would contradict the first."""
_VERSIONS = ("1.1", "1.0")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is answered to something that is no request, or none of ours; nothing behind it is read."""

    status: HTTPStatus
    reason: str


class _Refused(Exception):
    """Ends the parsing from within a callback."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.refusal = Refusal(status, reason)


class RequestParser:
    """The requests of one connection, from `source`. Attributes other than the named are httptools' to call."""

    def __init__(self, limits: Limits, source: str = "") -> None:
        self._limits = limits
        self._source = source
        self._parser: Any = httptools.HttpRequestParser(self)
        self._found: list[Request | Refusal] = []
        self._unfinished = 0
        self._clear()
        self.ended = False
        """Whether the last request is found: after a refusal, or because the client wanted it so."""
        self.begun = False
        """Whether part of a request is there."""
        self.awaited = False
        """Whether the client waits for a word before it sends the body (`Expect: 100-continue`)."""

    def feed(self, data: bytes) -> list[Request | Refusal]:
        """The requests that these bytes complete, of which the last may be a refusal."""
        self._found = []
        try:
            self._parser.feed_data(data)
            self._bound(len(data))
        except httptools.HttpParserUpgrade:
            # A switch of protocols is only ever offered: the answer is HTTP/1.1's, and the last.
            self.ended = True
        except httptools.HttpParserCallbackError as error:
            self._refuse(_refusal_within(error))
        except httptools.HttpParserError as error:
            self._refuse(_refusal_of(error, self._parser.get_http_version()))
        except _Refused as error:
            self._refuse(error.refusal)
        return self._found

    def _refuse(self, refusal: Refusal) -> None:
        # What stands behind the last request, such as more than its announced length, is nothing to us.
        if not self.ended:
            self._found.append(refusal)
        self.ended = True

    def _bound(self, length: int) -> None:
        """Bound what llhttp keeps of a line without end, of which no callback tells."""
        elsewhere = self._found or self._complete or not self.begun
        self._unfinished = 0 if elsewhere else self._unfinished + length
        if self._unfinished > self._limits.head_bytes + self._limits.target_bytes:
            raise _TOO_LARGE

    def _clear(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._lines = 0
        self._head = 0
        self._body = 0
        self._complete = False

    def on_message_begin(self) -> None:
        """A request begins."""
        self._clear()
        self.begun = True

    def on_url(self, part: bytes) -> None:
        """A part of the target."""
        self._target += part
        if len(self._target) > self._limits.target_bytes:
            raise _Refused(HTTPStatus.REQUEST_URI_TOO_LONG, f"the target is over {self._limits.target_bytes} bytes")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A whole header, or one behind a body, which counts and is not kept."""
        self._lines += 1
        self._head += len(name) + len(value) + 4
        if self._lines > self._limits.headers or self._head > self._limits.head_bytes:
            raise _TOO_LARGE
        if self._complete:
            return
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1").rstrip(" \t")
        before = self._headers.get(key)
        if before is not None:
            if key in _ONCE:
                raise _Refused(HTTPStatus.BAD_REQUEST, f"{key} is given twice")
            text = f"{before}, {text}"
        self._headers[key] = text

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._complete = True
        version = self._parser.get_http_version()
        _check(version, self._headers)
        length = self._headers.get("content-length", "0")
        if len(length) > 9 or int(length) > self._limits.body_bytes:
            raise self._body_too_large()
        self.awaited = version == "1.1" and "expect" in self._headers

    def on_body(self, part: bytes) -> None:
        """A part of the body, which nobody reads."""
        self._body += len(part)
        if self._body > self._limits.body_bytes:
            raise self._body_too_large()

    def on_message_complete(self) -> None:
        """The request is there."""
        path, question, query = _origin(self._target).partition("?")
        method = self._parser.get_method().decode("ascii")
        asked = query.encode("ascii") if question else b""
        self._found.append(Request(_decoded(path), method, asked, self._headers, self._source))
        self.begun = False
        self.awaited = False
        # HTTP/1.0 could keep a connection by agreement; nobody who still speaks it needs to.
        self.ended = self._parser.get_http_version() != "1.1" or not self._parser.should_keep_alive()

    def _body_too_large(self) -> _Refused:
        return _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is over {self._limits.body_bytes} bytes")


_TOO_LARGE = _Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too many or too large headers")


def _check(version: str, headers: Mapping[str, str]) -> None:
    if version not in _VERSIONS:
        raise _Refused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "HTTP/1.1 and HTTP/1.0 are spoken here")
    if version == "1.1" and "host" not in headers:
        raise _Refused(HTTPStatus.BAD_REQUEST, "the header Host is missing")
    coding = headers.get("transfer-encoding")
    if coding is not None and version == "1.0":
        raise _Refused(HTTPStatus.BAD_REQUEST, "HTTP/1.0 knows no Transfer-Encoding")
    if coding is not None and coding.lower() != "chunked":
        raise _Refused(HTTPStatus.NOT_IMPLEMENTED, "of Transfer-Encoding only chunked is understood")
    if headers.get("expect", "100-continue").lower() != "100-continue":
        raise _Refused(HTTPStatus.EXPECTATION_FAILED, "of Expect only 100-continue is understood")


def _origin(target: bytes) -> str:
    """The path with its query, as RFC 9112, section 3.2 lets it be asked for."""
    text = target.decode("latin-1")
    if text.startswith("/") and "#" not in text and text.isascii():
        return text
    absolute = _ABSOLUTE.fullmatch(text) if text.isascii() else None
    if absolute is not None:
        rest = absolute[1] or "/"
        return rest if rest.startswith("/") else f"/{rest}"
    if text == "*" or (text.isascii() and re.fullmatch(r"[^/?#@]+:\d+", text)):
        return text
    raise _Refused(HTTPStatus.BAD_REQUEST, "the target is no path")


def _decoded(path: str) -> str:
    return unquote(path) if "%" in path else path


def _refusal_within(error: Exception) -> Refusal:
    cause = error.__context__ or error.__cause__
    if isinstance(cause, _Refused):
        return cause.refusal
    raise error


def _refusal_of(error: Exception, version: str) -> Refusal:
    match error:
        case httptools.HttpParserInvalidMethodError():
            return Refusal(HTTPStatus.NOT_IMPLEMENTED, "no method of HTTP")
        case _ if version[:1] not in ("0", "1") or "HTTP version" in str(error):
            return Refusal(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "HTTP/1.1 and HTTP/1.0 are spoken here")
    return Refusal(HTTPStatus.BAD_REQUEST, "this is no request of HTTP/1.1")
