"""`autodiscoverctl lab`: a world of the lab to try the plugin, configuration and alerts on."""

import shlex
import signal
from pathlib import Path
from threading import Event

from check_autodiscover.ctl.common import CommandError
from check_autodiscover.lab.running import Lab, running
from check_autodiscover.lab.worlds import WORLDS, world_named

__all__ = ["hold", "overview"]


def overview() -> str:
    """Every world on a line: name, title and the verdict that is due."""
    width = max(len(world.name) for world in WORLDS)
    return "\n".join(f"{world.name:<{width}}  {world.verdict.state.value:<8}  {world.title}" for world in WORLDS)


def hold(name: str, seconds: float | None, folder: str | None) -> None:
    """Run a world and say how to look at it, until a signal or for some seconds.

    The world's configuration and its CA are written into the folder, if one is named, and stay. Raises CommandError
    for an unknown name, a folder that cannot be written, and where loopback has too few free ports.
    """
    try:
        world = world_named(name)
    except KeyError:
        raise CommandError(f"no world {name!r}; see autodiscoverctl lab list") from None
    over = Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: over.set())
    try:
        with running(world, Path(folder) if folder else None) as lab:
            print(_introduction(lab), flush=True)
            over.wait(seconds)
    except OSError as error:
        raise CommandError(str(error)) from None


def _introduction(lab: Lab) -> str:
    verdict = lab.world.verdict
    root = f" because of {verdict.root}" if verdict.root else ""
    return "\n".join(
        (
            f"{lab.world.name}: {lab.world.title}",
            f"Due: {verdict.state.value}{root}",
            "",
            f"check_autodiscover {shlex.join(lab.command)}",
            f"autodiscoverctl diagnose {lab.world.domain} {shlex.join(lab.command[2:])}",
            f"autodiscover_exporter --config.file {shlex.quote(str(lab.configuration))}",
            "",
            "Ctrl-C ends it.",
        )
    )
