"""How a directory that cannot be read is told: by the network as it is, and by the words of servers, as a table.

None of it needs the LDAP library; what a directory answers is proven on slapd and Samba.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
import trustme

from check_autodiscover.core.model.observations import DirectoryAnswer, DirectoryQuestion, DirectoryStatus
from check_autodiscover.core.model.policy import Directory
from check_autodiscover.core.model.urls import parse_ldap_url
from check_autodiscover.probes import directory
from check_autodiscover.probes.directory import ProcessDirectoryProbe
from check_autodiscover.probes.ldap_lookup import Asked, Stage
from check_autodiscover.probes.trust import Trust

LONG = 30.0
AN_HOUR = 3600.0
"""Seconds: more than any of these may take, and more than anybody waits for a test."""


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is said to be there; no lookup here comes so far that it is loaded."""
    monkeypatch.setattr(directory, "find_spec", lambda name: name)


@contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def lookup(url: str, trust: Trust, *, patience: float = LONG, seconds: float = LONG) -> DirectoryAnswer:
    """What comes of an anonymous lookup within so many seconds."""
    probe = ProcessDirectoryProbe(Directory(url), trust, patience)

    async def probed() -> DirectoryAnswer:
        give_up_at = asyncio.get_running_loop().time() + seconds
        return await probe.probe_directory(DirectoryQuestion(url), give_up_at)

    return asyncio.run(probed())


def port_of(server: socket.socket) -> int:
    port: int = server.getsockname()[1]
    return port


def test_a_refused_connection_is_out_of_reach_in_the_systems_words(trust: Trust) -> None:
    with listening() as server:
        port = port_of(server)
    answer = lookup(f"ldap://127.0.0.1:{port}", trust)
    assert (answer.status, answer.detail) == (DirectoryStatus.UNREACHABLE, "Connection refused")


def test_patience_with_a_silent_server_ends(trust: Trust) -> None:
    with listening() as server:
        answer = lookup(f"ldaps://127.0.0.1:{port_of(server)}", trust, patience=0.2)
    assert answer.status is DirectoryStatus.SILENT


def test_the_deadline_ends_a_lookup_that_would_wait_longer(trust: Trust) -> None:
    with listening() as server:
        answer = lookup(f"ldaps://127.0.0.1:{port_of(server)}", trust, patience=AN_HOUR, seconds=0.3)
    assert answer.status is DirectoryStatus.SILENT


def answering(server: socket.socket, context: ssl.SSLContext | None) -> None:
    """Accept one connection: by TLS, or with words that are none."""
    opened, _ = server.accept()
    try:
        if context is None:
            opened.sendall(b"220 ready\r\n")
            opened.recv(1024)
        else:
            context.wrap_socket(opened, server_side=True).close()
    except OSError:
        pass
    finally:
        opened.close()


