"""Sweeps for the tests: a lab world with one domain, the options that reach it, and records made by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from check_autodiscover.core.model.states import State
from check_autodiscover.ctl.sweep.results import KeptCause, Record
from check_autodiscover.lab.running import Lab, running
from check_autodiscover.lab.worlds import world_named

__all__ = ["WORLD", "cause", "options_of", "record", "served"]

WORLD = "srv-shadowed"
"""Its domain is a WARNING, dns-unwanted-host-record; of other names its resolvers say that they do not exist."""


@contextmanager
def served(world: str = WORLD) -> Iterator[Lab]:
    """The world, alive until the block is left."""
    with running(world_named(world)) as lab:
        yield lab


def options_of(lab: Lab) -> list[str]:
    """What reaches the world, but for its domain."""
    assert lab.command[0] == "-H"
    return lab.command[2:]


def cause(rule: str = "dns-srv-missing", **said: Any) -> KeptCause:
    """A cause that is CRITICAL unless it is said otherwise."""
    usual: dict[str, object] = {"severity": State.CRITICAL, "place": "", "message": "it is so", "remedy": "Mend it."}
    return KeptCause(rule=rule, **{**usual, **said})


def record(domain: str, state: State = State.OK, *causes: KeptCause) -> Record:
    """A record of 2026-11-01."""
    return Record(
        domain=domain,
        state=state,
        exit_code=state.exit_code,
        summary=f"{domain} is {state.value}",
        started="2026-11-01T12:00:00+00:00",
        duration_seconds=0.25,
        methods={"outside": "srv"},
        outcomes={"outside": "configured"},
        causes=causes,
    )
