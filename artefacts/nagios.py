"""Commands and services of Nagios for every use of the plugin, and how NRPE and NCPA run it."""

from dataclasses import dataclass

__all__ = ["USES", "artefacts"]


@dataclass(frozen=True, slots=True)
class Use:
    """A way to use the plugin: the command's name, what it is for, its arguments, and an example of them."""

    name: str
    purpose: str
    arguments: str
    example: str


USES = (
    Use("check_autodiscover", "one domain, as this host sees it", "-H $ARG1$", "contoso.com"),
    Use(
        "check_autodiscover_server",
        "one domain, and the host that really publishes Exchange",
        "-H $ARG1$ -S $ARG2$",
        "contoso.com!mail.contoso.com",
    ),
    Use(
        "check_autodiscover_views",
        "one domain from inside and from outside: the resolvers of both",
        "-H $ARG1$ -S $ARG2$ --view inside=$ARG3$ --view outside=$ARG4$",
        "contoso.com!mail.contoso.com!10.0.0.2!192.0.2.53",
    ),
    Use(
        "check_autodiscover_baseline",
        "drift against what was accepted (autodiscoverctl baseline accept)",
        "-H $ARG1$ --baseline $ARG2$",
        "contoso.com!/var/lib/check_autodiscover/baseline",
    ),
    Use(
        "check_autodiscover_config",
        "one domain as a configuration file describes it",
        "-H $ARG1$ --config $ARG2$",
        "contoso.com!/etc/check_autodiscover/autodiscover.yml",
    ),
    Use(
        "check_autodiscover_exporter",
        "what a running exporter says: costs next to nothing here",
        "-H $ARG1$ --from-exporter $ARG2$",
        "contoso.com!http://127.0.0.1:10093",
    ),
)

_COMMAND = """\
# {purpose}
define command {{
    command_name    {name}
    command_line    $USER1$/check_autodiscover {arguments} $ARG{next}$
}}
"""
_SERVICE = """\
define service {{
    use                     generic-service
    host_name               mail.contoso.com
    service_description     {description}
    check_command           {name}!{example}
    check_interval          5
    retry_interval          1
    max_check_attempts      3
}}
"""
_NOTICE = "# Made by `make artefacts`. $USER1$ is the folder of the plugins (resource.cfg).\n"
_LAST = "# The last argument of each command may hold further options, as in -w 21d -c 7d, or stay empty.\n"


def artefacts() -> dict[str, str]:
    """The commands, a service for each, and the lines of agents on other hosts."""
    return {
        "commands.cfg": "\n".join((_NOTICE + _LAST, *map(_command, USES))),
        "services.cfg": "\n".join((_NOTICE, *map(_service, USES))),
        "nrpe.cfg": _NRPE,
        "ncpa.cfg": _NCPA,
    }


def _command(use: Use) -> str:
    return _COMMAND.format(**_fields(use), next=use.arguments.count("$ARG") + 1)


def _service(use: Use) -> str:
    kind = use.name.removeprefix("check_autodiscover").strip("_")
    return _SERVICE.format(**_fields(use), description=" ".join(filter(None, ("Autodiscover contoso.com", kind))))


def _fields(use: Use) -> dict[str, str]:
    return {"name": use.name, "purpose": use.purpose, "arguments": use.arguments, "example": use.example}


_NRPE = """\
# For /etc/nagios/nrpe.d/: the view of this host, which the monitoring server cannot see.
# With dont_blame_nrpe=0 a line for each domain:
command[check_autodiscover_contoso_com]=/usr/lib/nagios/plugins/check_autodiscover -H contoso.com -S mail.contoso.com
"""
_NCPA = """\
# NCPA runs plugins from its own folder (plugins/ in its configuration): link the program there, and ask it with
#   check_ncpa.py -H inside-host -t TOKEN -M plugins/check_autodiscover -a '-H contoso.com -S mail.contoso.com'
[plugin directives]
plugin_path = /usr/lib/nagios/plugins/
"""