@pytest.mark.parametrize(
    ("tls", "status"), [(True, DirectoryStatus.UNTRUSTED), (False, DirectoryStatus.NO_TLS)], ids=["untrusted", "no TLS"]
)
def test_a_certificate_that_is_not_trusted_is_told_from_no_tls_at_all(
    trust: Trust, tls: bool, status: DirectoryStatus
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with listening() as server:
        answers = Thread(target=answering, args=(server, context if tls else None))
        answers.start()
        answer = lookup(f"ldaps://127.0.0.1:{port_of(server)}", trust)
        answers.join()
    assert answer.status is status


ANONYMOUS = Asked("ldap://dc1", "dc1", 389, "", tls=False, start_tls=False, ca_file="", user="", password="", seconds=1)
WITH_PASSWORD = Asked("ldaps://dc1", "dc1", 636, "", True, False, "", user="svc", password="p", seconds=1)
WITH_TICKET = Asked("ldap://dc1", "dc1", 389, "", False, False, "", user="svc", password="", seconds=1)

OPERATIONS_ERROR = "00002020: Operation unavailable without authentication"
WRONG = "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 52e, v3839"
EXPIRED = "80090308: LdapErr: DSID-0C09041C, comment: AcceptSecurityContext error, data 532, v4563"
NO_TICKET = (
    "Local error. SASL(-1): generic failure: GSSAPI Error: No credentials were supplied, or the credentials were "
    "unavailable or inaccessible (No Kerberos credentials available (default cache: FILE:/tmp/krb5cc_0))"
)


@pytest.mark.parametrize(
    ("asked", "stage", "code", "words", "status", "detail"),
    [
        (ANONYMOUS, Stage.SEARCH, 1, OPERATIONS_ERROR, DirectoryStatus.ANONYMOUS_REFUSED, OPERATIONS_ERROR),
        (ANONYMOUS, Stage.BIND, 48, "", DirectoryStatus.ANONYMOUS_REFUSED, ""),
        (ANONYMOUS, Stage.ROOT, 50, "", DirectoryStatus.ANONYMOUS_REFUSED, ""),
        (ANONYMOUS, Stage.HIDDEN, 0, "", DirectoryStatus.ANONYMOUS_REFUSED, ""),
        (ANONYMOUS, Stage.ROOT, 0, "", DirectoryStatus.NO_CONFIGURATION, ""),
        (ANONYMOUS, Stage.SEARCH, 51, "busy", DirectoryStatus.FAILED, "busy"),
        (WITH_PASSWORD, Stage.BIND, 49, WRONG, DirectoryStatus.LOGIN_REFUSED, "wrong user or password"),
        (WITH_PASSWORD, Stage.BIND, 49, EXPIRED, DirectoryStatus.LOGIN_REFUSED, "the password has expired"),
        (WITH_PASSWORD, Stage.BIND, 8, "sign", DirectoryStatus.FAILED, "sign"),
        (WITH_PASSWORD, Stage.SEARCH, 50, "", DirectoryStatus.FORBIDDEN, ""),
        (WITH_PASSWORD, Stage.SEARCH, 1, "x", DirectoryStatus.FAILED, "x"),
        (WITH_PASSWORD, Stage.HIDDEN, 0, "", DirectoryStatus.FORBIDDEN, ""),
        (WITH_PASSWORD, Stage.START_TLS, 2, "", DirectoryStatus.UNENCRYPTED, ""),
        (
            WITH_TICKET,
            Stage.BIND,
            -2,
            NO_TICKET,
            DirectoryStatus.NO_TICKET,
            "No Kerberos credentials available (default cache: FILE:/tmp/krb5cc_0)",
        ),
    ],
)
def test_each_failure_is_a_status_of_its_own_and_never_an_empty_answer(
    asked: Asked, stage: str, code: int, words: str, status: DirectoryStatus, detail: str
) -> None:
    answer = directory._answer({"stage": stage, "code": code, "words": words}, asked, 0.1)
    assert (answer.status, answer.detail, answer.points) == (status, detail, ())


@pytest.mark.parametrize(
    ("url", "login", "encrypted", "password"),
    [
        ("ldap://192.0.2.7", True, "StartTLS", "p"),
        ("ldap://dc1.contoso.com", True, "StartTLS", "p"),
        ("ldaps://dc1.contoso.com", True, "TLS", "p"),
        ("ldap://127.0.0.1", True, "", "p"),
        ("ldap://[::1]", True, "", "p"),
        ("ldap://dc2.contoso.com", False, "", ""),
        ("ldaps://dc2.contoso.com", False, "TLS", ""),
    ],
)
def test_a_password_leaves_this_host_over_tls_alone(
    trust: Trust, url: str, login: bool, encrypted: str, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "load_password", lambda file: "p")
    probe = ProcessDirectoryProbe(Directory(url, user="svc", password_file="f"), trust, 1.0)
    asked = probe._asked(parse_ldap_url(url), login, "")
    assert ("TLS" if asked.tls else "StartTLS" if asked.start_tls else "", asked.password) == (encrypted, password)
