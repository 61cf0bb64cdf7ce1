"""A healthy domain on loopback for the benchmarks: a real named on two ports, and real nginx sites.

Needs named, dig, nginx and openssl, and neither root nor a network namespace: ports are free high ones, and the
addresses 127.0.0.2 and up are the sites'. Where port 53 can be had, named serves that: the domain's own server is
looked for there, and otherwise out of reach. Used by `bench.cold`, `bench.dns` and `bench.imports`; `bench.latency`
puts the same world into a network namespace of its own.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["AUTODISCOVER", "DOMAIN", "HOSTS", "LOOPBACK", "SERVER", "Place", "World", "start_world"]

DOMAIN = "contoso.test"
AUTODISCOVER = f"autodiscover.{DOMAIN}"
SERVER = f"remote.{DOMAIN}"

HOSTS = {DOMAIN: "127.0.0.2", AUTODISCOVER: "127.0.0.3", SERVER: "127.0.0.4"}
"""Each name that serves TLS, and its address."""

PROGRAMS = ("named", "dig", "nginx", "openssl")
PAUSE_SECONDS = 0.02
READY_ATTEMPTS = 500

ZONE = f"""\
$TTL 300
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
ns A {{resolver}}
@ A {{root}}
autodiscover A {{autodiscover}}
remote A {{server}}
_autodiscover._tcp SRV 0 0 443 {SERVER}.
"""

ROOT_ZONE = """\
$TTL 300
@ SOA ns.contoso.test. hostmaster.contoso.test. 1 3600 600 86400 60
@ NS ns.contoso.test.
ns.contoso.test. A {resolver}
"""

NAMED = """\
options {{
  directory "{folder}"; pid-file none; session-keyfile none; managed-keys-directory "{folder}";
  {listeners} listen-on-v6 {{ none; }};
  recursion yes; dnssec-validation no; empty-zones-enable no; notify no;
}};
controls {{ }};
zone "." {{ type primary; file "root.zone"; }};
zone "{domain}" {{ type primary; file "domain.zone"; }};
"""

NGINX = """\
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx-error.log; worker_processes 1;
events {{ }}
http {{
  access_log off; client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  ssl_certificate {folder}/site.pem; ssl_certificate_key {folder}/site.key; ssl_session_cache off;
  ssl_protocols TLSv1.2 TLSv1.3;
  server {{ listen {root}:{https} ssl; return 404; }}
  server {{ listen {autodiscover}:{https} ssl; listen {server}:{https} ssl;
    location / {{ return 404; }}
    location ~* ^/autodiscover/ {{
      add_header WWW-Authenticate "Negotiate" always; add_header WWW-Authenticate "NTLM" always;
      add_header X-FEServer "EX1" always; return 401; }} }}
  server {{ listen {root}:{http}; listen {autodiscover}:{http}; listen {server}:{http}; return 404; }}
}}
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the daemons run: the addresses of both resolvers and of each site, and what starts a command there."""

    resolver: str
    hosts: Mapping[str, str]
    prefix: tuple[str, ...] = ()


LOOPBACK = Place("127.0.0.1", HOSTS)


@dataclass(frozen=True, slots=True)
class World:
    """Where the running world is found: `ca_file` is its only trust anchor."""

    place: Place
    dns_ports: tuple[int, int]
    https_port: int
    http_port: int
    ca_file: Path

    @property
    def plugin_arguments(self) -> tuple[str, ...]:
        """The plugin's options for a check of this world through both resolvers."""
        inside, outside = self.dns_ports
        address = self.place.resolver
        views = ("--view", f"inside={address}:{inside}", "--view", f"outside={address}:{outside}")
        ports = ("--https-port", str(self.https_port), "--http-port", str(self.http_port))
        return ("-H", DOMAIN, "-S", SERVER, *views, *ports, "-r", str(self.ca_file))


@contextmanager
def start_world(folder: Path, place: Place = LOOPBACK, records: str = "") -> Iterator[World]:
    """The world, once both daemons have given a real answer; `records` are further lines of the domain's zone.

    Raises RuntimeError if a daemon gives no answer, or is not installed.
    """
    if missing := [program for program in PROGRAMS if shutil.which(program) is None]:
        raise RuntimeError(f"not installed: {', '.join(missing)}")
    world = World(place, (_authority_port(), _free_port()), _free_port(), _free_port(), folder / "ca.pem")
    _write_certificates(folder)
    _write_configuration(folder, world, records)
    with ExitStack() as stack:
        for command in (
            ("named", "-g", "-n", "1", "-c", f"{folder}/named.conf"),
            ("nginx", "-c", f"{folder}/nginx.conf"),
        ):
            stack.enter_context(_daemon((*place.prefix, *command), folder / f"{command[0]}.log"))
        _wait_until(lambda: all(_resolves(place, port) for port in world.dns_ports), "named")
        _wait_until(lambda: _accepts(place, world.https_port), "nginx")
        yield world


def _authority_port() -> int:
    try:
        return _free_port(53)
    except OSError:
        return _free_port()


def _free_port(wanted: int = 0) -> int:
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", wanted))
        port: int = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))
        return port


def _write_certificates(folder: Path) -> None:
    """A CA and one certificate for all names, P-256, by the openssl command."""
    new = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "365")
    ca = (*new, "-subj", "/CN=Benchmark CA", "-keyout", "ca.key", "-out", "ca.pem")
    names = ",".join(f"DNS:{name}" for name in HOSTS)
    leaf_extensions = (
        *("-addext", f"subjectAltName={names}", "-addext", "basicConstraints=critical,CA:FALSE"),
        *("-addext", "extendedKeyUsage=serverAuth"),
    )
    leaf = (*new, "-CA", "ca.pem", "-CAkey", "ca.key", "-subj", f"/CN={SERVER}", *leaf_extensions)
    for command in (ca, (*leaf, "-keyout", "site.key", "-out", "site.pem")):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)


def _write_configuration(folder: Path, world: World, records: str) -> None:
    listeners = " ".join(f"listen-on port {port} {{ {world.place.resolver}; }};" for port in world.dns_ports)
    (folder / "named.conf").write_text(NAMED.format(folder=folder, listeners=listeners, domain=DOMAIN))
    root, autodiscover, server = (world.place.hosts[name] for name in HOSTS)
    resolver = world.place.resolver
    (folder / "domain.zone").write_text(
        ZONE.format(resolver=resolver, root=root, autodiscover=autodiscover, server=server) + records
    )
    (folder / "root.zone").write_text(ROOT_ZONE.format(resolver=resolver))
    (folder / "nginx.conf").write_text(
        NGINX.format(
            folder=folder,
            root=root,
            autodiscover=autodiscover,
            server=server,
            https=world.https_port,
            http=world.http_port,
        )
    )


@contextmanager
def _daemon(command: tuple[str, ...], log_file: Path) -> Iterator[None]:
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_until(answers: Callable[[], bool], name: str) -> None:
    for _ in range(READY_ATTEMPTS):
        if answers():
            return
        time.sleep(PAUSE_SECONDS)
    raise RuntimeError(f"{name} gave no answer")


def _resolves(place: Place, port: int) -> bool:
    server = (f"@{place.resolver}", "-p", str(port))
    command = (*place.prefix, "dig", *server, "+time=1", "+tries=1", "+short", AUTODISCOVER, "A")
    return subprocess.run(command, capture_output=True, text=True).stdout.strip() == place.hosts[AUTODISCOVER]


def _accepts(place: Place, port: int) -> bool:
    target = f"{place.hosts[SERVER]}:{port}"
    command = (*place.prefix, "openssl", "s_client", "-connect", target)
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0
