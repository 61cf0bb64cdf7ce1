"""Where the exporter listens, and below which path: as a process, as its manager and its proxy start it."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from autodiscover_exporter.web.listening import (
    BadListenAddress,
    CannotListen,
    UnixAddress,
    bind,
    notify,
    parse_listen_address,
    passed_sockets,
)
from autodiscover_exporter.web.messages import parse_external_url, parse_prefix
from tests.exporter.exporter_process import ANY_PORT, COMMAND, ENVIRONMENT, TIMEOUT, address_of, started
from tests.exporter.wire import Client

GET_HEALTHY = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"


def _ask(address: str, path: str) -> tuple[int, str]:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    try:
        with urllib.request.build_opener(Stay).open(f"http://{address}{path}", timeout=TIMEOUT) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("location", "")


def _healthy_at(path: Path) -> int:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(TIMEOUT)
        sock.connect(str(path))
        client = Client(sock)
        client.send(GET_HEALTHY)
        return client.answer().status


def test_a_unix_socket_is_answered_at_and_its_file_removed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with started(f"--web.listen-address=unix:{path}") as process:
        assert address_of(process) == f"unix:{path}"
        assert _healthy_at(path) == 200
        process.terminate()
        assert process.wait(TIMEOUT) == 0
    assert not path.exists()


def test_a_file_that_a_killed_process_left_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    (left,) = bind(UnixAddress(str(path)))
    left.close()
    (sock,) = bind(UnixAddress(str(path)))
    sock.close()


def test_a_file_at_which_somebody_answers_or_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    taken, plain = tmp_path / "socket", tmp_path / "plain"
    plain.write_text("precious")
    (sock,) = bind(UnixAddress(str(taken)))
    with sock, pytest.raises(CannotListen, match="another process answers there"):
        bind(UnixAddress(str(taken)))
    with pytest.raises(CannotListen, match="a file that is no socket is there"):
        bind(UnixAddress(str(plain)))
    assert plain.read_text() == "precious"


@pytest.mark.parametrize("text", ["unix:", "unix:" + "a" * 108, "unix:a\0b"])
def test_what_is_no_name_of_a_unix_socket_is_refused(text: str) -> None:
    with pytest.raises(BadListenAddress):
        parse_listen_address(text)


PASSING = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, "-m", "autodiscover_exporter", "--web.systemd-socket"])
"""


def test_a_socket_that_systemd_passes_is_answered_at() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        descriptor = listening.fileno()
        command = [sys.executable, "-c", PASSING, str(descriptor)]
        process = subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True, pass_fds=[descriptor])
        with process:
            try:
                address = address_of(process)
                assert address == f"127.0.0.1:{listening.getsockname()[1]}"
                assert _ask(address, "/-/healthy") == (200, "Healthy\n")
                process.terminate()
                assert process.wait(TIMEOUT) == 0
            finally:
                process.kill()


@pytest.mark.parametrize("count", ["", "0", "x"])
def test_no_passed_socket_is_a_line_that_says_so(count: str) -> None:
    with pytest.raises(CannotListen, match=r"needs a \.socket unit"):
        passed_sockets({"LISTEN_FDS": count, "LISTEN_PID": str(os.getpid())})


def test_sockets_that_were_passed_to_another_process_are_not_taken() -> None:
    with pytest.raises(CannotListen):
        passed_sockets({"LISTEN_FDS": "1", "LISTEN_PID": "1"})


def test_the_manager_is_told_of_the_beginning_and_of_the_end(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(TIMEOUT)
        environment = {**ENVIRONMENT, "NOTIFY_SOCKET": str(path)}
        command = [*COMMAND, ANY_PORT]
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
            try:
                assert manager.recv(100) == b"READY=1"
                assert _ask(address_of(process), "/-/ready") == (200, "Ready\n")
                process.send_signal(signal.SIGTERM)
                assert manager.recv(100) == b"STOPPING=1"
                assert process.wait(TIMEOUT) == 0
            finally:
                process.kill()


def test_a_manager_that_does_not_listen_is_no_fault(tmp_path: Path) -> None:
    notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "gone")})
    notify("READY=1", {})


def test_health_is_told_at_an_address_of_its_own_without_users_and_nothing_else_is(tmp_path: Path) -> None:
    web = tmp_path / "web.yml"
    web.write_text(f"basic_auth_users: {{alice: $2b$04${'a' * 53}}}\n")
    with started(ANY_PORT, "--web.health-listen-address=127.0.0.2:0", "--web.config.file", str(web)) as process:
        address, health = address_of(process), address_of(process)
        assert _ask(address, "/-/healthy")[0] == 401
        assert [_ask(health, path)[0] for path in ("/-/healthy", "/-/ready", "/", "/metrics")] == [200, 200, 404, 404]
        process.terminate()
        assert process.wait(TIMEOUT) == 0


def test_everything_is_below_the_path_of_the_external_url() -> None:
    with started(ANY_PORT, "--web.external-url=https://example.com/mail/autodiscover/") as process:
        address = address_of(process)
        assert _ask(address, "/") == (302, "/mail/autodiscover/")
        assert _ask(address, "/mail/autodiscover") == (302, "/mail/autodiscover/")
        assert [_ask(address, f"/mail/autodiscover{path}")[0] for path in ("/", "/-/healthy", "/metrics")] == [200] * 3
        assert [_ask(address, path)[0] for path in ("/metrics", "/mail/autodiscoverx/metrics")] == [404, 404]
        assert "/mail/autodiscover/static/" in _ask(address, "/mail/autodiscover/")[1]
        process.terminate()
        assert process.wait(TIMEOUT) == 0


def test_a_proxy_that_takes_the_path_away_is_followed_in_links_alone() -> None:
    with started(ANY_PORT, "--web.external-url=https://example.com/mail", "--web.route-prefix=/") as process:
        address = address_of(process)
        assert "/mail/static/" in _ask(address, "/")[1]
        process.terminate()
        assert process.wait(TIMEOUT) == 0


@pytest.mark.parametrize(("text", "path"), [("/", ""), ("", ""), ("/a/b/", "/a/b"), ("a", "/a")])
def test_a_prefix_begins_with_a_slash_and_ends_without(text: str, path: str) -> None:
    assert parse_prefix(text) == path


@pytest.mark.parametrize("text", ["/a//b", "/a b", "/../a", "/a\r\nX: y", "/%61", '/"'])
def test_what_could_be_read_in_two_ways_is_no_prefix(text: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        parse_prefix(text)


@pytest.mark.parametrize("text", ["example.com", "ftp://example.com", "https://", "https://x/?a", "https://u:p@x/"])
def test_what_is_no_url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not as in"):
        parse_external_url(text)
