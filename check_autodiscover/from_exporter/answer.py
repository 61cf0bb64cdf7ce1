"""One HTTP/1.1 answer, read from a stream to its end and no further (RFC 9112 sections 4 to 7).

The standard library's client would import the whole of e-mail for its headers.
"""

import re
from io import BufferedReader

__all__ = ["MAX_BODY", "Answer", "BadAnswer", "read_answer"]

MAX_BODY = 8 * 1024 * 1024
"""Bytes: many times the largest report."""
_MAX_LINE = 8192
_MAX_HEADERS = 100


class BadAnswer(Exception):
    """What came is no whole HTTP answer; the text is the end of a sentence about who sent it."""


class Answer:
    """Status, headers by their names in lower case, and body; plain for the reason that `Place` is."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


def read_answer(stream: BufferedReader) -> Answer:
    """The answer in a stream. Raises BadAnswer, and OSError as the stream does."""
    status = re.fullmatch(rb"HTTP/1\.[01] ([0-9]{3})(?: .*)?", _line(stream))
    if status is None:
        raise BadAnswer("does not speak HTTP")
    headers = _headers(stream)
    return Answer(int(status[1]), headers, _body(stream, headers))


def _line(stream: BufferedReader) -> bytes:
    line = stream.readline(_MAX_LINE + 1)
    if not line.endswith(b"\n"):
        raise BadAnswer("sent a line without end" if len(line) > _MAX_LINE else "closed the connection in its answer")
    return line.rstrip(b"\r\n")


def _headers(stream: BufferedReader) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(_MAX_HEADERS):
        line = _line(stream).decode("latin-1")
        if not line:
            return headers
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    raise BadAnswer("sent headers without end")


def _body(stream: BufferedReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return b"".join(_chunks(stream))
    length = headers.get("content-length", "")
    if not re.fullmatch("[0-9]{1,12}", length):
        raise BadAnswer("sent an answer without its length")
    return _exactly(stream, int(length))


def _chunks(stream: BufferedReader) -> list[bytes]:
    """The parts of a body that something on the way has cut into chunks (RFC 9112 section 7.1)."""
    chunks: list[bytes] = []
    left = MAX_BODY
    while True:
        size = re.fullmatch(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?", _line(stream))
        if size is None:
            raise BadAnswer("sent an answer in chunks that are none")
        chunk = _exactly(stream, int(size[1], 16), left)
        left -= len(chunk)
        if not chunk:
            return chunks
        chunks.append(chunk)
        _line(stream)


def _exactly(stream: BufferedReader, length: int, most: int = MAX_BODY) -> bytes:
    if length > most:
        raise BadAnswer(f"sent more than {MAX_BODY // 1024 // 1024} MiB")
    body = stream.read(length)
    if len(body) < length:
        raise BadAnswer(f"broke off after {len(body)} of {length} bytes")
    return body
