"""How much a process asks of the world at once, how long it waits for silent servers, and what TLS may cost it.

Lanes and slots share the network out between domains: whoever waits, waits in the lane of its domain, and lanes take
turns. A slot is for what has just been sent, because that is what overflows buffers; what stays without an answer for a
while stands aside. Once a server has answered nobody for a while, a few questions go on waiting for it, which tells
when it is back, and the rest count as unanswered. What takes long to import is made in a thread meanwhile.

A server chooses what a handshake costs its client: long chains of long keys, Diffie-Hellman in a field of ten thousand
bits, renegotiation without end. One step is a single call into OpenSSL that nothing ends, so dear ones leave the event
loop, one at a time, and none is begun once the time of a check is spent.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from check_autodiscover.core.model.policy import Resolver

__all__ = [
    "ASIDE_AFTER",
    "FEW",
    "LIGHT_BYTES",
    "MOST_SECONDS",
    "PATIENCE",
    "Effort",
    "Lane",
    "Prepared",
    "SilentServers",
    "Slot",
    "Slots",
    "Spent",
]

ASIDE_AFTER = 1.0
"""Seconds after which what is still unanswered stands aside."""


class Slots:
    """`limit` slots for what was just sent, and `aside` places for what has waited longer; both bound the sockets."""

    def __init__(self, limit: int, aside: int, aside_after: float = ASIDE_AFTER) -> None:
        self._free = limit
        self._places = aside
        self._after = aside_after
        self._queue: deque[Lane] = deque()
        self._held: dict[Slot, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def lane(self) -> "Lane":
        """A lane of its own, for one domain's survey."""
        return Lane(self)

    def taken(self) -> bool:
        """Whether a slot was free, which now is the caller's."""
        if not self._free:
            return False
        self._free -= 1
        return True

    def line_up(self, lane: "Lane") -> None:
        """Serve a lane in its turn."""
        self._queue.append(lane)

    def give_back(self) -> None:
        """Hand a slot to whoever is next."""
        while self._queue:
            lane = self._queue.popleft()
            served = lane.serve()
            if lane.waiting:
                self._queue.append(lane)
            if served:
                return
        self._free += 1

    def slot(self) -> "Slot":
        """What holds a slot that the caller has, and stands aside in time."""
        slot, loop = Slot(self), asyncio.get_running_loop()
        # All get the same time, so that one timer for the eldest does for all of them.
        self._held[slot] = loop.time() + self._after
        if self._timer is None:
            self._timer = loop.call_at(self._held[slot], self._stand_aside)
        return slot

    def _stand_aside(self) -> None:
        """Let those whose time has come go aside, as far as there are places: their slots are the next ones'."""
        self._timer, loop = None, asyncio.get_running_loop()
        for slot, due in tuple(self._held.items()):
            if due > loop.time():
                self._timer = loop.call_at(due, self._stand_aside)
                return
            del self._held[slot]
            if self._places:
                self._places -= 1
                slot.aside = True
                self.give_back()

    def leave(self, slot: "Slot") -> None:
        """Take back a slot, or the place aside that it has become."""
        if self._held.pop(slot, None) is not None and not self._held and self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if slot.aside:
            self._places += 1
        else:
            self.give_back()


class Slot:
    """A slot that is held until `leave`."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self.aside = False
        """Whether it is the next one's by now, and this a place aside."""

    def leave(self) -> None:
        """Make room, once."""
        self._slots.leave(self)


