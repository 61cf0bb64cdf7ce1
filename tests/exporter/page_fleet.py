"""A fleet to look at pages with: domains as the incidents have them, by reports that need no network.

As a program it serves them until it is killed: `python -m tests.exporter.page_fleet PORT COUNT`.
"""

import asyncio
import json
import sys
import time
from dataclasses import replace
from typing import Any

from autodiscover_exporter.main import Application
from autodiscover_exporter.reload import LiveConfiguration
from autodiscover_exporter.web.listening import ListenAddress, bind
from autodiscover_exporter.web.server import Listener, Server
from check_autodiscover.config.file import Configuration, Domain, Module
from check_autodiscover.core.model.report import Report
from check_autodiscover.core.model.survey import survey_from_json, survey_to_json
from check_autodiscover.core.verdict.judge import judge
from tests.core.incidents import healthy, row_1, row_2, row_5, row_15, row_21, row_40
from tests.core.worlds import DOMAIN, PAGE, SERVER, Site, World, certificate, survey_of

__all__ = ["HOSTILE", "HOSTILE_SUBJECT", "WORLDS", "FleetProbe", "configuration_of", "domain_of", "report_of"]

HOSTILE_SUBJECT = "<script>alert(1)</script>\u202e\u2066" + "x" * 10_000
HOSTILE = "hostile.example"


def _hostile() -> World:
    trap = replace(certificate(DOMAIN), subject=f"CN={HOSTILE_SUBJECT}", common_name=HOSTILE_SUBJECT)
    trap = replace(trap, dns_names=(HOSTILE_SUBJECT, "a<img src=x onerror=alert(2)>.example"), issuer=HOSTILE_SUBJECT)
    return row_1("srv").site(SERVER, Site(trap, PAGE))


WORLDS = (
    healthy("srv"),
    healthy("host"),
    healthy("exchange-online"),
    row_1("srv"),
    healthy("host"),
    row_5("srv"),
    row_40("host"),
    row_15("srv"),
    healthy("host"),
    row_2("host"),
    row_21("host"),
)
"""What the domains of a fleet are like, in turn."""


def domain_of(number: int) -> str:
    """The name of a domain of the fleet."""
    return f"customer-{number:04d}.example"


def configuration_of(count: int) -> Configuration:
    """A configuration of so many domains, the last of which nobody has looked at, and a hostile one."""
    return Configuration(domains=dict.fromkeys((*map(domain_of, range(count)), HOSTILE), Domain()))


def report_of(domain: str, world: World, ended: float = 0.0) -> Report:
    """The report on a world under another name, as if it had been looked at when `ended` says, in Unix seconds."""
    survey = survey_of(world)
    document = _moved(survey_to_json(survey), round(ended - survey.ended) if ended else 0)
    # The server is the hoster's, and the same for all.
    text = json.dumps(document).replace(DOMAIN, domain).replace(f"remote.{domain}", f"remote.{DOMAIN}")
    return judge(survey_from_json(json.loads(text)))


_TIMES = frozenset({"started", "ended", "not_before", "not_after"})


def _moved(value: Any, seconds: int) -> Any:
    """The document of a survey, its times moved."""
    if isinstance(value, dict):
        return {key: each + seconds if key in _TIMES else _moved(each, seconds) for key, each in value.items()}
    return [_moved(each, seconds) for each in value] if isinstance(value, list) else value


class FleetProbe:
    """A probe that finds each domain in the state that its number gives it, just now."""

    async def __call__(self, domain: str, module: Module, timeout: float) -> Report:
        world = (
            _hostile() if domain == HOSTILE else WORLDS[int("".join(filter(str.isdigit, domain)) or 0) % len(WORLDS)]
        )
        return report_of(domain, world, time.time())


async def _serve(port: int, count: int) -> None:
    configuration = configuration_of(count)
    live = LiveConfiguration("", configuration)
    application = Application(live, FleetProbe(), 0.5)
    for domain in (*map(domain_of, range(count - 1)), HOSTILE):
        await application.results.obtain(domain, configuration.settled(domain), 10.0)
    (sock,) = bind(ListenAddress("127.0.0.1", port))
    await Server().serve([Listener(sock, application)], lambda: 1.0)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
