"""A real HAProxy that stands where Exchange should, and fails as proxies do; used by the worlds of this folder."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path

from tests.stack.certificates import SiteCertificate
from tests.stack.namespace import Namespace

__all__ = ["ProxyFault", "ProxySite", "start_haproxy"]

_LOGIN = "http-request return status 401 hdr WWW-Authenticate Negotiate hdr WWW-Authenticate NTLM hdr X-FEServer EX1"


class ProxyFault(Enum):
    """What a frontend does; the value is its HAProxy configuration."""

    NO_SERVER = "default_backend dead"
    """503 of its own: the server behind it refuses."""
    LATE_SERVER = "default_backend silent"
    """504 of its own: the server behind it says nothing in time."""
    BUSY = "http-request return status 503 hdr Retry-After 30"
    SILENT = "default_backend mute"
    """The request is taken, and nothing comes of it."""
    CLOSED = "http-request reject"
    """The connection ends without an answer."""
    DELAYED = "default_backend late"
    """A healthy login, after 400 ms."""
    INTERRUPTED = f"option httpclose\n  {_LOGIN}"
    """NTLM alone, on connections that it closes."""
    TO_AUTODISCOVER = (
        "http-request redirect code 302 location https://remote.contoso.test/autodiscover/autodiscover.xml"
    )
    TO_LOGIN = "http-request redirect code 301 location https://www.contoso.test/login"
    TO_ITSELF = (
        "http-request redirect code 307 location https://autodiscover.contoso.test/autodiscover/autodiscover.xml"
    )


@dataclass(frozen=True, slots=True)
class ProxySite:
    """One address: TLS on port 443 with a certificate, or plain HTTP on port 80 without one."""

    address: str
    fault: ProxyFault
    certificate: SiteCertificate | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        return 80 if self.certificate is None else 443


MAIN = """\
global
  log stderr local0 err
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  timeout http-request 30s
  retries 0
backend dead
  server exchange 127.0.9.1:9
backend silent
  timeout server 300ms
  server exchange 127.0.9.2:8080
backend mute
  server exchange 127.0.9.2:8080
backend late
  timeout server 400ms
  errorfile 504 {folder}/login.http
  server exchange 127.0.9.2:8080
frontend nobody
  bind 127.0.9.2:8080
  http-request silent-drop
{sites}"""

LOGIN = (
    b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\n"
    b'WWW-Authenticate: Basic realm="remote.contoso.test"\r\nX-FEServer: EX1\r\nContent-Length: 0\r\n\r\n'
)
"""What the proxy says, in place of its own 504, when the time of the silent server is up: the delay is a real one."""

FRONTEND = """\
frontend site{number}
  bind {address}:{port}{tls}
  {fault}
"""


@contextmanager
def start_haproxy(namespace: Namespace, folder: Path, sites: Iterable[ProxySite]) -> Iterator[None]:
    """A HAProxy with these sites, each of which accepts connections; stopped at the end."""
    sites = tuple(sites)
    folder.mkdir()
    configuration = folder / "haproxy.cfg"
    frontends = "".join(_frontend(folder, number, site) for number, site in enumerate(sites))
    configuration.write_text(MAIN.format(folder=folder, sites=frontends))
    (folder / "login.http").write_bytes(LOGIN)
    daemon = namespace.start("haproxy", "-db", "-f", str(configuration), log=folder / "output.log")
    try:
        for site in sites:
            daemon.wait_until(partial(_listens, namespace, site))
        yield
    finally:
        daemon.terminate()


def _frontend(folder: Path, number: int, site: ProxySite) -> str:
    tls = ""
    if site.certificate is not None:
        # HAProxy wants the chain and its key in one file.
        together = folder / f"site{number}.pem"
        together.write_bytes(site.certificate.chain.read_bytes() + site.certificate.key.read_bytes())
        tls = f" ssl crt {together} alpn http/1.1"
    return FRONTEND.format(number=number, address=site.address, port=site.port, tls=tls, fault=site.fault.value)


def _listens(namespace: Namespace, site: ProxySite) -> bool:
    """Whether somebody listens there: a request would be swallowed by some of them."""
    listening = namespace.run("ss", "--listening", "--tcp", "--numeric", "--no-header", "src", site.address)
    return f"{site.address}:{site.port}" in listening.stdout
