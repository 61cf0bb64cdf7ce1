"""A Debian machine of a test's own, with nothing but a loopback device: systemd-nspawn boots it, its systemd is real.

What a test changes is kept in memory and forgotten. Needs root.
"""

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["COMMAND_SECONDS", "TOOLS", "Machine", "NotReadyError", "boot", "bootstrap"]

COMMAND_SECONDS = 120
"""How long a command may take before it counts as hung. No verdict of a test depends on it."""

PAUSE_SECONDS = 0.05
READY_ATTEMPTS = 1200

WITH = ("python3", "ca-certificates", "systemd", "systemd-sysv")
"""What the packages need of the distribution, and what boots it."""

TOOLS = {"trixie": ("kustomize", "promtool")}
"""What else tests run, of the releases that have it."""

ENVIRONMENT = ("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive")


class NotReadyError(Exception):
    """A machine did not boot, or what was waited for never came; the text holds its log."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A booted machine. `leader` is its first process, as it is called outside."""

    leader: int
    nspawn: subprocess.Popen[bytes]
    log: Path

    def run(self, *command: str, user: str = "root", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, both outputs captured. With `check`, AssertionError unless it succeeds."""
        done = subprocess.run(
            self._inside(command, user),
            capture_output=True,
            encoding="utf-8",
            timeout=COMMAND_SECONDS,
            stdin=subprocess.DEVNULL,
        )
        assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    @contextmanager
    def running(self, *command: str, user: str) -> Iterator[subprocess.Popen[str]]:
        """A program that runs meanwhile, its standard output to be read."""
        with subprocess.Popen(
            self._inside(command, user), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        ) as process:
            try:
                yield process
            finally:
                process.terminate()

    def wait_until(self, answers: Callable[[], bool]) -> None:
        """Return once `answers` says so; NotReadyError if the machine ends or the attempts are used up."""
        _wait_until(answers, self.nspawn, self.log)

    def _inside(self, command: tuple[str, ...], user: str) -> tuple[str, ...]:
        enter = (
            "nsenter",
            f"--target={self.leader}",
            "--mount",
            "--uts",
            "--ipc",
            "--net",
            "--pid",
            "--root",
            "--wd",
        )
        become = () if user == "root" else ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups")
        return (*enter, *ENVIRONMENT, *become, *command)


def bootstrap(release: str, root: Path) -> None:
    """Install a Debian release from the mirror that this machine itself uses. Raises CalledProcessError."""
    sites = subprocess.run(
        ("apt-get", "indextargets", "--format", "$(SITE)"), capture_output=True, text=True, check=True
    )
    mirror = sites.stdout.splitlines()[0]
    wanted = ",".join((*WITH, *TOOLS.get(release, ())))
    subprocess.run(
        ("debootstrap", "--variant=minbase", f"--include={wanted}", release, str(root), mirror),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    # Monitoring systems bring the user, and are not needed for it.
    subprocess.run(("chroot", str(root), "useradd", "--system", "--user-group", "nagios"), check=True)


@contextmanager
def boot(root: Path, name: str, folders: Mapping[str, Path], log: Path) -> Iterator[Machine]:
    """The machine in a folder, which stays as it is; `folders` are readable there. Raises NotReadyError."""
    binds = [f"--bind-ro={folder}:{place}" for place, folder in folders.items()]
    command = (
        # A machine outlives an nspawn that is killed, and does not outlive one that is asked to end.
        *("setpriv", "--pdeathsig=TERM", "systemd-nspawn", "--kill-signal=SIGKILL"),
        *("--quiet", f"--directory={root}", f"--machine={name}", "--volatile=overlay"),
        *("--private-network", "--register=no", "--keep-unit", "--console=pipe", *binds, "--boot"),
    )
    # Newer releases of systemd know only the unified hierarchy, and the kernel always has it.
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
    with log.open("wb") as output:
        nspawn = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, start_new_session=True
        )
    try:
        _wait_until(lambda: bool(_children(nspawn.pid)), nspawn, log)
        machine = Machine(_leader(nspawn, log), nspawn, log)
        machine.wait_until(lambda: _is_up(machine))
        yield machine
    finally:
        nspawn.terminate()
        nspawn.wait(COMMAND_SECONDS)


def _is_up(machine: Machine) -> bool:
    state = machine.run("systemctl", "is-system-running", check=False).stdout.strip()
    return state in {"running", "degraded"}


def _leader(nspawn: subprocess.Popen[bytes], log: Path) -> int:
    """nspawn's child, once it has become the machine's first process."""

    def named() -> bool:
        children = _children(nspawn.pid)
        return bool(children) and Path(f"/proc/{children[0]}/comm").read_text().strip() == "systemd"

    _wait_until(named, nspawn, log)
    return _children(nspawn.pid)[0]


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _wait_until(answers: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(READY_ATTEMPTS):
        if answers():
            return
        try:
            process.wait(PAUSE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        raise NotReadyError(f"ended with {process.returncode}:\n{log.read_text(errors='replace')}")
    raise NotReadyError(f"nothing came:\n{log.read_text(errors='replace')}")
