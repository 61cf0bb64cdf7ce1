"""A package's files as they will lie on the machine, below one folder a package, for Debian and RPM alike."""

import gzip
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from artefacts.packages.interpreters import interpreter
from artefacts.packages.libraries import EXPORTER, PLUGIN, Box, pinned, read_lock
from artefacts.packages.licences import copyright_file
from artefacts.packages.targets import LIBRARY, Form, Target
from artefacts.packages.tree import compile_all, date_all, install, own_files, strip, write_launchers

__all__ = ["LINKS", "Stage", "stage"]

Stage = Mapping[str, Path]
"""The root of each package's files, by the package's name."""

LINKS = {
    Form.DEB: ("usr/lib/nagios/plugins",),
    # Where EL's own plugins lie, and where configurations that come from elsewhere look.
    Form.RPM: ("usr/lib64/nagios/plugins", "usr/lib/nagios/plugins"),
}
"""The folders in which monitoring systems look for plugins."""

COMPLETIONS = {
    "bash/{0}.bash": "usr/share/bash-completion/completions/{0}",
    "zsh/_{0}": "usr/share/zsh/{1}/_{0}",
    "fish/{0}.fish": "usr/share/fish/vendor_completions.d/{0}.fish",
}
"""Where shells look, by where `packaging/completion` has it; 1 is the folder of what is no part of zsh."""

ZSH_FOLDER = {Form.DEB: "vendor-completions", Form.RPM: "site-functions"}

EXAMPLES = {
    PLUGIN.name: ("nagios", "icinga2", "checkmk"),
    EXPORTER.name: ("prometheus", "grafana", "kubernetes", "container"),
}
"""The folders of `packaging` that users copy from."""


def stage(top: Path, wheel: Path, target: Target, machine: str, epoch: int, folder: Path) -> Stage:
    """Put everything in its place below the folder. Raises MissingInterpreterError and CalledProcessError."""
    python = interpreter(target.python)
    roots = {box.name: folder / box.name for box in (PLUGIN, EXPORTER)}
    _install_libraries(top, wheel, target, machine, roots)
    for box in (PLUGIN, EXPORTER):
        root = roots[box.name]
        write_launchers(box, target, root)
        _add_documents(top, box, target, root)
        _add_copyright(top, box, root)
    for place in LINKS[target.form]:
        link = roots[PLUGIN.name] / place / "check_autodiscover"
        link.parent.mkdir(parents=True)
        link.symlink_to(Path("../" * len(Path(place).parts[1:])) / "bin" / "check_autodiscover")
    _add_configuration(top, roots[PLUGIN.name])
    for root in roots.values():
        strip(root)
        date_all(root, epoch)
        compile_all(python, root)
        date_all(root, epoch)
    return roots


def _install_libraries(top: Path, wheel: Path, target: Target, machine: str, roots: Stage) -> None:
    lock = read_lock(top / "requirements" / "dev.txt")
    plugin, exporter = (roots[box.name] / LIBRARY for box in (PLUGIN, EXPORTER))
    install(target, machine, (*pinned(PLUGIN, target.python, lock), str(wheel)), plugin)
    install(target, machine, pinned(EXPORTER, target.python, lock), exporter)
    own_files(plugin, exporter, ("autodiscover_exporter",))


def _add_copyright(top: Path, box: Box, root: Path) -> None:
    header = (top / "packaging" / "debian" / "copyright").read_text(encoding="utf-8")
    text = copyright_file(header, root / LIBRARY)
    (root / "usr/share/doc" / box.name / "copyright").write_text(text, encoding="utf-8")
    for record in (root / LIBRARY).glob("*.dist-info/RECORD"):
        record.unlink()


def _add_documents(top: Path, box: Box, target: Target, root: Path) -> None:
    documents = root / "usr/share/doc" / box.name
    documents.mkdir(parents=True)
    if box is PLUGIN:
        for source in (top / "README.md", *(top / "docs").rglob("*.md")):
            _copy(source, documents / source.relative_to(top))
    for name in EXAMPLES[box.name]:
        for source in (path for path in (top / "packaging" / name).rglob("*") if path.is_file()):
            _copy(source, documents / "examples" / source.relative_to(top / "packaging"))
    for source, place in _manuals_and_completions(top / "packaging", box, target):
        _copy(source, root / place)


def _manuals_and_completions(packaging: Path, box: Box, target: Target) -> Iterator[tuple[Path, str]]:
    """What there is of them, and where it belongs; manual pages are compressed when they are copied."""
    for program in box.programs:
        for manual in packaging.glob(f"man/{program}*.[1-8]"):
            yield manual, f"usr/share/man/man{manual.suffix[1:]}/{manual.name}.gz"
        for source, place in COMPLETIONS.items():
            completion = packaging / "completion" / source.format(program)
            if completion.exists():
                yield completion, place.format(program, ZSH_FOLDER[target.form])


def _add_configuration(top: Path, root: Path) -> None:
    _copy(top / "packaging/config/autodiscover.yml", root / "etc/check_autodiscover/autodiscover.yml")
    (root / "var/lib/check_autodiscover/baseline").mkdir(parents=True)


def _copy(source: Path, destination: Path) -> None:
    destination.parent.mkdir(parents=True, exist_ok=True)
    if destination.suffix == ".gz":
        destination.write_bytes(gzip.compress(source.read_bytes(), mtime=0))
    else:
        shutil.copyfile(source, destination)
    destination.chmod(0o644)
