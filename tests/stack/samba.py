"""A real Active Directory: Samba as a domain controller, made once a machine and copied for each test.

Making it takes ten seconds, so what comes out is kept in the temporary folder, by Samba's version.
"""

import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.stack.certificates import SiteCertificate
from tests.stack.connection_points import CONFIGURATION
from tests.stack.namespace import Namespace

__all__ = ["AUTODISCOVER", "KERBEROS", "PASSWORD", "USER", "Samba", "start_samba"]

REALM = "CONTOSO.TEST"
USER = "svcmon@contoso.test"
"""An account without any rights."""
PASSWORD = "Passw0rd!monitoring"
ADMINISTRATOR, ADMINISTRATORS_PASSWORD = "administrator@contoso.test", "Passw0rd!lab"
AUTODISCOVER = f"CN=Autodiscover,CN=Contoso,CN=Microsoft Exchange,CN=Services,{CONFIGURATION}"
"""Where Exchange keeps its connection points, the administrative groups left out."""

KERBEROS = """\
[libdefaults]
 default_realm = CONTOSO.TEST
 dns_lookup_kdc = false
 dns_lookup_realm = false
 rdns = false
[realms]
 CONTOSO.TEST = {{
  kdc = {address}
 }}
[domain_realm]
 .contoso.test = CONTOSO.TEST
"""
"""The clients' configuration, where the domain controller has this address."""

TIMEOUT_SECONDS = 120

SETTINGS = """\
[global]
 workgroup = CONTOSO
 realm = CONTOSO.TEST
 netbios name = DC1
 server role = active directory domain controller
 server services = ldap kdc
 interfaces = {address}/8
 bind interfaces only = yes
 private dir = {folder}/private
 lock directory = {folder}
 state directory = {folder}/state
 cache directory = {folder}/cache
 pid directory = {folder}/run
 ncalrpc dir = {folder}/run/ncalrpc
 log file = {folder}/log.%m
 ldap server require strong auth = no
 tls keyfile = {key}
 tls certfile = {chain}
 tls cafile = {chain}
"""


@dataclass(frozen=True, slots=True)
class Samba:
    """A running domain controller."""

    namespace: Namespace
    address: str

    def add(self, *objects: str) -> None:
        """Write objects, given as LDIF, into the directory."""
        login = ("-x", "-D", ADMINISTRATOR, "-w", ADMINISTRATORS_PASSWORD)
        done = self.namespace.run("ldapadd", *login, "-H", f"ldap://{self.address}", text="".join(objects))
        assert done.returncode == 0, done.stderr


@contextmanager
def start_samba(namespace: Namespace, folder: Path, address: str, certificate: SiteCertificate) -> Iterator[Samba]:
    """A domain controller of contoso.test at an address of the namespace, with the containers that Exchange makes."""
    folder.mkdir()
    with tarfile.open(_provisioned()) as archive:
        archive.extractall(folder, filter="data")
    for name in ("run", "cache"):
        (folder / name).mkdir(exist_ok=True)
    certificate.key.chmod(0o600)
    settings = SETTINGS.format(address=address, folder=folder, key=certificate.key, chain=certificate.chain)
    (folder / "smb.conf").write_text(settings)
    command = ("samba", "-F", "--no-process-group", "-M", "single", "-s", str(folder / "smb.conf"), "--debug-stdout")
    daemon = namespace.start(*command, log=folder / "output.log")
    search = ("ldapsearch", "-x", "-H", f"ldap://{address}", "-s", "base", "-b", "", "defaultNamingContext")
    try:
        daemon.wait_until(lambda: "DC=contoso" in namespace.run(*search).stdout)
        samba = Samba(namespace, address)
        samba.add(*_containers())
        yield samba
    finally:
        daemon.kill()


def _containers() -> Iterator[str]:
    parts = AUTODISCOVER.removesuffix(f",CN=Services,{CONFIGURATION}").split(",")
    for index in reversed(range(len(parts))):
        yield f"dn: {','.join(parts[index:])},CN=Services,{CONFIGURATION}\nobjectClass: container\n\n"


def _provisioned() -> Path:
    """The archive of a fresh domain with one plain user; made where this machine has none yet."""
    version = _run("samba", "--version").split()[-1]
    kept = Path(tempfile.gettempdir()) / f"check-autodiscover-tests-{os.getuid()}" / f"samba-{version}-kdc.tar"
    if not kept.exists():
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            made = _provision(Path(folder))
            # In one step, as other test processes may be at it too.
            made.replace(kept)
    return kept


def _provision(folder: Path) -> Path:
    target = folder / "dc"
    _run(
        *("samba-tool", "domain", "provision", f"--realm={REALM}", "--domain=CONTOSO", "--server-role=dc"),
        *("--dns-backend=NONE", f"--adminpass={ADMINISTRATORS_PASSWORD}", "--host-name=dc1", "--host-ip=127.0.0.1"),
        *(f"--targetdir={target}", "--option=interfaces=lo", "--option=bind interfaces only=yes"),
    )
    database = f"--URL={target}/private/sam.ldb"
    configuration = f"--configfile={target}/etc/smb.conf"
    _run("samba-tool", "user", "create", "svcmon", PASSWORD, database, configuration)
    _run("samba-tool", "spn", "add", "ldap/dc1.contoso.test", "DC1$", database, configuration)
    # Sockets cannot be copied.
    for socket in (path for path in target.rglob("*") if path.is_socket()):
        socket.unlink()
    archive = folder / "samba.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(target, arcname=".")
    shutil.rmtree(target)
    return archive


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=TIMEOUT_SECONDS)
    assert done.returncode == 0, done.stderr
    return done.stdout
