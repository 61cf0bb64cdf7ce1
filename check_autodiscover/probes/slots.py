"""How much one process asks of the world at once, shared out between the domains that it looks at.

Both probes enter here before they send anything. Whoever waits, waits in the lane of its domain, and lanes take turns:
a domain with many questions delays the others by one of them. A slot is for what has just been sent, because that is
what overflows buffers: what stays without an answer for a while stands aside, so that silent hosts hold up nobody else.
"""

import asyncio
from collections import deque

__all__ = ["ASIDE_AFTER", "Lane", "Slot", "Slots"]

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
