"""A real Knot DNS: a second authority, of another make than the first; used by the worlds of this folder.

What it serves is what it is given: other records of `contoso.test`, another serial, tampered signatures, the zone
above it, or nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.stack.bind import DOMAIN
from tests.stack.namespace import Namespace

__all__ = ["start_knot"]

CONFIGURATION = """\
server:
    rundir: "{folder}"
    listen: {address}@53
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{folder}"
log:
  - target: stderr
    any: info
"""

ZONE = """\
zone:
  - domain: {domain}
    storage: "{folder}"
    file: zone
"""


@contextmanager
def start_knot(namespace: Namespace, folder: Path, address: str, zone: str, origin: str) -> Iterator[None]:
    """A Knot that serves this master file of a zone, or refuses every question where it is empty; ended at the end."""
    folder.mkdir()
    configuration = folder / "knot.conf"
    text = CONFIGURATION.format(folder=folder, address=address)
    if zone:
        (folder / "zone").write_text(zone)
        text += ZONE.format(folder=folder, domain=origin)
    configuration.write_text(text)
    daemon = namespace.start("knotd", "-c", str(configuration), log=folder / "knot.log")
    try:
        daemon.wait_until(partial(_answers, namespace, address, "NOERROR" if zone else "REFUSED"))
        yield
    finally:
        daemon.kill()


def _answers(namespace: Namespace, address: str, status: str) -> bool:
    asked = namespace.run("dig", f"@{address}", "+time=1", "+tries=1", "+norecurse", DOMAIN, "SOA")
    return f"status: {status}" in asked.stdout
