"""A world that runs is what its data say: two resolvers that differ, and sites that behave as told, behind TLS."""

import os
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import enumerate as threads

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
from cryptography import x509

from check_autodiscover.core.model.observations import AUTODISCOVER_PATH
from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.model.states import State
from check_autodiscover.lab.running import Lab, running
from check_autodiscover.lab.world import (
    DAYS_LEFT,
    SEARCH_PAGE,
    Behaviour,
    CertificateSpec,
    Declaration,
    Issuer,
    ResolverKind,
    Site,
    Verdict,
    World,
    WorldResolver,
    WorldView,
    Zone,
)
from check_autodiscover.lab.worlds import world_named


def _resolver(*records: str, kind: ResolverKind = ResolverKind.HONEST) -> WorldResolver:
    return WorldResolver((Zone("contoso.com", records),), kind)


MANY = tuple(f"many A 127.0.9.{last}" for last in range(1, 200))
EXCHANGE = CertificateSpec(("mail.contoso.com", "autodiscover.contoso.com"))
BEHAVIOURS = {
    f"127.0.8.{last}": behaviour
    for last, behaviour in enumerate(Behaviour, start=1)
    if behaviour is not Behaviour.SILENT
}
WORLD = World(
    name="all",
    title="Every behaviour",
    views=(
        WorldView("inside", (_resolver("mail A 127.0.7.1", *MANY), _resolver("mail A 127.0.7.4"))),
        WorldView("outside", (_resolver("mail A 127.0.7.2", "nothing A 127.0.7.9"),)),
        WorldView("dead", (_resolver("mail A 127.0.7.3", kind=ResolverKind.DEAD),), connect=False),
        WorldView("failing", (_resolver("mail A 127.0.7.3", kind=ResolverKind.FAILING),)),
        WorldView("rewriting", (_resolver("mail A 127.0.7.3", kind=ResolverKind.REWRITING),)),
    ),
    sites=(
        Site("127.0.7.1", EXCHANGE, Behaviour.EXCHANGE),
        Site("127.0.7.2", EXCHANGE, Behaviour.EXCHANGE),
        Site("127.0.7.3", CertificateSpec(("mail.contoso.com",), days_left=-3), Behaviour.EXCHANGE),
        Site("127.0.7.4", CertificateSpec(("mail.contoso.com",), issuer=Issuer.PRIVATE), Behaviour.EXCHANGE),
        Site("127.0.7.5", None, Behaviour.SILENT),
        *(Site(address, http=does, redirect_to="mail.contoso.com") for address, does in BEHAVIOURS.items()),
    ),
    declared=Declaration(Method.HOST, ("mail.contoso.com",)),
    verdict=Verdict(State.OK),
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with running(WORLD) as alive:
        yield alive


def _places(lab: Lab, view: str) -> list[tuple[str, str]]:
    """Where the resolvers of a view listen."""
    pairs = (place.partition(":") for place in lab.resolvers[view].split(","))
    return [(host, port) for host, _, port in pairs]


def _ask(lab: Lab, view: str, name: str, *, tcp: bool = False, resolver: int = 0) -> dns.message.Message:
    host, port = _places(lab, view)[resolver]
    ask = dns.query.tcp if tcp else dns.query.udp
    return ask(dns.message.make_query(name, "A", use_edns=False), host, port=int(port), timeout=5)


def _addresses(message: dns.message.Message) -> list[str]:
    return [rdata.to_text() for rrset in message.answer for rdata in rrset]


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_each_view_has_a_resolver_with_answers_of_its_own(lab: Lab, tcp: bool) -> None:
    inside, outside = (_ask(lab, view, "mail.contoso.com", tcp=tcp) for view in ("inside", "outside"))
    assert (_addresses(inside), _addresses(outside)) == (["127.0.7.1"], ["127.0.7.2"])
    assert inside.flags & dns.flags.RA
    assert not inside.flags & dns.flags.AA


def test_the_resolvers_of_a_view_have_zones_of_their_own(lab: Lab) -> None:
    told = [_addresses(_ask(lab, "inside", "mail.contoso.com", resolver=number)) for number in (0, 1)]
    assert told == [["127.0.7.1"], ["127.0.7.4"]]


def test_a_failing_resolver_fails_for_its_zones_alone(lab: Lab) -> None:
    assert _ask(lab, "failing", "mail.contoso.com").rcode() is dns.rcode.SERVFAIL
    assert _ask(lab, "failing", "fabrikam.com").rcode() is dns.rcode.NXDOMAIN


def test_a_rewriting_resolver_has_an_address_for_every_name_that_does_not_exist(lab: Lab) -> None:
    for name in ("autodiscover.contoso.com", "host.invalid"):
        assert _addresses(_ask(lab, "rewriting", name)) == [SEARCH_PAGE]
    assert _addresses(_ask(lab, "rewriting", "mail.contoso.com")) == ["127.0.7.3"]


def test_an_answer_too_big_for_a_datagram_is_truncated_and_whole_over_tcp(lab: Lab) -> None:
    assert _ask(lab, "inside", "many.contoso.com").flags & dns.flags.TC
    assert len(_addresses(_ask(lab, "inside", "many.contoso.com", tcp=True))) == len(MANY)


def test_a_dead_resolver_refuses(lab: Lab) -> None:
    ((host, port),) = _places(lab, "dead")
    with socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.connect((host, int(port)))
        asking.send(dns.message.make_query("contoso.com", "A").to_wire())
        with pytest.raises(ConnectionRefusedError):
            asking.recv(512)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)))


