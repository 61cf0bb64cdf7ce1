"""A real Unbound: a resolver with a cache of its own that may validate DNSSEC; used by the worlds of this folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.stack.namespace import Namespace

__all__ = ["start_unbound"]

CONFIGURATION = """\
server:
    directory: "{folder}"
    pidfile: "{folder}/unbound.pid"
    username: ""
    chroot: ""
    use-syslog: no
    num-threads: 1
    interface: {address}
    access-control: 127.0.0.0/8 allow
    do-not-query-localhost: no
    local-zone: "test." nodefault
    local-data: "{ready} A {address}"
    module-config: "{modules}"
    {anchor}
forward-zone:
    name: "."
    forward-addr: {upstream}
remote-control:
    control-enable: no
"""

READY = "ready.unbound."
"""A name of its own: it answers for it with a dead upstream too."""


@contextmanager
def start_unbound(namespace: Namespace, folder: Path, address: str, upstream: str, anchor: str = "") -> Iterator[None]:
    """A resolver at `address` that asks the server at `upstream`, killed at the end.

    With a trust anchor (a DNSKEY record) it validates what lies below that name.
    """
    folder.mkdir()
    configuration = folder / "unbound.conf"
    text = CONFIGURATION.format(
        folder=folder,
        address=address,
        upstream=upstream,
        ready=READY,
        modules="validator iterator" if anchor else "iterator",
        anchor=f'trust-anchor: "{anchor}"' if anchor else "",
    )
    configuration.write_text(text)
    daemon = namespace.start("unbound", "-d", "-c", str(configuration), log=folder / "unbound.log")
    try:
        daemon.wait_until(partial(_answers, namespace, address))
        yield
    finally:
        daemon.kill()


def _answers(namespace: Namespace, address: str) -> bool:
    asked = namespace.run("dig", f"@{address}", "+time=1", "+tries=1", "+short", READY, "A")
    return asked.stdout.strip() == address
