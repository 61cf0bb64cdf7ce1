"""One domain's servers send answers that cost whoever reads them; the other domains of the exporter do not notice."""

import sys

import pytest

from tests.stack.world import SERVER_OUTSIDE, World

PLACE = "http://127.0.0.1:10093"
AUTHORITY = "127.0.8.53"
HEALTHY = tuple(f"healthy{number:02}.test" for number in range(50))
HOSTILE = "hostile.test"

ZONE = f"""\
$TTL 60
@ SOA ns.nic.test. hostmaster.nic.test. 1 3600 600 86400 60
@ NS ns.nic
ns.nic A {AUTHORITY}
remote.contoso A {SERVER_OUTSIDE}
"""

CONFIGURATION = f"""\
views:
  outside: {{resolvers: [{AUTHORITY}], ca_files: [ca.pem]}}
modules:
  default: {{cache: 0s, method: srv, servers: [remote.contoso.test]}}
domains:
{"".join(f"  {domain}: {{}}{chr(10)}" for domain in (*HEALTHY, HOSTILE))}\
"""


@pytest.fixture
def exporter(world: World) -> World:
    """An exporter for fifty healthy domains, and one that is delegated to a thousand servers of 120 labels."""
    world.serve_exchange("remote.contoso.test")
    names = [domain.removesuffix(".test") for domain in HEALTHY]
    records = [f'{name} TXT "a mail domain"\n_autodiscover._tcp.{name} SRV 0 0 443 remote.contoso\n' for name in names]
    suffix = ".".join("a" * 117)
    records += [f"hostile NS n{number:03x}.{suffix}.test.\n" for number in range(1024)]
    world.serve_zone(AUTHORITY, ZONE + "".join(records), origin="test")
    file = world.folder / "exporter.yml"
    file.write_text(CONFIGURATION.replace("ca.pem", str(world.authority.anchor)))
    daemon = world.start(sys.executable, "-m", "autodiscover_exporter", "--config.file", str(file), log="exporter.log")
    daemon.wait_until(lambda: world.namespace.run("curl", "--silent", "--fail", f"{PLACE}/-/healthy").returncode == 0)
    return world


def test_a_domain_whose_answers_cost_much_delays_no_other(exporter: World) -> None:
    """Each of its answers took seconds in the event loop when all records were read."""
    asked = [f"{PLACE}/probe?target={domain}" for domain in (HOSTILE, *HEALTHY)]
    files = [exporter.folder / f"{domain}.txt" for domain in (HOSTILE, *HEALTHY)]
    outputs = [word for url, file in zip(asked, files, strict=True) for word in (url, "--output", str(file))]
    done = exporter.namespace.run(
        "curl", "--no-progress-meter", "--fail", "--max-time", "10", "--parallel", "--parallel-max", "51", *outputs
    )
    assert (done.returncode, done.stderr) == (0, "")
    hostile, *healthy = [file.read_text() for file in files]
    assert [domain for domain, text in zip(HEALTHY, healthy, strict=True) if "\nprobe_success 1.0\n" not in text] == []
    assert 'autodiscover_finding{endpoint="zone",role="root",rule="dns-lookup-failed",severity="unknown"' in hostile
    report = exporter.namespace.run("curl", "--silent", f"{PLACE}/api/v1/report?target={HOSTILE}&format=text").stdout
    assert f"({AUTHORITY} oversized answer)" in report.splitlines()[0]
    own = exporter.namespace.run("curl", "--silent", f"{PLACE}/metrics").stdout
    assert 'autodiscover_exporter_probe_errors_total{reason="overload"} 0.0' in own
