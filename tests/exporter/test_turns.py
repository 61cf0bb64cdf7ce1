"""Work that waits in turns: nobody's crowd takes the place of somebody who has less."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiscover_exporter.web.access import Full, Turns

MOST, MOST_EACH = 6, 4


@given(st.lists(st.sampled_from(["a", "b", "c", "take"]), max_size=60))
def test_no_more_waits_than_may_and_only_the_greediest_gives_way(steps: list[str]) -> None:
    turns: Turns[tuple[str, int]] = Turns(MOST, MOST_EACH)
    waiting: list[tuple[str, int]] = []
    for number, asker in enumerate(steps):
        count = Counter(name for name, _ in waiting)
        if asker == "take":
            taken = turns.take()
            assert (taken is None) == (not waiting)
            if taken is not None:
                # Each asker's work comes out in the order in which it came.
                assert taken == next(each for each in waiting if each[0] == taken[0])
                waiting.remove(taken)
            continue
        try:
            given_way = turns.add(asker, (asker, number))
        except Full:
            fair = max(count.values()) < count[asker] + 2
            assert count[asker] == MOST_EACH or (len(waiting) == MOST and fair)
            continue
        if given_way is not None:
            assert count[given_way[0]] == max(count.values()) >= count[asker] + 2
            # The newest: what waits for long has its turn soon.
            assert given_way == [each for each in waiting if each[0] == given_way[0]][-1]
            waiting.remove(given_way)
        waiting.append((asker, number))
        assert len(turns) == len(waiting) <= MOST
    assert sorted(turns.clear()) == sorted(waiting)
    assert len(turns) == 0


def test_the_askers_take_turns() -> None:
    turns: Turns[str] = Turns(MOST, MOST_EACH)
    for work in ("a1", "a2", "a3", "b1", "c1", "b2"):
        turns.add(work[0], work)
    assert list(turns.clear()) == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_an_asker_has_so_much_and_no_more_even_where_there_is_room() -> None:
    turns: Turns[int] = Turns(MOST, MOST_EACH)
    for number in range(MOST_EACH):
        turns.add("a", number)
    with pytest.raises(Full):
        turns.add("a", MOST_EACH)
