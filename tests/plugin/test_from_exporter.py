"""The plugin through an exporter: its words, its exit code, and every way in which there is none to ask."""

import os
import re
import socket
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest
import trustme

from check_autodiscover.cli import UsageError
from check_autodiscover.config.options import CHOICES, ValueKind
from check_autodiscover.config.options import OPTIONS as ALL_OPTIONS
from check_autodiscover.core.model.policy import Policy
from check_autodiscover.core.model.states import State
from check_autodiscover.from_exporter.command import OPTIONS, TIMEOUT, TIMEOUT_RESULTS, asked
from check_autodiscover.from_exporter.connection import MAX_BODY
from check_autodiscover.from_exporter.request import OUTPUTS, STATES
from tests.plugin.scripted_exporter import REPORT, answer, answering, serving

TOP = Path(__file__).parents[2]
DOMAIN = ("-H", "contoso.com")
LOGIN = "nagios:s:cret\u00fc"
TOLD = REPORT.decode().rstrip("\n")


def ask(place: str, *argv: str) -> tuple[int, str]:
    told = asked(("--from-exporter", place, *DOMAIN, *argv))
    assert told is not None
    return told


def unknown(place: str, *argv: str) -> str:
    """The sentence of a line that is UNKNOWN."""
    code, text = ask(place, *argv)
    assert code == 3
    assert text.isprintable()
    assert text.isascii()
    assert len(text) <= 200
    start = "AUTODISCOVER UNKNOWN - contoso.com: "
    assert text.startswith(start)
    return text.removeprefix(start)


@pytest.mark.parametrize("state", State)
def test_what_the_exporter_says_is_printed_with_its_exit_code(state: State) -> None:
    body = f"AUTODISCOVER {state.value} - contoso.com: x\nNote: y\n".encode()
    with answering(answer(body, x_autodiscover_exit_code=str(state.exit_code))) as exporter:
        assert ask(exporter.place) == (state.exit_code, body.decode().rstrip("\n"))


@pytest.mark.parametrize(
    ("argv", "path"),
    [
        ((), "?target=contoso.com&format=text&verbose=0"),
        (("-vv",), "?target=contoso.com&format=text&verbose=2"),
        (("-vvvvv", "--no-perfdata"), "?target=contoso.com&format=text&verbose=3&perfdata=false"),
        (("-o", "log", "-H", "B\u00fccher.example"), "?target=B%C3%BCcher.example&format=log&verbose=0"),
    ],
)
def test_options_become_parameters(argv: tuple[str, ...], path: str) -> None:
    with answering(answer()) as exporter:
        assert ask(f"{exporter.place}/prefix/", *argv) == (0, TOLD)
    assert exporter.lines[0] == f"GET /prefix/api/v1/report{path} HTTP/1.1"
    assert f"Host: {exporter.place.removeprefix('http://')}" in exporter.lines


def test_json_is_printed_as_it_came() -> None:
    body = b'{"schema": 1,\n "domain": "contoso.com"}\n'
    with answering(answer(body, content_type="application/json")) as exporter:
        assert ask(exporter.place, "-o", "json") == (0, body.decode().rstrip("\n"))


def test_the_exporter_is_told_how_much_time_there_is() -> None:
    with answering(answer()) as exporter:
        ask(exporter.place, "-t", "5")
    assert "X-Prometheus-Scrape-Timeout-Seconds: 5" in exporter.lines


def test_an_answer_in_chunks_of_a_proxy_is_put_together() -> None:
    chunks = b"".join(b"%x;a=b\r\n%s\r\n" % (len(part), part) for part in (REPORT[:7], REPORT[7:])) + b"0\r\n\r\n"
    head = answer(b"", content_length="", transfer_encoding="chunked")
    with answering(head + chunks) as exporter:
        assert ask(exporter.place) == (0, TOLD)


def test_a_unix_socket_is_asked(tmp_path: Path) -> None:
    path = str(tmp_path / "exporter.sock")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        with serving(listening, f"unix:{path}", answer()) as exporter:
            assert ask(exporter.place) == (0, TOLD)
    assert "Host: localhost" in exporter.lines


