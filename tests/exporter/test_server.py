"""The exporter's server: what requests are, in which order they are answered, and what no client can do to it."""

import asyncio
import socket
import threading
from contextlib import suppress

import pytest

from autodiscover_exporter.web.limits import Limits
from autodiscover_exporter.web.messages import Request, Response
from autodiscover_exporter.web.server import Writer
from tests.exporter.wire import PATIENT, TIMEOUT, Raw, connected, echo, served

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def said(data: bytes, limits: Limits = PATIENT) -> list[Raw]:
    """All that a server answers to these bytes and the end of what is sent."""
    answers = []
    with served(limits=limits) as serving, connected(serving.port) as client:
        client.send(data)
        client.sock.shutdown(socket.SHUT_WR)
        with suppress(EOFError):
            while True:
                answers.append(client.answer())
        assert client.rest() == b""
    return answers


def statuses(data: bytes, limits: Limits = PATIENT) -> list[int]:
    return [answer.status for answer in said(data, limits)]


def test_a_connection_is_kept_for_the_next_request() -> None:
    with served() as serving, connected(serving.port) as client:
        for path in (b"/a", b"/b"):
            client.send(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
            answer = client.answer()
            assert (answer.body, "connection" in answer.headers) == (b"GET %s " % path, False)


def test_pipelined_requests_are_answered_in_their_order() -> None:
    async def slower_first(request: Request) -> Response:
        for _ in range(10 - int(request.path[1:])):
            await asyncio.sleep(0)
        return await echo(request)

    with served(slower_first) as serving, connected(serving.port) as client:
        client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(10)))
        bodies = [client.answer().body for _ in range(10)]
    assert bodies == [b"GET /%d " % number for number in range(10)]


def test_thousands_of_pipelined_requests_are_all_answered_and_never_all_remembered() -> None:
    number = 5000
    with served() as serving, connected(serving.port) as client:
        sender = threading.Thread(target=client.send, args=(GET * number,))
        sender.start()
        assert {client.answer().status for _ in range(number)} == {200}
        sender.join(TIMEOUT)


@pytest.mark.parametrize(
    ("request_head", "closes"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n", True),
        (b"GET / HTTP/1.0\r\n\r\n", True),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True),
    ],
)
def test_a_connection_ends_when_the_client_wants_it_so_or_knows_no_other_way(request_head: bytes, closes: bool) -> None:
    with served() as serving, connected(serving.port) as client:
        client.send(request_head)
        assert (client.answer().headers.get("connection") == "close") == closes
        if closes:
            assert client.rest() == b""


def at_once(request: Request) -> Response:
    if request.path == "/fault":
        raise ValueError("a fault")
    return Response(request.path.encode())


