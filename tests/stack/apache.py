"""A real Apache whose sites demand client certificates as servers do; used by the worlds of this folder."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path

from tests.stack.certificates import SiteCertificate
from tests.stack.namespace import Namespace

__all__ = ["ApacheSite", "Demands", "start_apache"]


class Demands(Enum):
    """Where a site demands a client certificate; the value is its Apache configuration."""

    PATH = "<LocationMatch (?i)^/autodiscover/>\n    SSLVerifyClient require\n  </LocationMatch>"
    SITE = "SSLVerifyClient require"
    NOTHING = ""


@dataclass(frozen=True, slots=True)
class ApacheSite:
    """One address: TLS of one version on port 443, with a certificate and a demand."""

    address: str
    demands: Demands
    certificate: SiteCertificate
    version: str = "TLSv1.3"


MAIN = """\
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule ssl_module {modules}/mod_ssl.so
LoadModule socache_shmcb_module {modules}/mod_socache_shmcb.so
LoadModule alias_module {modules}/mod_alias.so
ServerRoot {folder}
ServerName 127.0.0.1
DefaultRuntimeDir {folder}
PidFile {folder}/httpd.pid
Mutex file:{folder}
ErrorLog {folder}/error.log
SSLSessionCache shmcb:{folder}/sessions
{sites}"""

SITE = """\
Listen {address}:443
<VirtualHost {address}:443>
  ServerName {address}
  SSLEngine on
  SSLProtocol {version}
  SSLCertificateFile {chain}
  SSLCertificateKeyFile {key}
  SSLCACertificateFile {chain}
  RedirectMatch 302 ^/owa/$ /owa/auth/logon.aspx
  {demand}
</VirtualHost>
"""

MODULES = "/usr/lib/apache2/modules"


@contextmanager
def start_apache(namespace: Namespace, folder: Path, sites: Iterable[ApacheSite]) -> Iterator[None]:
    """An Apache with these sites, each of which accepts connections; stopped at the end."""
    sites = tuple(sites)
    folder.mkdir()
    configuration = folder / "apache.conf"
    text = "".join(
        SITE.format(
            address=site.address,
            version=f"-all +{site.version}",
            chain=site.certificate.chain,
            key=site.certificate.key,
            demand=site.demands.value,
        )
        for site in sites
    )
    configuration.write_text(MAIN.format(modules=MODULES, folder=folder, sites=text))
    command = ("apache2", "-f", str(configuration), "-DFOREGROUND")
    daemon = namespace.start(*command, log=folder / "output.log")
    try:
        for site in sites:
            daemon.wait_until(partial(_listens, namespace, site))
        yield
    finally:
        daemon.terminate()


def _listens(namespace: Namespace, site: ApacheSite) -> bool:
    shaken = namespace.run("openssl", "s_client", "-connect", f"{site.address}:443", "-brief")
    return "CONNECTION ESTABLISHED" in shaken.stderr + shaken.stdout or "alert" in shaken.stderr + shaken.stdout
