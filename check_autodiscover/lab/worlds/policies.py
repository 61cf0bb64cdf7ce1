"""Worlds in which policy accepts a fault, everywhere or in one view. Data only."""

from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.model.states import State
from check_autodiscover.lab.world import (
    INSIDE,
    OK,
    OUTSIDE,
    REMOTE_INSIDE,
    REMOTE_OUTSIDE,
    SRV_SITES,
    Declaration,
    World,
    both_views,
    critical,
)

__all__ = ["POLICY_FAULTS", "POLICY_FINE"]

_UNWANTED = "dns-unwanted-host-record"

_VIEWS = both_views((*REMOTE_INSIDE, f"autodiscover A {INSIDE}"), (*REMOTE_OUTSIDE, f"autodiscover A {OUTSIDE}"))


def _accepting(place: str) -> Declaration:
    return Declaration(Method.SRV, ("remote.contoso.com",), severities=((place, State.OK),))


POLICY_FINE = (
    World(
        name="fault-accepted",
        title="Scenario 1, which policy accepts: it is told, marked accepted, and alarms nobody",
        views=_VIEWS,
        sites=SRV_SITES,
        declared=_accepting(_UNWANTED),
        verdict=OK,
    ),
)

POLICY_FAULTS = (
    World(
        name="fault-accepted-inside",
        title="Scenario 1, which policy accepts inside, so that outside alone is critical",
        views=_VIEWS,
        sites=SRV_SITES,
        declared=_accepting(f"inside:{_UNWANTED}"),
        verdict=critical(_UNWANTED),
    ),
)
