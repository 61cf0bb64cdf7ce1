"""The shipped basket in a real Icinga Director, from its import to a check that a real Icinga runs."""

from artefacts.icinga2_names import variable
from check_autodiscover.config.options import OPTIONS
from tests.stack.bind import DOMAIN
from tests.stack.director import BASKET, GLOBAL_ZONE, Director, start_director
from tests.stack.icinga import start_icinga
from tests.stack.nginx import Behaviour, Site
from tests.stack.published import publish_by_srv
from tests.stack.world import FOREIGN, VIEWS, World

VARIABLES = sorted(variable(option) for option in OPTIONS if option.destination not in ("version", "help"))


def test_a_basket_that_is_imported_again_adds_no_field(world: World) -> None:
    director = start_director(world)
    for _ in range(2):
        director.restore(BASKET.read_text())
        assert sorted(director.all_fields()) == sorted(director.fields("autodiscover")) == VARIABLES


def test_a_service_of_the_template_is_deployed_and_tells_the_cause(world: World) -> None:
    world.serve(Site(FOREIGN, Behaviour.HOSTER, world.certificate("*.hoster.example")))
    publish_by_srv(world, f"* A {FOREIGN}")
    icinga = start_icinga(world, objects=GLOBAL_ZONE, packaged=True)
    director = start_director(world)
    director.kickstart()
    director.restore(BASKET.read_text())
    declare(director, world)
    director.deploy()
    found = icinga.checked(f"ex1!autodiscover {DOMAIN}")
    critical = 2
    assert found["state"] == critical
    assert f"catch-all *.{DOMAIN} answers autodiscover.{DOMAIN}" in found["last_check_result"]["output"]
    command = found["last_check_result"]["command"]
    assert [command[place + 1] for place, word in enumerate(command) if word == "--view"] == list(VIEWS)
    assert {"--verbose", "--no-perfdata"} <= set(command)
    assert not {"-4", "-6"} & set(command)


def declare(director: Director, world: World) -> None:
    """A host, and a service of it with values of every kind of field: texts, lists, yes and no, one of a list."""
    director.create("host", {"object_type": "object", "object_name": "ex1", "check_command": "dummy"})
    variables = {
        "autodiscover_domain": DOMAIN,
        "autodiscover_method": ["srv"],
        "autodiscover_server": [f"remote.{DOMAIN}"],
        "autodiscover_view": list(VIEWS),
        "autodiscover_ca_file": [str(world.authority.anchor)],
        "autodiscover_output": "text",
        "autodiscover_verbose": True,
        "autodiscover_no_perfdata": True,
        "autodiscover_ipv4": False,
    }
    director.create(
        "service",
        {
            "object_type": "object",
            "object_name": f"autodiscover {DOMAIN}",
            "host": "ex1",
            "imports": ["autodiscover"],
            "vars": variables,
        },
    )
