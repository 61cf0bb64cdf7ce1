"""The contoso.com that the rules' pages speak of, in a network namespace: its zones, sites, directory and exporter.

Every name and address that a page asks about is there, and answers. It has no fault; what is shown is how to look.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.stack.certificates import create_authority
from tests.stack.namespace import COMMAND_SECONDS, Namespace
from tests.stack.nginx import Behaviour, Site, start_nginx
from tests.stack.slapd import start_slapd

__all__ = ["EXPORTER_NAME", "MISTYPED", "Contoso", "open_contoso"]

SERVER, SECOND, STRANGER = "203.0.113.10", "203.0.113.11", "198.51.100.80"
INSIDE, INSIDE_TOO, OUTSIDE = "10.0.0.2", "10.0.0.3", "192.0.2.53"
NAME_SERVERS = ("203.0.113.53", "203.0.113.54")
SERVER_V6 = "2001:db8::10"
RESOLVERS = (INSIDE, INSIDE_TOO, OUTSIDE, *NAME_SERVERS)

EXPORTER_NAME = "exporter.example"
"""Of an exporter elsewhere, whose certificate lies in the folder; a test that wants it starts it."""

NAMED = """\
options {{
  directory "{folder}"; pid-file "{folder}/named.pid"; session-keyfile none;
  managed-keys-directory "{folder}"; listen-on port 53 {{ {addresses} }}; listen-on-v6 {{ none; }};
  recursion yes; allow-query {{ any; }}; allow-recursion {{ any; }}; dnssec-validation no; empty-zones-enable no;
  notify no;
}};
controls {{ }};
zone "." {{ type primary; file "{folder}/root.zone"; }};
zone "contoso.com" {{ type primary; file "{folder}/contoso.zone"; }};
"""

ROOT = f"""\
$TTL 60
@ SOA ns1.contoso.com. hostmaster.contoso.com. 1 3600 600 86400 60
@ NS ns1.contoso.com.
contoso.com. NS ns1.contoso.com.
contoso.com. NS ns2.contoso.com.
ns1.contoso.com. A {NAME_SERVERS[0]}
ns2.contoso.com. A {NAME_SERVERS[1]}
autodiscover.contoso.co.uk. A {STRANGER}
www.example.com. A {SECOND}
{EXPORTER_NAME}. A {SECOND}
ex1.contoso.local. A {SERVER}
"""

CONTOSO = f"""\
$TTL 60
@ SOA ns1 hostmaster 1 3600 600 86400 60
@ NS ns1
@ NS ns2
@ A {STRANGER}
ns1 A {NAME_SERVERS[0]}
ns2 A {NAME_SERVERS[1]}
mail A {SERVER}
mail AAAA {SERVER_V6}
autodiscover CNAME mail
remote CNAME mail
owa A {SERVER}
www A {STRANGER}
dc1 A {SERVER}
* A {STRANGER}
_autodiscover._tcp SRV 0 0 443 mail
*._tcp SRV 0 0 443 mail
"""

CONFIGURATION = """\
views: {outside: {resolvers: [192.0.2.53]}}
modules: {default: {method: host}}
domains: {contoso.com: {}}
schedule: {interval: 5m}
targets: {deny_networks: [169.254.0.0/16]}
"""

MISTYPED = re.compile(
    r"command not found|is unknown|(?:unrecognized|invalid|unknown) (?:option|argument)", re.IGNORECASE
)
"""What a shell or a program says of a command that was written down wrongly."""

BASELINE = "/var/lib/check_autodiscover/baseline"


@dataclass(frozen=True, slots=True)
class Contoso:
    """A machine of an administrator of contoso.com, with the programs of the pages on it."""

    namespace: Namespace
    folder: Path
    anchor: Path
    exporter: int | None = None
    """Its pid, once it runs. It is the first process of all that are seen there."""

    def shell(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a script of bash there; both outputs come together."""
        seen = ("nsenter", "--target", str(self.exporter), "--pid") if self.exporter else ()
        # Who resolves names there, and where baselines are kept, is known in a mount namespace alone.
        settled = (
            f'mount --bind "{self.folder}/resolv.conf" /etc/resolv.conf && mount -t proc none /proc'
            f" && mount -t tmpfs none /var/lib && mkdir /var/lib/check_autodiscover"
            f' && cp -r "{self.folder}/baseline" {BASELINE} && cd "{self.folder}" && exec bash -c "$0" 2>&1'
        )
        return self.namespace.run(
            *seen, "unshare", "--mount", "sh", "-c", settled, script, environment=self.environment
        )

    @property
    def environment(self) -> dict[str, str]:
        """That of the administrator, whose system trusts the world's authority."""
        programs = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        return {
            "PATH": programs,
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "80",
            "SSL_CERT_FILE": str(self.anchor),
            "LDAPTLS_CACERT": str(self.anchor),
        }


