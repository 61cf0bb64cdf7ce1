"""`--web.config.file`: what it says, what is refused, and what it does to who comes in."""

import asyncio
import base64
import os
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import bcrypt
import pytest

from autodiscover_exporter.web.access import AccessControl, RateLimit, Users, WebConfig
from autodiscover_exporter.web.config_file import CIPHERS, CURVES, LiveWebConfig, load_web_config
from autodiscover_exporter.web.limits import Limits
from autodiscover_exporter.web.listening import ListenAddress, bind
from autodiscover_exporter.web.messages import Request, Response
from autodiscover_exporter.web.server import Listener, Server
from check_autodiscover.config.yaml import ConfigurationError
from tests.exporter.certificates import authority, issued
from tests.exporter.conftest import Serving, running
from tests.exporter.wire import PATIENT, TIMEOUT, Client, connected, echo

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HASH = bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()


def _faults(file: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_web_config(str(file))
    return [str(fault).removeprefix(f"{file}:") for fault in caught.value.faults]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    issued(tmp_path, "server.example")
    authority().cert_pem.write_to_path(tmp_path / "ca.pem")
    return tmp_path / "web.yml"


PAIR = "cert_file: server.example.pem, key_file: server.example.key"


def test_every_mistake_is_told_with_its_line_and_key(file: Path) -> None:
    file.write_text(
        "tls_server_config:\n"
        "  cert_file: gone.pem\n"
        "  min_version: TLS10\n"
        "  cipher: x\n"
        "http_server_config:\n"
        "  http2: true\n"
        "  headers: {X-Powered-By: y, X-Frame-Options: maybe}\n"
        "basic_auth_users:\n"
        "  alice: secret\n"
        f"  bob: {HASH.replace('$04$', '$18$')}\n"
        "rate_limit: {interval: 1s}\n"
    )
    assert [fault.partition(": ")[0] for fault in _faults(file)] == ["2", "2", "3", "4", "6", "7", "7", "9", "10", "11"]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("client_auth_type: RequireAnyClientCert", "RequireAnyClientCert is not offered: Python's TLS verifies"),
        ("client_auth_type: RequestClientCert", "RequestClientCert is not offered: Python's TLS verifies"),
        ("client_auth_type: Maybe", "'Maybe' is none of NoClientCert, "),
        ("client_auth_type: RequireAndVerifyClientCert", "client_ca_file is missing"),
        ("client_ca_file: ca.pem", "client_auth_type is not: RequireAndVerifyClientCert"),
        ("client_ca_file: web.yml, client_auth_type: VerifyClientCertIfGiven", "the client CA holds no certificate"),
        ("client_allowed_sans: [a]", "needs client_auth_type RequireAndVerifyClientCert"),
        ("min_version: TLS11", "TLS11 is not offered"),
        ("min_version: TLS13, max_version: TLS12", "min_version is above max_version"),
        ("cipher_suites: [TLS_AES_128_GCM_SHA256]", "is one of TLS 1.3, whose suites are all on"),
        ("cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]", "'TLS_RSA_WITH_RC4_128_SHA' is none of TLS_ECDHE_"),
        ("curve_preferences: [X25519, CurveP256]", "several are not offered"),
        ("curve_preferences: [Curve448]", "'Curve448' is none of CurveP256, "),
        ("prefer_server_cipher_suites: perhaps", "'perhaps' is none of true, false"),
        ("cert: x", "stands beside cert: one of them"),
    ],
)
def test_what_is_not_offered_or_does_not_fit_is_refused_by_name(file: Path, settings: str, reason: str) -> None:
    file.write_text(f"tls_server_config: {{{PAIR}, {settings}}}\n")
    (fault,) = _faults(file)
    assert fault.startswith("1: tls_server_config")
    assert reason in fault


