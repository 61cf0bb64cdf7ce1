"""The installed command: start, scrape, stop, and refusals."""

import base64
import json
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import bcrypt
import pytest

from autodiscover_exporter.web.listening import BadListenAddress, ListenAddress, bind, parse_listen_address
from tests.exporter.exporter_process import ANY_PORT, COMMAND, ENVIRONMENT, TIMEOUT, address_of, started

HASH = bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()


def _refused(*arguments: str) -> tuple[int, str]:
    command = [*COMMAND, *arguments]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_answers_and_ends_with_0_when_told_to_stop(number: signal.Signals) -> None:
    with started(ANY_PORT) as process:
        address = address_of(process)
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=TIMEOUT) as answer:
            assert b"autodiscover_exporter_build_info" in answer.read()
        process.send_signal(number)
        assert process.wait(TIMEOUT) == 0


def test_a_configured_domain_is_scraped_while_every_resolver_is_dead(tmp_path: Path) -> None:
    (dead,) = bind(ListenAddress("127.0.0.1", 0))
    file = tmp_path / "exporter.yml"
    file.write_text(f"views: {{inside: {{resolvers: ['tcp://127.0.0.1:{dead.getsockname()[1]}']}}}}\n")
    dead.close()
    with started(ANY_PORT, "--config.file", str(file)) as process:
        address = address_of(process)
        with urllib.request.urlopen(f"http://{address}/probe?target=contoso.com", timeout=TIMEOUT) as answer:
            text = answer.read().decode()
        process.terminate()
        assert process.wait(TIMEOUT) == 0
    assert "\nprobe_success 0.0\n" in text
    assert 'rule="dns-lookup-failed"' in text


def test_it_listens_on_every_address_it_is_given() -> None:
    with started(ANY_PORT, "--web.listen-address=127.0.0.2:0") as process:
        addresses = [address_of(process), address_of(process)]
        for address in addresses:
            with urllib.request.urlopen(f"http://{address}/-/healthy", timeout=TIMEOUT) as answer:
                assert answer.status == 200
        process.terminate()
        assert process.wait(TIMEOUT) == 0
    assert [address.partition(":")[0] for address in addresses] == ["127.0.0.1", "127.0.0.2"]


@pytest.mark.parametrize(("arguments", "exit_code"), [(["--bogus"], 2), (["--config.file", "/nowhere.yml"], 1)])
def test_a_refusal_that_nobody_could_be_told_has_the_same_exit_code(arguments: list[str], exit_code: int) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([*COMMAND, *arguments], env=ENVIRONMENT, stderr=full, timeout=TIMEOUT, check=False)
    assert done.returncode == exit_code


def test_an_address_in_use_is_one_line_and_exit_code_1() -> None:
    (taken,) = bind(ListenAddress("127.0.0.1", 0))
    port = taken.getsockname()[1]
    with taken:
        code, said = _refused(f"--web.listen-address=127.0.0.1:{port}")
    assert (code, said.count("\n")) == (1, 1)
    assert f"cannot listen on 127.0.0.1:{port}: " in said


def test_a_bad_configuration_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text("modules:\n  default:\n    timeot: 3s\n")
    code, said = _refused("--config.file", str(file), "--log.format", "json")
    assert code == 1
    assert json.loads(said)["error"].startswith(f"{file}:3: modules.default.timeot: unknown key")


def test_every_mistake_of_a_configuration_is_a_line(tmp_path: Path) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text("timeout: x\nmethod: y\n")
    code, said = _refused("--config.file", str(file), "--config.check", "--log.format", "json")
    places = [json.loads(line)["error"].partition(": ")[0] for line in said.splitlines()]
    assert (code, places) == (1, [f"{file}:1", f"{file}:2"])


def test_the_mistakes_of_both_files_are_told_together(tmp_path: Path) -> None:
    file, web = tmp_path / "exporter.yml", tmp_path / "web.yml"
    file.write_text("timeout: x\n")
    web.write_text("basic_auth_users: {alice: secret}\n")
    code, said = _refused(
        "--config.file", str(file), "--web.config.file", str(web), "--config.check", "--log.format", "json"
    )
    places = [json.loads(line)["error"].partition(": ")[0] for line in said.splitlines()]
    assert (code, places) == (1, [f"{file}:1", f"{web}:1"])


def test_a_missing_ca_file_is_found_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text("modules: {default: {ca_files: [gone.pem]}}\n")
    code, said = _refused("--config.file", str(file))
    assert (code, said.count("\n")) == (1, 1)
    assert str(tmp_path / "gone.pem") in said


