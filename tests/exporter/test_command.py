"""The installed command: start, scrape, stop, and refusals."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from autodiscover_exporter.web.listening import BadListenAddress, ListenAddress, bind, parse_listen_address
from tests.exporter.exporter_process import ANY_PORT, COMMAND, ENVIRONMENT, TIMEOUT, address_of, started


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
