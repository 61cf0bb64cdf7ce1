"""A real nginx whose sites answer as Exchange, a hoster or a redirector would; used by the worlds of this folder."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path

from tests.stack.certificates import SiteCertificate
from tests.stack.namespace import Namespace

__all__ = ["Behaviour", "Site", "Visitors", "start_nginx"]


class Behaviour(Enum):
    """What a site answers, to GET and POST alike; the value is its nginx configuration."""

    EXCHANGE = """\
location / { return 404; }
    location ~* ^/autodiscover/ {
      add_header WWW-Authenticate "Negotiate" always;
      add_header WWW-Authenticate "NTLM" always;
      add_header WWW-Authenticate 'Basic realm="remote.contoso.test"' always;
      add_header X-FEServer "EX1" always;
      return 401;
    }"""
    HOSTER = """\
default_type text/html;
    location / { return 200 "<!doctype html><title>Welcome</title><p>This domain is parked.</p>\\n"; }"""
    PASSWORD = """\
location / { auth_basic "panel"; auth_basic_user_file /dev/null; }"""
    """Basic authentication by nginx itself."""
    REDIRECT = "location / { return 302 https://exchange.hosting.test/autodiscover/autodiscover.xml; }"


@dataclass(frozen=True, slots=True)
class Site:
    """One address: TLS on port 443 with a certificate, or plain HTTP on port 80 without one."""

    address: str
    behaviour: Behaviour
    certificate: SiteCertificate | None = None
    tls: str = ""
    """Further lines of its configuration, about TLS."""

    @property
    def port(self) -> int:
        """Where it listens."""
        return 80 if self.certificate is None else 443


@dataclass(frozen=True, slots=True)
class Visitors:
    """Who came to the sites of one nginx."""

    log: Path

    @property
    def at_autodiscover(self) -> list[str]:
        """The requests for Autodiscover's paths: the host, what was asked, the status, and the credential or `-`."""
        return [line for line in self.log.read_text().splitlines() if " /autodiscover/" in line.lower()]


MAIN = """\
daemon off; user root; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  log_format told '$http_host "$request" $status $http_authorization';
  access_log {folder}/access.log told; ssl_protocols TLSv1.2 TLSv1.3;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{servers}}}
"""

SERVER = """\
  server {{
    listen {address}:{port}{tls};
    {more}
    {behaviour}
  }}
"""


@contextmanager
def start_nginx(namespace: Namespace, folder: Path, sites: Iterable[Site]) -> Iterator[Visitors]:
    """An nginx with these sites, each of which has answered; stopped with its workers at the end."""
    sites = tuple(sites)
    folder.mkdir()
    configuration = folder / "nginx.conf"
    configuration.write_text(MAIN.format(folder=folder, servers="".join(map(_server, sites))))
    command = ("nginx", "-c", str(configuration), "-e", str(folder / "start.log"))
    daemon = namespace.start(*command, log=folder / "output.log")
    try:
        for site in sites:
            daemon.wait_until(partial(_answers, namespace, site))
        yield Visitors(folder / "access.log")
    finally:
        daemon.terminate()


def _server(site: Site) -> str:
    files = site.certificate
    tls = f" ssl; ssl_certificate {files.chain}; ssl_certificate_key {files.key}" if files else ""
    return SERVER.format(address=site.address, port=site.port, tls=tls, more=site.tls, behaviour=site.behaviour.value)


def _answers(namespace: Namespace, site: Site) -> bool:
    scheme = "http" if site.certificate is None else "https"
    # Servers of old are ready, too, when they answer as they can.
    lenient = ("--insecure", "--tlsv1.0", "--ciphers", "ALL:@SECLEVEL=0", "--globoff")
    asked = namespace.run("curl", "--silent", *lenient, "--output", "/dev/null", f"{scheme}://{site.address}/")
    return asked.returncode == 0
