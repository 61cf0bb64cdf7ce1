"""HTTP with real servers on loopback: which requests are made, and how answers, hostile ones too, are told."""

import asyncio
import ssl

import pytest

from check_autodiscover.core.analysis.replies import json_lives
from check_autodiscover.core.model.observations import Exchange, Scheme, Variant
from tests.probes.visiting import LOGIN, NAME, SHORT, Visits, outcomes
from tests.probes.web import Handler, Site, abort, answer, silent

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello"


def test_login_of_exchange_needs_no_post(visits: Visits, tls: ssl.SSLContext) -> None:
    contact, site = visits.visit(answer(LOGIN), tls)
    assert outcomes(contact) == [("GET", Exchange.ANSWERED, 401)]
    assert contact.answers[0].header("www-authenticate") == ("Negotiate", "NTLM")
    assert contact.answers[0].header("x-feserver") == ("EX1",)
    assert len(site.requests) == 1


@pytest.mark.parametrize("sign", [b"WWW-Authenticate: Basic, NTLM", b"WWW-Authenticate: Bearer", b"X-FEServer: EX1"])
def test_one_sign_of_exchange_is_enough(visits: Visits, tls: ssl.SSLContext, sign: bytes) -> None:
    login = b"HTTP/1.1 401 Unauthorized\r\n" + sign + b"\r\nContent-Length: 0\r\n\r\n"
    assert len(visits.visit(answer(login), tls)[1].requests) == 1


@pytest.mark.parametrize(
    "first",
    [
        PLAIN,
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 405 Not Allowed\r\nContent-Length: 0\r\n\r\n",
        b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="ntlm"\r\nContent-Length: 0\r\n\r\n',
    ],
)
def test_other_answers_are_followed_by_a_post(visits: Visits, tls: ssl.SSLContext, first: bytes) -> None:
    contact, site = visits.visit(answer(first, LOGIN), tls)
    assert outcomes(contact)[1:] == [("POST", Exchange.ANSWERED, 401)]
    head, _, body = site.requests[1].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /autodiscover/autodiscover.xml HTTP/1.1\r\n")
    assert b"\r\ncontent-type: text/xml" in head.lower()
    assert b"<EMailAddress>autodiscover-check@example.com</EMailAddress>" in body
    assert b'xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"' in body


def test_glance_at_a_strangers_login_is_one_get(visits: Visits, tls: ssl.SSLContext) -> None:
    """Row 62: an answer that a POST would follow elsewhere."""
    basic = b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="panel"\r\nContent-Length: 0\r\n\r\n'
    contact, site = visits.visit(answer(basic, LOGIN), tls, variant=Variant.GLANCE)
    assert outcomes(contact) == [("GET", Exchange.ANSWERED, 401)]
    assert len(site.requests) == 1
    assert b"authorization" not in site.requests[0].lower()


REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
DOUBTFUL = [
    b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n',
    b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
    REFUSAL,
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
]


@pytest.mark.parametrize("doubtful", DOUBTFUL)
def test_where_a_post_leaves_doubt_v2_is_asked_once_on_the_same_connection(
    visits: Visits, tls: ssl.SSLContext, doubtful: bytes
) -> None:
    body = b'{"Protocol":"AutodiscoverV1","Url":"https://mail.example.com/autodiscover/autodiscover.xml"}'
    v2 = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    contact, site = visits.visit(answer(doubtful, doubtful, v2), tls)
    assert [(item.method, item.status, item.path) for item in contact.answers][2:] == [
        ("GET", 200, "/autodiscover/autodiscover.json")
    ]
    assert json_lives(contact.answers)
    assert len(site.visits) == 1
    assert site.requests[2].startswith(
        b"GET /autodiscover/autodiscover.json?Email=autodiscover-check%40example.com&Protocol=AutodiscoverV1&"
        b"RedirectCount=1 HTTP/1.1\r\n"
    )


