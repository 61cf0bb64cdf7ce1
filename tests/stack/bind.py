"""A real BIND that answers `contoso.test` differently by the address it is asked at; used by the worlds of this folder.

It is the whole DNS of its namespace: a root zone of its own makes every other name NXDOMAIN, as an honest resolver
on the internet would answer, and a key allows dynamic updates (RFC 2136) to each view. A view may be signed, and all
of them are asked over TLS and HTTPS too where a certificate is given.
"""

import base64
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.stack.certificates import SiteCertificate
from tests.stack.namespace import Daemon, Namespace

__all__ = ["DOMAIN", "Bind", "DnsView", "master_file", "start_bind"]

DOMAIN = "contoso.test"

SOA = "@ SOA ns.contoso.test. hostmaster.contoso.test. {serial} 3600 600 86400 60"

ENCRYPTION = """\
tls site {{ cert-file "{chain}"; key-file "{key}"; }};
http site {{ endpoints {{ "/dns-query"; }}; }};
"""

LISTENERS = """\
  listen-on port 853 tls site {{ {addresses} }};
  listen-on port 443 tls site http site {{ {addresses} }};
"""

OPTIONS = """\
{encryption}include "{folder}/drift.key";
options {{
  directory "{folder}"; pid-file "{folder}/named.pid"; session-keyfile none;
  managed-keys-directory "{folder}"; listen-on port 53 {{ {addresses} }}; listen-on-v6 {{ none; }};
  recursion yes; allow-query {{ any; }}; allow-recursion {{ any; }}; dnssec-validation no; empty-zones-enable no;
  notify no; allow-transfer {{ any; }};
{listeners}}};
controls {{ }};
"""

VIEW = """\
view {name} {{
  match-destinations {{ {address}; }}; allow-update {{ key drift; }};
  zone "." {{ type primary; file "{folder}/{name}.root"; }};
  zone "{domain}" {{ type primary; file "{folder}/{name}.zone";{signing} }};
}};
"""

SIGNING = " dnssec-policy default;"


@dataclass(frozen=True, slots=True)
class DnsView:
    """One view: the address at which it is asked, and what stands there, in master file form.

    `records` are those of `contoso.test`, `beside` those of other domains by their absolute names. A signed view's
    chain of trust begins at `contoso.test`: its key is the anchor.
    """

    name: str
    address: str
    records: tuple[str, ...]
    beside: tuple[str, ...] = ()
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Bind:
    """A running named, with the views that it serves."""

    namespace: Namespace
    folder: Path
    daemon: Daemon

    def update(self, view: DnsView, *commands: str) -> None:
        """Change a view as nsupdate does, by commands such as `add NAME TTL A ADDRESS`; AssertionError if refused."""
        lines = (
            f"server {view.address}",
            f"zone {DOMAIN}",
            *(f"update {command}" for command in commands),
            "send",
            "",
        )
        done = self.namespace.run("nsupdate", "-k", str(self.folder / "drift.key"), text="\n".join(lines))
        assert done.returncode == 0, done.stderr

    def trust_anchor(self, view: DnsView) -> str:
        """The key that a validating resolver must trust for a signed view, as a DNSKEY record."""
        asked = self.namespace.run("dig", f"@{view.address}", "+norecurse", "+short", DOMAIN, "DNSKEY")
        (key,) = (line for line in asked.stdout.splitlines() if line.startswith("257 "))
        return f"{DOMAIN}. DNSKEY {key}"

    def transfer(self, view: DnsView) -> str:
        """The whole zone of a view in master file form, with its signatures where it is signed."""
        asked = self.namespace.run("dig", f"@{view.address}", "+noall", "+answer", "+onesoa", DOMAIN, "AXFR")
        return asked.stdout


@contextmanager
def start_bind(
    namespace: Namespace, folder: Path, views: Iterable[DnsView], certificate: SiteCertificate | None = None
) -> Iterator[Bind]:
    """A named for these views that has answered at each of their addresses, killed at the end.

    With a certificate it takes questions over TLS on port 853, and over HTTPS at `/dns-query`, too.
    """
    views = tuple(views)
    folder.mkdir()
    namespace.add_addresses(view.address for view in views)
    _write_configuration(folder, views, certificate)
    command = ("named", "-g", "-n", "1", "-c", str(folder / "named.conf"))
    daemon = namespace.start(*command, log=folder / "named.log")
    try:
        for view in views:
            daemon.wait_until(partial(_is_signed if view.signed else _answers, namespace, view.address))
        yield Bind(namespace, folder, daemon)
    finally:
        daemon.kill()


def _answers(namespace: Namespace, address: str) -> bool:
    asked = namespace.run("dig", f"@{address}", "+time=1", "+tries=1", "+norecurse", "+short", f"ns.{DOMAIN}", "A")
    return asked.stdout.strip() == address


def _is_signed(namespace: Namespace, address: str) -> bool:
    """Whether the proof of a name's absence is signed: the last thing that named does when it signs a zone."""
    asked = namespace.run("dig", f"@{address}", "+time=1", "+tries=1", "+dnssec", f"any.{DOMAIN}", "TXT")
    return "RRSIG\tNSEC" in asked.stdout or "RRSIG\tTXT" in asked.stdout


def _write_configuration(folder: Path, views: tuple[DnsView, ...], certificate: SiteCertificate | None) -> None:
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    (folder / "drift.key").write_text(f'key "drift" {{ algorithm hmac-sha256; secret "{secret}"; }};\n')
    addresses = " ".join(f"{view.address};" for view in views)
    encryption = ENCRYPTION.format(chain=certificate.chain, key=certificate.key) if certificate else ""
    listeners = LISTENERS.format(addresses=addresses) if certificate else ""
    options = OPTIONS.format(folder=folder, addresses=addresses, encryption=encryption, listeners=listeners)
    (folder / "named.conf").write_text(options + "".join(_view(folder, view) for view in views))
    for view in views:
        (folder / f"{view.name}.root").write_text(master_file(view.address, view.beside))
        (folder / f"{view.name}.zone").write_text(master_file(view.address, view.records))


def _view(folder: Path, view: DnsView) -> str:
    signing = SIGNING if view.signed else ""
    return VIEW.format(name=view.name, address=view.address, folder=folder, domain=DOMAIN, signing=signing)


def master_file(address: str, records: Iterable[str], *, serial: int = 1) -> str:
    """A zone of these records, and the name server `ns.contoso.test` at `address` that serves it."""
    lines = ("$TTL 60", SOA.format(serial=serial), f"@ NS ns.{DOMAIN}.", *records)
    glue = f"ns.{DOMAIN}. A {address}"
    return "\n".join((*lines, glue, ""))
