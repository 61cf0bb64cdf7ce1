"""The customer's chain, end to end: a record changes, somebody is told once, by its cause; and again when it goes.

BIND, the exporter, Prometheus with the shipped rules, Alertmanager with the shipped routing, a webhook. Everything is
the real thing; nothing but the waits of the table of settings is shorter.
"""

from tests.stack.alerting import EXPORTER, start_chain
from tests.stack.bind import DOMAIN, DnsView
from tests.stack.nginx import Behaviour, Site, start_nginx
from tests.stack.world import INSIDE, OUTSIDE, SERVER_INSIDE, SERVER_OUTSIDE, World

SRV = "_autodiscover._tcp SRV 0 0 443 remote"
OTHER = "fabrikam.test"
CONFIGURATION = """\
views:
  inside: {{resolvers: [{inside}], ca_files: [{anchor}]}}
  outside: {{resolvers: [{outside}], ca_files: [{anchor}]}}
modules:
  default: {{cache: 0s, method: srv, servers: [remote.contoso.test]}}
domains:
  contoso.test: {{labels: {{customer: contoso}}}}
{more}"""


def publish(world: World, *beside: str) -> str:
    """Healthy DNS of the domain, and what is beside it; the exporter's configuration for them."""
    world.publish(
        DnsView("inside", INSIDE, (f"remote A {SERVER_INSIDE}", SRV), beside),
        DnsView("outside", OUTSIDE, (f"remote A {SERVER_OUTSIDE}", SRV), beside),
    )
    more = f"  {OTHER}: {{}}\n" if beside else ""
    return CONFIGURATION.format(inside=INSIDE, outside=OUTSIDE, anchor=world.authority.anchor, more=more)


def test_a_record_that_changes_is_one_notification_by_its_cause_and_one_when_it_is_gone(world: World) -> None:
    """Incident 1: a host record beside a single-name certificate."""
    world.serve_exchange(f"remote.{DOMAIN}")
    chain = start_chain(world, publish(world), DOMAIN)
    world.update("outside", f"add autodiscover.{DOMAIN} 60 A {SERVER_OUTSIDE}")

    page = chain.wait_for(1)
    (alert,) = page["alerts"]
    assert (page["path"], page["status"]) == ("/page", "firing")
    assert alert["labels"] == {
        "alertname": "AutodiscoverUsersAffected",
        "severity": "critical",
        "rule": "dns-unwanted-host-record",
        "instance": DOMAIN,
        "server": f"remote.{DOMAIN}",
        "job": "autodiscover",
        "customer": "contoso",
    }
    assert alert["annotations"] == {
        "summary": f"{DOMAIN}: The Autodiscover name has a record that certificate or method do not allow [outside]",
        "description": "outside: a certificate warning is shown (kinds of client: 3). The record or certificate behind "
        f"it, proof and fix: http://{EXPORTER}/domains/{DOMAIN}",
        "runbook_url": f"http://{EXPORTER}/rules/dns-unwanted-host-record",
    }
    shown = world.namespace.run("curl", "--silent", "--fail", f"http://{EXPORTER}/domains/{DOMAIN}")
    assert f"autodiscover.{DOMAIN} has a record ({SERVER_OUTSIDE})" in shown.stdout
    assert world.namespace.run("curl", "--silent", "--fail", alert["annotations"]["runbook_url"]).returncode == 0

    chain.fires_on("AutodiscoverUsersAffected")
    world.update("outside", f"delete autodiscover.{DOMAIN} A")
    healed = chain.wait_for(2)
    assert (healed["path"], healed["status"]) == ("/page", "resolved")
    assert [item["labels"] for item in healed["alerts"]] == [alert["labels"]]
    assert chain.notifications() == [page, healed]


def test_a_fault_of_one_server_is_one_notification_for_all_of_its_domains(world: World) -> None:
    """Incident 33: nothing listens."""
    certificate = world.certificate(f"remote.{DOMAIN}")
    sites = [Site(address, Behaviour.EXCHANGE, certificate) for address in (SERVER_INSIDE, SERVER_OUTSIDE)]
    with start_nginx(world.namespace, world.folder / "exchange", sites):
        published = publish(world, f"_autodiscover._tcp.{OTHER}. SRV 0 0 443 remote.{DOMAIN}.")
        chain = start_chain(world, published, DOMAIN, OTHER)
    page = chain.wait_for(1)
    (alert,) = page["alerts"]
    assert (page["path"], alert["labels"]["alertname"]) == ("/page", "AutodiscoverServerFault")
    assert alert["annotations"]["summary"] == f"remote.{DOMAIN}: Nothing listens at the intended endpoint, at 2 domains"
    assert f"{DOMAIN} {OTHER}" in alert["annotations"]["description"]
    chain.fires_on("AutodiscoverUsersAffected", 2)
    assert chain.notifications() == [page]


def test_without_an_exporter_nothing_is_told_but_that_nobody_looks(world: World) -> None:
    world.serve_exchange(f"remote.{DOMAIN}")
    chain = start_chain(world, publish(world), DOMAIN)
    chain.exporter.kill()
    page = chain.wait_for(1)
    assert [alert["labels"]["alertname"] for alert in page["alerts"]] == ["AutodiscoverNobodyLooks"]
    chain.fires_on("AutodiscoverExporterDown")
    assert chain.notifications() == [page]
