"""What Icinga 2 needs: the CheckCommand in the style of its template library, apply rules, satellites, the Director."""

from collections.abc import Iterator

from artefacts.director import basket
from artefacts.icinga2_names import flag, variable
from check_autodiscover.config.options import OPTIONS, Option, ValueKind

__all__ = ["artefacts"]

_WITHOUT = ("version", "help")

HEAD = """\
/* check_autodiscover for Icinga 2: made from the plugin's own options by `make artefacts`. */

object CheckCommand "autodiscover" {
	command = [ PluginContribDir + "/check_autodiscover" ]

	arguments = {
"""
TAIL = """\
	}

	vars.autodiscover_timeout = 10
}
"""


def artefacts() -> dict[str, str]:
    """The command, services by apply rules, an example of satellites, and a basket for the Director."""
    arguments = "".join(_argument(option) for option in OPTIONS if option.destination not in _WITHOUT)
    return {
        "autodiscover-command.conf": HEAD + arguments + TAIL,
        "autodiscover-services.conf": SERVICES,
        "autodiscover-satellites.conf": SATELLITES,
        "director-basket.json": basket(),
    }


def _argument(option: Option) -> str:
    if option.kind is ValueKind.COUNT:
        return "".join(_repeated(option, count) for count in (1, 2, 3))
    return _entry(flag(option), _lines(option))


def _lines(option: Option) -> Iterator[str]:
    name = variable(option)
    if option.kind is ValueKind.SWITCH:
        yield f'set_if = "${name}$"'
    else:
        yield f'value = "${name}$"'
    if option.destination == "domain":
        yield "required = true"
    if option.repeatable or option.prefixed:
        yield "repeat_key = true"
    yield f"description = {_quoted(option.help)}"


def _repeated(option: Option, count: int) -> str:
    name = variable(option)
    condition = f'set_if = {{{{ var wanted = macro("${name}$"); return wanted == {count} }}}}'
    return _entry("-" + "v" * count, (condition, f"description = {_quoted(option.help)}"))


def _entry(flag: str, lines: Iterator[str] | tuple[str, ...]) -> str:
    inside = "".join(f"\t\t\t{line}\n" for line in lines)
    return f'\t\t"{flag}" = {{\n{inside}\t\t}}\n'


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{escaped}"'


SERVICES = """\
/* A service for each mail domain that a host declares. Made by `make artefacts`. On the host:

     vars.autodiscover["contoso.com"] = {
       autodiscover_server = [ "mail.contoso.com" ]
       autodiscover_view = [ "inside=10.0.0.2", "outside=192.0.2.53" ]
     }

   Any option of the plugin may stand there, under its name in the CheckCommand. One more key, command_endpoint, names
   the agent or satellite that runs the plugin. */

template Service "autodiscover" {
	check_command = "autodiscover"
	check_interval = 5m
	retry_interval = 1m
	max_check_attempts = 3
	/* The plugin ends by itself before this: see autodiscover_timeout. */
	check_timeout = 30s
}

apply Service "autodiscover " for (domain => declared in host.vars.autodiscover) {
	import "autodiscover"

	display_name = "Autodiscover " + domain
	vars.autodiscover_domain = domain
	vars += declared

	if (declared.command_endpoint) {
		command_endpoint = declared.command_endpoint
		zone = host.zone || ZoneName
	}
}
"""

SATELLITES = """\
/* An example: the inside is asked from inside, by a satellite whose own resolvers are those of the clients, and the
   outside by the master. Made by `make artefacts`. Needs autodiscover-command.conf and autodiscover-services.conf. */

object Endpoint "satellite.contoso.com" {
	host = "10.0.0.5"
}

object Zone "inside" {
	parent = ZoneName
	endpoints = [ "satellite.contoso.com" ]
}

object Host "mail.contoso.com" {
	zone = ZoneName
	check_command = "dummy"
	enable_active_checks = false
	vars.autodiscover["contoso.com"] = {
		autodiscover_server = [ "mail.contoso.com" ]
		autodiscover_view = [ "outside=192.0.2.53" ]
	}
	vars.autodiscover_inside["contoso.com"] = {
		autodiscover_server = [ "mail.contoso.com" ]
		autodiscover_view = [ "inside=system" ]
		command_endpoint = "satellite.contoso.com"
	}
}

apply Service "autodiscover inside " for (domain => declared in host.vars.autodiscover_inside) {
	import "autodiscover"

	display_name = "Autodiscover " + domain + " from inside"
	vars.autodiscover_domain = domain
	vars += declared
	command_endpoint = declared.command_endpoint
	zone = host.zone || ZoneName
}
"""
