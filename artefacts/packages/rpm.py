"""RPM packages: rpmbuild makes them of a stage and of packaging/rpm."""

import os
import subprocess
from pathlib import Path

from artefacts.packages.stage import Stage
from artefacts.packages.targets import Target

__all__ = ["build_rpms"]


def build_rpms(top: Path, staged: Stage, target: Target, version: str, epoch: int, work: Path) -> tuple[Path, ...]:
    """The packages of a stage, as files below `work`. Raises CalledProcessError."""
    tree = work / "rpmbuild"
    defined = {
        "_topdir": str(tree),
        "upstream": version,
        "dist": target.suffix,
        "python_version": target.python,
        "stage": str(next(iter(staged.values())).parent),
        "sources": str(top),
        # Debian's rpm has no such macros, or means other places by them.
        "_unitdir": "/usr/lib/systemd/system",
        "_sysusersdir": "/usr/lib/sysusers.d",
        "_tmpfilesdir": "/usr/lib/tmpfiles.d",
        "_sysconfdir": "/etc",
        "_buildhost": "localhost",
    }
    options = [word for name, value in defined.items() for word in ("--define", f"{name} {value}")]
    spec = top / "packaging" / "rpm" / "check-autodiscover.spec"
    command = ("rpmbuild", "-bb", "--quiet", *options, str(spec))
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout)
    return tuple(sorted((tree / "RPMS").rglob("*.rpm")))
