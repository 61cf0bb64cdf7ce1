"""Who may come in by name and password (RFC 7617), without anybody else waiting for the hash.

A hash is dear on purpose, and whoever asks makes us pay for it. So a right password that was seen before costs none;
hashes of users who exist wait by source and user, and those take turns; hashes for names that nobody has come after all
of them, and never have all threads.
"""

import asyncio
import base64
import binascii
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import bcrypt

from autodiscover_exporter.web.turns import Full, Turns

__all__ = ["LONGEST_PASSWORD", "Overloaded", "Users"]

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
            self._hashing += 1
            self._hashing_unknown += not found.known
            loop = asyncio.get_running_loop()
            # No pool of threads: at the end of the process it would wait for hashes that nobody waits for any more.
            threading.Thread(target=self._hash, args=(loop, found), name="password", daemon=True).start()

    def _hash(self, loop: asyncio.AbstractEventLoop, wanted: _Hash) -> None:
        """Called in a thread."""
        try:
            outcome: bool | Exception = self._check(wanted.password, wanted.hashed)
        except Exception as error:
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
