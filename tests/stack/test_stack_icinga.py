"""The shipped CheckCommand, apply rules and satellites under a real Icinga 2."""

import re
from pathlib import Path

from tests.stack.bind import DOMAIN
from tests.stack.icinga import MASTER, SHIPPED, Node, start_icinga, start_satellite, validated
from tests.stack.nginx import Behaviour, Site
from tests.stack.published import SRV, publish_by_srv, views
from tests.stack.world import FOREIGN, INSIDE, OUTSIDE, SERVER_INSIDE, SERVER_OUTSIDE, VIEWS, World

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


def test_the_inside_is_seen_from_the_satellite_and_the_outside_from_the_master(world: World) -> None:
    """The inside zone hides the SRV record, which only the satellite's own resolver shows."""
    world.serve_exchange(f"remote.{DOMAIN}")
    outside = (f"remote A {SERVER_OUTSIDE}", SRV)
    world.publish(*views(inside=(f"remote A {SERVER_INSIDE}",), outside=outside))
    satellite = Node("satellite.contoso.com", "127.0.0.8", "inside")
    master = start_icinga(world, COMMAND, SERVICES, satellites(world, satellite))
    start_satellite(world, satellite, INSIDE, COMMAND)
    master.joined(satellite)
    seen_inside = master.checked(f"remote.{DOMAIN}!autodiscover inside {DOMAIN}")
    seen_outside = master.checked(f"remote.{DOMAIN}!autodiscover {DOMAIN}")
    ok, critical = 0, 2
    assert (seen_inside["state"], seen_outside["state"]) == (critical, ok)
    assert f"no SRV record _autodiscover._tcp.{DOMAIN}" in seen_inside["last_check_result"]["output"]
    sources = [seen["last_check_result"]["check_source"] for seen in (seen_inside, seen_outside)]
    assert sources == [satellite.name, MASTER.name]


def satellites(world: World, satellite: Node) -> Path:
    """The shipped example, with this world's domain and addresses in place of its own."""
    text = (SHIPPED / SATELLITES).read_text()
    trust = f'autodiscover_method = [ "srv" ]\nautodiscover_ca_file = [ "{world.authority.anchor}" ]\n'
    for shipped, here in (
        ("mail.contoso.com", f"remote.{DOMAIN}"),
        ('"contoso.com"', f'"{DOMAIN}"'),
        ("10.0.0.5", satellite.address),
        ("192.0.2.53", OUTSIDE),
        ("autodiscover_server =", f"{trust}autodiscover_server ="),
    ):
        assert shipped in text
        text = text.replace(shipped, here)
    file = world.folder / "satellites.conf"
    file.write_text(text)
    return file
