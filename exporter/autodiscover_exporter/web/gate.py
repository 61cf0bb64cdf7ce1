"""Stands before whoever answers: lets in who may come, as often as he may, and adds the headers of the file."""

import time
from collections.abc import Callable
from dataclasses import replace

from autodiscover_exporter.web.guard import Guard, RateLimit
from autodiscover_exporter.web.messages import Handler, Request, Response
from autodiscover_exporter.web.users import Overloaded, Users

__all__ = ["Gate"]

_CHALLENGE = {"www-authenticate": 'Basic realm="autodiscover_exporter", charset="UTF-8"'}
_UNAUTHORIZED = Response(b"User and password are asked for here.\n", 401, headers=_CHALLENGE)
_OVERLOADED = Response(b"Too many passwords are being looked at: try again.\n", 503, headers={"retry-after": "5"})
_TOO_MANY = Response(b"More requests than rate_limit allows: try again.\n", 429, headers={"retry-after": "1"})
_POLICY = "content-security-policy"


class Gate:
    """A Handler before a Handler. `guard` is asked for each request, `clock` tells seconds that never go back."""

    def __init__(
        self, guard: Callable[[], Guard], behind: Handler, users: Users, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._guard = guard
        self._behind = behind
        self._users = users
        self._bucket = _Bucket(clock)

    async def __call__(self, request: Request) -> Response:
        """The answer of who is behind, or why there is none."""
        guard = self._guard()
        response = await self._respond(guard, request)
        if not guard.headers:
            return response
        headers = {**response.headers, **guard.headers}
        own = response.headers.get(_POLICY)
        if own and _POLICY in guard.headers:
            # Several policies all hold (CSP level 3, section 8.1): another can forbid more and allow nothing.
            headers[_POLICY] = f"{own}, {guard.headers[_POLICY]}"
        return replace(response, headers=headers)

    async def _respond(self, guard: Guard, request: Request) -> Response:
        if guard.rate is not None and not self._bucket.take(guard.rate):
            return _TOO_MANY
        try:
            authorization = request.headers.get("authorization")
            if guard.users and not await self._users.admit(guard.users, authorization, request.source):
                return _UNAUTHORIZED
        except Overloaded:
            return _OVERLOADED
        found = self._behind(request)
        return found if isinstance(found, Response) else await found


class _Bucket:
    """A token bucket, full at first; one request takes one token."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._filled = clock()
        self._tokens = float("inf")

    def take(self, rate: RateLimit) -> bool:
        now = self._clock()
        self._tokens = min(float(rate.burst), self._tokens + (now - self._filled) / rate.interval)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
