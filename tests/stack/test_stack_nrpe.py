"""The shipped line of NRPE on a host inside: what the Nagios server, which cannot see the inside, gets of it."""

from tests.stack.bind import DOMAIN
from tests.stack.nginx import Behaviour, Site
from tests.stack.nrpe import ask_nrpe, start_nrpe
from tests.stack.published import publish_by_srv
from tests.stack.world import FOREIGN, INSIDE, World

COMMAND = "check_autodiscover_contoso_com"


def test_the_server_gets_state_text_and_performance_data_of_the_inside(world: World) -> None:
    world.serve(Site(FOREIGN, Behaviour.HOSTER, world.certificate("*.hoster.example")))
    publish_by_srv(world)
    start_nrpe(world, INSIDE, f"remote.{DOMAIN}")
    healthy = ask_nrpe(world.namespace, COMMAND)
    assert healthy.returncode == 0, healthy.stdout
    assert healthy.stdout.startswith(f"AUTODISCOVER OK - {DOMAIN}: srv to remote.{DOMAIN}, ")
    world.update("inside", f"add *.{DOMAIN} 60 A {FOREIGN}")
    told = ask_nrpe(world.namespace, COMMAND)
    assert told.returncode == 2
    assert told.stdout.startswith(
        f"AUTODISCOVER CRITICAL - {DOMAIN}: catch-all *.{DOMAIN} answers autodiscover.{DOMAIN}"
    )
    assert "[dns-wildcard-captures-autodiscover]" in told.stdout
    assert "Fix: Remove the record" in told.stdout
    assert "causes_critical=1" in told.stdout