class Lane:
    """Where one domain's questions wait. `longest_wait` is in seconds, of those that gave up too."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._waiters: deque[asyncio.Future[None]] = deque()
        self.longest_wait = 0.0

    @property
    def waiting(self) -> bool:
        """Whether somebody waits here."""
        return bool(self._waiters)

    def serve(self) -> bool:
        """Whether somebody waited here, who now has the slot."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return True
        return False

    async def enter(self, give_up_at: float) -> Slot | None:
        """A slot, which the caller leaves, or None if none became free before `give_up_at` (the loop's clock)."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        if begun >= give_up_at:
            return None
        if self._slots.taken():
            return self._slots.slot()
        try:
            return self._slots.slot() if await self._served(give_up_at) else None
        finally:
            self.longest_wait = max(self.longest_wait, loop.time() - begun)

    async def _served(self, give_up_at: float) -> bool:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not self._waiters:
            self._slots.line_up(self)
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout_at(give_up_at):
                await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled():
                # It was served in the very moment in which it was told to go.
                self._slots.give_back()
            waiter.cancel()
            if isinstance(error, TimeoutError):
                return False
            raise
        return True


MOST_SECONDS = 1.0
"""Of CPU, for all connections of a check: a handshake as servers do it takes one to three milliseconds."""

LIGHT_BYTES = 8 * 1024
"""Bytes that a step may work on in the event loop. The dearest certificate takes five milliseconds for 1.3 KB."""

_T = TypeVar("_T")


class Spent(Exception):
    """There is no CPU left for another step."""


class Effort:
    """What is left for one check."""

    def __init__(self) -> None:
        self._left = MOST_SECONDS
        self._turn: asyncio.Lock | None = None

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self._left <= 0

    def do(self, step: Callable[[], _T]) -> _T:
        """Do a step here. Raises Spent, and what the step raises."""
        if self._left <= 0:
            raise Spent
        begun = time.thread_time()
        try:
            return step()
        finally:
            self._left -= time.thread_time() - begun

    async def do_aside(self, step: Callable[[], _T]) -> _T:
        """Do a step in a thread. Raises Spent, and what the step raises."""
        if self._turn is None:
            self._turn = asyncio.Lock()
        async with self._turn:
            done = asyncio.get_running_loop().run_in_executor(None, self.do, step)
            try:
                return await asyncio.shield(done)
            except asyncio.CancelledError:
                # OpenSSL works on the session until it has ended, so that nobody else may touch it before.
                await asyncio.wait([done])
                raise


T = TypeVar("T")


class Prepared(Generic[T]):
    """A value that is made once, when it is first wanted; the loop goes on while others wait for it.

    What `make` raises is raised to everyone who wants the value. It belongs to one event loop.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: asyncio.Future[T] | None = None

    def begin_soon(self) -> None:
        """Start to make it once all has run that is ready to, so that what is to be sent leaves undisturbed."""
        if self._made is None:
            asyncio.get_running_loop().call_soon(self._begin)

    async def get(self) -> T:
        """The value."""
        # Whoever gives up takes it from nobody else.
        return await asyncio.shield(self._begin())

    def _begin(self) -> asyncio.Future[T]:
        if self._made is None:
            self._made = asyncio.get_running_loop().run_in_executor(None, self._make)
            self._made.add_done_callback(_seen)
        return self._made


def _seen(made: asyncio.Future[Any]) -> None:
    """Take note of a failure, which concerns nobody if nobody comes for the value."""
    if not made.cancelled():
        made.exception()


FEW = 64
"""Questions that go on waiting for a silent server: more than those of one domain, whose verdict shall not change."""

PATIENCE = 2.0
"""Seconds of questions and no answer after which a server counts as silent: a query, its repetition, and a second."""


class SilentServers:
    """The servers that are being asked. At a silent one no more than `few` questions wait; `patience` is in seconds."""

    def __init__(self, few: int = FEW, patience: float = PATIENCE) -> None:
        self._few = few
        self._patience = patience
        self._servers: dict[Resolver, _Server] = {}

    def silent(self, server: Resolver) -> bool:
        """Whether it has answered nobody for so long that those who ask it now need not wait."""
        asked = self._servers.get(server)
        return asked is not None and len(asked.waiting) >= self._few and asked.seconds >= self._patience

    def wait(self, server: Resolver, limit: asyncio.Timeout) -> None:
        """Count one who waits for its answer, whose limit passes early where too many wait for a silent server."""
        asked = self._servers.get(server)
        if asked is None:
            asked = self._servers[server] = _Server()
        asked.waiting[limit] = None
        if len(asked.waiting) > self._few and asked.timer is None:
            self._watch(asked)

    def heard(self, server: Resolver) -> None:
        """Note that it has answered one who waits, whatever it said."""
        self._servers[server].heard()

    def leave(self, server: Resolver, limit: asyncio.Timeout) -> None:
        """No longer count one who waited."""
        asked = self._servers[server]
        del asked.waiting[limit]
        if not asked.waiting:
            del self._servers[server]
            if asked.timer is not None:
                asked.timer.cancel()

    def _watch(self, asked: "_Server") -> None:
        asked.timer = asyncio.get_running_loop().call_at(asked.since + self._patience, self._thin_out, asked)

    def _thin_out(self, asked: "_Server") -> None:
        """End the waiting of all but the first few, if there was no answer in the meantime."""
        asked.timer = None
        if len(asked.waiting) <= self._few:
            return
        if asked.seconds < self._patience:
            self._watch(asked)
            return
        for limit in tuple(asked.waiting)[self._few :]:
            if not limit.expired():
                limit.reschedule(asyncio.get_running_loop().time())


class _Server:
    """A server that somebody waits for. `since` is when it was first asked or last heard, on the loop's clock."""

    __slots__ = ("since", "timer", "waiting")

    def __init__(self) -> None:
        self.waiting: dict[asyncio.Timeout, None] = {}
        self.timer: asyncio.TimerHandle | None = None
        self.heard()

    @property
    def seconds(self) -> float:
        """For how long it has said nothing."""
        return asyncio.get_running_loop().time() - self.since

    def heard(self) -> None:
        """Note that it has answered somebody, whatever it said."""
        self.since = asyncio.get_running_loop().time()
