"""Many healthy domains for the fleet benchmarks: a real knotd on three addresses, and real nginx sites.

Everything is on loopback and its usual ports, so it belongs into a network namespace of its own, as `bench.fleet`
makes one. Each domain is a zone with a server of its own, a certificate for its three names signed by an intermediate
authority, an SRV record, and sites that answer as Exchange and a web server do. Needs root, knotd, kdig, nginx and
openssl.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

__all__ = ["AUTHORITY", "RESOLVERS", "SITES", "Fleet", "daemon", "start_fleet", "wait_until"]

RESOLVERS = ("127.0.1.1", "127.0.1.2")
"""Where all domains are known; knot's answers are those of a resolver that has them in its cache."""

AUTHORITY = "127.0.1.3"
"""The server that the zones name as theirs."""

SITES = {"": "127.0.2.1", "autodiscover.": "127.0.2.2", "remote.": "127.0.2.3"}
"""The address of each name that serves TLS, by what stands before the domain."""

PROGRAMS = ("knotd", "kdig", "nginx", "openssl")
PAUSE_SECONDS = 0.05
READY_ATTEMPTS = 6000

ZONE = f"""\
$TTL 300
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
ns A {AUTHORITY}
@ A {SITES[""]}
autodiscover A {SITES["autodiscover."]}
remote A {SITES["remote."]}
_autodiscover._tcp SRV 0 0 443 remote
"""

ROOT_ZONE = f"$TTL 300\n@ SOA ns.test. hostmaster.test. 1 3600 600 86400 60\n@ NS ns.test.\nns.test. A {AUTHORITY}\n"

KNOT = """\
server:
  listen: [{listen}]
  rundir: {folder}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: {folder}
template:
  - id: default
    storage: {folder}
    file: "%s.zone"
    zonefile-sync: -1
    journal-content: none
zone:
  - domain: .
    file: root.zone
"""

NGINX = """\
user root; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx-error.log; worker_processes 1;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  map $ssl_server_name $of {{ default d0.test; "~(?<found>d[0-9]+\\.test)$" $found; }}
  ssl_certificate {folder}/$of.pem; ssl_certificate_key {folder}/site.key; ssl_session_cache off;
  ssl_protocols TLSv1.2 TLSv1.3;
  server {{ listen {root}:443 ssl; return 404; }}
  server {{ listen {autodiscover}:443 ssl; listen {remote}:443 ssl;
    location / {{ return 404; }}
    location ~* ^/autodiscover/ {{
      add_header WWW-Authenticate "Negotiate" always; add_header WWW-Authenticate "NTLM" always;
      add_header X-FEServer "EX1" always; return 401; }} }}
  server {{ listen {root}:80; listen {autodiscover}:80; listen {remote}:80; return 404; }}
}}
"""


class Fleet:
    """Where the running world is found: its domains, and the one trust anchor."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.domains = tuple(f"d{number}.test" for number in range(size))
        self.ca_file = folder / "ca.pem"


@contextmanager
def start_fleet(folder: Path, size: int) -> Iterator[Fleet]:
    """So many domains, once both daemons have given a real answer.

    Raises RuntimeError if a daemon gives no answer, or is not installed.
    """
    if missing := [program for program in PROGRAMS if shutil.which(program) is None]:
        raise RuntimeError(f"not installed: {', '.join(missing)}")
    fleet = Fleet(folder, size)
    _write_certificates(fleet)
    _write_configuration(fleet)
    with ExitStack() as stack:
        knot = stack.enter_context(daemon(("knotd", "-c", f"{folder}/knot.conf"), folder / "knot.log"))
        nginx = stack.enter_context(daemon(("nginx", "-c", f"{folder}/nginx.conf"), folder / "nginx.log"))
        wait_until(lambda: _resolves(fleet.domains[-1]), knot)
        wait_until(_accepts, nginx)
        yield fleet


@contextmanager
def daemon(command: Sequence[str], log_file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs until the block ends, and logs to a file."""
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_until(answers: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Return once it answers. Raises RuntimeError if the process ends, or does not answer in some minutes."""
    for _ in range(READY_ATTEMPTS):
        if answers():
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(PAUSE_SECONDS)
            break
    raise RuntimeError(f"{process.args!r} gave no answer")


def _write_certificates(fleet: Fleet) -> None:
    """A root, an intermediate authority, and a certificate for each domain, P-256, by the openssl command."""
    authority = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    _openssl(fleet, "/CN=Benchmark root", "-keyout", "ca.key", "-out", "ca.pem")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key")
    _openssl(fleet, "/CN=Benchmark authority", *signed, *authority, "-keyout", "between.key", "-out", "between.pem")
    _openssl(fleet, "/CN=none", "-keyout", "site.key", "-out", "none.pem")
    between = (fleet.folder / "between.pem").read_text()
    for domain in fleet.domains:
        leaf = fleet.folder / f"{domain}.pem"
        names = ",".join(f"DNS:{before}{domain}" for before in SITES)
        extensions = (
            *("-addext", f"subjectAltName={names}", "-addext", "basicConstraints=critical,CA:FALSE"),
            *("-addext", "extendedKeyUsage=serverAuth"),
        )
        issued = ("-CA", "between.pem", "-CAkey", "between.key", "-key", "site.key")
        _openssl(fleet, f"/CN=remote.{domain}", *issued, *extensions, "-out", leaf.name)
        leaf.write_text(leaf.read_text() + between)


def _openssl(fleet: Fleet, subject: str, *more: str) -> None:
    new = () if "-key" in more else ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    command = ("openssl", "req", "-x509", *new, "-noenc", "-days", "365", "-subj", subject, *more)
    subprocess.run(command, cwd=fleet.folder, check=True, capture_output=True)


def _write_configuration(fleet: Fleet) -> None:
    folder = fleet.folder
    listen = ", ".join(f"{address}@53" for address in (*RESOLVERS, AUTHORITY))
    zones = "".join(f"  - domain: {domain}\n" for domain in fleet.domains)
    (folder / "knot.conf").write_text(KNOT.format(folder=folder, listen=listen) + zones)
    (folder / "root.zone").write_text(ROOT_ZONE)
    for domain in fleet.domains:
        (folder / f"{domain}.zone").write_text(ZONE)
    root, autodiscover, remote = SITES.values()
    sites = NGINX.format(folder=folder, root=root, autodiscover=autodiscover, remote=remote)
    (folder / "nginx.conf").write_text(sites)


def _resolves(domain: str) -> bool:
    command = ("kdig", f"@{RESOLVERS[0]}", "+time=1", "+retry=0", "+short", domain, "A")
    return subprocess.run(command, capture_output=True, text=True).stdout.strip() == SITES[""]


def _accepts() -> bool:
    command = ("openssl", "s_client", "-connect", f"{SITES['remote.']}:443", "-servername", "remote.d0.test")
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0
