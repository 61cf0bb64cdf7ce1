"""A real NSD: a secondary of another make, which transfers its zone from a primary or waits in vain for it.

Used by the worlds of this folder. It is not notified, and looks for a new serial when the SOA record says so: what
changes at the primary while a test runs has not arrived.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.stack.bind import DOMAIN
from tests.stack.namespace import Namespace

__all__ = ["start_nsd"]

CONFIGURATION = """\
server:
    ip-address: {address}
    port: 53
    username: ""
    chroot: ""
    server-count: 1
    database: ""
    zonesdir: "{folder}"
    pidfile: "{folder}/nsd.pid"
    xfrdfile: "{folder}/xfrd.state"
    zonelistfile: "{folder}/zone.list"
    xfrdir: "{folder}"
remote-control:
    control-enable: no
zone:
    name: {domain}
    zonefile: transferred
    request-xfr: AXFR {primary} NOKEY
"""


@contextmanager
def start_nsd(namespace: Namespace, folder: Path, address: str, primary: str, *, served: bool) -> Iterator[None]:
    """A secondary of the server at `primary`, which has the zone once it answers; ended with its children at the end.

    Without `served` the primary gives no zone: then it knows that it should serve it, and says SERVFAIL.
    """
    folder.mkdir()
    configuration = folder / "nsd.conf"
    configuration.write_text(
        CONFIGURATION.format(folder=folder, address=address, primary=primary, domain=DOMAIN),
    )
    daemon = namespace.start("nsd", "-d", "-c", str(configuration), log=folder / "nsd.log")
    try:
        daemon.wait_until(partial(_answers, namespace, address, "NOERROR" if served else "SERVFAIL"))
        yield
    finally:
        daemon.terminate()


def _answers(namespace: Namespace, address: str, status: str) -> bool:
    asked = namespace.run("dig", f"@{address}", "+time=1", "+tries=1", "+norecurse", DOMAIN, "SOA")
    return f"status: {status}" in asked.stdout