@contextmanager
def open_contoso(namespace: Namespace, folder: Path) -> Iterator[Contoso]:
    """All of it, running and ready; ended at the end."""
    authority = create_authority(folder)
    with ExitStack() as stack:
        contoso = Contoso(namespace, folder, authority.anchor)
        namespace.add_addresses((*RESOLVERS, SERVER, SECOND, STRANGER))
        namespace.add_ipv6(SERVER_V6)
        _start_named(contoso, stack)
        own = authority.issue(
            folder, "mail.contoso.com", "autodiscover.contoso.com", "owa.contoso.com", "ex1.contoso.local"
        )
        strange = authority.issue(folder, "www.example.com", "*.hoster.example", "*.contoso.co.uk", "contoso.com")
        directory = authority.issue(folder, "dc1.contoso.com")
        authority.issue(folder, EXPORTER_NAME)
        sites = (
            Site(SERVER, Behaviour.EXCHANGE, own),
            Site(f"[{SERVER_V6}]", Behaviour.EXCHANGE, own),
            Site(SECOND, Behaviour.HOSTER, strange),
            Site(STRANGER, Behaviour.HOSTER, strange),
            Site(SERVER, Behaviour.REDIRECT),
        )
        stack.enter_context(start_nginx(namespace, folder / "nginx", sites))
        urls = ("ldap://127.0.0.1", f"ldaps://{SERVER}")
        stack.enter_context(start_slapd(namespace, folder / "slapd", urls, certificate=directory, anonymous=True))
        _accept(contoso)
        yield replace(contoso, exporter=_start_exporter(contoso, stack))


def _start_named(contoso: Contoso, stack: ExitStack) -> None:
    folder = contoso.folder / "named"
    folder.mkdir()
    addresses = " ".join(f"{address};" for address in RESOLVERS)
    texts = {
        "named.conf": NAMED.format(folder=folder, addresses=addresses),
        "root.zone": ROOT,
        "contoso.zone": CONTOSO,
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    (contoso.folder / "resolv.conf").write_text(f"nameserver {OUTSIDE}\n")
    named = contoso.namespace.start("named", "-g", "-n", "1", "-c", str(folder / "named.conf"), log=folder / "log")
    stack.callback(named.kill)
    asked = ("dig", "+time=1", "+tries=1", "+short", "mail.contoso.com", "A")
    named.wait_until(
        lambda: all(SERVER in contoso.namespace.run(*asked, f"@{address}").stdout for address in RESOLVERS)
    )


def _accept(contoso: Contoso) -> None:
    """What baseline there is, as somebody has accepted it."""
    (contoso.folder / "baseline").mkdir()
    accepted = contoso.shell(
        f'autodiscoverctl baseline accept contoso.com --yes --baseline "{contoso.folder}/baseline"'
    )
    assert accepted.returncode == 0, accepted.stdout


def _start_exporter(contoso: Contoso, stack: ExitStack) -> int:
    """Its pid. Other tests run exporters too, and a page asks for the oldest of this machine."""
    configuration = contoso.folder / "autodiscover.yml"
    configuration.write_text(CONFIGURATION)
    alone = ("unshare", "--pid", "--fork", "--kill-child")
    command = (*alone, "autodiscover_exporter", "--config.file", str(configuration))
    exporter = contoso.namespace.start(*command, log=contoso.folder / "exporter.log", environment=contoso.environment)
    stack.callback(exporter.kill)
    report = "http://127.0.0.1:10093/api/v1/report?target=contoso.com"
    exporter.wait_until(lambda: contoso.namespace.run("curl", "--silent", "--fail", report).returncode == 0)
    parent = exporter.process.pid
    pid = int(Path(f"/proc/{parent}/task/{parent}/children").read_text())
    # Its parent ends with it; the other way round nobody would bury it.
    stack.callback(exporter.process.wait, COMMAND_SECONDS)
    stack.callback(os.kill, pid, signal.SIGKILL)
    return pid
