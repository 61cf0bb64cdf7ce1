"""What a reply costs is bounded, whatever the owner of a zone puts into it: work is counted, not timed."""

import struct
import sys
from collections.abc import Callable
from types import FrameType

import dns.exception
import dns.message
import dns.rcode
import dns.rdataclass
import pytest
from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.core.model.observations import DnsAnswer, DnsQuestion, DnsStatus, RecordType
from check_autodiscover.probes.dns.full_wire import MAX_RECORDS, decode
from check_autodiscover.probes.dns.wire import TYPE_NUMBERS, read_plain
from tests.probes.hostile_replies import HOSTILE, MAX_MESSAGE, NAME, make_record, make_reply
from tests.probes.library_reader import read_by_library
from tests.probes.test_dns_plain import FLAGS, RCODES, SECTION, reply

EVENTS_PER_OCTET = 200
"""Calls of functions, C's among them, for each octet: two octets may stand for a name of 120 labels."""

MOST_EVENTS = 300_000
"""Calls for any reply, which take some 15 ms; without a bound those below take up to fifty million."""


def count_events(read: Callable[[], object]) -> int:
    """The calls and returns of functions, those in C too, that a reading takes."""
    events = 0

    def count(_frame: FrameType, _event: str, _argument: object) -> None:
        nonlocal events
        events += 1

    sys.setprofile(count)
    try:
        read()
    finally:
        sys.setprofile(None)
    return events


def asked(type_: RecordType, direct: bool = False) -> DnsQuestion:
    return DnsQuestion("v", "192.0.2.53", NAME, type_, direct)


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("direct", [False, True], ids=["a resolver", "an authority"])
@pytest.mark.parametrize("read", [decode, read_plain])
def test_work_grows_no_faster_than_the_reply_and_has_an_end(
    kind: str, direct: bool, read: Callable[[bytes, DnsQuestion], DnsAnswer | None]
) -> None:
    type_, make = HOSTILE[kind]
    question = asked(type_, direct)
    for count in (32, 64, 128, 256, MAX_RECORDS, 1024, 4096, 20_000):
        wire = make(question, count)[:MAX_MESSAGE]
        events = count_events(lambda wire=wire: read(wire, question))  # type: ignore[misc]  # the loop's own
        assert events <= min(EVENTS_PER_OCTET * len(wire), MOST_EVENTS), (count, len(wire))


@given(st.sampled_from(RecordType), st.booleans(), st.tuples(SECTION, SECTION, SECTION), RCODES, FLAGS)
def test_within_the_budget_a_reply_says_what_the_library_reads(
    type_: RecordType, direct: bool, sections: tuple[list[str], ...], rcode: dns.rcode.Rcode, flags: int
) -> None:
    question = asked(type_, direct)
    wire = reply(question, sections, rcode, flags)
    assert decode(wire, question) == read_by_library(wire, question)


@given(st.data(), st.sampled_from(RecordType), st.booleans(), st.tuples(SECTION, SECTION, SECTION))
def test_a_damaged_reply_says_what_the_library_reads_wherever_it_reads_it(
    data: st.DataObject, type_: RecordType, direct: bool, sections: tuple[list[str], ...]
) -> None:
    """Damage to what nobody asked for is not looked for, and a record of another class is none of the Internet's."""
    question = asked(type_, direct)
    wire = bytearray(reply(question, sections))
    start = len(make_reply(question, counts=(0, 0, 0)))
    if len(wire) > start:
        places = st.tuples(st.integers(start, len(wire) - 1), st.integers(0, 255))
        for place, octet in data.draw(st.lists(places, max_size=3)):
            wire[place] = octet
    try:
        message = dns.message.from_wire(bytes(wire))
        expected = read_by_library(bytes(wire), question)
    except (dns.exception.DNSException, ValueError, LookupError, AttributeError):
        return
    if all(rrset.rdclass == dns.rdataclass.IN for rrset in (*message.answer, *message.authority, *message.additional)):
        assert decode(bytes(wire), question) == expected


def test_of_two_proofs_about_one_name_the_last_counts() -> None:
    proofs = ("RRSIG NSEC TYPE128", "A RRSIG NSEC TYPE300")
    denials = []
    for order in (proofs, proofs[::-1]):
        section = [
            "example.com. 60 IN SOA ns.example.com. host.example.com. 3 3600 600 86400 30",
            *(f"{NAME}. 60 IN NSEC \\000.{NAME}. {types}" for types in order),
        ]
        wire = reply(asked(RecordType.A), ([], section, []))
        assert decode(wire, asked(RecordType.A)) == read_by_library(wire, asked(RecordType.A))
        denials.append(decode(wire, asked(RecordType.A)).compact_denial)
    assert denials == [False, True]


@pytest.mark.parametrize("class_", [0, 3, 9, 254, 255])
@pytest.mark.parametrize("type_", [RecordType.A, RecordType.AAAA, RecordType.SRV, RecordType.SOA, RecordType.NS])
@pytest.mark.parametrize("direct", [False, True], ids=["a resolver", "an authority"])
def test_a_record_of_another_class_is_no_answer(class_: int, type_: RecordType, direct: bool) -> None:
    """The library reads its data as octets without the fields of the type."""
    question = asked(type_, direct)
    record = make_record(b"\xc0\x0c", TYPE_NUMBERS[type_], b"\xc0\x0c\1\2", class_)
    wire = make_reply(question, record, record, counts=(1, 1, 0))
    assert decode(wire, question).status is DnsStatus.NODATA
    assert read_plain(wire, question) is None


@pytest.mark.parametrize(
    ("head", "status"),
    [
        pytest.param((0x8180, 2, 0, 0, 0), DnsStatus.MALFORMED, id="two questions"),
        pytest.param((0xA180, 1, 0, 0, 0), DnsStatus.MALFORMED, id="a notification"),
        pytest.param((0x8180, 1, MAX_RECORDS, 1, 0), DnsStatus.OVERSIZED, id="more records than are read"),
        pytest.param((0x8180, 1, 0xFFFF, 0xFFFF, 0xFFFF), DnsStatus.OVERSIZED, id="far more than there are"),
        pytest.param(
            (0x8180, 1, MAX_RECORDS, 0, 0), DnsStatus.MALFORMED, id="as many as are read, which are not there"
        ),
        pytest.param((0x8180, 1, 0, 0, 0), DnsStatus.NODATA, id="none"),
    ],
)
def test_the_head_of_a_reply_is_believed_as_far_as_it_costs_nothing(head: tuple[int, ...], status: DnsStatus) -> None:
    question = asked(RecordType.A)
    wire = struct.pack("!6H", 7, *head) + make_reply(question, counts=(0, 0, 0))[12:]
    wire += b"\xc0\x0c\0\1\0\1" if head[1] == 2 else b""
    assert decode(wire, question).status is status
