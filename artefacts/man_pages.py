"""The manual: a page for each program, made from its parser by argparse-manpage."""

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass

from argparse_manpage.manpage import Manpage

from artefacts.programs import programs
from check_autodiscover import __version__

__all__ = ["artefacts"]

SECTION = 1
"""All three are run by whoever may: the monitoring system, a service manager, people."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a program's page says beyond its parser: one line on what it is, and sections, as roff."""

    name: str
    sections: Mapping[str, str]


_STATES = """\
.TP
.B 0
OK
.TP
.B 1
WARNING
.TP
.B 2
CRITICAL
.TP
.B 3
UNKNOWN; usage errors, help and version too, as for every monitoring plugin"""

_SEE = {
    "check_autodiscover": ".BR autodiscoverctl (1),\n.BR autodiscover_exporter (1)",
    "autodiscover_exporter": ".BR check_autodiscover (1),\n.BR autodiscoverctl (1)",
    "autodiscoverctl": ".BR check_autodiscover (1),\n.BR autodiscover_exporter (1)",
}

PAGES = {
    "check_autodiscover": Page(
        "find Autodiscover DNS and certificate drift, for Nagios and Icinga",
        {
            "exit status": _STATES,
            "files": ".TP\n.I /etc/check_autodiscover/autodiscover.yml\na usual place for what --config names",
        },
    ),
    "autodiscover_exporter": Page(
        "find Autodiscover DNS and certificate drift, for Prometheus",
        {
            "exit status": ".TP\n.B 0\nit was told to stop\n.TP\n.B 1\nthe configuration or the machine does not allow "
            "it to run\n.TP\n.B 2\na usage error",
            "signals": ".TP\n.B SIGHUP\nread the configuration again; a wrong one is told and not taken\n.TP\n"
            ".B SIGTERM\nfinish the requests under way, and stop",
        },
    ),
    "autodiscoverctl": Page(
        "find out how Outlook fares with a domain",
        {
            "exit status": ".PP\nThat of check_autodiscover for diagnose, that of the gravest verdict for sweep, 1 "
            "for a baseline diff that found a change, else 0; 3 for what cannot be done."
        },
    ),
}


def artefacts() -> dict[str, str]:
    """A page for each program."""
    return {f"{name}.{SECTION}": _page(parser) for name, parser in programs().items()}


def _page(parser: ArgumentParser) -> str:
    page = PAGES[parser.prog]
    told = [{"heading": "examples", "content": _examples(parser.epilog)}] if parser.epilog else []
    told += [{"heading": name, "content": text} for name, text in page.sections.items()]
    told.append({"heading": "see also", "content": _SEE[parser.prog]})
    parser.epilog = None
    parser._manpage = told  # type: ignore[attr-defined]  # where argparse-manpage looks for further sections
    data = {
        # A date would make a new file of each day.
        "date": " ",
        "project_name": "check_autodiscover",
        "version": __version__,
        "manual_title": "Autodiscover drift",
        "manual_section": SECTION,
        "description": page.name,
    }
    return str(Manpage(parser, data))


def _examples(epilog: str) -> str:
    lines = epilog.replace("\\", "\\e").replace("-", "\\-").splitlines()
    return "\n".join((".nf", *(line.strip() for line in lines if not line.startswith("examples")), ".fi"))
