"""Debian packages: debhelper makes them of a stage and of packaging/debian."""

import shutil
import subprocess
from email.utils import formatdate
from pathlib import Path

from artefacts.packages.stage import Stage
from artefacts.packages.targets import Target

__all__ = ["build_debs"]

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
"""Debian's own tools, and no others that stand before them."""

CHANGELOG = """\
check-autodiscover ({version}) unstable; urgency=medium

  * Release {upstream}; what changed is in changelog.gz.

 -- {maintainer}  {date}
"""

DEBHELPER_FILES = {
    "autodiscover_exporter.service": "autodiscover-exporter.autodiscover_exporter.service",
    "autodiscover_exporter.socket": "autodiscover-exporter.autodiscover_exporter.socket",
    "autodiscover-exporter.sysusers": "autodiscover-exporter.sysusers",
    "autodiscover-exporter.default": "autodiscover-exporter.default",
    "check-autodiscover.tmpfiles": "check-autodiscover.tmpfiles",
}
"""What stands in packaging/systemd, and what debhelper calls it."""


def build_debs(top: Path, staged: Stage, target: Target, version: str, epoch: int, work: Path) -> tuple[Path, ...]:
    """The packages of a stage, as files below `work`. Raises CalledProcessError."""
    source = work / "source"
    debian = source / "debian"
    shutil.copytree(top / "packaging" / "debian", debian)
    for name, called in DEBHELPER_FILES.items():
        shutil.copyfile(top / "packaging" / "systemd" / name, debian / called)
    shutil.copyfile(top / "CHANGELOG.md", source / "CHANGELOG.md")
    for package, root in staged.items():
        shutil.copytree(root, source / "stage" / package, symlinks=True)
    (debian / "changelog").write_text(_changelog(debian / "control", target, version, epoch), encoding="utf-8")
    environment = {
        "PATH": PATH,
        "HOME": str(work),
        "LC_ALL": "C.UTF-8",
        "SOURCE_DATE_EPOCH": str(epoch),
        "PYTHON_DEPENDS": _python_depends(target),
        # Nothing here is compiled, and debhelper would try to.
        "DEB_BUILD_OPTIONS": "nocheck noautodbgsym",
    }
    log = work / "build.log"
    with log.open("wb") as output:
        command = ("dpkg-buildpackage", "--build=binary", "--no-sign")
        done = subprocess.run(command, cwd=source, env=environment, stdout=output, stderr=output, check=False)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, log.read_bytes())
    return tuple(sorted(work.glob("*.deb")))


def _changelog(control: Path, target: Target, version: str, epoch: int) -> str:
    (maintainer,) = (
        line.partition(": ")[2] for line in control.read_text().splitlines() if line.startswith("Maintainer:")
    )
    return CHANGELOG.format(
        version=f"{version}-1{target.suffix}",
        upstream=version,
        maintainer=maintainer,
        date=formatdate(epoch, usegmt=False),
    )


def _python_depends(target: Target) -> str:
    major, minor = target.python.split(".")
    return f"python3 (>= {target.python}~), python3 (<< {major}.{int(minor) + 1}~)"
