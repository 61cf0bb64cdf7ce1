"""Commands and services of Nagios for every use of the plugin, and how NRPE and NCPA run it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["EXAMPLES", "USES", "Use", "artefacts", "services"]


@dataclass(frozen=True, slots=True)
class Use:
    """A way to use the plugin: the command's name, what it is for, its arguments, in which names stand for values."""

    name: str
    purpose: str
    arguments: str

    @property
    def values(self) -> tuple[str, ...]:
        """The names, in the order in which Nagios counts them."""
        return tuple(re.findall(r"{(\w+)}", self.arguments))


USES = (
    Use("check_autodiscover", "one domain, as this host sees it", "-H {domain}"),
    Use(
        "check_autodiscover_server",
        "one domain, and the host that really publishes Exchange",
        "-H {domain} -S {server}",
    ),
    Use(
        "check_autodiscover_views",
        "one domain from inside and from outside: the resolvers of both",
        "-H {domain} -S {server} --view inside={inside} --view outside={outside}",
    ),
    Use(
        "check_autodiscover_baseline",
        "drift against what was accepted (autodiscoverctl baseline accept)",
        "-H {domain} --baseline {baseline}",
    ),
    Use(
        "check_autodiscover_config",
        "one domain as a configuration file describes it",
        "-H {domain} --config {configuration}",
    ),
    Use(
        "check_autodiscover_exporter",
        "what a running exporter says: costs next to nothing here",
        "-H {domain} --from-exporter {exporter}",
    ),
)

EXAMPLES: Mapping[str, str] = {
    "domain": "contoso.com",
    "server": "mail.contoso.com",
    "inside": "10.0.0.2",
    "outside": "192.0.2.53",
    "baseline": "/var/lib/check_autodiscover/baseline",
    "configuration": "/etc/check_autodiscover/autodiscover.yml",
    "exporter": "http://127.0.0.1:10093",
}
"""What stands for each name in the services that are shipped."""

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
    host_name               {server}
    service_description     {description}
    check_command           {check_command}
    check_interval          5
    retry_interval          1
    max_check_attempts      3
}}
"""
_NOTICE = "# Made by `make artefacts`. $USER1$ is the folder of the plugins (resource.cfg).\n"
_ONE_OF = "# One domain in several ways, of which you need one. host_name is a host that your Nagios has.\n"
_LAST = "# The last argument of each command may hold further options, as in -w 21d -c 7d, or stay empty.\n"


def artefacts() -> dict[str, str]:
    """The commands, a service for each, and the lines of agents on other hosts."""
    return {
        "commands.cfg": "\n".join((_NOTICE + _LAST, *map(_command, USES))),
        "services.cfg": services(EXAMPLES),
        "nrpe.cfg": _NRPE.format(plugin="/usr/lib/nagios/plugins/check_autodiscover"),
        "ncpa.cfg": _NCPA,
    }


def services(values: Mapping[str, str], *more: str) -> str:
    """A service for each use, with these values; `more` is the further options of each."""
    return "\n".join((_NOTICE + _ONE_OF, *(_service(use, values, more) for use in USES)))


def _command(use: Use) -> str:
    numbered = {name: f"$ARG{number}$" for number, name in enumerate(use.values, 1)}
    # Nagios gives the whole line to a shell.
    quoted = (f"'{word}'" if "{" in word else word for word in use.arguments.split())
    arguments = " ".join(quoted).format(**numbered)
    return _COMMAND.format(name=use.name, purpose=use.purpose, arguments=arguments, next=len(numbered) + 1)


def _service(use: Use, values: Mapping[str, str], more: tuple[str, ...]) -> str:
    kind = use.name.removeprefix("check_autodiscover").strip("_")
    return _SERVICE.format(
        server=values["server"],
        description=" ".join(filter(None, (f"Autodiscover {values['domain']}", kind))),
        check_command="!".join((use.name, *(values[name] for name in use.values), *more)),
    )


_NRPE = """\
# For /etc/nagios/nrpe.d/: the view of this host, which the monitoring server cannot see.
# With dont_blame_nrpe=0 a line for each domain. check_nrpe waits 10 s unless its own -t says more.
command[check_autodiscover_contoso_com]={plugin} -H contoso.com -S mail.contoso.com --view inside=system -t 8
"""
_NCPA = """\
# NCPA runs plugins from its own folder (plugins/ in its configuration): link the program there, and ask it with
#   check_ncpa.py -H inside-host -t TOKEN -M plugins/check_autodiscover \\
#       -a '-H contoso.com -S mail.contoso.com --view inside=system'
"""
