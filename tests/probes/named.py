"""A real BIND on loopback ports of its own: a signed zone with a wildcard, and a resolver that distrusts its keys."""

import base64
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.message
import dns.query
import dns.rdatatype
import trustme

from tests.lacking import refuse

__all__ = ["NAME", "ZONE", "Named", "start_authority", "start_resolver"]

ZONE = "contoso.test"
NAME = "dns.example.com"
"""What the certificate holds."""

ATTEMPTS = 10_000
"""Questions until the zone is signed, which takes some dozen."""

HEAD = """\
options {{
  directory "{folder}"; pid-file "{folder}/named.pid"; session-keyfile none;
  managed-keys-directory "{folder}"; empty-zones-enable no; notify no; {more}
  listen-on port {dns} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
"""

AUTHORITY = (
    """\
tls lab {{ cert-file "{folder}/site.pem"; key-file "{folder}/site.key"; }};
http lab {{ endpoints {{ "/dns-query"; }}; }};
"""
    + HEAD
    + """\
  listen-on port {tls} tls lab {{ 127.0.0.1; }};
  listen-on port {https} tls lab http lab {{ 127.0.0.1; }};
}};
zone "{zone}" {{ type primary; file "{folder}/zone"; dnssec-policy default; inline-signing yes; }};
"""
)

RESOLVER = (
    HEAD
    + """\
}};
trust-anchors {{ {zone} static-key 257 3 13 "{key}"; }};
"""
)

RECORDS = """\
$TTL 60
@ SOA ns.contoso.test. hostmaster.contoso.test. 7 3600 600 86400 60
@ NS ns
@ MX 10 remote
ns A 127.0.0.1
remote A 192.0.2.7
* A 192.0.2.66
child NS ns.child
ns.child A 127.0.0.1
"""


@dataclass(frozen=True, slots=True)
class Named:
    """The ports of a running named."""

    dns: int
    tls: int
    https: int


@contextmanager
def start_authority(folder: Path, certificate: trustme.LeafCert) -> Iterator[Named]:
    """One that serves the zone, signed, over every transport."""
    certificate.private_key_pem.write_to_path(folder / "site.key")
    (folder / "site.pem").write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    (folder / "zone").write_text(RECORDS)
    with _named(folder, AUTHORITY, "recursion no; dnssec-validation no;", "all zones loaded") as ports:
        assert any(_is_signed(ports.dns) for _ in range(ATTEMPTS))
        yield ports


@contextmanager
def start_resolver(folder: Path, upstream: int) -> Iterator[Named]:
    """One that asks that authority and finds its signatures bogus: the key it trusts is another."""
    key = base64.b64encode(os.urandom(64)).decode()
    more = f"recursion yes; dnssec-validation yes; forward only; forwarders {{ 127.0.0.1 port {upstream}; }};"
    with _named(folder, RESOLVER, more, "running", key=key) as ports:
        yield ports


@contextmanager
def _named(folder: Path, template: str, more: str, ready: str, **values: object) -> Iterator[Named]:
    if shutil.which("named") is None:
        refuse("named is not installed")
    ports = Named(*_free_ports(3))
    text = template.format(
        folder=folder, more=more, zone=ZONE, dns=ports.dns, tls=ports.tls, https=ports.https, **values
    )
    (folder / "named.conf").write_text(text)
    command = ["named", "-g", "-n", "1", "-c", str(folder / "named.conf")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        try:
            _read_until(process, ready)
            yield ports
        finally:
            process.kill()


def _is_signed(port: int) -> bool:
    """Whether a signature comes with what the wildcard makes: the last thing that named does when it signs a zone."""
    query = dns.message.make_query(f"any.{ZONE}", "A", want_dnssec=True)
    answer = dns.query.udp(query, "127.0.0.1", timeout=10, port=port).answer
    return any(rrset.rdtype == dns.rdatatype.RRSIG for rrset in answer)


def _read_until(process: "subprocess.Popen[str]", ready: str) -> None:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if ready in line:
            return
    raise AssertionError("".join(said))


def _free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
