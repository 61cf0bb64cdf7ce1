"""The configuration that holds at the moment, and how another takes its place.

`main` makes one, `/-/reload` and SIGHUP make it read its file again. Whoever serves a request asks it once and goes on
with what it got, so that a scrape under way ends as it began.
"""

import asyncio
import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from autodiscover_exporter.reading import LONGEST, Reading, StillReading
from autodiscover_exporter.telemetry import event
from check_autodiscover.checker.checker import directory_probe
from check_autodiscover.cli import internal_error
from check_autodiscover.config.file import Configuration, ConfigurationError, load_configuration
from check_autodiscover.probes.dns.resolver import ResolverProbe
from check_autodiscover.probes.trust import load_trust
from check_autodiscover.settings import MissingExtra, SettingsError

__all__ = ["CannotLoad", "LiveConfiguration", "LoadState", "load_checked"]

logger = logging.getLogger(__name__)


class CannotLoad(Exception):
    """A configuration that cannot be used; `faults` are a line each, not yet cleaned."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def load_checked(file: str) -> Configuration:
    """The configuration in a file, what is built in without one, and all that it needs is there. Raises CannotLoad."""
    try:
        configuration = load_configuration(file) if file else Configuration()
        for module in configuration.means():
            resolvers = (resolver for view in module.policy.views for resolver in view.resolvers)
            trust = load_trust(module.trust)
            ResolverProbe(trust=trust).require(resolvers)
            directory_probe(module.policy, trust)
    except ConfigurationError as error:
        raise CannotLoad(*map(str, error.faults)) from error
    except (MissingExtra, SettingsError) as error:
        raise CannotLoad(str(error)) from error
    return configuration


@dataclass(frozen=True, slots=True)
class LoadState:
    """Whether the last attempt to read the file succeeded, and when the last success was, in Unix seconds."""

    successful: bool
    succeeded: float


class LiveConfiguration:
    """The configuration of `file`, which is empty where the exporter runs without one. To call it is to ask for it."""

    def __init__(
        self,
        file: str,
        configuration: Configuration,
        now: Callable[[], float] = time.time,
        longest: float = LONGEST,
    ) -> None:
        self._file = file
        self._configuration = configuration
        self._now = now
        self._state = LoadState(True, now())
        self._followers: list[Callable[[Configuration], object]] = []
        self._reading = Reading(self._load, longest)
        self._under_way: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    def __call__(self) -> Configuration:
        """The configuration that holds now."""
        return self._configuration

    @property
    def state(self) -> LoadState:
        """How the last reload went."""
        return self._state

    def follow(self, follower: Callable[[Configuration], object]) -> None:
        """Have this called, in the event loop, with each configuration that comes to hold."""
        self._followers.append(follower)

    async def reload(self) -> None:
        """Read the file again, and let what it says hold. Raises CannotLoad, and then all stays as it was.

        Whoever asks while it is being read shares the one reading that follows, as do all others who do.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._reload_after(self._under_way))
        # Whoever gives up asking takes it from nobody else.
        await asyncio.shield(self._next)

    async def _reload_after(self, earlier: "asyncio.Task[None] | None") -> None:
        if earlier is not None:
            await asyncio.wait([earlier])
        self._under_way, self._next = self._next, None
        try:
            self._take(await self._reading())
        except CannotLoad as error:
            self._failed(error)
            raise
        except StillReading as error:
            failure = CannotLoad(str(error))
            self._failed(failure)
            raise failure from error
        except Exception as error:  # a bug of ours, which must end neither the service nor the next reload
            logger.exception("reload failed")
            failure = CannotLoad(internal_error(error))
            self._failed(failure)
            raise failure from error

    def _take(self, found: Configuration) -> None:
        self._configuration = found
        for follower in self._followers:
            follower(found)
        self._state = LoadState(True, self._now())
        logger.info("configuration reloaded", extra=event(file=self._file, domains=str(len(found.domains))))

    def _failed(self, error: CannotLoad) -> None:
        self._state = LoadState(False, self._state.succeeded)
        for fault in error.faults:
            logger.error("configuration not reloaded", extra=event(error=fault))

    async def reload_on_hangup(self) -> None:
        """Reload at each SIGHUP, until cancelled."""
        hangup = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hangup.set)
        while True:
            await hangup.wait()
            hangup.clear()
            try:
                await self.reload()
            except CannotLoad:
                # Told in the log already, and nobody is there to be answered.
                continue

    def _load(self) -> Configuration:
        if not self._file:
            raise CannotLoad("there is no file to read again: the exporter runs without --config.file")
        return load_checked(self._file)