def test_what_is_no_query_is_not_answered_and_harms_nobody(lab: Lab) -> None:
    host, port = _places(lab, "inside")[0]
    with socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.sendto(b"\x00garbage", (host, int(port)))
    assert _addresses(_ask(lab, "inside", "mail.contoso.com")) == ["127.0.7.1"]


def _request(lab: Lab, address: str, text: str) -> str:
    with socket.create_connection((address, lab.http_port), timeout=5) as connection:
        return _converse(connection, text)


def _converse(connection: socket.socket, text: str) -> str:
    connection.sendall(text.encode())
    if not isinstance(connection, ssl.SSLSocket):
        connection.shutdown(socket.SHUT_WR)
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536)
    return received.decode()


def _address_of(behaviour: Behaviour) -> str:
    return next(address for address, does in BEHAVIOURS.items() if does is behaviour)


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        (Behaviour.EXCHANGE, 401),
        (Behaviour.WEBSITE, 200),
        (Behaviour.REDIRECT, 302),
        (Behaviour.NOT_FOUND, 404),
        (Behaviour.UNAVAILABLE, 503),
        (Behaviour.PASSWORD, 401),
        (Behaviour.SETTINGS, 200),
    ],
)
def test_a_site_answers_as_its_behaviour_says(lab: Lab, behaviour: Behaviour, status: int) -> None:
    answer = _request(lab, _address_of(behaviour), f"GET {AUTODISCOVER_PATH} HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(f"HTTP/1.1 {status} ")


def test_exchange_offers_its_methods_at_the_autodiscover_path_only(lab: Lab) -> None:
    address = _address_of(Behaviour.EXCHANGE)
    at_path = _request(lab, address, "POST /Autodiscover/Autodiscover.xml HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi")
    assert [line for line in at_path.split("\r\n") if line.startswith("WWW-Authenticate")] == [
        "WWW-Authenticate: Negotiate",
        "WWW-Authenticate: NTLM",
        'WWW-Authenticate: Basic realm="exchange"',
    ]
    assert "X-FEServer: " in at_path
    assert _request(lab, address, "GET / HTTP/1.1\r\n\r\n").startswith("HTTP/1.1 404 ")


def test_a_redirector_leads_to_its_target_over_https(lab: Lab) -> None:
    answer = _request(lab, _address_of(Behaviour.REDIRECT), f"GET {AUTODISCOVER_PATH} HTTP/1.1\r\n\r\n")
    assert "Location: https://mail.contoso.com/autodiscover/autodiscover.xml\r\n" in answer


def test_one_connection_takes_several_requests_and_head_has_no_body(lab: Lab) -> None:
    with socket.create_connection((_address_of(Behaviour.WEBSITE), lab.http_port), timeout=5) as connection:
        connection.sendall(b"HEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answers:
            received = answers.read()
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert received.count(b"<!doctype html>") == 1


@pytest.mark.parametrize(
    "address", [_address_of(Behaviour.REFUSED), "127.0.7.9"], ids=["site", "record without a site"]
)
def test_where_nothing_listens_the_connection_is_refused_on_both_ports(lab: Lab, address: str) -> None:
    for port in (lab.https_port, lab.http_port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((address, port), timeout=5)


def test_a_silent_site_accepts_and_says_nothing_until_the_lab_ends() -> None:
    with running(WORLD) as lab:
        connection = socket.create_connection(("127.0.7.5", lab.https_port), timeout=5)
        connection.sendall(b"anybody there?")
        # Another site's answer shows that the servers' loop has met this connection too.
        _request(lab, _address_of(Behaviour.WEBSITE), "GET / HTTP/1.1\r\n\r\n")
    with connection:
        assert _received_at_the_end(connection) == b""


def _received_at_the_end(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1)
    except ConnectionResetError:
        return b""


def _presented(lab: Lab, address: str, name: str) -> x509.Certificate:
    context = ssl.create_default_context(cafile=lab.anchor)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((address, lab.https_port), timeout=5) as connection,
        context.wrap_socket(connection, server_hostname=name) as secured,
    ):
        der = secured.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)


def _verify(lab: Lab, address: str, name: str) -> str:
    context = ssl.create_default_context(cafile=lab.anchor)
    with (
        socket.create_connection((address, lab.https_port), timeout=5) as connection,
        context.wrap_socket(connection, server_hostname=name) as secured,
    ):
        return _converse(secured, f"GET {AUTODISCOVER_PATH} HTTP/1.1\r\n\r\n")


def test_a_certificate_of_the_labs_authority_is_accepted_for_its_names(lab: Lab) -> None:
    for name in EXCHANGE.names:
        assert _verify(lab, "127.0.7.1", name).startswith("HTTP/1.1 401 ")


@pytest.mark.parametrize(
    ("address", "name", "reason"),
    [
        ("127.0.7.1", "contoso.com", "Hostname mismatch"),
        ("127.0.7.3", "mail.contoso.com", "certificate has expired"),
        ("127.0.7.4", "mail.contoso.com", "self-signed certificate in certificate chain"),
    ],
    ids=["wrong name", "expired", "private authority"],
)
def test_a_certificate_has_the_fault_it_was_ordered_with(lab: Lab, address: str, name: str, reason: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=reason):
        _verify(lab, address, name)


def test_one_order_is_one_certificate_at_all_addresses_whatever_name_is_asked_for(lab: Lab) -> None:
    presented = {
        _presented(lab, address, name) for address in ("127.0.7.1", "127.0.7.2") for name in ("a.example", "b")
    }
    assert len(presented) == 1


def test_a_certificate_has_as_many_whole_days_left_as_ordered(lab: Lab) -> None:
    certificate = _presented(lab, "127.0.7.1", "mail.contoso.com")
    left = certificate.not_valid_after_utc - datetime.fromtimestamp(time.time(), UTC)
    assert left.days == DAYS_LEFT


def test_the_command_leads_the_plugin_into_the_lab(lab: Lab) -> None:
    views = [f"--view {view.name}={lab.resolvers[view.name]}" for view in WORLD.views]
    ports = f"--https-port {lab.https_port} --http-port {lab.http_port}"
    assert (
        " ".join(lab.command)
        == f"-H contoso.com {' '.join(views)} --no-connect dead -r {lab.anchor} {ports} -m host -S mail.contoso.com"
    )


def test_two_labs_run_side_by_side() -> None:
    with running(WORLD) as one, running(WORLD) as other:
        assert {one.https_port, one.http_port}.isdisjoint({other.https_port, other.http_port})
        assert _addresses(_ask(other, "inside", "mail.contoso.com")) == ["127.0.7.1"]


def test_nothing_is_left_of_a_lab_that_has_ended() -> None:
    before = set(threads())
    with running(WORLD) as lab:
        anchor: Path = lab.anchor
        assert anchor.exists()
    assert not anchor.exists()
    assert set(threads()) <= before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.7.1", lab.https_port), timeout=5)


def test_what_is_kept_is_no_key_and_is_written_through_no_link_or_pipe(tmp_path: Path) -> None:
    another, keep = tmp_path / "another", tmp_path / "lab"
    another.write_text("somebody else's")
    keep.mkdir()
    (keep / "lab-ca.pem").symlink_to(another)
    os.mkfifo(keep / "exporter.yml")
    with running(world_named("healthy-srv"), keep) as lab:
        assert sorted(path.name for path in keep.iterdir()) == ["exporter.yml", "lab-ca.pem"]
        assert all(path.is_file() and not path.is_symlink() for path in keep.iterdir())
        assert "PRIVATE" not in lab.anchor.read_text()
    assert another.read_text() == "somebody else's"


@pytest.mark.parametrize("record", ["mail AAAA nonsense", "mail A 192.0.2.1"], ids=["unreadable", "not this host's"])
def test_a_world_that_cannot_start_says_why_and_leaves_no_thread(record: str) -> None:
    before = set(threads())
    broken = replace(WORLD, views=(WorldView("inside", (_resolver(record),)),))
    with pytest.raises((OSError, dns.exception.DNSException)), running(broken):
        pass
    assert set(threads()) <= before
