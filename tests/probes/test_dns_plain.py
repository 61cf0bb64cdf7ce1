"""Plain replies are read as the library reads them; whatever is not plain is left to it."""

import struct

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from check_autodiscover.core.model.observations import DnsQuestion, DnsStatus, RecordType
from check_autodiscover.probes.dns.full_wire import decode
from check_autodiscover.probes.dns.wire import encode, read_plain
from tests.probes.dns_server import NAME, SOA

RECORDS = (
    f"{NAME}. 60 IN A 192.0.2.7",
    f"{NAME}. 30 IN A 192.0.2.10",
    f"{NAME}. 60 IN AAAA 2001:db8:0:0:1:0:0:1",
    f"{NAME}. 60 IN AAAA ::ffff:192.0.2.1",
    f"{NAME}. 60 IN CNAME Mail.example.com.",
    f"{NAME}. 60 IN CNAME other.example.com.",
    "mail.example.com. 20 IN A 192.0.2.8",
    f"mail.example.com. 20 IN CNAME {NAME}.",
    f"{NAME}. 60 IN SRV 10 5 443 mail.example.com.",
    f"{NAME}. 60 IN SRV 0 0 0 .",
    f"{NAME}. 60 IN SRV 0 0 443 evil\\010|name.example.com.",
    f"{NAME}. 60 IN NS ns.example.com.",
    f"{NAME}. 2147483648 IN NS ns2.example.com.",
    f"{NAME}. 60 IN MX 10 mail.example.com.",
    f"{NAME}. 60 IN TXT text",
    "ns.example.com. 60 IN A 192.0.2.9",
    "*.example.com. 60 IN A 192.0.2.9",
    SOA,
    f"{NAME}. 60 IN SOA ns.example.com. host.example.com. 3 3600 600 86400 30",
    f"{NAME}. 60 IN RRSIG A 13 2 60 20300101000000 20250101000000 1 example.com. AAAA",
    f"{NAME}. 60 IN NSEC \\000.{NAME}. RRSIG NSEC TYPE128",
)
SECTION = st.lists(st.sampled_from(RECORDS), max_size=4)
RCODES = st.sampled_from([dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.SERVFAIL, dns.rcode.BADVERS])
FLAGS = st.sampled_from([0, int(dns.flags.AA), int(dns.flags.AD)])


def question(type_: RecordType, direct: bool = False, name: str = NAME) -> DnsQuestion:
    return DnsQuestion("v", "192.0.2.53", name, type_, direct)


def reply(
    asked: DnsQuestion,
    sections: tuple[list[str], ...],
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR,
    flags: int = 0,
) -> bytes:
    made = dns.message.make_response(dns.message.from_wire(encode(asked, 7, edns=True)))
    made.set_rcode(rcode)
    made.flags |= flags
    for section, records in zip((made.answer, made.authority, made.additional), sections, strict=False):
        section.extend(dns.rrset.from_text(*record.split(maxsplit=4)) for record in records)  # type: ignore[arg-type]  # five parts
    return made.to_wire(max_size=65535)


@given(st.sampled_from(RecordType), st.booleans(), st.tuples(SECTION, SECTION, SECTION), RCODES, FLAGS)
def test_whatever_is_read_plainly_is_what_the_library_reads(
    type_: RecordType, direct: bool, sections: tuple[list[str], ...], rcode: dns.rcode.Rcode, flags: int
) -> None:
    asked = question(type_, direct)
    wire = reply(asked, sections, rcode, flags)
    assert read_plain(wire, asked) in (None, decode(wire, asked))


@given(st.data(), st.sampled_from(RecordType), st.tuples(SECTION, SECTION, SECTION))
def test_damage_is_read_as_the_library_reads_it_or_left_to_it(
    data: st.DataObject, type_: RecordType, sections: tuple[list[str], ...]
) -> None:
    asked = question(type_)
    wire = bytearray(reply(asked, sections))
    for place, octet in data.draw(st.lists(st.tuples(st.integers(2, len(wire) - 1), st.integers(0, 255)), max_size=3)):
        wire[place] = octet
    damaged = bytes(wire[: data.draw(st.integers(0, len(wire)))]) if data.draw(st.booleans()) else bytes(wire)
    assert read_plain(damaged, asked) in (None, decode(damaged, asked))


