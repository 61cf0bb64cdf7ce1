"""Pseudonyms of addresses keep which of them lie together."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.core.redaction.pseudonyms import Addresses

Address = IPv4Address | IPv6Address

hosts = st.one_of(
    st.integers(min_value=0x0A000000, max_value=0x0A0000FF).map(IPv4Address),
    st.ip_addresses(v=4),
    st.ip_addresses(v=6),
    st.ip_addresses(network="fd00::/120"),
)
lists = st.lists(hosts, min_size=2, max_size=10, unique=True)


def common(one: Address, other: Address) -> int:
    """How many leading bits two addresses of a family have in common."""
    return one.max_prefixlen - (int(one) ^ int(other)).bit_length()


@given(lists)
def test_any_two_have_as_many_leading_bits_in_common_and_stand_in_the_same_order(given: list[Address]) -> None:
    made = Addresses(map(str, given), ())
    for one in given:
        for other in given:
            if one.version == other.version:
                first, second = ip_address(made.of(str(one))), ip_address(made.of(str(other)))
                assert common(one, other) == common(first, second)
                assert (int(one) < int(other)) is (int(first) < int(second))


@given(lists, st.integers(min_value=0, max_value=32))
def test_a_network_holds_the_pseudonyms_of_what_it_holds_and_of_nothing_else(given: list[Address], length: int) -> None:
    net = ip_network(f"{given[0]}/{length}", strict=False)
    made = Addresses(map(str, given), (str(net),))
    hidden = ip_network(made.of_network(str(net)))
    assert hidden.prefixlen == length
    for host in given:
        assert (ip_address(made.of(str(host))) in hidden) is (host in net)


@pytest.mark.parametrize(
    ("address", "block"),
    [
        ("10.1.2.3", "10.0.0.0/8"),
        ("172.20.1.2", "172.16.0.0/12"),
        ("192.168.16.2", "192.168.0.0/16"),
        ("100.100.1.2", "100.64.0.0/10"),
        ("169.254.1.2", "169.254.0.0/16"),
        ("127.0.16.2", "127.0.0.0/8"),
        ("fe80::1234", "fe80::/10"),
        ("fd12:3456::1", "fd00::/8"),
        ("64:ff9b::c633:6450", "64:ff9b::/96"),
        ("2001:db8::10", "2000::/3"),
    ],
)
def test_an_address_stays_in_its_special_block_and_is_another(address: str, block: str) -> None:
    hidden = Addresses([address], ()).of(address)
    assert ip_address(hidden) in ip_network(block)
    assert hidden != address


def test_a_public_address_becomes_no_special_one() -> None:
    given = [f"{first}.7.{first}.9" for first in range(1, 224) if ip_address(f"{first}.7.{first}.9").is_global]
    made = Addresses(given, ())
    assert {address for address in given if not ip_address(made.of(address)).is_global} == set()
    assert not {made.of(address) for address in given} & set(given)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "0.0.0.0", "::"])
def test_an_address_that_everybody_has_stays(address: str) -> None:
    assert Addresses([address], ()).of(address) == address


def test_the_zone_of_a_link_local_address_stays() -> None:
    assert Addresses(["fe80::1%eth0"], ()).of("fe80::1%eth0").endswith("%eth0")
