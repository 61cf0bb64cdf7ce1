"""One lookup in one directory, as a process: what to ask comes as JSON on standard input, what came of it goes out so.

libldap waits for a silent server where neither other threads of Python nor a deadline reach it: `directory` runs this
and ends it in time. Nothing is judged here; a failure is told with its stage, the library's code and its words.
"""

import json
import socket
import ssl
import sys
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

__all__ = ["Asked", "Failure", "Stage", "look_up", "main"]

FILTER = (
    "(&(objectClass=serviceConnectionPoint)"
    "(|(keywords=67661d7F-8FC4-4fa7-BFAC-E1D7794C1F68)(keywords=77378F46-2C66-4aa9-A6A6-3E7A48B19596)))"
)
"""What Outlook searches for (EWS Managed API, Autodiscover/DirectoryHelper.cs)."""

MAX_POINTS = 256
LONGEST = 2048
"""Characters of one value; no URL and no keyword is longer."""

BASE, SUBTREE = 0, 2


class Stage:
    """How far a lookup got before it failed."""

    NAME = "name"
    CONNECT = "connect"
    SILENT = "silent"
    TLS = "tls"
    CERTIFICATE = "certificate"
    START_TLS = "start-tls"
    BIND = "bind"
    ROOT = "root"
    SEARCH = "search"
    HIDDEN = "hidden"
    """The base cannot be seen, so that finding nothing below it proves nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A server and how to talk to it; `seconds` is the patience for each step, `base` a DN, percent-encoded, or empty.

    With a user and a password it is a simple bind, with a user alone Kerberos, else anonymous.
    """

    url: str
    host: str
    port: int
    base: str
    tls: bool
    start_tls: bool
    ca_file: str
    user: str
    password: str
    seconds: float


class Failure(Exception):
    """The lookup ended at a stage, with a code of LDAP (RFC 4511 appendix A) or of libldap, and words."""

    def __init__(self, stage: str, words: str, code: int = 0) -> None:
        super().__init__(words)
        self.stage = stage
        self.code = code


def main() -> None:
    """Read what to ask, look it up, write what came of it."""
    asked = Asked(**json.load(sys.stdin))
    try:
        answer: dict[str, Any] = {"points": look_up(asked)}
    except Failure as failure:
        answer = {"stage": failure.stage, "code": failure.code, "words": str(failure)[:LONGEST]}
    json.dump(answer, sys.stdout)


def look_up(asked: Asked) -> list[dict[str, Any]]:
    """The connection points below the base, or in the server's configuration. Raises Failure."""
    _reach(asked)
    with closing(_connected(asked)) as connection:
        base = unquote(asked.base) or _configuration(connection, asked)
        found = _searched(
            connection, asked, Stage.SEARCH, base, SUBTREE, FILTER, ["keywords", "serviceBindingInformation"]
        )
        if not found and not _searched(connection, asked, Stage.HIDDEN, base, BASE, "(objectClass=*)", ["objectClass"]):
            raise Failure(Stage.HIDDEN, "")
    return [_point(entry) for entry in found[:MAX_POINTS]]


def _reach(asked: Asked) -> None:
    """Fails as the network does: what libldap says of it tells neither a refusal nor a certificate apart."""
    try:
        with socket.create_connection((asked.host, asked.port), asked.seconds) as opened:
            if asked.tls:
                _trusted(asked).wrap_socket(opened, server_hostname=asked.host).close()
    except TimeoutError as error:
        raise Failure(Stage.SILENT, "") from error
    except socket.gaierror as error:
        raise Failure(Stage.NAME, error.strerror or str(error)) from error
    except ssl.SSLCertVerificationError as error:
        raise Failure(Stage.CERTIFICATE, error.verify_message) from error
    except ssl.SSLError as error:
        raise Failure(Stage.TLS, error.reason or str(error)) from error
    except OSError as error:
        stage = Stage.TLS if asked.tls and isinstance(error, ConnectionResetError) else Stage.CONNECT
        raise Failure(stage, error.strerror or str(error)) from error


def _trusted(asked: Asked) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(asked.ca_file)
    return context


def _connected(asked: Asked) -> Any:
    import bonsai

    client = bonsai.LDAPClient(asked.url, tls=asked.start_tls)
    # A referral names another server, which is to be told no password.
    client.set_server_chase_referrals(False)
    client.set_ignore_referrals(True)
    if asked.tls or asked.start_tls:
        client.set_cert_policy("demand")
        client.set_ca_cert(asked.ca_file)
    if asked.user and asked.password:
        client.set_credentials("SIMPLE", user=asked.user, password=asked.password)
    elif asked.user:
        client.set_credentials("GSSAPI", user=asked.user)
        if asked.tls:
            # Active Directory takes no second encryption inside TLS.
            client.set_sasl_security_properties(max_ssf=0)
    try:
        return client.connect(timeout=asked.seconds)
    except bonsai.LDAPError as error:
        raise _failure(error, _connecting_stage(asked, error)) from error


def _connecting_stage(asked: Asked, error: Any) -> str:
    """Whether it was the encryption or the login that failed; both happen in one step."""
    words = str(error).lower()
    if "certificate" in words:
        return Stage.CERTIFICATE
    encrypting = asked.start_tls and (error.code in (1, 2, 12, 52, 53) or "tls" in words)
    return Stage.START_TLS if encrypting else Stage.BIND


def _configuration(connection: Any, asked: Asked) -> str:
    """The DN of the configuration partition, which only Active Directory has (MS-ADTS 3.1.1.3.2.4)."""
    for entry in _searched(connection, asked, Stage.ROOT, "", BASE, "(objectClass=*)", ["configurationNamingContext"]):
        for value in _attribute(entry, "configurationNamingContext"):
            return value
    raise Failure(Stage.ROOT, "")


def _searched(
    connection: Any, asked: Asked, stage: str, base: str, scope: int, filter_: str, attributes: Iterable[str]
) -> list[Any]:
    import bonsai

    try:
        return list(connection.search(base, scope, filter_, list(attributes), timeout=asked.seconds))
    except bonsai.LDAPError as error:
        raise _failure(error, stage) from error


def _failure(error: Any, stage: str) -> Failure:
    import bonsai

    if isinstance(error, bonsai.TimeoutError):
        return Failure(Stage.SILENT, "")
    return Failure(stage, ". ".join(map(str, error.args)), error.code)


def _point(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": str(entry["dn"])[:LONGEST],
        "keywords": _attribute(entry, "keywords"),
        "bindings": _attribute(entry, "serviceBindingInformation"),
    }


def _attribute(entry: Mapping[str, Any], name: str) -> list[str]:
    """The values of an attribute, whose name servers spell as they like, as text whatever bytes they are."""
    values = next((entry[key] for key in entry if key.lower() == name.lower()), ())
    texts = (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values)
    return [text[:LONGEST] for text in texts]


if __name__ == "__main__":
    main()