@pytest.mark.parametrize(
    ("certificate", "key", "reason"),
    [
        ("server.example.pem", "other.example.key", "the key is not the certificate's"),
        ("server.example.key", "server.example.key", "no certificate with its key in PEM"),
        ("server.example.pem", "encrypted.key", "no certificate with its key in PEM, unencrypted"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_refused(file: Path, certificate: str, key: str, reason: str) -> None:
    issued(file.parent, "other.example")
    (file.parent / "encrypted.key").write_text(
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"
    )
    file.write_text(f"tls_server_config: {{cert_file: {certificate}, key_file: {key}}}\n")
    (fault,) = _faults(file)
    assert reason in fault


@pytest.mark.parametrize("name", CIPHERS)
def test_every_suite_of_go_is_one_of_openssl(file: Path, name: str) -> None:
    file.write_text(f"tls_server_config: {{{PAIR}, cipher_suites: [{name}]}}\n")
    context = load_web_config(str(file)).context
    assert context
    assert [each["name"] for each in context.get_ciphers() if each["protocol"] != "TLSv1.3"] == [CIPHERS[name]]


@pytest.mark.parametrize("name", CURVES)
def test_every_curve_of_go_is_one_of_openssl(file: Path, name: str) -> None:
    file.write_text(f"tls_server_config: {{{PAIR}, curve_preferences: [{name}]}}\n")
    assert load_web_config(str(file)).context


def test_an_empty_file_demands_nothing(file: Path) -> None:
    file.write_text("")
    guard = load_web_config(str(file))
    assert (guard.context, guard.users, guard.headers, guard.rate) == (None, {}, {}, None)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def guarded(live: LiveWebConfig, limits: Limits = PATIENT) -> Iterator[Serving]:
    (sock,) = bind(ListenAddress("127.0.0.1", 0))
    door = Listener(sock, AccessControl(live, echo, Users()), live.context, live.admits)
    with running([door], Server(limits)) as serving:
        yield serving


def trusting(version: ssl.TLSVersion | None = None, certificate: Path | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority().configure_trust(context)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if certificate is not None:
        context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    return context


@contextmanager
def secured(port: int, context: ssl.SSLContext, name: str = "server.example") -> Iterator[Client]:
    with connected(port) as client, context.wrap_socket(client.sock, server_hostname=name) as sock:
        yield Client(sock)


def status_over(port: int, context: ssl.SSLContext, name: str = "server.example") -> int | None:
    """The status of an answer over TLS, None where the connection fails."""
    try:
        with secured(port, context, name) as client:
            client.send(GET)
            return client.answer().status
    except (OSError, EOFError):
        return None


@pytest.mark.parametrize(
    ("settings", "answered"),
    [
        ("", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]),
        (", min_version: TLS13", [ssl.TLSVersion.TLSv1_3]),
        (", max_version: TLS12", [ssl.TLSVersion.TLSv1_2]),
    ],
)
def test_tls_is_spoken_in_the_versions_that_the_file_says(
    file: Path, settings: str, answered: list[ssl.TLSVersion]
) -> None:
    file.write_text(f"tls_server_config: {{{PAIR}{settings}}}\n")
    with guarded(LiveWebConfig(str(file))) as serving:
        found = [
            version
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
            if status_over(serving.port, trusting(version)) == 200
        ]
    assert found == answered


def test_a_certificate_and_key_may_stand_in_the_file_itself(file: Path) -> None:
    lines = []
    for key, name in (("cert", "server.example.pem"), ("key", "server.example.key")):
        pem = (file.parent / name).read_text().replace("\n", "\n    ")
        lines.append(f"  {key}: |\n    {pem}\n")
    file.write_text("tls_server_config:\n" + "".join(lines))
    with guarded(LiveWebConfig(str(file))) as serving:
        assert status_over(serving.port, trusting()) == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_that_says_no_farewell_does_not_keep_the_server_from_its_end(
    file: Path, version: ssl.TLSVersion, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_text(f"tls_server_config: {{{PAIR}}}\n")
    limits = replace(PATIENT, linger_seconds=0.05)
    with guarded(LiveWebConfig(str(file)), limits) as serving, secured(serving.port, trusting(version)) as client:
        client.send(GET)
        assert client.answer().status == 200
        serving.stop()
        while serving.server.connections:
            threading.Event().wait(0.01)
    assert caplog.records == []


def test_an_answer_over_tls_is_fetched_when_it_is_sent(file: Path) -> None:
    file.write_text(f"tls_server_config: {{{PAIR}}}\n")
    with (
        guarded(LiveWebConfig(str(file)), replace(PATIENT, fetch_seconds=0)) as serving,
        secured(serving.port, trusting()) as client,
    ):
        for _ in range(100):
            client.send(GET)
            assert client.answer().status == 200


def test_who_speaks_no_tls_at_a_tls_door_is_not_answered(file: Path) -> None:
    file.write_text(f"tls_server_config: {{{PAIR}}}\n")
    with guarded(LiveWebConfig(str(file))) as serving, connected(serving.port) as client:
        client.send(GET)
        assert b"HTTP" not in client.rest()


@pytest.mark.parametrize(
    ("kind", "shown", "status"),
    [
        ("RequireAndVerifyClientCert", None, None),
        ("RequireAndVerifyClientCert", "client.example", 200),
        ("RequireAndVerifyClientCert", "stranger.example", None),
        ("VerifyClientCertIfGiven", None, 200),
        ("VerifyClientCertIfGiven", "stranger.example", None),
    ],
)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_is_demanded_and_verified(
    file: Path, kind: str, shown: str | None, status: int | None, version: ssl.TLSVersion
) -> None:
    issued(file.parent, "client.example")
    issued(file.parent, "stranger.example", authority("another"))
    file.write_text(f"tls_server_config: {{{PAIR}, client_ca_file: ca.pem, client_auth_type: {kind}}}\n")
    certificate = file.parent / f"{shown}.pem" if shown else None
    with guarded(LiveWebConfig(str(file))) as serving:
        assert status_over(serving.port, trusting(version, certificate)) == status


@pytest.mark.parametrize(
    ("name", "status"),
    [("client.example", 200), ("other.example", None), ("192.0.2.7", 200), ("2001:db8::7", 200), ("192.0.2.8", None)],
)
def test_only_client_certificates_with_an_allowed_name_come_in(file: Path, name: str, status: int | None) -> None:
    sans = "[client.example, 192.0.2.7, '2001:db8::7']"
    file.write_text(
        f"tls_server_config: {{{PAIR}, client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert,"
        f" client_allowed_sans: {sans}}}\n"
    )
    with guarded(LiveWebConfig(str(file))) as serving:
        assert status_over(serving.port, trusting(certificate=issued(file.parent, name))) == status


def test_a_renewed_certificate_is_presented_without_a_restart_and_kept_connections_go_on(file: Path) -> None:
    file.write_text(f"tls_server_config: {{{PAIR}}}\n")
    live = LiveWebConfig(str(file))
    with guarded(live) as serving, secured(serving.port, trusting()) as kept:
        issued(file.parent, "renewed.example")
        for kind in ("pem", "key"):
            os.replace(file.parent / f"renewed.example.{kind}", file.parent / f"server.example.{kind}")
        asyncio.run(live.look())
        assert status_over(serving.port, trusting(), "renewed.example") == 200
        assert status_over(serving.port, trusting(), "server.example") is None
        kept.send(GET)
        assert kept.answer().status == 200


@pytest.mark.parametrize("bad", ["basic_auth_users: {alice: x}\n", "", "tls_server_config: {", "unknown: 1\n"])
def test_a_bad_file_keeps_what_held_before_and_the_reason_is_logged(
    file: Path, bad: str, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_text(f"basic_auth_users: {{alice: {HASH}}}\n")
    live = LiveWebConfig(str(file))
    file.write_text(bad)
    for _ in range(2):
        asyncio.run(live.look())
        assert live().users == {"alice": HASH}
        assert [record.message for record in caplog.records] == ["web configuration not taken up, that of before holds"]
    file.write_text(f"basic_auth_users: {{bob: {HASH}}}\n")
    asyncio.run(live.look())
    assert live().users == {"bob": HASH}


def test_files_that_hang_stop_nobody_and_are_told_once(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A stand-in for a file server that has gone: no test can make one hang."""
    answers = threading.Event()
    file.write_text(f"basic_auth_users: {{alice: {HASH}}}\n")
    live = LiveWebConfig(str(file), longest=0.05)
    readings = []

    def hang(name: str) -> WebConfig:
        readings.append(name)
        answers.wait(TIMEOUT)
        return load_web_config(name)

    async def look() -> None:
        for _ in range(3):
            await live.look()
            assert live().users == {"alice": HASH}
        assert len(readings) == 1
        answers.set()
        while live().users != {"bob": HASH}:
            await asyncio.sleep(0.001)
            await live.look()

    with monkeypatch.context() as patch:
        patch.setattr("autodiscover_exporter.web.config_file.load_web_config", hang)
        file.write_text(f"basic_auth_users: {{bob: {HASH}}}\n")
        asyncio.run(look())
    messages = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert messages == ["web configuration not looked at, that of before holds"]


def _basic(credentials: bytes) -> bytes:
    line = b"Authorization: Basic " + base64.b64encode(credentials)
    return GET.replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (_basic(b"alice:right"), 200),
        (_basic(b"alice:wrong"), 401),
        (_basic(b"bob:right"), 401),
        (_basic(b"alice:"), 401),
        (_basic(b"alice"), 401),
        (_basic(b"alice:right\0"), 401),
        (_basic(b"alice:" + b"x" * 100), 401),
        (_basic(b"\xff:right"), 401),
        (GET, 401),
        (GET.replace(b"\r\n\r\n", b"\r\nAuthorization: Basic ***\r\n\r\n"), 401),
        (GET.replace(b"\r\n\r\n", b"\r\nAuthorization: Bearer right\r\n\r\n"), 401),
    ],
)
def test_only_a_user_with_the_password_is_answered(file: Path, request_: bytes, status: int) -> None:
    file.write_text(f"basic_auth_users: {{alice: {HASH}}}\n")
    with guarded(LiveWebConfig(str(file))) as serving, connected(serving.port) as client:
        for _ in range(2):
            client.send(request_)
            answer = client.answer()
            assert answer.status == status
    assert ("www-authenticate" in answer.headers) == (status == 401)  # type: ignore[possibly-undefined]  # the loop has bound it


def _through(
    guard: WebConfig, clock: Callable[[], float], headers: Mapping[str, str], times: int = 1
) -> list[Response]:
    async def behind(_request: Request) -> Response:
        return Response(b"", headers=headers)

    async def ask() -> list[Response]:
        gate = AccessControl(lambda: guard, behind, Users(), clock)
        return [await gate(Request("/")) for _ in range(times)]

    return asyncio.run(ask())


def test_beyond_the_rate_limit_the_answer_is_429_until_time_has_passed() -> None:
    clock = Clock()
    guard = WebConfig(rate=RateLimit(interval=2, burst=3))
    statuses = [answer.status for answer in _through(guard, clock, {}, 4)]
    assert statuses == [200, 200, 200, 429]

    def passing() -> float:
        clock.now += 1
        return clock.now

    statuses = [answer.status for answer in _through(guard, passing, {}, 8)]
    assert statuses == [200, 200, 200, 200, 200, 429, 200, 429]


def test_headers_of_the_file_are_added_and_another_policy_takes_nothing_from_ours(file: Path) -> None:
    file.write_text(
        "http_server_config: {headers: {Strict-Transport-Security: max-age=1, X-Frame-Options: '',"
        " Content-Security-Policy: default-src *}}\n"
    )
    (answer,) = _through(load_web_config(str(file)), Clock(), {"content-security-policy": "default-src 'none'"})
    assert answer.headers == {
        "content-security-policy": "default-src 'none', default-src *",
        "strict-transport-security": "max-age=1",
    }
