"""What no client can do to the exporter's server: hold it up, fill it, or have it understand two things at once."""

import asyncio
import resource
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiscover_exporter.web.limits import Limits
from autodiscover_exporter.web.listening import ListenAddress, bind
from autodiscover_exporter.web.messages import Handler, Request, Response
from autodiscover_exporter.web.parsing import Refusal, RequestParser
from autodiscover_exporter.web.server import Connection, Listener, Server
from tests.exporter.conftest import running
from tests.exporter.exporter_process import ANY_PORT, address_of, started
from tests.exporter.wire import PATIENT, TIMEOUT, connected, echo, served

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
SHORT = 0.05


@pytest.mark.parametrize(
    "begun", [b"", b"GET", b"GET / HTTP/1.1\r\nHost: x\r\n", GET[:-4] + b"\r\nContent-Length: 9\r\n\r\na"]
)
def test_a_request_that_does_not_come_to_its_end_is_not_waited_for(begun: bytes) -> None:
    with served(limits=replace(PATIENT, request_seconds=SHORT)) as serving, connected(serving.port) as client:
        client.send(begun)
        assert client.rest() == b""


class Deaf(asyncio.Transport):
    """A transport that nothing comes from."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is ever written."""


class Hospitable(Server):
    """A server that takes in connections which it has not accepted itself."""

    def enter(self, connection: Connection) -> bool:
        """Take it in."""
        return True


def test_more_bytes_of_a_request_give_it_no_more_time() -> None:
    """On a transport that only counts: time itself is no part of this."""

    async def deadlines() -> list[float]:
        connection = Connection(echo, Hospitable(), lambda _: True)
        connection.connection_made(Deaf())
        found = []
        for byte in GET[:-1]:
            connection.data_received(bytes([byte]))
            found.append(connection.deadline)
        return found

    assert len(set(asyncio.run(deadlines()))) == 1


def test_a_connection_without_requests_is_closed_after_a_while() -> None:
    with served(limits=replace(PATIENT, idle_seconds=SHORT)) as serving, connected(serving.port) as client:
        client.send(GET)
        assert client.answer().status == 200
        assert client.rest() == b""


def test_an_answer_that_nobody_fetches_is_given_up() -> None:
    body = bytes(64 * 2**20)

    async def large(_request: Request) -> Response:
        return Response(body)

    with served(large, replace(PATIENT, fetch_seconds=SHORT)) as serving, connected(serving.port) as client:
        client.send(GET)
        assert client.sock.recv(1)
        while serving.server.connections:
            threading.Event().wait(0.01)
        assert len(client.rest()) < len(body)


def test_a_slow_reader_does_not_have_its_next_request_answered_before_it_has_read() -> None:
    asked = []

    async def large(request: Request) -> Response:
        asked.append(request.path)
        return Response(bytes(16 * 2**20))

    with served(large) as serving, connected(serving.port) as client:
        client.send(GET + GET.replace(b"/ ", b"/second ", 1))
        assert client.sock.recv(1)
        with connected(serving.port) as other:
            other.send(GET.replace(b"/ ", b"/other ", 1))
            assert other.answer().status == 200
        assert asked == ["/", "/other"]


def _held() -> tuple[Handler, threading.Event]:
    """A handler that keeps whoever asks for /held waiting until the event."""
    go_on = threading.Event()

    async def held(request: Request) -> Response:
        if request.path == "/held":
            await asyncio.to_thread(go_on.wait, TIMEOUT)
        return await echo(request)

    return held, go_on


HELD = GET.replace(b"/ ", b"/held ", 1)


def test_beyond_the_connections_the_answer_is_503_and_beyond_those_none_at_all() -> None:
    handler, go_on = _held()
    limits = replace(PATIENT, connections=2, refused_connections=1)
    with served(handler, limits) as serving, ExitStack() as stack:
        first, second = (stack.enter_context(connected(serving.port)) for _ in range(2))
        for client in (first, second):
            client.send(GET)
            assert client.answer().status == 200
            client.send(HELD)
        _wait_until(lambda: serving.server.answering == 2)
        third, fourth = (stack.enter_context(connected(serving.port)) for _ in range(2))
        third.send(GET)
        answer = third.answer()
        assert (answer.status, answer.headers["connection"], answer.headers["retry-after"]) == (503, "close", "5")
        assert fourth.rest() == b""
        go_on.set()
        assert first.answer().status == 200


def _wait_until(condition: Callable[[], bool]) -> None:
    while not condition():
        threading.Event().wait(0.01)


