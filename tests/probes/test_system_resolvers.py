"""The nameservers of this host, from a resolv.conf as hosts have them."""

from pathlib import Path

import pytest

from check_autodiscover.core.model.policy import Resolver
from check_autodiscover.probes.system import system_resolvers


def test_resolv_conf_gives_nameservers_in_order(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text(
        "# nameserver 192.0.2.1\nsearch example.com\noptions edns0\nnameserver 192.0.2.53 # first\n"
        "nameserver not-an-address\nnameserver fe80::1%eth0\nnameserver 192.0.2.53\n"
        "nameserver 2001:DB8::53\nnameserver 192.0.2.99\n"
    )
    expected = (Resolver("192.0.2.53"), Resolver("fe80::1%eth0"), Resolver("2001:db8::53"))
    assert system_resolvers(str(path)) == expected


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("search example.com example.net.\n", ("example.com", "example.net")),
        ("domain example.com\nsearch Example.NET\n", ("example.net",)),
        ("search example.com\ndomain example.net\n", ("example.net",)),
        ("search . -nobody- example.com\n", ("example.com",)),
        ("nameserver 192.0.2.53\n", ()),
        ("#search example.com\n", ()),
    ],
)
def test_a_server_of_this_host_knows_what_is_searched_with_it(
    tmp_path: Path, text: str, search: tuple[str, ...]
) -> None:
    """Row 60: the last line of either kind counts, as resolv.conf(5) has it."""
    path = tmp_path / "resolv.conf"
    path.write_text(text)
    assert [resolver.search for resolver in system_resolvers(str(path))] == [search]


@pytest.mark.parametrize("text", [None, "", "search example.com\n"])
def test_without_nameservers_this_host_is_asked(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "resolv.conf"
    if text is not None:
        path.write_text(text)
    assert system_resolvers(str(path)) == (Resolver("127.0.0.1"),)