@pytest.mark.parametrize("second", [PLAIN, LOGIN, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"])
def test_what_a_healthy_domain_has_costs_no_third_request(visits: Visits, tls: ssl.SSLContext, second: bytes) -> None:
    assert len(visits.visit(answer(PLAIN, second), tls)[1].requests) == 2


def test_v2_is_not_asked_on_a_connection_that_the_server_closes(visits: Visits, tls: ssl.SSLContext) -> None:
    closing = REFUSAL.replace(b"Content-Length", b"Connection: close\r\nContent-Length")
    assert len(visits.visit(answer(REFUSAL, closing), tls)[1].requests) == 2


def test_closed_connection_gets_no_post(visits: Visits, tls: ssl.SSLContext) -> None:
    closing = PLAIN.replace(b"Content-Length", b"Connection: close\r\nContent-Length")
    contact, site = visits.visit(answer(closing), tls)
    assert outcomes(contact) == [("GET", Exchange.ANSWERED, 200)]
    assert len(site.requests) == 1


def test_plain_http_is_one_get_without_tls(visits: Visits) -> None:
    redirect = b"HTTP/1.1 302 Found\r\nLocation: https://a.example/autodiscover/autodiscover.xml\r\n\r\n"

    async def handle(site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await site.read_request(reader)
        writer.write(redirect)

    contact, site = visits.visit(handle, scheme=Scheme.HTTP)
    assert contact.tls is None
    assert outcomes(contact) == [("GET", Exchange.ANSWERED, 302)]
    assert contact.answers[0].header("location") == ("https://a.example/autodiscover/autodiscover.xml",)
    assert len(site.requests) == 1


def test_no_request_carries_a_credential(visits: Visits, tls: ssl.SSLContext) -> None:
    basic = (
        b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\nSet-Cookie: a=b\r\n'
        b"Content-Length: 0\r\n\r\n"
    )
    _, site = visits.visit(answer(basic), tls)
    assert len(site.requests) == 3
    for request in site.requests:
        names = {line.partition(b":")[0].lower() for line in request.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]}
        assert names <= {b"host", b"user-agent", b"accept", b"content-type", b"content-length", b"connection"}


def test_host_header_has_no_port_and_agent_names_the_product(visits: Visits, tls: ssl.SSLContext) -> None:
    _, site = visits.visit(answer(LOGIN), tls)
    head = site.requests[0].lower()
    assert f"\r\nhost: {NAME}\r\n".encode() in head
    assert b"\r\nuser-agent: check_autodiscover/" in head


def test_hostile_name_and_path_make_no_second_request(visits: Visits, tls: ssl.SSLContext) -> None:
    contact, site = visits.visit(answer(LOGIN), tls, name="a b\r\nX: y\0é", path="x\r\nAuthorization: é")
    assert outcomes(contact) == [("GET", Exchange.ANSWERED, 401)]
    assert site.requests[0].startswith(b"GET /x%0D%0AAuthorization:%20%C3%A9 HTTP/1.1\r\n")
    assert b"\r\nx: y" not in site.requests[0].lower()


def test_headers_are_chosen_and_cut(visits: Visits, tls: ssl.SSLContext) -> None:
    head = b"HTTP/1.1 401 No\r\nSet-Cookie: secret=1\r\nServer: " + b"\xe9" * 2000 + b"\r\n"
    many = b"".join(b"WWW-Authenticate: Negotiate %d\r\n" % number for number in range(80))
    contact, _ = visits.visit(answer(head + many + b"Content-Length: 0\r\n\r\n"), tls)
    headers = contact.answers[0].headers
    assert headers[0] == ("server", "é" * 512)
    assert len(headers) == 32
    assert all(name != "set-cookie" for name, _ in headers)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(b"SSH-2.0-x\r\n\r\n", id="no HTTP"),
        pytest.param(b"HTTP/1.1 200 OK\r\nServer: a\0b\r\n\r\n", id="NUL in a header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", id="two lengths"),
        pytest.param(b"HTTP/1.1 200 OK\r\nServer: " + b"x" * 300_000, id="endless header"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000, id="endless interim answers"),
        pytest.param((b"HTTP/1.1 103 Hints\r\nLink: " + b"x" * 50_000 + b"\r\n\r\n") * 8, id="fat interim answers"),
    ],
)
def test_hostile_answer_is_malformed(visits: Visits, tls: ssl.SSLContext, bad: bytes) -> None:
    contact, _ = visits.visit(answer(bad), tls)
    assert outcomes(contact) == [("GET", Exchange.MALFORMED, 0)]
    assert contact.answers[0].detail


def _flooding(head: bytes, piece: bytes) -> Handler:
    async def flood(site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await site.read_request(reader)
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()

    return flood


@pytest.mark.parametrize(
    ("head", "piece", "limit"),
    [
        pytest.param(b"Content-Length: 104857600\r\n\r\n", b"x" * 65536, "bytes of body", id="100 MB"),
        pytest.param(b"\r\n", b"x" * 65536, "bytes of body", id="until closed, never closed"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 1000, "pieces", id="endless chunks"),
    ],
)
def test_endless_body_ends_at_once_and_its_beginning_counts(
    visits: Visits, tls: ssl.SSLContext, head: bytes, piece: bytes, limit: str
) -> None:
    contact, _ = visits.visit(_flooding(b"HTTP/1.1 200 OK\r\n" + head, piece), tls)
    assert outcomes(contact) == [("GET", Exchange.ANSWERED, 200)]
    assert contact.answers[0].detail.endswith(limit)
    assert set(contact.answers[0].body) == {"x"}
    assert len(contact.answers[0].body) <= 4096


def test_dripping_body_is_cut_at_the_deadline(visits: Visits, tls: ssl.SSLContext) -> None:
    async def drip(site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await site.read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nServer: slow\r\nContent-Length: 1000000\r\n\r\nx")
        await reader.read(-1)

    contact, _ = visits.visit(drip, tls, patience=SHORT)
    assert outcomes(contact) == [("GET", Exchange.ANSWERED, 200)]
    assert contact.answers[0].header("server") == ("slow",)
    assert contact.answers[0].detail


def test_server_silent_after_the_request_is_told_from_our_haste(visits: Visits, tls: ssl.SSLContext) -> None:
    patient, _ = visits.visit(silent, tls, connect_timeout=SHORT)
    assert outcomes(patient) == [("GET", Exchange.SILENT, 0)]
    hasty, _ = visits.visit(silent, tls, patience=SHORT)
    assert outcomes(hasty) == [("GET", Exchange.CUT_SHORT, 0)]


def test_reset_and_close_after_the_request_are_told_apart(visits: Visits, tls: ssl.SSLContext) -> None:
    async def reset(site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await site.read_request(reader)
        abort(writer)

    async def close(site: Site, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await site.read_request(reader)

    assert outcomes(visits.visit(reset, tls)[0]) == [("GET", Exchange.RESET, 0)]
    assert outcomes(visits.visit(close, tls)[0]) == [("GET", Exchange.CLOSED, 0)]


def test_answer_up_to_the_end_of_the_connection_is_whole(visits: Visits, tls: ssl.SSLContext) -> None:
    async def old(site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await site.read_request(reader)
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nold")

    contact, _ = visits.visit(old, tls)
    assert [(item.status, item.body, item.detail) for item in contact.answers] == [(200, "old", "")]
