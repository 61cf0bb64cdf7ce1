"""Who may come in by name and password, and that nobody waits for somebody else's guesses."""

import asyncio
import base64
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import bcrypt
import pytest

from autodiscover_exporter.web.access import THREADS, WAITING, WAITING_EACH, WAITING_UNKNOWN, Overloaded, Users

HASH = bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()
FRIENDS = {f"user-{n}": HASH for n in range(WAITING)}


@pytest.mark.parametrize("kind", ["2a", "2b", "2y"])
def test_hashes_of_every_maker_are_understood(kind: str) -> None:
    users = {"alice": HASH.replace("$2b$", f"${kind}$")}
    header = "Basic " + base64.b64encode(b"alice:right").decode()
    assert asyncio.run(Users().admit(users, header))


def _header(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Checks:
    """Counts what is hashed, and waits until it may go on."""

    def __init__(self) -> None:
        self.seen: list[tuple[bytes, bytes]] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, password: bytes, hashed: bytes) -> bool:
        self.seen.append((password, hashed))
        assert self.go_on.wait(30)
        return password == b"right"


def test_a_password_is_hashed_once_and_an_unknown_user_costs_a_hash_too() -> None:
    checks = Checks()
    users = {"alice": HASH, "carol": HASH.replace("$04$", "$06$")}

    async def ask() -> list[bool]:
        verifier = Users(checks)
        pairs = [("alice", "right"), ("alice", "right"), ("bob", "right"), ("bob", "right"), ("alice", "wrong")]
        return [await verifier.admit(users, _header(*pair)) for pair in pairs]

    assert asyncio.run(ask()) == [True, True, False, False, False]
    dearest = users["carol"].encode()
    assert [(password, hashed == dearest) for password, hashed in checks.seen] == [
        (b"right", False), (b"right", True), (b"wrong", False),
    ]  # fmt: skip


def test_a_changed_hash_makes_the_old_password_worthless_at_once() -> None:
    async def ask() -> list[bool]:
        verifier = Users()
        other = bcrypt.hashpw(b"other", bcrypt.gensalt(4)).decode()
        return [await verifier.admit({"alice": hashed}, _header("alice", "right")) for hashed in (HASH, other)]

    assert asyncio.run(ask()) == [True, False]


def _held(scenario: Callable[[Users, Checks], Coroutine[Any, Any, None]]) -> Checks:
    """Run a scenario with hashes that do not end before `go_on`."""
    checks = Checks()
    checks.go_on.clear()
    asyncio.run(scenario(Users(checks), checks))
    return checks


async def _ask(users: Users, *asked: tuple[str, str, str]) -> "list[asyncio.Task[bool]]":
    """Begin to ask for each (user, password, source), in this order."""
    found = [
        asyncio.create_task(users.admit(FRIENDS, _header(user, password), source)) for user, password, source in asked
    ]
    # As often as a task needs to come to its hash.
    for _ in range(3):
        await asyncio.sleep(0)
    return found


async def _outcomes(tasks: "list[asyncio.Task[bool]]") -> list[bool | type[BaseException]]:
    found = await asyncio.gather(*tasks, return_exceptions=True)
    return [each if isinstance(each, bool) else type(each) for each in found]


def test_no_hash_stalls_who_is_known_already() -> None:
    async def scenario(users: Users, checks: Checks) -> None:
        checks.go_on.set()
        assert await users.admit(FRIENDS, _header("user-0", "right"), "a")
        checks.go_on.clear()
        guesses = await _ask(users, *(("user-0", str(n), "b") for n in range(WAITING)))
        assert await users.admit(FRIENDS, _header("user-0", "right"), "a")
        checks.go_on.set()
        await _outcomes(guesses)

    _held(scenario)


def test_guesses_with_unknown_names_keep_no_user_from_the_hash() -> None:
    async def scenario(users: Users, checks: Checks) -> None:
        guesses = await _ask(users, *((f"nobody-{n}", "x", f"source-{n}") for n in range(4 * WAITING_UNKNOWN)))
        assert len(checks.seen) == THREADS - 1
        (friend,) = await _ask(users, ("user-0", "right", "home"))
        assert len(checks.seen) == THREADS
        checks.go_on.set()
        assert await friend
        outcomes = await _outcomes(guesses)
        assert outcomes.count(False) == THREADS - 1 + WAITING_UNKNOWN
        assert outcomes.count(Overloaded) == 3 * WAITING_UNKNOWN - THREADS + 1

    _held(scenario)


def test_guesses_for_one_user_keep_no_other_user_and_no_other_source_waiting() -> None:
    async def scenario(users: Users, checks: Checks) -> None:
        guesses = await _ask(users, *(("user-0", str(n), "b") for n in range(2 * WAITING_EACH)))
        friends = await _ask(users, ("user-1", "right", "b"), ("user-0", "right", "a"))
        checks.go_on.set()
        assert await _outcomes(friends) == [True, True]
        # Those under way, one of those that wait, and then the friends in their turns.
        assert [password for password, _ in checks.seen[: THREADS + 3]].count(b"right") == 2
        assert (await _outcomes(guesses)).count(Overloaded) == WAITING_EACH - THREADS

    _held(scenario)


def test_where_all_places_are_taken_the_greediest_gives_one_up() -> None:
    async def scenario(users: Users, checks: Checks) -> None:
        guesses = await _ask(users, *((f"user-{n // WAITING_EACH}", str(n), "b") for n in range(WAITING + THREADS)))
        (friend,) = await _ask(users, ("user-60", "right", "a"))
        checks.go_on.set()
        assert await friend
        assert (await _outcomes(guesses)).count(Overloaded) >= 1

    _held(scenario)


def test_the_end_begins_no_hash_and_waits_for_none() -> None:
    async def scenario(users: Users, checks: Checks) -> None:
        tasks = await _ask(users, *((f"user-{n}", "right", "a") for n in range(10)))
        users.close()
        assert await _outcomes(tasks[THREADS:]) == [Overloaded] * (10 - THREADS)
        with pytest.raises(Overloaded):
            await users.admit(FRIENDS, _header("user-20", "right"), "a")
        # The event loop ends while the two are still under way: asyncio.run would wait for a pool of threads.

    checks = _held(scenario)
    assert len(checks.seen) == THREADS
    checks.go_on.set()


def test_a_hash_that_fails_is_told_to_whoever_asked_and_the_next_one_has_its_turn() -> None:
    def fail(_password: bytes, _hashed: bytes) -> bool:
        raise ValueError("no salt")

    async def ask() -> None:
        users = Users(fail)
        for _ in range(2 * THREADS):
            with pytest.raises(ValueError, match="no salt"):
                await users.admit(FRIENDS, _header("user-0", "right"))

    asyncio.run(ask())
