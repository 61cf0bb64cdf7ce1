"""What the codec reads out of replies made by hand: hosts, serials, signatures and denials, and out of any bytes."""

import dns.flags
import dns.message
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.core.model.observations import DnsAnswer, DnsQuestion, DnsStatus, RecordType
from check_autodiscover.probes.dns.full_wire import decode
from check_autodiscover.probes.dns.wire import MAX_HOSTS, encode
from tests.probes.dns_server import NAME, SOA

ADDRESS = f"{NAME}. 60 IN A 192.0.2.7"
ALIAS = f"{NAME}. 60 IN CNAME mail.example.com."
TARGET = "mail.example.com. 60 IN A 192.0.2.7"
NAMES = st.sampled_from([NAME, "", "*.example.com", "a\\.b.example.com"])


def question(type_: RecordType = RecordType.A, name: str = NAME) -> DnsQuestion:
    return DnsQuestion("v", "192.0.2.53", name, type_)


def read(
    *answer: str,
    authority: tuple[str, ...] = (),
    additional: tuple[str, ...] = (),
    asked: DnsQuestion | None = None,
    flags: int = 0,
) -> DnsAnswer:
    asked = asked or question()
    return decode(reply(asked, answer, authority, additional, flags), asked)


def reply(
    asked: DnsQuestion,
    answer: tuple[str, ...],
    authority: tuple[str, ...] = (),
    additional: tuple[str, ...] = (),
    flags: int = 0,
) -> bytes:
    made = dns.message.make_response(dns.message.from_wire(encode(asked, 7, edns=True)))
    made.flags |= flags
    sections = ((made.answer, answer), (made.authority, authority), (made.additional, additional))
    for section, records in sections:
        section.extend(dns.rrset.from_text(*record.split(maxsplit=4)) for record in records)  # type: ignore[arg-type]  # five parts
    return made.to_wire(max_size=65535)


def signature(owner: str, type_: str, labels: int) -> str:
    return f"{owner}. 60 IN RRSIG {type_} 13 {labels} 60 20300101000000 20250101000000 1 example.com. AAAA"


def test_hosts_of_nameservers_and_mail_servers_are_told_once_and_in_order() -> None:
    servers = tuple(f"example.com. 60 IN NS {host}.example.com." for host in ("ns2", "NS1", "ns2"))
    assert read(*servers, asked=question(RecordType.NS, "example.com")).names == ("ns1.example.com", "ns2.example.com")
    mail = read("example.com. 60 IN MX 10 Mail.example.com.", asked=question(RecordType.MX, "example.com"))
    assert mail.names == ("mail.example.com",)
    assert read(ADDRESS).names == ()


def test_many_hosts_are_cut() -> None:
    servers = tuple(f"example.com. 60 IN NS n{number}.example.com." for number in range(MAX_HOSTS + 1))
    assert len(read(*servers, asked=question(RecordType.NS, "example.com")).names) == MAX_HOSTS


def test_nameservers_of_the_root_can_be_asked_for() -> None:
    answer = read(". 60 IN NS a.root-servers.net.", asked=question(RecordType.NS, ""))
    assert (answer.status, answer.names) == (DnsStatus.ANSWER, ("a.root-servers.net",))


def test_serial_comes_with_the_record_and_with_every_denial() -> None:
    asked = question(RecordType.SOA, "example.com")
    assert read(SOA.replace(" 1 3600", " 4294967295 3600"), asked=asked).serial == 4294967295
    assert read(authority=(SOA,)).serial == 1
    assert read(ADDRESS).serial is None


def test_referral_says_nothing_and_who_is_no_authority_shows() -> None:
    answer = read(authority=("example.com. 60 IN NS ns.example.com.",))
    assert (answer.status, answer.authoritative) == (DnsStatus.REFUSED, False)
    assert read(ADDRESS, flags=dns.flags.AA).authoritative


DELEGATION = ("example.com. 60 IN NS ns.example.com.", "example.com. 60 IN NS NS.example.net.")
GLUE = ("ns.example.com. 60 IN A 192.0.2.53", "ns.example.com. 60 IN AAAA 2001:db8::53", TARGET)