BROKEN = {
    "nothing": (b"", "closed the connection in its answer: is that the exporter?"),
    "no HTTP": (b"220 mail.example ESMTP\r\n", "does not speak HTTP: is that the exporter?"),
    "HTTP/2": (b"\0\0\x12\x04\0\0\0\0\0\n", "does not speak HTTP: is that the exporter?"),
    "cut off in the head": (answer()[:30], "closed the connection in its answer: is that the exporter?"),
    "cut off in the body": (answer()[:-9], f"broke off after {len(REPORT) - 9} of {len(REPORT)} bytes"),
    "without length": (answer(content_length=""), "sent an answer without its length"),
    "a length that is none": (answer(content_length="-1"), "sent an answer without its length"),
    "too long": (answer(content_length=str(MAX_BODY + 1)), "sent more than 8 MiB"),
    "too long in chunks": (
        answer(b"800001\r\n", content_length="", transfer_encoding="chunked"),
        "sent more than 8 MiB",
    ),
    "chunks that are none": (
        answer(b"AUTODISCOVER\r\n", content_length="", transfer_encoding="chunked"),
        "sent an answer in chunks that are none",
    ),
    "a line without end": (b"HTTP/1.1 200 " + b"x" * 9000, "sent a line without end"),
    "headers without end": (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200, "sent headers without end"),
    "no exit code": (answer(x_autodiscover_exit_code=""), "is no autodiscover_exporter: its answer has no exit code"),
    "exit code 4": (answer(x_autodiscover_exit_code="4"), "is no autodiscover_exporter: its answer has no exit code"),
    "exit code of another state": (
        answer(x_autodiscover_exit_code="2"),
        "is no autodiscover_exporter: its answer is no report",
    ),
    "a web page": (
        answer(b"<html>welcome</html>", content_type="text/html", x_autodiscover_exit_code=""),
        "is no autodiscover_exporter: its answer has no exit code",
    ),
    "escapes": (
        answer(REPORT + b"\x1b[2Jgone\n"),
        "is no autodiscover_exporter: its answer is no report",
    ),
    "other letters": (
        answer(REPORT + "\u202egone\n".encode()),
        "is no autodiscover_exporter: its answer is no report",
    ),
    "400": (answer(b"unknown module 'x'\n", "400 Bad Request"), "refuses (400): unknown module 'x'"),
    "403": (answer(b"not configured | here\n", "403 Forbidden"), r"refuses (403): not configured \x7c here"),
    "403 of a proxy": (
        answer(b"<html>", "403 Forbidden", content_type="text/html"),
        "refuses (403): it does not say why",
    ),
    "401": (
        answer(b"", "401 Unauthorized"),
        "asks for user and password: name a file that holds them, with --exporter-auth-file",
    ),
    "404": (answer(b"", "404 Not Found"), "has no reports: is that the exporter, with its --web.route-prefix?"),
    "redirect": (
        answer(b"", "302 Found", location="https://login.example/\x01"),
        r"redirects to https://login.example/\x01, which is not followed: give that URL",
    ),
    "503": (answer(b"Stopping\n", "503 Service Unavailable"), "refuses (503): Stopping"),
    "502": (answer(b"", "502 Bad Gateway"), "answers with status 502: is that the exporter?"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_report_is_unknown_with_the_reason(case: str) -> None:
    text, reason = BROKEN[case]
    with answering(text) as exporter:
        sentence = unknown(exporter.place)
    assert sentence.startswith(f"{exporter.place} {reason}")


def test_a_long_reason_does_not_make_a_long_line() -> None:
    with answering(answer(b"x" * 100_000, "400 Bad Request")) as exporter:
        unknown(exporter.place)


def test_an_exporter_that_is_down_is_unknown(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    place = f"http://127.0.0.1:{port}"
    told = f"cannot connect to the exporter at {place} (Connection refused): does it run, and listen there?"
    assert unknown(place) == told
    assert "(No such file or directory): does it run" in unknown(f"unix:{tmp_path}/none")


@pytest.mark.parametrize(
    ("argv", "state"),
    [((), "CRITICAL"), (("--timeout-result", "unknown"), "UNKNOWN"), (("--timeout-result", "1"), "WARNING")],
)
def test_one_that_says_nothing_is_left_in_time_with_the_state_that_is_wanted(argv: tuple[str, ...], state: str) -> None:
    with answering(answer()[:-1], stay=True) as exporter:
        told = ask(exporter.place, "-t", "50ms", *argv)
    line = f"no answer from {exporter.place} within 0.05 s: is it overloaded? [check-timed-out]"
    assert told == (STATES.index(state), f"AUTODISCOVER {state} - contoso.com: {line}")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def anchor(authority: trustme.CA, tmp_path: Path) -> str:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return str(file)


def secured(authority: trustme.CA, *argv: str, name: str = "127.0.0.1") -> tuple[int, str, list[str]]:
    """What comes of asking one with a certificate for that name, and what it was asked."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        place = f"https://127.0.0.1:{listening.getsockname()[1]}"
        with serving(listening, place, answer(), context=context) as exporter:
            return *ask(place, *argv), [
                line for request in exporter.requests for line in request.decode().split("\r\n")
            ]


def test_tls_is_trusted_by_the_ca_file(authority: trustme.CA, anchor: str) -> None:
    assert secured(authority, "-r", anchor)[:2] == (0, TOLD)


def test_a_certificate_that_nobody_vouches_for_is_unknown_and_gets_no_login(authority: trustme.CA, login: str) -> None:
    code, text, sent = secured(authority, "--exporter-auth-file", login)
    assert (code, sent) == (3, [])
    assert " is not trusted (unable to get local issuer certificate): give its CA with -r" in text


def test_a_certificate_for_another_name_is_unknown(authority: trustme.CA, anchor: str) -> None:
    code, text, sent = secured(authority, "-r", anchor, name="exporter.example")
    assert (code, sent) == (3, [])
    assert "(IP address mismatch, certificate is not valid for '127.0.0.1')" in text


def test_a_ca_file_that_cannot_be_used_is_named(authority: trustme.CA, tmp_path: Path) -> None:
    _, text, _ = secured(authority, "-r", str(tmp_path / "none.pem"))
    assert text.endswith("none.pem: No such file or directory")


def test_an_exporter_without_tls_is_told() -> None:
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as exporter:
        place = exporter.place.replace("http:", "https:")
        assert unknown(place) == f"no TLS with {place} (wrong version number): is it http:// there?"


@pytest.fixture
def login(tmp_path: Path) -> str:
    file = tmp_path / "login"
    file.write_text(f"{LOGIN}\n")
    return str(file)


def test_a_login_goes_to_this_host(login: str) -> None:
    with answering(answer()) as exporter:
        assert ask(exporter.place, "--exporter-auth-file", login) == (0, TOLD)
    assert f"Authorization: Basic {b64encode(LOGIN.encode()).decode()}" in exporter.lines


def test_a_login_that_is_not_taken_is_told_without_it(login: str) -> None:
    with answering(answer(b"", "401 Unauthorized")) as exporter:
        sentence = unknown(exporter.place, "--exporter-auth-file", login)
    assert sentence == f"{exporter.place} does not take the user and password of {login}"


@pytest.mark.parametrize("content", [None, "", "user", ":password", "a:b\nc:d\n", "x" * 2000])
def test_a_login_file_that_cannot_be_used_is_named_before_anything_is_asked(
    tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "login"
    if content is not None:
        file.write_text(content)
    sentence = unknown("http://127.0.0.1:1", "--exporter-auth-file", str(file))
    assert sentence.startswith(f"password file {file}: ")
    assert content is None or "it holds one line, user:password" in sentence or "it is larger than 1 KiB" in sentence


OTHERS = [option.flags[-1] for option in ALL_OPTIONS if option.destination not in {*OPTIONS, "help", "version"}]


@pytest.mark.parametrize("flag", OTHERS)
def test_every_other_option_is_refused_by_name(flag: str) -> None:
    with pytest.raises(UsageError, match=rf"^{re.escape(flag)}: not with --from-exporter"):
        ask("http://127.0.0.1:1", flag, "x")


def test_the_options_beside_it_are_those_of_the_table() -> None:
    table = {option.destination: option.flags for option in ALL_OPTIONS}
    assert {destination: table[destination] for destination in OPTIONS} == OPTIONS
    assert CHOICES[ValueKind.OUTPUT] == OUTPUTS
    assert set(TIMEOUT_RESULTS) == {*CHOICES[ValueKind.STATE], "0", "1", "2", "3"}
    assert [State(word).exit_code for word in STATES] == [0, 1, 2, 3]
    policy = Policy(views=())
    assert policy.timeout == TIMEOUT
    assert TIMEOUT_RESULTS[policy.timeout_result.value.lower()] == policy.timeout_result.exit_code


@pytest.mark.parametrize(
    ("argv", "fault"),
    [
        (("--from-exporter", "http://127.0.0.1:1"), "-H/--hostname/--domain: the mail domain is missing"),
        (("--from-exporter",), "--from-exporter: expected one argument"),
        (("--from-exporter", "ftp://x", *DOMAIN), "--from-exporter: 'ftp://x' is no exporter's URL"),
        (("--from-exporter", "http://x:70000", *DOMAIN), "--from-exporter: 'http://x:70000' is no exporter's URL"),
        (("--from-exporter", "http://x/?a=b", *DOMAIN), "--from-exporter: 'http://x/?a=b' is no exporter's URL"),
        (
            ("--from-exporter", "http://x/\r\nA: b", *DOMAIN),
            "--from-exporter: 'http://x/\r\nA: b' is no exporter's URL",
        ),
        (("--from-exporter", "unix:", *DOMAIN), "--from-exporter: 'unix:' is no exporter's URL"),
        (("--from-exporter", "http://x", *DOMAIN, "-t", "soon"), "-t/--timeout: 'soon' is no duration"),
        (("--from-exporter", "http://x", *DOMAIN, "-o", "xml"), "-o/--output: 'xml' is no output"),
        (("--from-exporter", "http://x", *DOMAIN, "--timeout-result", "bad"), "--timeout-result: 'bad' is no state"),
    ],
)
def test_a_mistake_is_a_sentence_that_names_the_option(argv: tuple[str, ...], fault: str) -> None:
    with pytest.raises(UsageError) as error:
        asked(argv)
    assert str(error.value).startswith(fault)


def test_a_password_in_the_url_is_refused_and_not_shown() -> None:
    with pytest.raises(UsageError) as error:
        ask("http://nagios:hunter2@127.0.0.1:10093")
    assert "hunter2" not in str(error.value)
    assert "--exporter-auth-file" in str(error.value)


@pytest.mark.parametrize("flag", ["-h", "-V", "--help", "--version"])
def test_help_and_version_are_the_plugin_s(flag: str) -> None:
    assert asked(("--from-exporter", "http://127.0.0.1:1", flag)) is None


def run(*argv: str, last: str = "plugin.run()") -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path.insert(0, {str(TOP)!r}); from check_autodiscover import plugin; {last}"
    environment = {"PATH": os.environ["PATH"]}
    command = (sys.executable, "-I", "-S", "-c", code, *argv)
    return subprocess.run(command, capture_output=True, encoding="ascii", env=environment, check=False)


def test_the_program_prints_and_ends_as_the_exporter_says() -> None:
    body = b"AUTODISCOVER WARNING - contoso.com: x [certificate-expiring] | a=1\n"
    with answering(answer(body, x_autodiscover_exit_code="1")) as exporter:
        done = run("--from-exporter", exporter.place, *DOMAIN)
    assert (done.returncode, done.stdout, done.stderr) == (1, body.decode(), "")


def test_the_program_tells_a_mistake_as_always() -> None:
    done = run("--from-exporter=unix:/x", *DOMAIN, "-S", "mail.contoso.com")
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith("AUTODISCOVER UNKNOWN - -S: not with --from-exporter")
    assert done.stdout.endswith("\nSee check_autodiscover --help.\n")


HEAVY = {
    "asyncio",
    "dataclasses",
    "email",
    "http",
    "inspect",
    "ipaddress",
    "json",
    "logging",
    "pathlib",
    "shutil",
    "ssl",
}
OURS = {"cli", "from_exporter", "named_files", "output", "plugin", "settings"}


def test_it_imports_neither_the_core_nor_a_library_nor_what_is_heavy() -> None:
    with answering(answer()) as exporter:
        last = "plugin.main(); print(*sys.modules, file=sys.stderr)"
        modules = run("--from-exporter", exporter.place, *DOMAIN, last=last).stderr.split()
    ours = {name.split(".")[1] for name in modules if name.startswith("check_autodiscover.")}
    assert ours == OURS
    assert not HEAVY & set(modules)
    others = {name.split(".")[0] for name in modules} - {"__main__", "check_autodiscover"}
    assert others <= sys.stdlib_module_names
