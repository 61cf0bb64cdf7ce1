"""A network namespace of a test's own, and the daemons that run inside it; used by the other modules of this folder.

Inside, ports 53, 80 and 443 of every loopback address are free, runs do not meet each other, and nothing can leave
the machine. Needs root and iproute2.
"""

import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["COMMAND_SECONDS", "Daemon", "Namespace", "NotReadyError", "open_namespace"]

COMMAND_SECONDS = 60
"""How long a command may take before it counts as hung. No verdict of a test depends on it."""

PAUSE_SECONDS = 0.02
READY_ATTEMPTS = 500


class NotReadyError(Exception):
    """A daemon ended, or gave no real answer within the bounded number of attempts; the text holds its log."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """A process that runs until it is killed, and where it logs."""

    process: subprocess.Popen[bytes]
    log: Path

    def wait_until(self, answers: Callable[[], bool], attempts: int = READY_ATTEMPTS) -> None:
        """Return once `answers` says that it really answers; NotReadyError if it ends or stays silent."""
        for _ in range(attempts):
            if answers():
                return
            try:
                self.process.wait(PAUSE_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            raise NotReadyError(f"ended with {self.process.returncode}:\n{self.log.read_text()}")
        raise NotReadyError(f"gave no answer:\n{self.log.read_text()}")

    def kill(self) -> None:
        """End it at once: what it would still write is never read, and named takes two seconds to say goodbye."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        """Ask it to end, and return its exit code: for a parent that must take its children with it."""
        self.process.terminate()
        return self.process.wait(COMMAND_SECONDS)


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace with nothing but a loopback device."""

    name: str

    def run(
        self, *command: str, text: str = "", environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside to its end, `text` on its standard input, both outputs captured."""
        return subprocess.run(
            self._inside(command),
            input=text,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=COMMAND_SECONDS,
        )

    def start(self, *command: str, log: Path, environment: dict[str, str] | None = None) -> Daemon:
        """Start a daemon inside that stays in the foreground: `ip netns exec` becomes it, so the pid is its own."""
        with log.open("wb") as output:
            process = subprocess.Popen(
                self._inside(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
            )
        return Daemon(process, log)

    def add_addresses(self, addresses: Iterable[str]) -> None:
        """Give these to the loopback device: named listens only on addresses that an interface really has."""
        for address in addresses:
            _ip("-n", self.name, "address", "add", f"{address}/8", "dev", "lo")

    def add_ipv6(self, *addresses: str) -> None:
        """Give these to the loopback device, usable at once: nobody else can have them."""
        for address in addresses:
            _ip("-n", self.name, "address", "add", f"{address}/128", "dev", "lo", "nodad")

    def _inside(self, command: tuple[str, ...]) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.name, *command)


@contextmanager
def open_namespace(name: str) -> Iterator[Namespace]:
    """A new namespace with its loopback device up, deleted at the end; CalledProcessError without the right to."""
    _ip("netns", "add", name)
    try:
        _ip("-n", name, "link", "set", "lo", "up")
        yield Namespace(name)
    finally:
        _ip("netns", "delete", name)


def _ip(*arguments: str) -> None:
    subprocess.run(("ip", *arguments), check=True, capture_output=True, timeout=COMMAND_SECONDS)