@pytest.mark.parametrize("zone", ["example.com", "www.example.com"], ids=["the zone itself", "a name in it"])
def test_a_parents_server_names_the_servers_of_the_zone_it_is_asked_about_and_of_no_other(zone: str) -> None:
    """RFC 1034 section 4.2.1: with their addresses, and none that came along for other hosts."""
    asked = DnsQuestion("", "192.0.2.53", zone, RecordType.NS, direct=True)
    answer = read(authority=DELEGATION, additional=GLUE, asked=asked)
    if zone == "example.com":
        assert answer.status is DnsStatus.ANSWER
        assert answer.names == ("ns.example.com", "ns.example.net")
        assert answer.addresses == ("192.0.2.53", "2001:db8::53")
    else:
        assert (answer.status, answer.names, answer.addresses) == (DnsStatus.REFUSED, (), ())


def test_a_resolver_is_not_taken_for_a_parents_server() -> None:
    answer = read(authority=DELEGATION, additional=GLUE, asked=question(RecordType.NS, "example.com"))
    assert (answer.status, answer.addresses) == (DnsStatus.REFUSED, ())


@pytest.mark.parametrize(
    ("records", "synthesized"),
    [
        pytest.param((ADDRESS,), None, id="unsigned"),
        pytest.param((ADDRESS, signature(NAME, "A", 3)), False, id="own record"),
        pytest.param((ADDRESS, signature(NAME, "A", 2)), True, id="wildcard"),
        pytest.param((ADDRESS, signature(NAME, "AAAA", 2)), None, id="signature of another type"),
        pytest.param((ADDRESS, signature("example.com", "A", 1)), None, id="signature of another name"),
        pytest.param((ALIAS, signature(NAME, "CNAME", 2), TARGET), True, id="alias by a wildcard"),
        pytest.param(
            (ALIAS, signature(NAME, "CNAME", 3), TARGET, signature("mail.example.com", "A", 2)),
            False,
            id="own alias to a wildcard",
        ),
        pytest.param((), None, id="nothing"),
    ],
)
def test_labels_of_the_signature_tell_what_a_wildcard_made(records: tuple[str, ...], synthesized: bool | None) -> None:
    assert read(*records).synthesized is synthesized


def test_wildcard_asked_by_its_own_name_is_not_made_from_itself() -> None:
    records = ("*.example.com. 60 IN A 192.0.2.7", signature("*.example.com", "A", 2))
    assert read(*records, asked=question(name="*.example.com")).synthesized is False


@pytest.mark.parametrize(
    ("denial", "compact"),
    [
        pytest.param(f"{NAME}. 60 IN NSEC \\000.{NAME}. RRSIG NSEC TYPE128", True, id="RFC 9824"),
        pytest.param(f"{NAME}. 60 IN NSEC zz.example.com. RRSIG NSEC TYPE128", True, id="RFC 9824 with another span"),
        pytest.param(f"{NAME}. 60 IN NSEC \\000.{NAME}. RRSIG NSEC", True, id="black lie"),
        pytest.param(f"{NAME}. 60 IN NSEC \\000.{NAME}. TXT RRSIG NSEC", False, id="a name that has another type"),
        pytest.param(f"{NAME}. 60 IN NSEC zz.example.com. RRSIG NSEC", False, id="an empty name of a whole zone"),
        pytest.param("a.example.com. 60 IN NSEC zz.example.com. RRSIG NSEC TYPE128", False, id="another name"),
    ],
)
def test_denial_made_for_one_question_is_told_from_nodata(denial: str, compact: bool) -> None:
    answer = read(authority=(SOA, denial))
    assert (answer.status, answer.compact_denial) == (DnsStatus.NODATA, compact)
    assert not read(ADDRESS, authority=(denial,)).compact_denial


@given(st.binary(max_size=600), NAMES, st.sampled_from(RecordType))
def test_any_bytes_are_an_answer_or_malformed(wire: bytes, name: str, type_: RecordType) -> None:
    assert isinstance(decode(wire, question(type_, name)), DnsAnswer)


@given(st.data(), st.sampled_from(RecordType))
def test_any_damage_to_a_message_is_survived(data: st.DataObject, type_: RecordType) -> None:
    asked = question(type_)
    denial = f"{NAME}. 60 IN NSEC \\000.{NAME}. RRSIG NSEC TYPE128"
    records = (ALIAS, signature(NAME, "CNAME", 2), TARGET, "example.com. 60 IN NS ns.example.com.", SOA)
    wire = bytearray(reply(asked, records, (SOA, denial, "example.com. 60 IN MX 1 mail.example.com.")))
    places = data.draw(st.lists(st.tuples(st.integers(0, len(wire) - 1), st.integers(0, 255)), max_size=12))
    for place, octet in places:
        wire[place] = octet
    end = data.draw(st.integers(0, len(wire)))
    for damaged in (bytes(wire), bytes(wire[:end])):
        assert isinstance(decode(damaged, asked), DnsAnswer)
