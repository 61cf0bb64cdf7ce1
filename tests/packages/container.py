"""An engine of a test's own: buildah makes the image that the Dockerfile tells of, and podman runs it.

Neither asks a registry: the base is a Debian release of our own under the base's name, with the locked wheels at hand.
Needs root.
"""

import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from artefacts.packages.libraries import Box, pinned, read_lock
from artefacts.packages.targets import TARGETS
from artefacts.packages.tree import chosen_wheels

__all__ = ["IMAGE", "PROGRAMS", "Engine"]

TOP = Path(__file__).parents[2]
IMAGE = "autodiscover-exporter"
BASE = "docker.io/library/python:3.13-slim-trixie"

(RELEASE,) = (target for target in TARGETS if target.name == "debian13")
"""Its Python is the one of the base."""

PROGRAMS = ("buildah", "podman", "runc")
COMMAND_SECONDS = 300
"""How long a command may take before it counts as hung. No verdict of a test depends on it."""

WHEELS = Box("image", {}, ("check_autodiscover[ctl,doh,exporter]",))

PIP_CONFIGURATION = "[global]\nno-index = true\nfind-links = /wheels\n"


@dataclass(frozen=True, slots=True)
class Engine:
    """Images and containers in a folder, apart from all others of this machine."""

    folder: Path

    def build(self, root: Path) -> None:
        """Make our image, on a Debian release whose Python is the base's."""
        self._make_base(root)
        wheels, configuration = self.folder / "wheels", self.folder / "pip.conf"
        _download(wheels)
        configuration.write_text(PIP_CONFIGURATION)
        mounts = (f"--volume={wheels}:/wheels:ro", f"--volume={configuration}:/etc/pip.conf:ro")
        # Health checks are Docker's, and not in the format of the Open Container Initiative.
        how = ("--isolation=oci", "--runtime=runc", "--network=none", "--pull-never", "--format=docker")
        file = TOP / "packaging" / "container" / "Dockerfile"
        self._buildah("bud", *how, *mounts, f"--file={file}", f"--tag={IMAGE}", str(TOP))

    @contextmanager
    def running(self, name: str, *options: str) -> Iterator[None]:
        """A container that does what the image is for."""
        self.podman("run", "--detach", f"--name={name}", *options, IMAGE).check_returncode()
        try:
            yield
        finally:
            self.podman("rm", "--force", "--time=0", name)

    def podman(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of podman to its end."""
        return _run(("podman", *self._store(), "--runtime=runc", "--cgroup-manager=cgroupfs", *arguments))

    def _make_base(self, root: Path) -> None:
        pip = self.folder / "pip"
        _pip("install", "--no-deps", f"--target={pip}", "pip")
        container = self._buildah("from", "scratch").strip()
        self._buildah("add", "--quiet", container, f"{root}/", "/")
        self._buildah("add", "--quiet", container, f"{pip}/", f"/usr/local/lib/python{RELEASE.python}/dist-packages/")
        chroot = ("run", "--isolation=chroot", container, "--")
        self._buildah(*chroot, "ln", "-s", "/usr/bin/python3", "/usr/local/bin/python")
        self._buildah("commit", "--quiet", "--rm", container, BASE)

    def _buildah(self, *arguments: str) -> str:
        done = _run(("buildah", *self._store(), *arguments))
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _store(self) -> Iterable[str]:
        return (f"--root={self.folder / 'store'}", f"--runroot={self.folder / 'run'}", "--storage-driver=vfs")


def _download(wheels: Path) -> None:
    """All that is installed into the image, and what builds our own wheel."""
    locked = pinned(WHEELS, RELEASE.python, read_lock(TOP / "requirements" / "dev.txt"))
    choice = chosen_wheels(RELEASE, platform.machine())
    _pip("download", "--no-deps", *choice, f"--dest={wheels}", *locked, "setuptools")


def _pip(*arguments: str) -> None:
    done = _run((sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments))
    assert done.returncode == 0, done.stderr


def _run(command: Iterable[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        tuple(command), capture_output=True, encoding="utf-8", timeout=COMMAND_SECONDS, stdin=subprocess.DEVNULL
    )
