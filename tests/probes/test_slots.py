"""The slots of a process: never more than there are, domains in turn, and silence holds up nobody."""

import asyncio
import math

from check_autodiscover.probes.limits import Lane, Slot, Slots

NEVER = math.inf


async def settle() -> None:
    """Let everything run that is ready to."""
    for _ in range(20):
        await asyncio.sleep(0)


def entering(lane: Lane, order: list[str], name: str, give_up_at: float = NEVER) -> "asyncio.Task[Slot | None]":
    async def enter() -> Slot | None:
        slot = await lane.enter(give_up_at)
        order.append(name)
        return slot

    return asyncio.create_task(enter())


async def taken(lane: Lane) -> Slot:
    slot = await lane.enter(NEVER)
    assert slot is not None
    return slot


def test_domains_take_turns_however_much_one_of_them_asks() -> None:
    async def main() -> list[str]:
        slots, order = Slots(1, 0), list[str]()
        held = await taken(slots.lane())
        greedy, modest = slots.lane(), slots.lane()
        tasks = [entering(greedy, order, f"greedy {number}") for number in range(3)]
        await settle()
        tasks.append(entering(modest, order, "modest"))
        await settle()
        held.leave()
        for _ in tasks:
            await settle()
            for task in tasks:
                if task.done() and (slot := task.result()) and order[-1].startswith(("greedy", "modest")):
                    tasks.remove(task)
                    slot.leave()
                    break
        await settle()
        return order

    assert asyncio.run(main())[:2] == ["greedy 0", "modest"]


def test_one_who_is_told_to_go_leaves_the_slot_to_others() -> None:
    async def main() -> Slot | None:
        slots, order = Slots(1, 0), list[str]()
        held = await taken(slots.lane())
        gone = entering(slots.lane(), order, "gone")
        await settle()
        held.leave()
        # It has the slot already, and does not know it yet.
        gone.cancel()
        await asyncio.wait([gone])
        return await slots.lane().enter(asyncio.get_running_loop().time() + 10)

    assert asyncio.run(main()) is not None


def test_who_waits_in_vain_says_for_how_long() -> None:
    async def main() -> tuple[Slot | None, float]:
        slots = Slots(1, 0)
        await taken(slots.lane())
        lane = slots.lane()
        slot = await lane.enter(asyncio.get_running_loop().time() + 0.01)
        return slot, lane.longest_wait

    slot, waited = asyncio.run(main())
    assert slot is None
    assert waited >= 0.01


def test_nobody_enters_after_the_deadline() -> None:
    async def main() -> Slot | None:
        return await Slots(1, 0).lane().enter(asyncio.get_running_loop().time())

    assert asyncio.run(main()) is None


def test_silence_stands_aside_and_holds_up_nobody() -> None:
    async def main() -> Slot | None:
        slots = Slots(1, 1, aside_after=0.0)
        silent = await taken(slots.lane())
        found = await slots.lane().enter(asyncio.get_running_loop().time() + 10)
        silent.leave()
        return found

    assert asyncio.run(main()) is not None


def test_places_aside_are_counted_too() -> None:
    async def main() -> list[bool]:
        slots = Slots(1, 1, aside_after=0.0)
        first = await taken(slots.lane())
        second = await taken(slots.lane())
        third = asyncio.create_task(taken(slots.lane()))
        await settle()
        waited = third.done()
        first.leave()
        # The one aside has left, and its place is not the slot that the second still holds.
        await settle()
        still = third.done()
        second.leave()
        await third
        return [waited, still, third.done()]

    assert asyncio.run(main()) == [False, False, True]
