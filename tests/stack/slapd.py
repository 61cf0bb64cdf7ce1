"""A real slapd that looks like Active Directory to whoever searches its configuration; used by the worlds here.

Quick to start and on any port; what it cannot imitate is proven on Samba.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.stack.certificates import SiteCertificate
from tests.stack.connection_points import CONFIGURATION
from tests.stack.namespace import Daemon, Namespace

__all__ = ["PASSWORD", "USER", "Slapd", "start_slapd"]

USER = f"cn=svcmon,{CONFIGURATION}".lower()
PASSWORD = "correct horse"

SCHEMA = """\
attributetype ( 1.2.840.113556.1.4.48 NAME 'keywords' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.2.840.113556.1.4.510 NAME 'serviceBindingInformation' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.2.840.113556.1.4.509 NAME 'serviceClassName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.4203.666.1.1 NAME 'configurationNamingContext' EQUALITY distinguishedNameMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )
objectclass ( 1.2.840.113556.1.5.94 NAME 'serviceConnectionPoint' SUP top STRUCTURAL MUST cn
  MAY ( keywords $ serviceBindingInformation $ serviceClassName ) )
objectclass ( 1.2.840.113556.1.3.23 NAME 'container' SUP top STRUCTURAL MUST cn )
objectclass ( 1.3.6.1.4.1.4203.666.1.2 NAME 'rootOfActiveDirectory' SUP top AUXILIARY MAY configurationNamingContext )
"""

MAIN = """\
include /etc/ldap/schema/core.schema
include {folder}/ad.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
rootDSE {folder}/root.ldif
{tls}
access to dn.base="" by * read
access to * by users read by anonymous {anonymous}
database mdb
suffix "{configuration}"
directory {folder}/data
rootdn "{user}"
rootpw "{password}"
"""

ROOT = "dn:\nobjectClass: rootOfActiveDirectory\n"

TREE = f"""\
dn: {CONFIGURATION}
objectClass: container
cn: Configuration

dn: cn=Schema,{CONFIGURATION}
objectClass: referral
objectClass: extensibleObject
cn: Schema
ref: ldap://127.9.9.9/cn=Schema

"""
"""The partition, and a referral as Active Directory gives one to its schema: nobody listens there."""


@dataclass(frozen=True, slots=True)
class Slapd:
    """A running directory; `log` tells who logged in."""

    daemon: Daemon

    @property
    def logins(self) -> set[str]:
        """The DNs that somebody tried to log in with, in lower case, anonymous ones left out."""
        lines = self.daemon.log.read_text().splitlines()
        tried = [line.partition('BIND dn="')[2].partition('"')[0] for line in lines if "BIND dn=" in line]
        return {name.lower() for name in tried if name}


@contextmanager
def start_slapd(
    namespace: Namespace,
    folder: Path,
    urls: Iterable[str],
    points: Iterable[str] = (),
    *,
    certificate: SiteCertificate | None = None,
    anonymous: bool = False,
    active_directory: bool = True,
) -> Iterator[Slapd]:
    """A directory at these LDAP URLs with these connection points, as LDIF; it lets everybody read if `anonymous`."""
    urls = tuple(urls)
    (folder / "data").mkdir(parents=True)
    tls = f"TLSCertificateFile {certificate.chain}\nTLSCertificateKeyFile {certificate.key}" if certificate else ""
    settings = {"folder": folder, "tls": tls, "anonymous": "read" if anonymous else "auth"}
    main = MAIN.format(configuration=CONFIGURATION, user=USER, password=PASSWORD, **settings)
    (folder / "slapd.conf").write_text(main)
    (folder / "ad.schema").write_text(SCHEMA)
    (folder / "root.ldif").write_text(
        ROOT + (f"configurationNamingContext: {CONFIGURATION}\n" if active_directory else "")
    )
    added = namespace.run("slapadd", "-f", str(folder / "slapd.conf"), text=TREE + "".join(points))
    assert added.returncode == 0, added.stderr
    command = ("slapd", "-f", str(folder / "slapd.conf"), "-h", " ".join(urls), "-d", "stats")
    daemon = namespace.start(*command, log=folder / "output.log")
    try:
        plain = next(url for url in urls if url.startswith("ldap://"))
        daemon.wait_until(
            lambda: namespace.run("ldapsearch", "-x", "-H", plain, "-s", "base", "-b", "").returncode == 0
        )
        yield Slapd(daemon)
    finally:
        daemon.kill()
