"""Connections and requests by source: what is counted, who makes room, and that each call costs the same."""

from dataclasses import dataclass

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from autodiscover_exporter.web.occupancy import Occupancy, source_of

CONNECTIONS, REQUESTS = 6, 4


@pytest.mark.parametrize(
    ("address", "source"),
    [
        (("192.0.2.7", 1), "192.0.2.7"),
        (("2001:db8:1:2:3::4", 1, 0, 0), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:ffff::4", 1, 0, 0), "2001:db8:1:2::/64"),
        (("::ffff:192.0.2.7", 1, 0, 0), "192.0.2.7"),
        (("fe80::1%eth0", 1, 0, 2), "fe80::/64"),
        ("", ""),
        (b"", ""),
    ],
)
def test_a_source_is_an_address_or_the_network_that_one_host_has(address: object, source: str) -> None:
    assert source_of(address) == source


@dataclass(eq=False)
class Guest:
    source: str


class Occupied(RuleBasedStateMachine):
    """An Occupancy beside a list of everybody, in the order in which they became idle."""

    guests = Bundle("guests")

    def __init__(self) -> None:
        super().__init__()
        self.occupancy = Occupancy(CONNECTIONS, REQUESTS)
        self.idle: list[Guest] = []
        self.busy: list[Guest] = []
        self.under_way: list[Guest] = []

    def size(self, source: str) -> int:
        return sum(each.source == source for each in self.idle + self.busy)

    @rule(target=guests, source=st.sampled_from("abcd"))
    def add(self, source: str) -> Guest:
        guest = Guest(source)
        self.occupancy.add(guest)
        self.idle.append(guest)
        return guest

    @rule(guest=consumes(guests))
    def remove(self, guest: Guest) -> None:
        self.occupancy.remove(guest)
        for group in (self.idle, self.busy):
            if guest in group:
                group.remove(guest)
        assert guest not in self.occupancy

    @rule(guest=guests)
    def hold(self, guest: Guest) -> None:
        if guest in self.idle:
            self.occupancy.hold(guest)
            self.idle.remove(guest)
            self.busy.append(guest)

    @rule(guest=guests)
    def begin(self, guest: Guest) -> None:
        if guest in self.busy:
            return
        own = sum(each.source == guest.source for each in self.under_way)
        room = len(self.under_way) < REQUESTS - 1 or (len(self.under_way) < REQUESTS and own < 1)
        assert self.occupancy.begin(guest) == room
        if room:
            self.idle.remove(guest)
            self.busy.append(guest)
            self.under_way.append(guest)

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        guest = data.draw(st.sampled_from(self.under_way))
        self.occupancy.end(guest)
        self.under_way.remove(guest)
        # Whoever has gone meanwhile is no member any more.
        if guest in self.busy:
            self.busy.remove(guest)
            self.idle.append(guest)

    @rule(source=st.sampled_from("abcde"))
    def find(self, source: str) -> None:
        found = self.occupancy.find_evictable(source)
        largest = max((self.size(each) for each in "abcd"), default=0)
        if self.size(source) and largest <= self.size(source) + 1:
            own = [each for each in self.idle if each.source == source]
            assert found is (own[0] if own else None)
        elif found is not None:
            assert self.size(found.source) == largest >= self.size(source) + 2
            assert found is next(each for each in self.idle if each.source == found.source)
        else:
            greediest = {each for each in "abcd" if self.size(each) == largest}
            assert largest < 2 or not [each for each in self.idle if each.source in greediest]

    @invariant()
    def counts(self) -> None:
        members = len(self.idle) + len(self.busy)
        assert len(self.occupancy) == members
        assert self.occupancy.is_full == (members >= CONNECTIONS)
        assert self.occupancy.is_crowded == (members > CONNECTIONS)
        assert all(each in self.occupancy for each in self.idle + self.busy)


TestOccupied = Occupied.TestCase
