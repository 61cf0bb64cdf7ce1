"""Who may come in, and how often: users and passwords (RFC 7617), the rate limit, the headers of the file.

A hash is dear on purpose, and whoever asks makes us pay for it. So a right password that was seen before costs none;
hashes of users who exist wait by source and user, and those take turns; hashes for names that nobody has come after all
of them, and never have all threads.
"""

import asyncio
import base64
import binascii
import hmac
import secrets
import ssl
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

import bcrypt

from autodiscover_exporter.web.messages import Handler, Request, Response

__all__ = [
    "LONGEST_PASSWORD",
    "AccessControl",
    "Full",
    "Overloaded",
    "RateLimit",
    "TlsSettings",
    "Turns",
    "Users",
    "WebConfig",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """How TLS is spoken. `certificate`, `key` and `client_ca` are PEM; empty lists leave it to OpenSSL."""

    certificate: bytes
    key: bytes = field(repr=False)
    client_ca: bytes = b""
    client_certificate: ssl.VerifyMode = ssl.CERT_NONE
    client_allowed_sans: tuple[str, ...] = ()
    minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    maximum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    ciphers: tuple[str, ...] = ()
    curve: str = ""
    prefer_server_ciphers: bool = True


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A token bucket: one request in `interval` seconds, and `burst` at once after a pause."""

    interval: float
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """All of the file. `users` are names with their bcrypt hashes, `headers` what every answer carries."""

    context: ssl.SSLContext | None = None
    allowed_sans: frozenset[str] = frozenset()
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    rate: RateLimit | None = None
    files: tuple[str, ...] = ()
    """The files that it was made of: when one changes, it is to be made anew."""


_T = TypeVar("_T")


class Full(Exception):
    """There is no room for another piece of work of this asker."""


class Turns(Generic[_T]):
    """Up to `most` pieces of work, up to `most_each` of one asker; the askers take turns."""

    def __init__(self, most: int, most_each: int) -> None:
        self._most = most
        self._most_each = most_each
        self._queues: dict[Hashable, deque[_T]] = {}
        self._waiting = 0

    def __len__(self) -> int:
        """Return how much is waiting."""
        return self._waiting

    def add(self, asker: Hashable, work: _T) -> _T | None:
        """Let work wait; return what gives way to it: the newest of whoever has most. Raises Full."""
        own = len(self._queues.get(asker, ()))
        if own >= self._most_each:
            raise Full
        given_way = None
        if self._waiting >= self._most:
            greediest = max(self._queues, key=lambda each: len(self._queues[each]))
            # To take the place of somebody who has no more would only turn the tables.
            if len(self._queues[greediest]) < own + 2:
                raise Full
            given_way = self._queues[greediest].pop()
            self._waiting -= 1
        self._queues.setdefault(asker, deque()).append(work)
        self._waiting += 1
        return given_way

    def take(self) -> _T | None:
        """Return what waits for longest of the asker whose turn it is; None where nothing waits."""
        if not self._queues:
            return None
        asker = next(iter(self._queues))
        queue = self._queues.pop(asker)
        work = queue.popleft()
        if queue:
            self._queues[asker] = queue
        self._waiting -= 1
        return work

    def clear(self) -> Iterator[_T]:
        """Take out all that waits."""
        while (work := self.take()) is not None:
            yield work


LONGEST_PASSWORD = 72
"""Bytes of a password that bcrypt looks at."""

REMEMBERED = 1024
"""Right passwords that are remembered, and as many wrong ones."""

WAITING = 64
"""Hashes that wait for their turn; more come from somebody who guesses."""

WAITING_UNKNOWN = 32
"""Hashes that wait for names that nobody has."""

WAITING_EACH = 8
"""Hashes that wait of one user from one source, or of all unknown names from one source."""

THREADS = 2
"""Hashes at once. Names that nobody has get one less."""


class Overloaded(Exception):
    """So many passwords are being looked at that this one is not, or the exporter is about to end."""


@dataclass(frozen=True, slots=True, eq=False)
class _Hash:
    """A password that is to be hashed, and whoever waits for the outcome."""

    password: bytes
    hashed: bytes
    known: bool
    outcome: asyncio.Future[bool]


class Users:
    """Verifies passwords, in one event loop. `check` is bcrypt's, (password, hash) -> bool, called in a thread."""

    def __init__(self, check: Callable[[bytes, bytes], bool] = bcrypt.checkpw) -> None:
        self._check = check
        self._key = secrets.token_bytes(32)
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._wrong: OrderedDict[bytes, None] = OrderedDict()
        self._begun: dict[bytes, asyncio.Future[bool]] = {}
        self._known: Turns[_Hash] = Turns(WAITING, WAITING_EACH)
        self._unknown: Turns[_Hash] = Turns(WAITING_UNKNOWN, WAITING_EACH)
        self._hashing = 0
        self._hashing_unknown = 0
        self._closed = False

    async def admit(self, users: Mapping[str, str], authorization: str | None, source: str = "") -> bool:
        """Return whether this header names one of these users, by their hashes, with the password.

        `source` is where the request comes from (`occupancy.source_of`). Raises Overloaded.
        """
        credentials = _parse(authorization)
        if credentials is None:
            return False
        user, password = credentials
        hashed = users.get(user)
        known = hashed is not None
        # Somebody unknown costs as much as the dearest of the known, so that the time tells no names.
        looked_at = hashed if hashed is not None else max(users.values(), key=_cost)
        seen = self._fingerprint(user, password, looked_at)
        if seen in self._right:
            self._right.move_to_end(seen)
            return known
        if seen in self._wrong:
            return False
        outcome = self._begun.get(seen)
        if outcome is None:
            outcome = self._begin(seen, password, looked_at, (source, user) if known else None, source)
        return await asyncio.shield(outcome) and known

    def close(self) -> None:
        """Begin no hash any more, those that wait for their turn included: the exporter ends."""
        self._closed = True
        for turns in (self._known, self._unknown):
            for waiting in turns.clear():
                waiting.outcome.set_exception(Overloaded())

    def _fingerprint(self, user: str, password: bytes, hashed: str) -> bytes:
        """What is remembered in place of a password: of no use without the key, which only this process has."""
        parts = (user.encode(), password, hashed.encode())
        return hmac.digest(self._key, b"".join(len(part).to_bytes(4) + part for part in parts), "sha256")

    def _begin(
        self, seen: bytes, password: bytes, hashed: str, user: tuple[str, str] | None, source: str
    ) -> asyncio.Future[bool]:
        if self._closed:
            raise Overloaded
        outcome: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        wanted = _Hash(password[:LONGEST_PASSWORD], hashed.encode(), user is not None, outcome)
        try:
            given_way = self._unknown.add(source, wanted) if user is None else self._known.add(user, wanted)
        except Full as error:
            raise Overloaded from error
        if given_way is not None:
            given_way.outcome.set_exception(Overloaded())
        self._begun[seen] = outcome
        outcome.add_done_callback(lambda done: self._remember(seen, done))
        self._go_on()
        return outcome

    def _go_on(self) -> None:
        """Hash whatever has its turn."""
        while self._hashing < THREADS:
            found = self._known.take()
            if found is None and self._hashing_unknown < THREADS - 1:
                found = self._unknown.take()
            if found is None:
                return
            loop = asyncio.get_running_loop()
            try:
                # No pool of threads: at the end of the process it would wait for hashes that nobody waits for any more.
                threading.Thread(target=self._hash, args=(loop, found), name="password", daemon=True).start()
            except RuntimeError:
                # The system has no thread left.
                found.outcome.set_exception(Overloaded())
                continue
            self._hashing += 1
            self._hashing_unknown += not found.known

    def _hash(self, loop: asyncio.AbstractEventLoop, wanted: _Hash) -> None:
        """Called in a thread."""
        try:
            outcome: bool | Exception = self._check(wanted.password, wanted.hashed)
        except Exception as error:  # whatever it is, who asked is to have it
            outcome = error
        # Whoever waited is gone with the event loop.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._hashed, wanted, outcome)

    def _hashed(self, wanted: _Hash, outcome: bool | Exception) -> None:
        self._hashing -= 1
        self._hashing_unknown -= not wanted.known
        if isinstance(outcome, Exception):
            wanted.outcome.set_exception(outcome)
        else:
            wanted.outcome.set_result(outcome)
        self._go_on()

    def _remember(self, seen: bytes, done: asyncio.Future[bool]) -> None:
        del self._begun[seen]
        if done.cancelled() or done.exception() is not None:
            return
        found = self._right if done.result() else self._wrong
        found[seen] = None
        if len(found) > REMEMBERED:
            found.popitem(last=False)


def _cost(hashed: str) -> int:
    return int(hashed[4:6])


def _parse(authorization: str | None) -> tuple[str, bytes] | None:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
        user, colon, password = decoded.partition(b":")
        return (user.decode(), password) if colon and b"\0" not in password else None
    except (binascii.Error, UnicodeDecodeError):
        return None


_CHALLENGE = {"www-authenticate": 'Basic realm="autodiscover_exporter", charset="UTF-8"'}

_UNAUTHORIZED = Response(b"User and password are asked for here.\n", 401, headers=_CHALLENGE)

_OVERLOADED = Response(b"Too many passwords are being looked at: try again.\n", 503, headers={"retry-after": "5"})

_TOO_MANY = Response(b"More requests than rate_limit allows: try again.\n", 429, headers={"retry-after": "1"})

_POLICY = "content-security-policy"


class AccessControl:
    """A Handler before a Handler. `guard` is asked for each request, `clock` tells seconds that never go back."""

    def __init__(
        self, guard: Callable[[], WebConfig], behind: Handler, users: Users, clock: Callable[[], float] = time.monotonic
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

    async def _respond(self, guard: WebConfig, request: Request) -> Response:
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
