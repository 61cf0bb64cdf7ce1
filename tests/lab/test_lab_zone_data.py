"""Answers from zone data follow RFC 1034, RFC 4592 and RFC 2308, for the catch-alls of the worlds depend on it."""

import dns.name
import dns.rcode
import dns.rdatatype
import pytest

from check_autodiscover.lab.servers import Reply, ZoneData
from check_autodiscover.lab.world import Zone

WILD = ZoneData(
    [
        Zone(
            "contoso.com",
            (
                "@ A 127.0.0.7",
                "* A 127.0.0.80",
                "* TXT parked",
                "mail A 127.0.0.2",
                "mail A 127.0.0.3",
                "note TXT tombstone",
                "_autodiscover._tcp SRV 0 0 443 mail",
                "alias CNAME mail",
                "away CNAME exchange.hoster.example.",
                "lost CNAME nowhere.hoster.example.",
                "loop CNAME pool",
                "pool CNAME loop",
                "*.wild CNAME mail",
            ),
        ),
        Zone("hoster.example", ("exchange A 127.0.0.25",)),
    ]
)


def _ask(name: str, type_: str) -> Reply:
    return WILD.answer(dns.name.from_text(name), dns.rdatatype.from_text(type_))


def _found(name: str, type_: str) -> list[str]:
    return [rdata.to_text() for rrset in _ask(name, type_).answer for rdata in rrset]


@pytest.mark.parametrize(
    ("name", "type_", "data"),
    [
        ("contoso.com", "A", ["127.0.0.7"]),
        ("mail.contoso.com", "A", ["127.0.0.2", "127.0.0.3"]),
        ("MAIL.Contoso.COM", "A", ["127.0.0.2", "127.0.0.3"]),
        ("_autodiscover._tcp.contoso.com", "SRV", ["0 0 443 mail.contoso.com."]),
        ("alias.contoso.com", "A", ["mail.contoso.com.", "127.0.0.2", "127.0.0.3"]),
        ("away.contoso.com", "A", ["exchange.hoster.example.", "127.0.0.25"]),
        ("alias.contoso.com", "CNAME", ["mail.contoso.com."]),
    ],
)
def test_records_that_exist_are_found_and_aliases_followed(name: str, type_: str, data: list[str]) -> None:
    assert sorted(_found(name, type_)) == sorted(data)
    assert _ask(name, type_).rcode is dns.rcode.NOERROR


@pytest.mark.parametrize("name", ["autodiscover.contoso.com", "a.b.contoso.com"])
def test_a_wildcard_answers_for_names_that_do_not_exist_under_the_name_that_was_asked(name: str) -> None:
    (rrset,) = _ask(name, "A").answer
    assert rrset.name == dns.name.from_text(name)
    assert _found(name, "A") == ["127.0.0.80"]


def test_a_wildcard_alias_is_followed() -> None:
    assert _found("x.wild.contoso.com", "A")[0] == "mail.contoso.com."
    assert "127.0.0.2" in _found("x.wild.contoso.com", "A")


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("mail.contoso.com", "AAAA"),
        ("note.contoso.com", "A"),
        ("_tcp.contoso.com", "A"),
        ("wild.contoso.com", "A"),
        ("autodiscover.contoso.com", "SRV"),
        ("alias.contoso.com", "AAAA"),
    ],
    ids=["other type", "own record", "empty non-terminal", "parent of a wildcard", "wildcard lacks it", "behind alias"],
)
def test_a_name_that_exists_without_the_type_is_nodata_with_the_zones_soa(name: str, type_: str) -> None:
    reply = _ask(name, type_)
    assert reply.rcode is dns.rcode.NOERROR
    assert not [rrset for rrset in reply.answer if rrset.rdtype is not dns.rdatatype.CNAME]
    assert [(soa.name.to_text(), soa.rdtype) for soa in reply.authority] == [("contoso.com.", dns.rdatatype.SOA)]


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("x._tcp.contoso.com", "contoso.com."),
        ("x.mail.contoso.com", "contoso.com."),
        ("www.hoster.example", "hoster.example."),
        ("fabrikam.com", "."),
        ("host.invalid", "."),
    ],
    ids=["below an empty non-terminal", "below a host", "no wildcard", "no such zone", "invalid"],
)
def test_a_name_out_of_every_wildcards_reach_does_not_exist(name: str, zone: str) -> None:
    reply = _ask(name, "A")
    assert reply.rcode is dns.rcode.NXDOMAIN
    assert [soa.name.to_text() for soa in reply.authority] == [zone]


def test_an_alias_to_nowhere_gives_the_alias_and_says_that_its_end_does_not_exist() -> None:
    reply = _ask("lost.contoso.com", "A")
    assert reply.rcode is dns.rcode.NXDOMAIN
    assert _found("lost.contoso.com", "A") == ["nowhere.hoster.example."]


def test_a_loop_of_aliases_comes_to_an_end() -> None:
    assert _ask("loop.contoso.com", "A").rcode is dns.rcode.NOERROR


@pytest.mark.parametrize("type_", ["NS", "SOA"])
def test_the_root_is_known_for_it_is_the_control_question(type_: str) -> None:
    assert _ask(".", type_).rcode is dns.rcode.NOERROR
    assert _found(".", type_)
