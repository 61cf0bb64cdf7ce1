"""Who may come in by name and password (RFC 7617), without anybody else waiting for the hash."""

import asyncio
import base64
import binascii
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import bcrypt

__all__ = ["LONGEST_PASSWORD", "Overloaded", "Users"]

LONGEST_PASSWORD = 72
"""Bytes of a password that bcrypt looks at."""
_REMEMBERED = 1024
"""Right passwords that are remembered, and as many wrong ones."""
_WAITING = 64
"""Hashes under way or waiting for their turn; more come from somebody who guesses."""
_THREADS = 2


class Overloaded(Exception):
    """So many passwords are being looked at that this one is not."""


class Users:
    """Verifies passwords. `check` is bcrypt's, (password, hash) -> bool, called in a thread."""

    def __init__(self, check: Callable[[bytes, bytes], bool] = bcrypt.checkpw) -> None:
        self._check = check
        self._key = secrets.token_bytes(32)
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._wrong: OrderedDict[bytes, None] = OrderedDict()
        self._waiting: dict[bytes, asyncio.Future[bool]] = {}
        self._threads = ThreadPoolExecutor(_THREADS, "password")

    async def admit(self, users: Mapping[str, str], authorization: str | None) -> bool:
        """Whether this header names one of these users, by their hashes, with the password. Raises Overloaded."""
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
        return await self._looked_at(seen, password, looked_at) and known

    def _fingerprint(self, user: str, password: bytes, hashed: str) -> bytes:
        """What is remembered in place of a password: of no use without the key, which only this process has."""
        parts = (user.encode(), password, hashed.encode())
        return hmac.digest(self._key, b"".join(len(part).to_bytes(4) + part for part in parts), "sha256")

    async def _looked_at(self, seen: bytes, password: bytes, hashed: str) -> bool:
        under_way = self._waiting.get(seen)
        if under_way is None:
            if len(self._waiting) >= _WAITING:
                raise Overloaded
            loop = asyncio.get_running_loop()
            under_way = loop.run_in_executor(self._threads, self._check, password[:LONGEST_PASSWORD], hashed.encode())
            self._waiting[seen] = under_way
            under_way.add_done_callback(lambda done: self._remember(seen, done))
        return await asyncio.shield(under_way)

    def _remember(self, seen: bytes, done: asyncio.Future[bool]) -> None:
        del self._waiting[seen]
        if done.cancelled() or done.exception() is not None:
            return
        found = self._right if done.result() else self._wrong
        found[seen] = None
        if len(found) > _REMEMBERED:
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
