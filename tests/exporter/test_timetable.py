"""When domains are due: evenly, in turn, each once an interval, and never twice at a time."""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from autodiscover_exporter.results.schedule import JITTER, Timetable, due_after

INTERVAL = 300.0
START = 1_700_000_000.0
MOMENTS = st.floats(min_value=0, max_value=4e9)
DOMAINS = st.sets(st.integers(0, 9999).map(lambda number: f"d{number}.example"), min_size=1, max_size=40)


@given(MOMENTS, st.integers(0, 9999).map("d{}.example".format), st.floats(1, 86_400))
def test_domain_is_due_once_in_each_interval_whatever_the_moment(moment: float, domain: str, interval: float) -> None:
    due = due_after(moment, domain, interval)
    assert moment < due + 1e-6
    assert due - moment <= interval * (1 + JITTER) + 1e-6


@given(st.text(max_size=8), st.text(max_size=8), st.integers(0, 9999).map("d{}.example".format))
def test_restart_or_a_second_exporter_leaves_a_domain_its_place(one: str, two: str, domain: str) -> None:
    places = [
        due_after(moment, domain, INTERVAL, seed) % INTERVAL for moment in (START, 2 * START) for seed in (one, two)
    ]
    turns = [(place - places[0] + INTERVAL / 2) % INTERVAL - INTERVAL / 2 for place in places]
    assert all(abs(turn) <= JITTER * INTERVAL for turn in turns)


def test_thousands_are_spread_evenly() -> None:
    tenths = Counter(int(due_after(START, f"d{number}.example", INTERVAL) % INTERVAL // 30) for number in range(10_000))
    assert len(tenths) == 10
    assert max(tenths.values()) < 1.1 * 1000


@dataclass
class Fleet:
    """A schedule's work with a clock that is moved by hand."""

    table: Timetable
    concurrency: int
    running: dict[str, float] = field(default_factory=dict)
    starts: Counter[str] = field(default_factory=Counter)
    order: list[tuple[float, str]] = field(default_factory=list)

    def advance(self, now: float, seconds: float) -> None:
        for ended in [domain for domain, end in self.running.items() if end <= now]:
            del self.running[ended]
            self.table.done(ended)
        while len(self.running) < self.concurrency and (domain := self.table.start(now)) is not None:
            assert domain not in self.running
            self.running[domain] = now + seconds
            self.starts[domain] += 1
            self.order.append((now, domain))


def played(domains: set[str], concurrency: int, seconds: float, rounds: int) -> Fleet:
    fleet = Fleet(Timetable("seed"), concurrency)
    fleet.table.follow(domains, INTERVAL, START)
    for step in range(int(rounds * INTERVAL)):
        fleet.advance(START + step, seconds)
    return fleet


@given(DOMAINS)
def test_each_is_looked_at_once_an_interval_where_there_is_room(domains: set[str]) -> None:
    starts = played(domains, len(domains), 5, 4).starts
    assert set(starts) == domains
    assert {3, 4, 5} >= set(starts.values())


@given(DOMAINS, st.integers(1, 3))
def test_fleet_that_does_not_fit_is_looked_at_in_turn(domains: set[str], concurrency: int) -> None:
    fleet = played(domains, concurrency, 100, 40)
    counts = [fleet.starts[domain] for domain in domains]
    # Whoever happens to be due when a slot becomes free is never late; the others share what is left.
    assert min(counts) >= 0.8 * max(counts) - 1


@given(DOMAINS)
def test_longest_waiting_is_first_and_the_lag_says_for_how_long(domains: set[str]) -> None:
    table = Timetable()
    table.follow(domains, INTERVAL, START)
    first = {domain: due_after(START, domain, INTERVAL) for domain in domains}
    late = START + 2 * INTERVAL
    assert abs(table.lag(late) - (late - min(first.values()))) < 1e-6
    order = [table.start(late) for _ in domains]
    assert order == sorted(domains, key=lambda domain: (first[domain], domain))
    assert table.start(late) is None
    assert table.lag(late) == 0


def test_one_that_still_runs_is_not_started_again_however_late_it_is() -> None:
    table = Timetable()
    table.follow(["a.example"], INTERVAL, START)
    assert table.start(START + 2 * INTERVAL) == "a.example"
    assert table.start(START + 20 * INTERVAL) is None
    table.done("a.example")
    assert table.start(START + 20 * INTERVAL) == "a.example"


def test_late_one_is_not_looked_at_twice_in_a_row() -> None:
    table = Timetable()
    table.follow(["a.example"], INTERVAL, START)
    due = table.next_due
    assert due is not None
    table.start(due + INTERVAL - 1)
    table.done("a.example")
    assert table.next_due is not None
    assert table.next_due - (due + INTERVAL - 1) >= INTERVAL / 2


def test_reload_keeps_the_turns_of_those_that_stay_and_drops_the_others() -> None:
    table = Timetable()
    table.follow(["a.example", "b.example"], INTERVAL, START)
    late = START + 2 * INTERVAL
    started = table.start(late)
    other = {"a.example": "b.example", "b.example": "a.example"}[str(started)]
    table.follow([other, "c.example"], INTERVAL, late)
    table.done(str(started))
    assert table.start(late) == other
    assert table.start(late) is None
    assert table.start(late + 2 * INTERVAL) == "c.example"
    assert table.next_due is None