def test_answers_at_hand_are_sent_in_order_with_heads_faults_and_ends_like_those_that_take_time() -> None:
    with served(at_once) as serving, connected(serving.port) as client:
        for path in (b"/a", b"/b", b"/fault", b"/c"):
            client.send(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
            answer = client.answer()
            assert (answer.status, answer.body == path) == ((500, False) if path == b"/fault" else (200, True))
        client.send(b"HEAD /d HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.answer(head_only=True).headers["content-length"] == "2"
        client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(10)))
        assert [client.answer().body for _ in range(10)] == [b"/%d" % number for number in range(10)]
        client.send(b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert client.answer().headers["connection"] == "close"
        assert client.rest() == b""


def test_who_sends_many_requests_in_one_piece_lets_the_others_have_their_turn_after_each() -> None:
    turns: list[int] = []
    seen: list[int] = []

    def counting(_request: Request) -> Response:
        seen.append(len(turns))
        asyncio.get_running_loop().call_soon(turns.append, 0)
        return Response(b"")

    with served(counting) as serving, connected(serving.port) as client:
        client.send(GET * 50)
        for _ in range(50):
            client.answer()
    assert seen == sorted(set(seen))


def test_head_is_answered_without_the_body_and_the_connection_goes_on() -> None:
    with served() as serving, connected(serving.port) as client:
        client.send(b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
        assert client.answer(head_only=True).headers["content-length"] == str(len("HEAD /a "))
        assert client.answer().body == b"GET / "


def test_an_answer_tells_the_time() -> None:
    writer = Writer(lambda: 784111777.9)
    assert b"\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n" in writer.write(Response(b""), False, False)


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb", "a\rb"])
def test_a_header_with_a_line_break_is_never_written(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        Writer().write(Response(b"", headers={"x": value}), False, False)


def test_an_answer_that_cannot_be_written_and_a_handler_that_fails_are_500_and_the_connection_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(request: Request) -> Response:
        if request.path == "/bug":
            raise KeyError(request.path)
        return Response(b"", headers={"x": "a\nb"})

    with served(fail) as serving, connected(serving.port) as client:
        client.send(GET + b"GET /bug HTTP/1.1\r\nHost: x\r\n\r\n")
        assert [client.answer().status for _ in range(2)] == [500, 500]
    assert {record.message for record in caplog.records} == {"answer cannot be written down", "request failed"}


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 505),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"GET / HTTP/1.7\r\nHost: x\r\n\r\n", 505),
        (b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 501),
        (b"GET / HTTP/1.1\nHost: x\n\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /#a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET http://user@x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nabc", 501),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n", 417),
        (b"GET /" + b"a" * PATIENT.target_bytes + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /" + b"a" * 1_000_000, 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * PATIENT.headers + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * PATIENT.head_bytes + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 1_000_000, 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a" * 1_000_000, 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n" + b"a" * 65537, 413),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * PATIENT.headers, 431),
    ],
)  # fmt: skip
def test_what_is_no_request_or_too_large_is_refused_in_a_line_and_ends_the_connection(data: bytes, status: int) -> None:
    first, second = said(GET + data + GET)
    assert (first.status, second.status, second.headers["connection"]) == (200, status, "close")
    assert second.body.count(b"\n") == 1


@pytest.mark.parametrize(
    ("target", "body"),
    [
        (b"/a%20b?c=%20", b"GET /a b c=%20"),
        (b"http://x/a?b", b"GET /a b"),
        (b"HTTPS://x:1?b", b"GET / b"),
        (b"http://x", b"GET / "),
        (b"//x/a", b"GET //x/a "),
        (b"/?a?b", b"GET / a?b"),
    ],
)
def test_a_target_is_a_path_and_a_query_in_every_form(target: bytes, body: bytes) -> None:
    (answer,) = said(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % target)
    assert answer.body == body


@pytest.mark.parametrize(
    "request_head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n",
        b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_a_switch_of_protocols_is_answered_once_in_our_own(request_head: bytes) -> None:
    assert statuses(request_head + GET) == [200]


def test_what_follows_the_last_request_is_no_request() -> None:
    assert statuses(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + GET) == [200]


@pytest.mark.parametrize(
    "body", [b"Content-Length: 3\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA: b\r\n\r\n"]
)
def test_a_body_is_thrown_away_and_is_no_request(body: bytes) -> None:
    assert statuses(b"POST / HTTP/1.1\r\nHost: x\r\n" + body + GET) == [200, 200]


def test_who_waits_for_a_word_before_the_body_gets_it() -> None:
    with served() as serving, connected(serving.port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert client.answer().status == 100
        client.send(b"abc")
        assert client.answer().status == 200


def test_who_waits_for_a_word_before_too_large_a_body_is_refused_at_once() -> None:
    with served() as serving, connected(serving.port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999\r\n\r\n")
        assert client.answer().status == 413


def test_a_half_closed_connection_gets_its_answers() -> None:
    async def later(request: Request) -> Response:
        for _ in range(100):
            await asyncio.sleep(0)
        return await echo(request)

    with served(later) as serving, connected(serving.port) as client:
        client.send(GET + GET)
        client.sock.shutdown(socket.SHUT_WR)
        assert client.rest().count(b"HTTP/1.1 200 OK") == 2
