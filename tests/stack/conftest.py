"""The fixtures of the stack tests: a world for each test, and why there is none on this machine."""

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.lacking import refuse
from tests.stack.certificates import Authority, create_authority
from tests.stack.namespace import open_namespace
from tests.stack.world import World

PROGRAMS = (
    "ip",
    "named",
    "nsupdate",
    "dig",
    "nginx",
    "haproxy",
    "curl",
    "openssl",
    "promtool",
    "prometheus",
    "prometheus-alertmanager",
    "amtool",
    "nagios4",
    "nrpe",
    "icinga2",
    "icingacli",
    "mariadbd",
    "knotd",
    "nsd",
    "unbound",
    "dnsdist",
)


@pytest.fixture(scope="session")
def names() -> Iterator[str]:
    """Names for namespaces that nobody else uses; skips, or fails under CI, where none can be made."""
    numbered = (f"ca-test-{os.getpid()}-{number}" for number in itertools.count())
    if lack := _lack(next(numbered)):
        refuse(f"the stack tests need real daemons in a network namespace: {lack}")
    return numbered


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The certification authority that all sites of this run have in common."""
    return create_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def ldap_library() -> None:
    """Skips, or fails under CI, where no directory can be looked up, or none can be started."""
    programs = [
        program for program in ("slapd", "slapadd", "ldapsearch", "samba", "kinit") if shutil.which(program) is None
    ]
    lack = ", ".join((*programs, *(() if find_spec("bonsai") else ("bonsai",))))
    if lack:
        refuse(f"looking up a directory needs more: {lack} not installed")


@pytest.fixture
def world(names: Iterator[str], authority: Authority, tmp_path: Path) -> Iterator[World]:
    """A namespace with nothing in it yet."""
    with ExitStack() as stack:
        namespace = stack.enter_context(open_namespace(next(names)))
        yield World(namespace, tmp_path, authority, stack)


def _lack(name: str) -> str:
    """What this machine lacks, empty if nothing. Being root is not enough in a container, so it is tried."""
    if missing := [program for program in PROGRAMS if shutil.which(program) is None]:
        return f"{', '.join(missing)} not installed"
    try:
        with open_namespace(name) as namespace:
            tried = namespace.run("true")
    except subprocess.CalledProcessError as error:
        return f"no namespace: {error.stderr.decode().strip()}"
    return tried.stderr.strip() if tried.returncode else ""
