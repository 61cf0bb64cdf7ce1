"""Responses into bytes."""

import time
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus

from autodiscover_exporter.web.messages import Response
from autodiscover_exporter.web.parsing import Refusal

__all__ = ["CONTINUE", "Writer", "refused"]

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
_BODILESS = frozenset({204, 304})


class Writer:
    """Writes answers down. `clock` tells the Unix time in seconds."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._second = -1
        self._date = ""

    def write(self, response: Response, head_only: bool, last: bool) -> bytes:
        """The answer to a request, `head_only` to HEAD; `last` on its connection. Raises ValueError."""
        body = response.body
        lines = [
            _STATUS_LINES[response.status],
            self._date_line(),
            f"content-type: {response.content_type}\r\n",
            *[f"{name}: {value}\r\n" for name, value in response.headers.items()],
        ]
        if response.status in _BODILESS:
            body = b""
        else:
            lines.append(f"content-length: {len(body)}\r\n")
        lines.append("connection: close\r\n\r\n" if last else "\r\n")
        head = "".join(lines)
        # A line break in a value would be a header, or an answer, of somebody else's making.
        if head.count("\n") != len(lines) + last or head.count("\r") != len(lines) + last:
            raise ValueError("a header holds a line break")
        encoded = head.encode("latin-1")
        return encoded if head_only else encoded + body

    def _date_line(self) -> str:
        now = int(self._clock())
        if now != self._second:
            self._second = now
            self._date = f"date: {formatdate(now, usegmt=True)}\r\n"
        return self._date


def refused(refusal: Refusal) -> Response:
    """The answer that a refusal is."""
    return Response(f"{refusal.reason}\n".encode(), refusal.status)
