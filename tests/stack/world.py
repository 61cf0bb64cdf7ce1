"""A whole small world of one test: a namespace, its DNS, its sites, and our two programs run inside it.

`contoso.test` is published as on the customer's premises: the server is `remote.contoso.test`, at one address
inside and another outside, and both reach the same Exchange.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from tests.stack.bind import DOMAIN, Bind, DnsView, start_bind
from tests.stack.certificates import DAYS_LEFT, Authority, SiteCertificate
from tests.stack.dnsdist import Fault, start_dnsdist
from tests.stack.knot import start_knot
from tests.stack.namespace import Daemon, Namespace
from tests.stack.nginx import Behaviour, Site, Visitors, start_nginx
from tests.stack.nsd import start_nsd
from tests.stack.unbound import start_unbound

__all__ = ["FOREIGN", "INSIDE", "OUTSIDE", "SERVER_INSIDE", "SERVER_OUTSIDE", "VIEWS", "Verdict", "World"]

INSIDE = "127.0.0.53"
"""Where the inside view is asked."""
OUTSIDE = "127.0.1.53"
"""Where the outside view is asked."""
SERVER_INSIDE = "127.0.2.10"
SERVER_OUTSIDE = "127.0.3.10"
FOREIGN = "127.0.4.80"
"""A stranger's web site."""

VIEWS = (f"inside={INSIDE}", f"outside={OUTSIDE}")

PACKAGED_PLUGINS = "/usr/lib/nagios/plugins"

