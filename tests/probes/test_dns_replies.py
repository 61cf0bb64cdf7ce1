"""What a reply means: every way of answering becomes a fact of its own."""

from itertools import pairwise

import dns.flags
import dns.rcode
import pytest

from check_autodiscover.core.model.observations import DnsStatus, RecordType, Srv
from check_autodiscover.core.model.policy import Transport
from check_autodiscover.probes.dns.full_wire import MAX_RECORDS
from check_autodiscover.probes.dns.wire import MAX_ADDRESSES, MAX_ALIASES
from tests.probes.dns_server import NAME, SOA, Server, answering, ask


def test_addresses_come_with_smallest_ttl_and_authority() -> None:
    server = answering(
        f"{NAME}. 300 IN CNAME mail.example.com.", "mail.example.com. 60 IN A 192.0.2.7", flags=dns.flags.AA
    )
    answer = ask(server)
    assert answer.status is DnsStatus.ANSWER
    assert answer.addresses == ("192.0.2.7",)
    assert answer.aliases == ("mail.example.com",)
    assert answer.ttl == 60
    assert answer.authoritative
    assert answer.seconds > 0


def test_services_keep_priority_weight_port_and_a_null_target() -> None:
    name = "_autodiscover._tcp.example.com"
    server = answering(f"{name}. 60 IN SRV 10 5 443 Mail.Example.com.")
    assert ask(server, RecordType.SRV, name=name).services == (Srv(10, 5, 443, "mail.example.com"),)
    nothing = answering(f"{name}. 60 IN SRV 0 0 0 .")
    assert ask(nothing, RecordType.SRV, name=name).services == (Srv(0, 0, 0, ""),)


def test_target_with_octets_of_no_host_name_stays_escaped() -> None:
    name = "_autodiscover._tcp.example.com"
    server = answering(f"{name}. 60 IN SRV 0 0 443 evil\\010|name.example.com.")
    assert ask(server, RecordType.SRV, name=name).services[0].target == "evil\\010|name.example.com"


def test_root_can_be_asked_as_control_question() -> None:
    server = answering(". 60 IN NS a.root-servers.net.")
    answer = ask(server, RecordType.NS, name="")
    assert (answer.status, answer.addresses) == (DnsStatus.ANSWER, ())


def test_nodata_and_nxdomain_are_told_apart_with_zone_and_negative_ttl() -> None:
    nodata = ask(answering(authority=SOA))
    assert (nodata.status, nodata.zone, nodata.ttl) == (DnsStatus.NODATA, "example.com", 300)
    absent = ask(answering(authority=SOA, rcode=dns.rcode.NXDOMAIN))
    assert (absent.status, absent.zone, absent.ttl) == (DnsStatus.NXDOMAIN, "example.com", 300)


def test_nxdomain_behind_alias_keeps_the_alias() -> None:
    answer = ask(answering(f"{NAME}. 60 IN CNAME gone.example.com.", rcode=dns.rcode.NXDOMAIN))
    assert (answer.status, answer.aliases) == (DnsStatus.NXDOMAIN, ("gone.example.com",))


def test_alias_without_address_is_an_answer() -> None:
    answer = ask(answering(f"{NAME}. 60 IN CNAME elsewhere.example.net."))
    assert (answer.status, answer.aliases, answer.addresses) == (DnsStatus.ANSWER, ("elsewhere.example.net",), ())


def test_alias_loop_ends() -> None:
    answer = ask(answering(f"{NAME}. 60 IN CNAME b.example.com.", f"b.example.com. 60 IN CNAME {NAME}."))
    assert answer.status is DnsStatus.ANSWER
    assert answer.aliases == ("b.example.com", NAME)


def test_alias_loop_that_a_server_gives_up_on_is_an_answer() -> None:
    """BIND says SERVFAIL and shows the loop: the name has no address, and the server is not at fault."""
    loop = (f"{NAME}. 60 IN CNAME b.example.com.", f"b.example.com. 60 IN CNAME {NAME}.")
    assert ask(answering(*loop, rcode=dns.rcode.SERVFAIL)).status is DnsStatus.ANSWER
    assert ask(answering(loop[0], rcode=dns.rcode.SERVFAIL)).status is DnsStatus.SERVFAIL


def test_long_alias_chain_is_cut() -> None:
    names = [NAME, *(f"n{number}.example.com" for number in range(40))]
    records = [f"{owner}. 60 IN CNAME {target}." for owner, target in pairwise(names)]
    answer = ask(answering(*records), transport=Transport.TCP)
    assert answer.aliases == tuple(names[1 : MAX_ALIASES + 1])


def test_many_addresses_are_cut() -> None:
    records = [f"{NAME}. 60 IN A 192.0.{net}.{host}" for net in range(2) for host in range(200)]
    assert len(ask(answering(*records), transport=Transport.TCP).addresses) == MAX_ADDRESSES


def test_referral_is_not_absence() -> None:
    assert ask(answering(authority="com. 60 IN NS a.gtld-servers.net.")).status is DnsStatus.REFUSED


@pytest.mark.parametrize(
    ("rcode", "status"),
    [
        (dns.rcode.SERVFAIL, DnsStatus.SERVFAIL),
        (dns.rcode.REFUSED, DnsStatus.REFUSED),
        (dns.rcode.NOTIMP, DnsStatus.MALFORMED),
        (dns.rcode.FORMERR, DnsStatus.MALFORMED),
    ],
)
def test_response_codes_keep_their_meaning(rcode: int, status: DnsStatus) -> None:
    assert ask(answering(rcode=rcode)).status is status


def _garbled(query: bytes, counts: bytes, tail: bytes) -> bytes:
    question = query[12 : query.index(b"\0", 12) + 5]
    return query[:2] + b"\x81\x80" + counts + question + tail


@pytest.mark.parametrize(
    ("counts", "tail"),
    [
        pytest.param(b"\0\1\0\1\0\0\0\0", b"\xc0\x0c\0\1", id="record cut off"),
        pytest.param(b"\0\1\0\1\0\0\0\0", b"\xc0\x2a\0\1\0\1\0\0\0\1\0\4\1\2\3\4", id="pointer to itself"),
        pytest.param(b"\0\1\0\1\0\0\0\0", b"\xc0\x0c\0\1\0\1\0\0\0\1\0\3\1\2\3", id="address of three octets"),
    ],
)
def test_malformed_reply_is_told_as_such(counts: bytes, tail: bytes) -> None:
    assert ask(Server(lambda query: [_garbled(query, counts, tail)])).status is DnsStatus.MALFORMED


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
def test_more_records_than_a_client_can_use_are_told_as_such_and_not_read(transport: Transport) -> None:
    """Part of an answer proves nothing: what is asked for, or speaks against it, may stand in the rest."""
    records = [f"{NAME}. 60 IN A 10.0.{number // 256}.{number % 256}" for number in range(MAX_RECORDS + 1)]
    answer = ask(answering(*records), transport=transport)
    assert (answer.status, answer.addresses) == (DnsStatus.OVERSIZED, ())
    answer = ask(answering(*records[:1500]), transport=transport)
    assert (answer.status, len(answer.addresses)) == (DnsStatus.ANSWER, MAX_ADDRESSES)