def test_idle_connections_of_the_greediest_make_room_and_nobody_elses() -> None:
    limits = replace(PATIENT, connections=8)
    with served(limits=limits) as serving, ExitStack() as stack:
        crowd = [stack.enter_context(connected(serving.port, "127.0.0.2")) for _ in range(8)]
        crowd[0].send(GET)
        assert crowd[0].answer().status == 200
        friends = []
        for number in range(4):
            friends.append(stack.enter_context(connected(serving.port, "127.0.0.3")))
            friends[-1].send(GET)
            assert friends[-1].answer().status == 200, number
        for client in friends:
            client.send(GET)
            assert client.answer().status == 200
        # The first was answered last, so that it is not the one that was idle for longest.
        assert [client.rest() for client in crowd[1:5]] == [b""] * 4
        crowd[0].send(GET)
        assert crowd[0].answer().status == 200


def test_whoever_holds_all_connections_makes_room_for_himself() -> None:
    with served(limits=replace(PATIENT, connections=2)) as serving, ExitStack() as stack:
        clients = []
        for _ in range(5):
            clients.append(stack.enter_context(connected(serving.port)))
            clients[-1].send(GET)
            assert clients[-1].answer().status == 200
        assert [client.rest() for client in clients[:3]] == [b""] * 3


def test_a_crowd_at_one_door_leaves_room_at_a_door_apart() -> None:
    handler, go_on = _held()
    (crowded,) = bind(ListenAddress("127.0.0.1", 0))
    (health,) = bind(ListenAddress("127.0.0.1", 0))
    doors = [Listener(crowded, handler), Listener(health, echo, apart=True)]
    server = Server(replace(PATIENT, connections=1, requests=1, refused_connections=0))
    with running(doors, server), ExitStack() as stack:
        first = stack.enter_context(connected(crowded.getsockname()[1]))
        first.send(HELD)
        _wait_until(lambda: server.answering == 1)
        assert stack.enter_context(connected(crowded.getsockname()[1])).rest() == b""
        beside = stack.enter_context(connected(health.getsockname()[1]))
        beside.send(GET)
        assert beside.answer().status == 200
        go_on.set()
        assert first.answer().status == 200


def test_a_connection_counts_once_while_it_is_being_opened() -> None:
    """Counted twice, the first would be one too many."""
    limits = replace(PATIENT, connections=1, refused_connections=1)
    with served(limits=limits) as serving, connected(serving.port) as first:
        first.send(GET)
        assert first.answer().status == 200


def test_a_source_with_few_requests_under_way_has_some_kept_for_it() -> None:
    handler, go_on = _held()
    with served(handler, replace(PATIENT, requests=4)) as serving, ExitStack() as stack:
        crowd = [stack.enter_context(connected(serving.port, "127.0.0.2")) for _ in range(4)]
        for client in crowd[:3]:
            client.send(HELD)
        _wait_until(lambda: serving.server.answering == 3)
        crowd[3].send(HELD)
        assert crowd[3].answer().status == 503
        friend = stack.enter_context(connected(serving.port, "127.0.0.3"))
        friend.send(GET)
        assert friend.answer().status == 200
        go_on.set()
        assert [client.answer().status for client in crowd[:3]] == [200] * 3


def test_beyond_the_requests_under_way_the_answer_is_503_and_the_connection_goes_on() -> None:
    begun, go_on = threading.Event(), threading.Event()

    async def held(request: Request) -> Response:
        if request.path == "/held":
            begun.set()
            await asyncio.to_thread(go_on.wait, TIMEOUT)
        return await echo(request)

    with (
        served(held, replace(PATIENT, requests=1)) as serving,
        connected(serving.port) as first,
        connected(serving.port) as second,
    ):
        first.send(GET.replace(b"/ ", b"/held ", 1))
        assert begun.wait(TIMEOUT)
        second.send(GET)
        assert second.answer().status == 503
        go_on.set()
        assert first.answer().status == 200
        second.send(GET)
        assert second.answer().status == 200


def test_without_file_descriptors_it_goes_on_with_what_it_has_and_does_not_spin() -> None:
    with started(ANY_PORT) as process, ExitStack() as stack:
        host, _, port = address_of(process).partition(":")
        assert host
        kept = stack.enter_context(connected(int(port)))
        kept.send(GET_HEALTHY)
        assert kept.answer().status == 200
        open_now = len(list(Path(f"/proc/{process.pid}/fd").iterdir()))
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (open_now + 1, open_now + 1))
        others = [stack.enter_context(connected(int(port))) for _ in range(4)]
        for _ in range(300):
            kept.send(GET_HEALTHY)
            assert kept.answer().status == 200
        for other in others[:3]:
            other.sock.close()
        others[3].send(GET_HEALTHY)
        assert others[3].answer().status == 200
        process.terminate()
        _, said = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0
    lines = [line for line in said.splitlines() if "cannot accept connections" in line]
    assert 1 <= len(lines) < 100, said
    assert "Too many open files" in lines[0]


GET_HEALTHY = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"
POST_RELOAD = b"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