ROOT_OF_PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a monitoring system takes from one run: the exit code and the first line without performance data."""

    exit_code: int
    first_line: str
    output: str

    @property
    def told(self) -> tuple[int, str]:
        """Exit code and first line, as tests compare them."""
        return self.exit_code, self.first_line

    @property
    def root(self) -> str:
        """The rule that the first line names, empty where it names none."""
        found = re.search(r" \[([a-z-]+)\](?: \(\+\d+ more\))?$", self.first_line)
        return found.group(1) if found else ""

    @property
    def roots_that_alarm(self) -> int:
        """How many causes it names."""
        lines = self.output.splitlines()[1:]
        return sum(line.startswith(("CRITICAL ", "WARNING ", "UNKNOWN ")) for line in lines)


@dataclass(frozen=True, slots=True)
class World:
    """One test's world; what is started in it runs until `stack` is closed."""

    namespace: Namespace
    folder: Path
    authority: Authority
    stack: ExitStack
    served: dict[str, tuple[DnsView, Bind]] = field(default_factory=dict)
    """The views that are published, by name."""

    def certificate(self, *names: str, days_left: int = DAYS_LEFT) -> SiteCertificate:
        """A certificate that clients here trust, for these names."""
        return self.authority.issue(self._new_folder("certificate"), *names, days_left=days_left)

    def publish(self, *views: DnsView, certificate: SiteCertificate | None = None) -> Bind:
        """Serve these views from one named of their own, over TLS and HTTPS too with a certificate."""
        folder = self._new_folder("bind") / "run"
        bind = self.stack.enter_context(start_bind(self.namespace, folder, views, certificate))
        self.served.update({view.name: (view, bind) for view in views})
        return bind

    def update(self, view: str, *commands: str) -> None:
        """Change a view's DNS while it runs, by nsupdate commands such as `delete NAME A`."""
        known, bind = self.served[view]
        bind.update(known, *commands)

    def serve_zone(self, address: str, zone: str, origin: str = DOMAIN) -> None:
        """Start a second authority that serves this master file of a zone, or refuses all where it is empty."""
        self.stack.enter_context(start_knot(self.namespace, self._new_folder("knot") / "run", address, zone, origin))

    def transfer_zone(self, address: str, primary: str, *, served: bool = True) -> None:
        """Start a secondary that gets the zone from the server at `primary`, or not where it is not `served`."""
        folder = self._new_folder("nsd") / "run"
        self.stack.enter_context(start_nsd(self.namespace, folder, address, primary, served=served))

    def cache(self, address: str, upstream: str, anchor: str = "") -> None:
        """Start a caching resolver in front of a server, which validates with a trust anchor."""
        folder = self._new_folder("unbound") / "run"
        self.stack.enter_context(start_unbound(self.namespace, folder, address, upstream, anchor))

    def disturb(self, address: str, upstream: str, *faults: Fault | str) -> None:
        """Put something in front of a server that does this to its answers."""
        texts = [fault.value if isinstance(fault, Fault) else fault for fault in faults]
        folder = self._new_folder("dnsdist") / "run"
        self.stack.enter_context(start_dnsdist(self.namespace, folder, address, upstream, texts))

    def serve(self, *sites: Site) -> Visitors:
        """Start these sites."""
        return self.stack.enter_context(start_nginx(self.namespace, self._new_folder("nginx") / "run", sites))

    def serve_exchange(self, *names: str, days_left: int = DAYS_LEFT) -> SiteCertificate:
        """Start the one Exchange behind both addresses of the server, with a certificate for these names."""
        certificate = self.certificate(*names, days_left=days_left)
        addresses = (SERVER_INSIDE, SERVER_OUTSIDE)
        self.serve(*(Site(address, Behaviour.EXCHANGE, certificate) for address in addresses))
        return certificate

    def start(self, *command: str, log: str) -> Daemon:
        """Start a program of ours or of a test's, with this project on its import path."""
        daemon = self.namespace.start(*command, log=self.folder / log, environment=_environment())
        self.stack.callback(daemon.kill)
        return daemon

    def plugins(self) -> Path:
        """A folder of plugins, as monitoring systems have one, with ours in it."""
        folder = self._new_folder("plugins")
        script = folder / "check_autodiscover"
        imported = _environment()["PYTHONPATH"]
        script.write_text(
            f'#!/bin/sh\nPYTHONPATH="{imported}" exec "{sys.executable}" -m check_autodiscover.plugin "$@"\n'
        )
        script.chmod(0o755)
        return folder

    def ctl(self, *arguments: str, views: Iterable[str] = VIEWS) -> subprocess.CompletedProcess[str]:
        """Run `autodiscoverctl` once, as a person does."""
        asked = [option for view in views for option in ("--view", view)]
        command = (sys.executable, "-m", "check_autodiscover.ctl", *arguments, *asked, "-r", str(self.authority.anchor))
        return self.namespace.run(*command, environment=_environment())

    def check(
        self,
        *options: str,
        views: Iterable[str] = VIEWS,
        domain: str = DOMAIN,
        system_resolver: str = "",
        search: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> Verdict:
        """Run the plugin once, as a monitoring system does.

        The host's own resolver is `system_resolver`, and `search` the suffix that it appends; `environment` is added to
        the usual one.
        """
        asked = [option for view in views for option in ("--view", view)]
        trust = ("-r", str(self.authority.anchor))
        plugin = (sys.executable, "-m", "check_autodiscover.plugin", "-H", domain, *asked, *trust, *options)
        command = self.with_resolver(system_resolver, plugin, search) if system_resolver else plugin
        done = self.namespace.run(*command, environment={**_environment(), **(environment or {})})
        assert done.stderr == ""
        first_line = done.stdout.partition("\n")[0].partition(" | ")[0]
        return Verdict(done.returncode, first_line, done.stdout)

    def with_resolver(self, address: str, command: tuple[str, ...], search: str = "") -> tuple[str, ...]:
        """The command, in a mount namespace of its own where resolv.conf is another."""
        file = self._new_folder("system") / "resolv.conf"
        file.write_text(f"nameserver {address}\n" + (f"search {search}\n" if search else ""))
        script = f'mount --bind "{file}" /etc/resolv.conf && exec "$@"'
        return ("unshare", "--mount", "sh", "-c", script, "sh", *command)

    def with_plugins(self, command: tuple[str, ...]) -> tuple[str, ...]:
        """The command, in a mount namespace of its own where our plugin lies where our packages put it."""
        script = f'mount --bind "{self.plugins()}" {PACKAGED_PLUGINS} && exec "$@"'
        return ("unshare", "--mount", "sh", "-c", script, "sh", *command)

    def _new_folder(self, label: str) -> Path:
        return Path(mkdtemp(prefix=f"{label}-", dir=self.folder))


def _environment() -> dict[str, str]:
    paths = (ROOT_OF_PROJECT, ROOT_OF_PROJECT / "exporter")
    return {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONPATH": os.pathsep.join(map(str, paths))}
