"""What is made in a thread: once, without holding up the loop, for whoever still wants it."""

import asyncio
import threading

import pytest

from check_autodiscover.probes.limits import Prepared

LONG = 10.0
"""Seconds that nothing here should need."""


def test_value_is_made_once_for_all_who_want_it() -> None:
    made: list[object] = []

    def make() -> object:
        made.append(object())
        return made[-1]

    async def main() -> list[object]:
        prepared = Prepared(make)
        return [*await asyncio.gather(prepared.get(), prepared.get()), await prepared.get()]

    assert asyncio.run(main()) == made * 3


def test_loop_goes_on_while_the_value_is_made() -> None:
    went_on = threading.Event()

    async def main() -> bool:
        value = asyncio.ensure_future(Prepared(lambda: went_on.wait(LONG)).get())
        await asyncio.sleep(0)
        went_on.set()
        return await value

    assert asyncio.run(main())


def test_one_who_gives_up_takes_the_value_from_nobody() -> None:
    given_up = threading.Event()

    async def main() -> bool:
        prepared = Prepared(lambda: given_up.wait(LONG))
        impatient, patient = (asyncio.ensure_future(prepared.get()) for _ in range(2))
        await asyncio.sleep(0)
        impatient.cancel()
        given_up.set()
        return await patient

    assert asyncio.run(main())


def test_failure_is_told_to_everyone_who_wants_the_value() -> None:
    def fail() -> None:
        raise ImportError("no such library")

    async def main() -> None:
        prepared = Prepared(fail)
        for _ in range(2):
            with pytest.raises(ImportError, match="no such library"):
                await prepared.get()

    asyncio.run(main())
