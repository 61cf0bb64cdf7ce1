import pytest
from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.core.model.names import (
    BadName,
    is_below,
    matches_dns_id,
    near_miss,
    parents,
    parse_domain,
    parse_host,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Contoso.COM.", "contoso.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("r3---sn.example", "r3---sn.example"),
        ("1and1.example", "1and1.example"),
    ],
)
def test_a_domain_in_any_spelling_becomes_its_a_labels(text: str, name: str) -> None:
    assert name == parse_domain(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "empty"),
        (".", "empty label"),
        ("a..example", "empty label"),
        ("user@contoso.com", "after the @"),
        ("https://contoso.com/", "without scheme"),
        ("contoso .com", "space"),
        ("contoso.com\n", "space"),
        ("192.0.2.1", "IP address"),
        ("2001:db8::1", "IP address"),
        ("contoso.com:443", "port"),
        ("*.contoso.com", "wildcard"),
        ("_tcp.contoso.com", "underscore"),
        ("-a.example", "hyphens"),
        ("a-.example", "hyphens"),
        ("contoso!.com", "letters"),
        ("localhost", "one label"),
        (f"{'a' * 64}.example", "longer than 63"),
        (f"{'a.' * 130}example", "longer than 253"),
        ("xn--a.example", "IDNA"),
        ("☃.example", "IDNA"),
        ("a\u202eb.example", "IDNA"),
    ],
)
def test_each_fault_of_a_domain_is_named_with_the_text(text: str, fault: str) -> None:
    with pytest.raises(BadName) as raised:
        parse_domain(text)
    message = str(raised.value)
    assert fault in message
    assert ascii(text)[1:20].rstrip("'") in message
    assert message.isascii() or "IDNA" in message
    assert "\n" not in message


def test_a_host_may_have_one_label() -> None:
    assert parse_host("Server01") == "server01"


@given(st.text(max_size=300))
def test_any_text_is_either_refused_or_stable_when_read_again(text: str) -> None:
    try:
        name = parse_domain(text)
    except BadName:
        return
    assert name == parse_domain(name)
    assert name.isascii()
    assert name == name.lower()
    assert not name.endswith(".")


def test_parents_come_nearest_first_and_without_the_root() -> None:
    assert parents("a.b.c") == ("b.c", "c")
    assert parents("c") == ()


def test_a_name_is_below_itself_and_its_parents_but_not_below_a_mere_suffix() -> None:
    assert is_below("contoso.com", "contoso.com")
    assert is_below("mail.contoso.com", "contoso.com")
    assert not is_below("notcontoso.com", "contoso.com")


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("mail.contoso.com", "mail.contoso.com"),
        ("Mail.Contoso.com", "mail.CONTOSO.com"),
        ("mail.contoso.com", "mail.contoso.com."),
        ("*.contoso.com", "autodiscover.contoso.com"),
        ("*.contoso.com", "xn--bcher-kva.contoso.com"),
    ],
)
def test_a_dns_id_covers_its_own_name_and_one_label_for_a_wildcard(pattern: str, name: str) -> None:
    assert matches_dns_id(pattern, name)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("autodiscover.contoso.com.", "autodiscover.contoso.com"),
        ("*.contoso.com.", "autodiscover.contoso.com"),
        ("*.contoso.com", "contoso.com"),
        ("*.contoso.com", "a.b.contoso.com"),
        ("*.contoso.com", ".contoso.com"),
        ("auto*.contoso.com", "autodiscover.contoso.com"),
        ("*discover.contoso.com", "autodiscover.contoso.com"),
        ("mail.*.com", "mail.contoso.com"),
        ("*.*.com", "mail.contoso.com"),
        ("*.com", "contoso.com"),
        ("*", "localhost"),
        ("*.contoso.com", "*.contoso.com"),
        ("192.0.2.1", "192.0.2.1"),
        ("*.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("\u212aontoso.com", "kontoso.com"),
        ("contoso.com\0.evil.example", "contoso.com"),
        ("", ""),
    ],
)
def test_a_dns_id_covers_nothing_else(pattern: str, name: str) -> None:
    assert not matches_dns_id(pattern, name)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("autdiscover.contoso.com", "autodiscover.contoso.com"),
        ("autodsicover.contoso.com", "autodiscover.contoso.com"),
        ("autodiscover.contoso.con", "autodiscover.contoso.com"),
        ("autodiscovercontoso.com", "autodiscover.contoso.com"),
        ("autodiskover.contsoo.com", "autodiscover.contoso.com"),
        ("*.contso.com", "mail.contoso.com"),
    ],
)
def test_a_misspelt_name_is_recognised(written: str, wanted: str) -> None:
    assert written == near_miss(("www.fabrikam.com", written), wanted)


@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        ("autodiscover.contoso.com", "autodiscover.contoso.com"),
        ("mx1.contoso.com", "mx2.contoso.com"),
        ("mail.contoso.de", "mail.contoso.ch"),
        ("*.contoso.com", "contoso.com"),
        ("*.contoso.com", "a.b.contoso.com"),
        ("mail.contoso.com", "remote.contoso.com"),
    ],
)
def test_a_different_name_is_no_misspelling(other: str, wanted: str) -> None:
    assert near_miss((other,), wanted) == ""


def test_the_nearest_misspelling_wins_whatever_the_order() -> None:
    names = ("autdiscovr.contoso.com", "autodiscver.contoso.com")
    assert near_miss(names, "autodiscover.contoso.com") == "autodiscver.contoso.com"
    assert near_miss(names[::-1], "autodiscover.contoso.com") == "autodiscver.contoso.com"