def _silent(tmp_path: Path, resolver: socket.socket, timeout: str) -> str:
    file = tmp_path / "exporter.yml"
    file.write_text(
        f"views: {{inside: {{resolvers: ['127.0.0.1:{resolver.getsockname()[1]}']}}}}\n"
        f"modules: {{default: {{timeout: {timeout}}}}}\n"
    )
    return str(file)


def _scrape(port: int, label: str = "contoso") -> int:
    with connected(port) as client:
        client.send(f"GET /probe?target={label}.com HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        return client.answer().status


def test_a_scrape_under_way_is_answered_when_the_process_is_told_to_stop_and_idle_ones_end(
    tmp_path: Path,
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as resolver, ThreadPoolExecutor() as threads:
        resolver.bind(("127.0.0.1", 0))
        resolver.settimeout(TIMEOUT)
        with started(ANY_PORT, "--config.file", _silent(tmp_path, resolver, "0.5s")) as process:
            port = int(address_of(process).rpartition(":")[2])
            # How long the end may take follows from the configuration that holds.
            _silent(tmp_path, resolver, "3s")
            with connected(port) as idle:
                for request in (POST_RELOAD, GET_HEALTHY):
                    idle.send(request)
                    assert idle.answer().status == 200
                labels = [f"{letter}-contoso" for letter in "abcde"]
                scrapes = [threads.submit(_scrape, port, label) for label in labels]
                # A question about each of them shows that all scrapes are under way.
                awaited = set(labels)
                while awaited:
                    question = resolver.recv(512)
                    awaited = {label for label in awaited if label.encode() not in question}
                process.send_signal(signal.SIGTERM)
                assert idle.rest() == b""
            statuses = [scrape.result(TIMEOUT) for scrape in scrapes]
            assert process.wait(TIMEOUT) == 0
    assert statuses == [200] * 5


def test_a_second_signal_ends_the_process_at_once(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as resolver, ThreadPoolExecutor() as threads:
        resolver.bind(("127.0.0.1", 0))
        resolver.settimeout(TIMEOUT)
        with started(ANY_PORT, "--config.file", _silent(tmp_path, resolver, "600s")) as process:
            port = int(address_of(process).rpartition(":")[2])
            with connected(port) as idle:
                idle.send(GET_HEALTHY)
                assert idle.answer().status == 200
                scrape = threads.submit(_scrape, port)
                resolver.recv(512)
                process.send_signal(signal.SIGTERM)
                assert idle.rest() == b""
            process.send_signal(signal.SIGTERM)
            assert process.wait(TIMEOUT) == -signal.SIGTERM
            assert isinstance(scrape.exception(TIMEOUT), EOFError)


def _parsed(pieces: Sequence[bytes]) -> list[Request | Refusal]:
    parser = RequestParser(Limits())
    found: list[Request | Refusal] = []
    for piece in pieces:
        if parser.ended:
            break
        found += parser.feed(piece)
    return found


def _cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    ends = [*sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False) if start < end]


PLACES = st.lists(st.integers(0, 10_000), max_size=30)
PIECES = st.sampled_from(
    [GET, b"GET ", b"POST ", b"/", b"*", b"http://x", b" ", b"HTTP/1.1", b"HTTP/1.0", b"\r\n", b"\r", b"\n", b"\0",
     b":", b"Host: x", b"Content-Length: 3", b"Transfer-Encoding: chunked", b"3\r\nabc\r\n", b"0\r\n\r\n",
     b"Connection: close",
     b"Expect: 100-continue", b"Upgrade: h2c", b"\xff", b"a" * 9000]
)  # fmt: skip


@given(st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=30).map(b"".join)), PLACES)
def test_no_bytes_in_no_pieces_break_the_parser(data: bytes, places: list[int]) -> None:
    found = _parsed(_cut(data, places))
    assert not any(isinstance(each, Refusal) for each in found[:-1])


BODIES = st.sampled_from(
    [(b"GET", b"\r\n"), (b"HEAD", b"\r\n"), (b"POST", b"Content-Length: 5\r\n\r\nGET /"),
     (b"POST", b"Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nGET /\r\n0\r\nX: y\r\n\r\n")]
)  # fmt: skip
NAMES = st.text("abcdefghijklmnop0123456789-", min_size=1, max_size=20).map(lambda text: f"/{text}".encode())
REQUESTS = st.builds(
    lambda end, path: b"%s %s?q=%s HTTP/1.1\r\nHost: x\r\n%s" % (end[0], path, path, end[1]), BODIES, NAMES
)


@given(st.lists(REQUESTS, min_size=1, max_size=5), PLACES)
def test_a_request_is_the_same_in_whatever_pieces_it_comes(requests: list[bytes], places: list[int]) -> None:
    data = b"".join(requests)
    whole = _parsed([data])
    assert _parsed(_cut(data, places)) == whole
    assert [f"{each.path}".encode() for each in whole if isinstance(each, Request)] == [
        request.split(b" ")[1].partition(b"?")[0] for request in requests
    ]
