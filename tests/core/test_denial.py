"""Networks that are not contacted for a stranger, however an address in them is written."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.core.model.addresses import DEFAULT_DENIED, denies

FORMS = (
    "{}",
    "::ffff:{}",
    "64:ff9b::{}",
    "64:ff9b:1::{}",
    "::{}",
)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "fd20:ce::254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "64:ff9b:1:a9fe:a9:fe00::",
        "no address at all",
    ],
)
def test_metadata_and_neighbours_are_denied_in_every_form(address: str) -> None:
    assert denies(DEFAULT_DENIED, address)


@pytest.mark.parametrize(
    "address", ["203.0.113.10", "10.0.0.2", "2001:db8::1", "::ffff:203.0.113.10", "100.100.100.201"]
)
def test_other_addresses_are_not(address: str) -> None:
    assert not denies(DEFAULT_DENIED, address)


@given(st.integers(0, 2**32 - 1), st.sampled_from(FORMS))
def test_an_address_is_denied_by_its_network_whatever_stands_around_it(number: int, form: str) -> None:
    text = form.format(IPv4Address(number))
    for network in (f"{IPv4Address(number)}/32", "0.0.0.0/0"):
        assert denies((network,), text)


@given(st.integers(0, 2**128 - 1), st.integers(0, 128))
def test_an_address_is_denied_by_every_network_around_it(number: int, length: int) -> None:
    address = IPv6Address(number)
    assert denies((str(ip_network((address, length), strict=False)),), str(address))


@given(st.text(max_size=20))
def test_nothing_is_denied_where_no_network_is(text: str) -> None:
    assert not denies((), text)
