"""Every world of the lab, by name; `autodiscoverctl lab`, the demonstration and the tests choose from it."""

from check_autodiscover.lab.world import World
from check_autodiscover.lab.worlds.certificates import CERTIFICATE_FAULTS
from check_autodiscover.lab.worlds.clients import CLIENT_FAULTS, CLIENT_FINE
from check_autodiscover.lab.worlds.dns import DNS_FAULTS, DNS_FINE
from check_autodiscover.lab.worlds.faults import FAULTS, OTHER_FAULTS, SCENARIOS
from check_autodiscover.lab.worlds.healthy import HEALTHY
from check_autodiscover.lab.worlds.policies import POLICY_FAULTS, POLICY_FINE
from check_autodiscover.lab.worlds.services import SERVICE_FAULTS

__all__ = ["WORLDS", "world_named"]

WORLDS = (
    *HEALTHY,
    *DNS_FINE,
    *CLIENT_FINE,
    *POLICY_FINE,
    *SCENARIOS,
    *FAULTS,
    *DNS_FAULTS,
    *CERTIFICATE_FAULTS,
    *OTHER_FAULTS,
    *SERVICE_FAULTS,
    *CLIENT_FAULTS,
    *POLICY_FAULTS,
)
"""All worlds, the healthy ones first."""


def world_named(name: str) -> World:
    """The world of this name. Raises KeyError if there is none."""
    return {world.name: world for world in WORLDS}[name]
