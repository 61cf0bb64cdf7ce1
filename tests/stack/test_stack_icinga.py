"""The shipped CheckCommand, apply rules and satellites under a real Icinga 2."""

import re

from tests.stack.bind import DOMAIN
from tests.stack.icinga import start_icinga, validated
from tests.stack.nginx import Behaviour, Site
from tests.stack.published import publish_by_srv
from tests.stack.world import FOREIGN, VIEWS, World

COMMAND, SERVICES, SATELLITES = (f"autodiscover-{name}.conf" for name in ("command", "services", "satellites"))
HOST = """\
object Host "ex1" {{
  check_command = "dummy"
  enable_active_checks = false
  vars.autodiscover["{domain}"] = {{
    autodiscover_method = [ "srv" ]
    autodiscover_server = [ "remote.{domain}" ]
    autodiscover_view = [ {views} ]
    autodiscover_ca_file = [ "{anchor}" ]
    autodiscover_warning = "70d"
    autodiscover_verbose = 1
  }}
}}
"""


def host(world: World) -> str:
    views = ", ".join(f'"{view}"' for view in VIEWS)
    return HOST.format(domain=DOMAIN, views=views, anchor=world.authority.anchor)


def test_an_apply_rule_checks_each_declared_domain_and_its_performance_data_is_parsed(world: World) -> None:
    world.serve(Site(FOREIGN, Behaviour.HOSTER, world.certificate("*.hoster.example")))
    publish_by_srv(world, f"* A {FOREIGN}")
    found = start_icinga(world, COMMAND, SERVICES, objects=host(world)).checked(f"ex1!autodiscover {DOMAIN}")
    result = found["last_check_result"]
    critical = 2
    assert (found["state"], result["exit_status"]) == (critical, critical)
    assert f"catch-all *.{DOMAIN} answers autodiscover.{DOMAIN}" in result["output"].splitlines()[0]
    data = {item.partition("=")[0]: item.partition("=")[2] for item in result["performance_data"]}
    assert data["causes_critical"] == "1;;;0"
    assert re.fullmatch(r"\d+s;\d+;\d+;\d*;?\d*", data["cert_left"])
    assert found["display_name"] == f"Autodiscover {DOMAIN}"


def test_options_arrive_as_they_were_declared(world: World) -> None:
    """A healthy domain whose certificate is valid for less than what is declared to be too little."""
    publish_by_srv(world)
    found = start_icinga(world, COMMAND, SERVICES, objects=host(world)).checked(f"ex1!autodiscover {DOMAIN}")
    warning = 1
    assert found["state"] == warning
    assert "[certificate-expiring]" in found["last_check_result"]["output"].splitlines()[0]
    command = found["last_check_result"]["command"]
    assert [command[place + 1] for place, word in enumerate(command) if word == "--view"] == list(VIEWS)
    assert "-v" in command


def test_satellites_are_as_icinga_wants_them(world: World) -> None:
    _, said = validated(world, COMMAND, SERVICES, SATELLITES)
    assert "Instantiated 2 Services." in said
    assert "Instantiated 2 Zones." in said