@given(st.binary(max_size=300), st.sampled_from(RecordType))
@example(encode(question(RecordType.A), 7, edns=True)[:2] + b"\x80\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1", RecordType.A)
def test_any_bytes_are_read_as_the_library_reads_them_or_left_to_it(wire: bytes, type_: RecordType) -> None:
    asked = question(type_)
    assert read_plain(wire, asked) in (None, decode(wire, asked))


@pytest.mark.parametrize(
    ("type_", "answer", "authority", "rcode"),
    [
        pytest.param(RecordType.A, RECORDS[:2], (), dns.rcode.NOERROR, id="addresses"),
        pytest.param(RecordType.A, (RECORDS[4], RECORDS[6]), (), dns.rcode.NOERROR, id="alias"),
        pytest.param(RecordType.AAAA, RECORDS[2:3], (), dns.rcode.NOERROR, id="IPv6"),
        pytest.param(RecordType.SRV, RECORDS[8:10], (), dns.rcode.NOERROR, id="services"),
        pytest.param(RecordType.NS, RECORDS[11:12], (), dns.rcode.NOERROR, id="servers"),
        pytest.param(RecordType.MX, RECORDS[13:14], (), dns.rcode.NOERROR, id="mail"),
        pytest.param(RecordType.SRV, (), (SOA,), dns.rcode.NOERROR, id="no data"),
        pytest.param(RecordType.A, (), (SOA,), dns.rcode.NXDOMAIN, id="no such name"),
        pytest.param(RecordType.A, (), RECORDS[11:12], dns.rcode.NOERROR, id="referral"),
    ],
)
def test_what_healthy_unsigned_domains_answer_is_plain(
    type_: RecordType, answer: tuple[str, ...], authority: tuple[str, ...], rcode: dns.rcode.Rcode
) -> None:
    asked = question(type_)
    wire = reply(asked, (list(answer), list(authority)), rcode)
    assert read_plain(wire, asked) == decode(wire, asked)


def test_message_that_ends_early_is_left_to_the_library() -> None:
    asked = question(RecordType.AAAA)
    wire = reply(asked, ([RECORDS[2]], [SOA], [RECORDS[2], RECORDS[6]]))
    assert read_plain(wire, asked) == decode(wire, asked)
    assert [end for end in range(len(wire)) if read_plain(wire[:end], asked) is not None] == []


def test_delegations_by_a_parents_server_and_failures_are_the_library_s() -> None:
    asked = question(RecordType.NS, direct=True)
    assert read_plain(reply(asked, ([], [RECORDS[11]])), asked) is None
    assert decode(reply(asked, ([], [RECORDS[11]])), asked).status is DnsStatus.ANSWER
    assert read_plain(reply(asked, (), dns.rcode.SERVFAIL), asked) is None


def test_a_label_with_a_dot_in_it_is_left_to_the_library() -> None:
    asked = question(RecordType.A)
    wire = reply(asked, ([f"{NAME}. 60 IN CNAME mailxexample.com."],))
    assert read_plain(wire, asked) == decode(wire, asked)
    assert read_plain(wire.replace(b"mailxexample", b"mail.example"), asked) is None


def test_a_chain_of_pointers_without_measure_is_left_to_the_library() -> None:
    asked = question(RecordType.A)
    query = encode(asked, 7, edns=False)
    wire, last, count = bytearray(query), 12, 120
    for _ in range(count):
        wire += struct.pack("!BHHIH", 0, 28, 1, 60, 16)
        for _ in range(8):
            last, pointer = len(wire), 0xC000 | last
            wire += pointer.to_bytes(2, "big")
    wire += struct.pack("!BHHIHH", 0, 5, 1, 60, 2, 0xC000 | last)
    wire[2:4], wire[6:8] = b"\x80\0", (count + 1).to_bytes(2, "big")
    assert read_plain(bytes(wire), asked) is None
