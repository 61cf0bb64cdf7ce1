"""What `make packages` has built, and machines to try it on."""

import itertools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from artefacts.packages.targets import TARGETS, Form, Target
from check_autodiscover import __version__
from tests.lacking import refuse
from tests.packages.machine import TOOLS, Machine, boot, bootstrap

TOP = Path(__file__).parents[2]
DIST = TOP / "dist"
MACHINES = TOP / "build" / "machines"

RELEASES = {"debian12": "bookworm", "debian13": "trixie"}

OLDER = "0.0.1-1"

NUMBERS = itertools.count()
"""No two machines of a run have the same name."""

Boot = Callable[[], Machine]


@dataclass(frozen=True, slots=True)
class Debian:
    """A release: its packages, the same with a lower version, and its files as debootstrap leaves them."""

    target: Target
    packages: Path
    older: Path
    root: Path


@pytest.fixture(scope="session")
def debs() -> dict[str, tuple[Path, ...]]:
    """The Debian packages by their target's name."""
    return {
        target.name: built(f"*_{__version__}-1{target.suffix}_*.deb") for target in TARGETS if target.form is Form.DEB
    }


@pytest.fixture(scope="session")
def rpms() -> tuple[Path, ...]:
    """The RPMs."""
    return built(f"*-{__version__}-1.*.rpm")


@pytest.fixture(scope="session")
def zipapps() -> dict[str, Path]:
    """The single files by their programs' names."""
    return {path.stem: path for path in built("*.pyz")}


def built(pattern: str) -> tuple[Path, ...]:
    """What there is in dist/ of that name."""
    if not (found := tuple(sorted(DIST.glob(pattern)))):
        refuse(f"{DIST / pattern} is missing: make packages")
    return found


@pytest.fixture(scope="session", params=[target.name for target in TARGETS if target.form is Form.DEB])
def debian(
    request: pytest.FixtureRequest, debs: dict[str, tuple[Path, ...]], tmp_path_factory: pytest.TempPathFactory
) -> Debian:
    """Each release that we build packages for, nothing of ours installed."""
    if lack := lacking():
        refuse(f"trying Debian packages needs {lack}")
    (target,) = (target for target in TARGETS if target.name == request.param)
    folder = tmp_path_factory.mktemp(target.name)
    packages, older = folder / "packages", folder / "older"
    packages.mkdir()
    for deb in debs[target.name]:
        shutil.copy2(deb, packages)
    _make_older(packages, older)
    return Debian(target, packages, older, bootstrapped(RELEASES[target.name]))


def bootstrapped(release: str) -> Path:
    """A release's files. They are kept, as nothing is ever changed in them; `make clean` forgets them."""
    root = MACHINES / "-".join((release, *TOOLS.get(release, ())))
    if not root.exists():
        partial = root.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        bootstrap(release, partial)
        partial.rename(root)
    return root


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder of Debian 13's programs that Debian 12 lacks, or has older: they run here as well."""
    if lack := lacking():
        refuse(f"tools of Debian 13 are fetched for a machine, which needs {lack}")
    return bootstrapped("trixie") / "usr/bin"


@pytest.fixture
def boot_machine(debian: Debian, tmp_path: Path) -> Iterator[Boot]:
    """Boots a machine of the release, with the packages in /packages and the older ones in /older."""
    folders = {"/packages": debian.packages, "/older": debian.older}
    with ExitStack() as stack:
        yield lambda: stack.enter_context(
            boot(debian.root, f"ca-test-{os.getpid()}-{next(NUMBERS)}", folders, tmp_path / "console")
        )


@pytest.fixture
def machine(boot_machine: Boot) -> Machine:
    """A booted machine with our packages installed."""
    machine = boot_machine()
    install(machine, "/packages")
    return machine


def install(machine: Machine, folder: str) -> None:
    """Install the packages of a folder as an administrator does."""
    debs = machine.run("find", folder, "-name", "*.deb").stdout.split()
    machine.run("apt-get", "install", "--yes", "--option=Dpkg::Use-Pty=0", *debs)


def lacking() -> str:
    """What a Debian machine needs and this one lacks."""
    if os.geteuid() != 0:
        return "root"
    programs = ("debootstrap", "systemd-nspawn", "nsenter", "dpkg-deb")
    return ", ".join(program for program in programs if shutil.which(program) is None)


def _make_older(packages: Path, older: Path) -> None:
    """The same packages with a lower version, and with a module that the new ones no longer have."""
    older.mkdir()
    for deb in packages.glob("*.deb"):
        tree = older / deb.stem
        subprocess.run(("dpkg-deb", "--raw-extract", str(deb), str(tree)), check=True)
        control = tree / "DEBIAN" / "control"
        control.write_text(control.read_text().replace(f"{__version__}-1", OLDER))
        (tree / "usr/lib/check_autodiscover" / f"gone_from_{deb.name.partition('_')[0].replace('-', '_')}.py").touch()
        subprocess.run(
            ("dpkg-deb", "--build", "-Znone", str(tree), str(older / deb.name)), check=True, capture_output=True
        )
        shutil.rmtree(tree)
