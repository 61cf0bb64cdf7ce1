"""What people may write as a value, and that everything else is refused in one sentence."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.config import values
from check_autodiscover.config import values as severities
from check_autodiscover.config import values as views
from check_autodiscover.core.model.names import BadName
from check_autodiscover.core.model.policy import DAY, ClientName, LifeLeft, Method, Resolver, Step, Transport, View
from check_autodiscover.core.model.states import SeverityOverride, State

SCP_URL = "https://ex1.contoso.com/autodiscover/autodiscover.xml"
HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (values.parse_life_left, "30", LifeLeft(30 * DAY)),
        (values.parse_life_left, "30:", LifeLeft(30 * DAY)),
        (values.parse_life_left, "30d", LifeLeft(30 * DAY)),
        (values.parse_life_left, "0.5", LifeLeft(DAY // 2)),
        (values.parse_life_left, "720h", LifeLeft(30 * DAY)),
        (values.parse_life_left, "25%", LifeLeft(None, 0.25)),
        (values.parse_life_left, "30d/25%", LifeLeft(30 * DAY, 0.25)),
        (values.parse_life_left, "0", LifeLeft(0)),
        (values.parse_method, "exchange-online", Method.EXCHANGE_ONLINE),
        (values.parse_client, "outlook-2007", ClientName.OUTLOOK_2007),
        (values.parse_step, "office365", Step.OFFICE365),
        (values.parse_state, "critical", State.CRITICAL),
        (values.parse_state, "CRITICAL", State.CRITICAL),
        (values.parse_state, "3", State.UNKNOWN),
        (values.parse_port, "65535", 65535),
        (values.parse_duration, "10", 10.0),
        (values.parse_duration, "1.5s", 1.5),
        (values.parse_duration, "500ms", 0.5),
        (values.parse_duration, "5m", 300.0),
        (values.parse_fingerprint, HEX, HEX),
        (values.parse_fingerprint, f"sha256:{HEX.upper()}", HEX),
        (values.parse_fingerprint, ":".join(HEX[i : i + 2].upper() for i in range(0, 64, 2)), HEX),
        (values.parse_address, "192.0.2.1", "192.0.2.1"),
        (values.parse_address, "2001:DB8::0:1", "2001:db8::1"),
        (values.parse_address, "192.0.2.0/24", "192.0.2.0/24"),
        (values.parse_srv, "Remote.Contoso.com", "remote.contoso.com"),
        (values.parse_srv, "remote.contoso.com:8443", "remote.contoso.com:8443"),
        (values.parse_issuer, " Example CA ", "Example CA"),
        (severities.parse_severity, "dns-srv-port=2", SeverityOverride("dns-srv-port", State.CRITICAL)),
        (
            severities.parse_severity,
            "in-1:dns-srv-port@srv=ok",
            SeverityOverride("dns-srv-port", State.OK, "in-1", "srv"),
        ),
        (values.parse_parent, "*.Contoso.com", "contoso.com"),
        (values.parse_parent, "contoso.com.", "contoso.com"),
        (values.parse_ldap_url, "LDAPS://DC1.Contoso.com:636/", "ldaps://dc1.contoso.com"),
        (values.parse_ldap_url, "ldap://10.0.0.2", "ldap://10.0.0.2"),
        (values.parse_scp_url, "https://EX1.contoso.com/Autodiscover/Autodiscover.xml", SCP_URL),
        (values.parse_directory_name, " Default-First-Site-Name ", "Default-First-Site-Name"),
        (values.parse_user_agent, "check/1 (a b)", "check/1 (a b)"),
        (views.parse_resolver, "192.0.2.53", Resolver("192.0.2.53")),
        (views.parse_resolver, "192.0.2.53:5353", Resolver("192.0.2.53", 5353)),
        (views.parse_resolver, "2001:db8::53", Resolver("2001:db8::53")),
        (views.parse_resolver, "[2001:db8::53]", Resolver("2001:db8::53")),
        (views.parse_resolver, "[2001:db8::53]:5353", Resolver("2001:db8::53", 5353)),
        (views.parse_resolver, "udp://192.0.2.53", Resolver("192.0.2.53")),
        (views.parse_resolver, "tcp://[2001:db8::53]:54", Resolver("2001:db8::53", 54, Transport.TCP)),
        (views.parse_resolver, "system", Resolver("", transport=Transport.SYSTEM)),
        (views.parse_resolver, "authoritative", Resolver("", transport=Transport.AUTHORITATIVE)),
        (views.parse_resolver, "tls://192.0.2.53", Resolver("192.0.2.53", 853, Transport.TLS)),
        (
            views.parse_resolver,
            "tls://[2001:db8::53]:8530#DNS.example.",
            Resolver("2001:db8::53", 8530, Transport.TLS, "dns.example"),
        ),
        (
            views.parse_resolver,
            "https://dns.example/dns-query",
            Resolver("dns.example", 443, Transport.HTTPS, "", "/dns-query"),
        ),
        (
            views.parse_resolver,
            "https://192.0.2.53:8443/q#dns.example",
            Resolver("192.0.2.53", 8443, Transport.HTTPS, "dns.example", "/q"),
        ),
        (
            views.parse_view,
            "in-1=10.0.0.2,system",
            View("in-1", (Resolver("10.0.0.2"), views.parse_resolver("system"))),
        ),
    ],
)
def test_a_value_is_read(parse: Callable[[str], object], text: str, value: object) -> None:
    assert parse(text) == value


REFUSED: dict[Callable[[str], object], tuple[str, ...]] = {
    values.parse_life_left: (
        "", ":", "foo", "1-10", "-5", "~:5", "@30", "30:40", "30s", "d", "/", "30d/", "/25%", "30d/20d", "25%/20%",
        "30d/25%/1h", "101%", "1e3", "٣٠", "30 d", "nan",
    ),
    values.parse_method: ("", "SRV", "undetermined", "srv "),
    values.parse_client: ("", "EWS", "ews ", "outlook-mobile"),
    values.parse_step: ("", "ROOT", "server"),
    values.parse_state: ("", "4", "-1", "bad"),
    values.parse_port: ("", "0", "65536", "-1", "443 ", "https", "٤٤٣"),
    values.parse_duration: ("", "0", "0s", "-1", "inf", "nan", "1e3", "10 s", "s", "1w"),
    values.parse_fingerprint: ("", "ab", HEX[:-1], f"{HEX}0", "g" * 64, f"sha1:{HEX}"),
    values.parse_address: (
        "", "contoso.com", "192.0.2.1/24", "192.0.2.0/33", "192.0.2", "fe80::1%eth0", "a/b", "::/0%a",
    ),
    values.parse_host_address: ("192.0.2.0/24", "x"),
    values.parse_srv: ("", "remote.contoso.com:0", "192.0.2.1", "192.0.2.1:443", ":443", "a b"),
    values.parse_issuer: ("", "  "),
    severities.parse_severity: ("", "=", "dns-srv-port=", "a:b:dns-srv-port", "dns-srv-port@=ok", "DNS-SRV-PORT=ok"),
    values.parse_parent: ("", "*.", "*", "*.*.contoso.com", "a b"),
    values.parse_ldap_url: (
        "", "dc1", "ldap://", "ldap://:389", "ldap://dc1:0", "ldap://dc1:99999", "ldap://u:p@dc1", "ldap://dc1?cn",
        "gc://dc1", "https://dc1", "ldap://a b", "LDAP://DC=contoso,DC=com", "ldap://[dc1]", "ldap://dc1/a b",
    ),
    values.parse_scp_url: (
        "", "ex1", "http://ex1.contoso.com/autodiscover/autodiscover.xml", "https://ex1.contoso.com/owa",
        "https://ex1.contoso.com", "https:///autodiscover/autodiscover.xml",
    ),
    values.parse_directory_name: ("", "  ", "a\nb"),
    values.parse_user_agent: ("", " a", "a\r\nX: y", "\u00e9", "a" * 201),
    views.parse_view_name: ("", "A", "a_b", "a b", "a=b", "a" * 33, "\u00e4"),
    views.parse_resolver: (
        "", "dns.example", "192.0.2.53:", "192.0.2.53:x", "192.0.2.53:99999", "2001:db8::53:99999", "[192.0.2.53]:53",
        "[::1", "[::1]x", "tls://dns.example", "tls://192.0.2.53#", "tls://192.0.2.53#a b", "tls://192.0.2.53/path",
        "https://dns.example", "https://dns.example/", "https:///q", "https://dns.example:0/q", "https://dns.example/q#",
        "udp://192.0.2.53#dns.example", "udp://system", "tls://authoritative", "://192.0.2.1", "fe80::1%eth0",
        "udp://tcp://192.0.2.1",
    ),
    views.parse_view: ("", "inside", "=10.0.0.2", "inside=", "inside=10.0.0.2,", "inside=10.0.0.2,10.0.0.2", "IN=::1",
        "a=authoritative,10.0.0.2"),
}  # fmt: skip


@pytest.mark.parametrize(("parse", "text"), [(parse, text) for parse, texts in REFUSED.items() for text in texts])
def test_anything_else_is_refused_in_one_sentence_that_names_it(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError, match=r"(?s)\A.{10,300}\Z") as refused:
        parse(text)
    assert isinstance(refused.value, (values.BadValue, BadName))


@given(st.sampled_from(list(REFUSED)), st.text(max_size=60))
def test_any_text_is_a_value_or_refused_and_nothing_else(parse: Callable[[str], object], text: str) -> None:
    with suppress(values.BadValue, BadName):
        parse(text)


@pytest.mark.parametrize(("warning", "critical"), [("10", "14d"), ("20%", "25%"), ("30d/10%", "14d/15%"), ("24h", "2")])
def test_a_warning_that_comes_after_the_critical_state_is_refused(warning: str, critical: str) -> None:
    with pytest.raises(values.BadValue, match="below"):
        values.thresholds_of(values.parse_life_left(warning), values.parse_life_left(critical))


@pytest.mark.parametrize(("warning", "critical"), [("14", "14d"), ("1", "90%"), ("90%", "14"), ("30d/25%", "14d/15%")])
def test_thresholds_that_cannot_be_compared_or_are_in_order_are_taken(warning: str, critical: str) -> None:
    both = values.parse_life_left(warning), values.parse_life_left(critical)
    thresholds = values.thresholds_of(*both)
    assert (thresholds.warning, thresholds.critical) == both


def test_a_value_is_bound_to_a_view_that_exists_or_to_all() -> None:
    views = ("inside", "outside")
    assert values.parse_prefixed("inside=srv", views, values.parse_method) == ("inside", Method.SRV)
    assert values.parse_prefixed("srv", views, values.parse_method) == ("", Method.SRV)
    with pytest.raises(values.BadValue, match="inside, outside"):
        values.parse_prefixed("insdie=srv", views, values.parse_method)


def test_without_a_view_there_is_the_systems_and_none_comes_twice() -> None:
    assert views.views_of(()) == views.DEFAULT_VIEWS
    inside = views.parse_view("inside=10.0.0.2")
    assert views.views_of((inside,)) == (inside,)
    with pytest.raises(values.BadValue, match="'inside' is given twice"):
        views.views_of((inside, views.parse_view("inside=10.0.0.3")))