def test_a_configuration_can_be_checked_without_serving(tmp_path: Path) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text("modules: {default: {timeout: 3s}}\n")
    done = subprocess.run(
        [*COMMAND, "--config.check", "--config.file", str(file)],
        env=ENVIRONMENT, capture_output=True, text=True, timeout=TIMEOUT, check=False,
    )  # fmt: skip
    told = f"{file}: right: views default; modules default; 0 domains; any domain may be asked for\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, told, "")


@pytest.mark.parametrize(
    "argument", ["--web.listen-address=nowhere", "--timeout-offset=-1", "--log.level=loud", "--web.conf=x", "stray"]
)
def test_a_usage_error_ends_with_2(argument: str) -> None:
    assert _refused(argument)[0] == 2


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:10093", ListenAddress("127.0.0.1", 10093)),
        (":80", ListenAddress("", 80)),
        ("[::1]:80", ListenAddress("::1", 80)),
        ("localhost:0", ListenAddress("localhost", 0)),
    ],
)
def test_a_listen_address_is_written_as_it_is_read(text: str, address: ListenAddress) -> None:
    assert parse_listen_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize("text", ["", "127.0.0.1", "::1:80", "host:http", "host:65536", "host:-1", "host:٣"])
def test_what_is_no_listen_address_is_refused(text: str) -> None:
    with pytest.raises(BadListenAddress):
        parse_listen_address(text)


def test_without_its_packages_the_command_says_what_to_install() -> None:
    program = "import sys; sys.modules['prometheus_client'] = None; from autodiscover_exporter import run; run()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert done.returncode == 1
    assert done.stderr == (
        "autodiscover_exporter: prometheus_client is missing, of the extra 'exporter': pip install '.[exporter]' in a "
        "checkout\n"
    )


def _terminated(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """The exit code and the log of an exporter that is told to end; TimeoutExpired where it does not."""
    process.terminate()
    _, said = process.communicate(timeout=ENDS_WITHIN)
    return process.returncode, said


ENDS_WITHIN = 30
"""Seconds: ten times what is promised with the modules of these tests; what they have it wait for takes longer."""


def test_dear_passwords_do_not_keep_it_from_its_end(tmp_path: Path) -> None:
    """Sixteen hashes of cost 16 take a minute and more, two at a time."""
    (tmp_path / "web.yml").write_text(f"basic_auth_users: {{alice: {HASH.replace('$04$', '$16$')}}}\n")
    (tmp_path / "exporter.yml").write_text("modules: {default: {timeout: 1s}}\n")
    files = ("--web.config.file", str(tmp_path / "web.yml"), "--config.file", str(tmp_path / "exporter.yml"))
    with started(ANY_PORT, *files) as process, ExitStack() as stack:
        host, _, port = address_of(process).rpartition(":")
        # From its first answer on it is told to stop, and no more killed.
        with socket.create_connection((host, int(port))) as first:
            first.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert first.recv(12) == b"HTTP/1.1 401"
        for number in range(16):
            user = ("alice", "nobody")[number % 2]
            credentials = base64.b64encode(f"{user}:{number}".encode())
            client = stack.enter_context(socket.create_connection((host, int(port))))
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic " + credentials + b"\r\n\r\n")
        code, said = _terminated(process)
    assert (code, "msg=stopped" in said, "stopped late" in said) == (0, True, False)


@pytest.mark.parametrize("where", ["in a thread of the default pool", "in the task beside"])
def test_what_hangs_does_not_keep_it_from_its_end(where: str) -> None:
    """A stand-in for a file server that has gone, and for a mistake of ours."""
    hung = {
        "in a thread of the default pool": "await asyncio.to_thread(time.sleep, 999)",
        "in the task beside": "await asyncio.shield(asyncio.sleep(999))",
    }[where]
    code = f"""
import asyncio, logging, os, sys, time
from autodiscover_exporter.web import serving
logging.basicConfig()
async def beside():
    print("begun", file=sys.stderr, flush=True)
    while True:
        try:
            {hung}
        except asyncio.CancelledError:
            if "task" not in {where!r}:
                raise
serving.serve([], lambda: 0.1, beside=beside, stopping=lambda: None)
os._exit(0)
"""
    with subprocess.Popen([sys.executable, "-c", code], env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "begun\n"
        found, said = _terminated(process)
        process.kill()
    assert (found, "stopped late" in said) == (0, "task" in where)
