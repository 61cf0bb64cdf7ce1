"""A real BIND that answers `contoso.test` differently by the address it is asked at; used by the worlds of this folder.

It is the whole DNS of its namespace: a root zone of its own makes every other name NXDOMAIN, as an honest resolver
on the internet would answer, and a key allows dynamic updates (RFC 2136) to each view.
"""

import base64
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.stack.namespace import Daemon, Namespace

__all__ = ["DOMAIN", "Bind", "DnsView", "start_bind"]

DOMAIN = "contoso.test"

SOA = "@ SOA ns.contoso.test. hostmaster.contoso.test. 1 3600 600 86400 60"

OPTIONS = """\
include "{folder}/drift.key";
options {{
  directory "{folder}"; pid-file "{folder}/named.pid"; lock-file none; session-keyfile none;
  managed-keys-directory "{folder}"; listen-on port 53 {{ {addresses} }}; listen-on-v6 {{ none; }};
  recursion yes; allow-query {{ any; }}; allow-recursion {{ any; }}; dnssec-validation no; empty-zones-enable no;
  notify no;
}};
controls {{ }};
"""

VIEW = """\
view {name} {{
  match-destinations {{ {address}; }}; allow-update {{ key drift; }};
  zone "." {{ type primary; file "{folder}/{name}.root"; }};
  zone "{domain}" {{ type primary; file "{folder}/{name}.zone"; }};
}};
"""


@dataclass(frozen=True, slots=True)
class DnsView:
    """One view: the address at which it is asked, and what stands there, in master file form.

    `records` are those of `contoso.test`, `beside` those of other domains by their absolute names.
    """

    name: str
    address: str
    records: tuple[str, ...]
    beside: tuple[str, ...] = ()


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


@contextmanager
def start_bind(namespace: Namespace, folder: Path, views: Iterable[DnsView]) -> Iterator[Bind]:
    """A named for these views that has answered at each of their addresses, killed at the end."""
    views = tuple(views)
    folder.mkdir()
    namespace.add_addresses(view.address for view in views)
    _write_configuration(folder, views)
    command = ("named", "-g", "-n", "1", "-c", str(folder / "named.conf"))
    daemon = namespace.start(*command, log=folder / "named.log")
    try:
        for view in views:
            daemon.wait_until(partial(_answers, namespace, view.address))
        yield Bind(namespace, folder, daemon)
    finally:
        daemon.kill()


def _answers(namespace: Namespace, address: str) -> bool:
    asked = namespace.run("dig", f"@{address}", "+time=1", "+tries=1", "+norecurse", "+short", f"ns.{DOMAIN}", "A")
    return asked.stdout.strip() == address


def _write_configuration(folder: Path, views: tuple[DnsView, ...]) -> None:
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    (folder / "drift.key").write_text(f'key "drift" {{ algorithm hmac-sha256; secret "{secret}"; }};\n')
    addresses = " ".join(f"{view.address};" for view in views)
    blocks = [VIEW.format(name=view.name, address=view.address, folder=folder, domain=DOMAIN) for view in views]
    (folder / "named.conf").write_text(OPTIONS.format(folder=folder, addresses=addresses) + "".join(blocks))
    for view in views:
        (folder / f"{view.name}.root").write_text(_zone(view, view.beside))
        (folder / f"{view.name}.zone").write_text(_zone(view, view.records))


def _zone(view: DnsView, records: tuple[str, ...]) -> str:
    lines = ("$TTL 60", SOA, f"@ NS ns.{DOMAIN}.", *records)
    glue = f"ns.{DOMAIN}. A {view.address}"
    return "\n".join((*lines, glue, ""))
