"""Lookups in Active Directory: each runs in a process of its own, `ldap_lookup`, which ends when its time is up.

The user and the password of the policy go to the one server that `--scp` names, and never without encryption unless
that server is this host.
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict
from importlib.util import find_spec
from ipaddress import ip_address
from tempfile import NamedTemporaryFile
from typing import Any

from check_autodiscover.core.model.observations import (
    ConnectionPoint,
    DirectoryAnswer,
    DirectoryQuestion,
    DirectoryStatus,
)
from check_autodiscover.core.model.policy import Directory
from check_autodiscover.core.model.urls import LdapUrl, parse_ldap_url
from check_autodiscover.named_files import load_password
from check_autodiscover.probes.ldap_lookup import Asked, Stage
from check_autodiscover.probes.trust import Trust
from check_autodiscover.settings import MissingExtra

__all__ = ["ProcessDirectoryProbe"]

_PROGRAM = "check_autodiscover.probes.ldap_lookup"

_STAGES = {
    Stage.NAME: DirectoryStatus.UNREACHABLE,
    Stage.CONNECT: DirectoryStatus.UNREACHABLE,
    Stage.SILENT: DirectoryStatus.SILENT,
    Stage.TLS: DirectoryStatus.NO_TLS,
    Stage.CERTIFICATE: DirectoryStatus.UNTRUSTED,
    Stage.START_TLS: DirectoryStatus.UNENCRYPTED,
}
"""What a stage means, whatever the code."""

_OPERATIONS, _STRONGER, _NO_OBJECT, _INAPPROPRIATE, _INVALID, _RIGHTS, _UNWILLING = 1, 8, 32, 48, 49, 50, 53
_REFUSALS = frozenset({_OPERATIONS, _STRONGER, _NO_OBJECT, _INAPPROPRIATE, _RIGHTS, _UNWILLING})
"""How servers turn down who has not logged in; Active Directory calls it an operations error."""

_LOGIN_FAULTS = {
    "525": "there is no such user",
    "52e": "wrong user or password",
    "530": "no login at this time",
    "531": "no login from this machine",
    "532": "the password has expired",
    "533": "the account is disabled",
    "568": "too many groups",
    "701": "the account has expired",
    "773": "the password must be changed first",
    "775": "the account is locked",
}
"""The code behind `data` in the words of Active Directory (Microsoft, "Common Active Directory bind errors")."""


class ProcessDirectoryProbe:
    """The DirectoryProbe that really looks."""

    def __init__(self, directory: Directory, trust: Trust, connect_timeout: float) -> None:
        """Prepare to log in as the policy says; `connect_timeout` is the patience for each step, in seconds.

        Raises:
            MissingExtra: bonsai is not installed.
            PasswordError: the password file cannot be used.
        """
        if find_spec("bonsai") is None:
            raise MissingExtra("--scp", "directory", ModuleNotFoundError("bonsai", name="bonsai"))
        self._user = directory.user
        self._password = load_password(directory.password_file)
        self._trust = trust
        self._seconds = connect_timeout

    async def probe_directory(self, question: DirectoryQuestion, give_up_at: float) -> DirectoryAnswer:
        """What the directory says, or why it says nothing by `give_up_at`."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        url = parse_ldap_url(question.ldap_url)
        with NamedTemporaryFile(prefix="check_autodiscover-", suffix=".pem") as anchors:
            asked = self._asked(url, question.login, anchors.name)
            if asked.tls or asked.start_tls:
                anchors.write(self._trust.pem())
                anchors.flush()
            told = await _run(asked, give_up_at)
        return _answer(told, asked, loop.time() - begun)

    def _asked(self, url: LdapUrl, login: bool, ca_file: str) -> Asked:
        tls, password = url.scheme == "ldaps", self._password if login else ""
        return Asked(
            url=url.server,
            host=url.host,
            port=url.port,
            base=url.base,
            tls=tls,
            start_tls=bool(password) and not tls and not _is_here(url.host),
            ca_file=ca_file,
            user=self._user if login else "",
            password=password,
            seconds=self._seconds,
        )


def _is_here(host: str) -> bool:
    """Whether what is sent to a host stays on this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def _run(asked: Asked, give_up_at: float) -> Mapping[str, Any]:
    """What the process wrote, or that its time was up."""
    pipe = asyncio.subprocess.PIPE
    # A Kerberos ticket is for the name that was given, and not for what the network says about the address.
    environment = {"LDAPSASL_NOCANON": "on", **os.environ}
    # What was imported here is imported there, also where an installation keeps its libraries to itself; and nothing is
    # taken from the folder that somebody happens to stand in.
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", _PROGRAM, stdin=pipe, stdout=pipe, stderr=pipe, env=environment
    )
    try:
        async with asyncio.timeout_at(give_up_at):
            written, complaint = await process.communicate(json.dumps(asdict(asked)).encode())
    except TimeoutError:
        return {"stage": Stage.SILENT, "code": 0, "words": ""}
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"{_PROGRAM}: {complaint.decode(errors='replace').strip().rpartition(chr(10))[2]}")
    told: Mapping[str, Any] = json.loads(written)
    return told


def _answer(told: Mapping[str, Any], asked: Asked, seconds: float) -> DirectoryAnswer:
    if "points" not in told:
        status, detail = _status(told["stage"], told["code"], asked), _detail(told["words"])
        return DirectoryAnswer(status, detail=detail, seconds=seconds)
    points = tuple(
        ConnectionPoint(item["name"], tuple(item["keywords"]), tuple(item["bindings"])) for item in told["points"]
    )
    return DirectoryAnswer(DirectoryStatus.ANSWER, points, seconds=seconds)


def _status(stage: str, code: int, asked: Asked) -> DirectoryStatus:
    if stage in _STAGES:
        return _STAGES[stage]
    if stage == Stage.BIND and code == _INVALID:
        return DirectoryStatus.LOGIN_REFUSED
    if stage == Stage.BIND and asked.user and not asked.password:
        return DirectoryStatus.NO_TICKET
    if not asked.user and (code in _REFUSALS or stage == Stage.HIDDEN):
        return DirectoryStatus.ANONYMOUS_REFUSED
    if stage == Stage.ROOT and not code:
        return DirectoryStatus.NO_CONFIGURATION
    if stage in (Stage.SEARCH, Stage.HIDDEN) and code in (0, _NO_OBJECT, _RIGHTS):
        return DirectoryStatus.FORBIDDEN
    return DirectoryStatus.FAILED


def _detail(words: str) -> str:
    """The words of the server; those of Active Directory about a login in plain language."""
    code = re.search(r"\bdata ([0-9a-f]{3})\b", words)
    if code:
        return _LOGIN_FAULTS.get(code[1], words)
    # The words of Kerberos stand in brackets behind those of every layer above it.
    kerberos = re.search(r"GSSAPI Error: .*?\((.+)\)", words)
    return kerberos[1] if kerberos else words.strip()
