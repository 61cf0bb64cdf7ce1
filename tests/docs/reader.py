"""Reads a page as its reader does: types each command into a shell, and leaves in their terminals what keeps running.

All of it happens in a network namespace and a folder of the page's own, which looks like the project's.
"""

import os
import signal
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from tests.docs.console import Block, Command, How, fits
from tests.stack.namespace import Daemon, Namespace

__all__ = ["Reader"]

TOP = Path(__file__).parents[2]
HIDDEN = frozenset({"build", "dist"})

REPETITIONS = 300
"""How often a command is repeated at most: what comes of a Prometheus takes seconds."""

PAUSE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Reader:
    """One who reads a page; what runs in terminals is ended when `stack` is closed."""

    namespace: Namespace
    folder: Path
    stack: ExitStack
    terminals: dict[str, Daemon] = field(default_factory=dict)

    def settle(self) -> None:
        """Be in the project's folder, with nothing made there yet."""
        for entry in TOP.iterdir():
            if not entry.name.startswith(".") and entry.name not in HIDDEN:
                (self.folder / entry.name).symlink_to(entry)
        (self.folder / ".venv").symlink_to(sys.prefix)

    def do(self, block: Block) -> None:
        """Do what a block says; AssertionError or NotReadyError where something else comes of it."""
        for command in block.commands:
            match block.how:
                case How.RUN:
                    output = self._output(command)
                    assert fits(output, command.output), f"$ {command.text}\n{output}"
                case How.REPEAT:
                    self._repeat(command)
                case How.TERMINAL:
                    self._leave_running(block.word, command)
                case How.NOT_RUN:
                    pass

    def _output(self, command: Command) -> str:
        done = self.namespace.run(*self._shell(command), environment=self._environment())
        return done.stdout

    def _repeat(self, command: Command) -> None:
        output = ""
        for _ in range(REPETITIONS):
            output = self._output(command)
            if fits(output, command.output):
                return
            Event().wait(PAUSE_SECONDS)
        raise AssertionError(f"$ {command.text}\n{output}")

    def _leave_running(self, name: str, command: Command) -> None:
        if name in self.terminals:
            self._end(self.terminals.pop(name))
        log = self.folder / f".{name}.log"
        # The shell becomes the program, so that a signal gets there.
        left = Command(f"exec {command.text}", "")
        daemon = self.namespace.start(*self._shell(left), log=log, environment=self._environment())
        self.terminals[name] = daemon
        # Killed at once, a lab would leave its folder behind.
        self.stack.callback(self._end, daemon)
        daemon.wait_until(lambda: fits(log.read_text(encoding="utf-8"), command.output))

    def _end(self, daemon: Daemon) -> None:
        daemon.process.send_signal(signal.SIGINT)
        daemon.process.wait(60)

    def _shell(self, command: Command) -> tuple[str, ...]:
        # A reader sees both outputs, in their order.
        return ("sh", "-c", f'cd "{self.folder}"; exec 2>&1\n{command.text}')

    def _environment(self) -> dict[str, str]:
        programs = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        return {"PATH": programs, "HOME": str(self.folder), "LC_ALL": "C.UTF-8", "COLUMNS": "80"}
