"""The plugin through the exporter's own door: TLS, users, a UNIX socket, a route prefix."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bcrypt
import pytest
import trustme

from check_autodiscover.from_exporter.command import asked
from tests.exporter.exporter_process import ANY_PORT, address_of, started

USERS = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
BLIND = "[dns-lookup-failed]"
"""What is found out where the only resolver is dead."""


@pytest.fixture
def configuration(tmp_path: Path) -> Iterator[str]:
    """A file whose one resolver refuses connections: bound, so that nobody takes its port, and not listening."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        file = tmp_path / "exporter.yml"
        file.write_text(f"views: {{inside: {{resolvers: ['tcp://127.0.0.1:{bound.getsockname()[1]}']}}}}\n")
        yield str(file)


@pytest.fixture
def anchor(tmp_path: Path) -> str:
    """The CA of the certificate that the web configuration names."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


@pytest.fixture
def locked(tmp_path: Path, anchor: str, configuration: str) -> Iterator[str]:
    """The URL of an exporter that speaks TLS alone, to its user alone."""
    file = tmp_path / "web.yml"
    tls = "tls_server_config: {cert_file: server.pem, key_file: server.pem}"
    file.write_text(f"{tls}\nbasic_auth_users: {{nagios: {USERS}}}\n")
    with running("--config.file", configuration, "--web.config.file", str(file), ANY_PORT) as address:
        yield f"https://{address}"


@contextmanager
def running(*flags: str) -> Iterator[str]:
    with started(*flags) as process:
        yield address_of(process)


def told(place: str, *options: str) -> tuple[int, str]:
    answer = asked(("-H", "contoso.com", "--from-exporter", place, *options))
    assert answer is not None
    return answer[0], answer[1].partition("\n")[0].partition(" | ")[0]


@pytest.fixture
def login(tmp_path: Path) -> Path:
    file = tmp_path / "login"
    file.write_text("nagios:secret\n")
    return file


def test_tls_and_a_login_open_the_door(locked: str, anchor: str, login: Path) -> None:
    code, line = told(locked, "-r", anchor, "--exporter-auth-file", str(login))
    assert code == 3
    assert line.endswith(BLIND)


@pytest.mark.parametrize("password", ["", "secret2"])
def test_without_the_right_password_it_stays_shut(locked: str, anchor: str, login: Path, password: str) -> None:
    login.write_text(f"nagios:{password}\n")
    code, line = told(locked, "-r", anchor, "--exporter-auth-file", str(login))
    assert (code, line) == (
        3,
        f"AUTODISCOVER UNKNOWN - contoso.com: {locked} does not take the user and password of {login}"[:200],
    )


def test_without_a_login_it_stays_shut_and_says_what_to_give(locked: str, anchor: str) -> None:
    code, line = told(locked, "-r", anchor)
    assert code == 3
    assert f"{locked} asks for user and password: name a file that holds them, with --exporter-auth-file" in line


def test_an_authority_that_is_not_known_is_not_believed(locked: str, login: Path) -> None:
    code, line = told(locked, "--exporter-auth-file", str(login))
    assert code == 3
    assert f"the certificate of {locked} is not trusted" in line


def test_a_unix_socket_is_asked(tmp_path: Path, configuration: str) -> None:
    place = f"unix:{tmp_path}/exporter.sock"
    with running("--config.file", configuration, f"--web.listen-address={place}") as address:
        assert address == place
        code, line = told(place)
    assert code == 3
    assert line.endswith(BLIND)


def test_a_route_prefix_belongs_into_the_url(configuration: str) -> None:
    with running("--config.file", configuration, "--web.route-prefix=/autodiscover", ANY_PORT) as address:
        assert told(f"http://{address}/autodiscover/")[1].endswith(BLIND)
        assert "has no reports: is that the exporter, with its --web.route-prefix?" in told(f"http://{address}")[1]
