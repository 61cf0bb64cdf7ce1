"""Files that are there whole or not at all; of baselines, one a domain, all that is done with them.

A baseline belongs into version control. It is written beside its place and renamed, under a lock, and only if it is
still what its writer has seen. `core/baseline_json` has its form. The plugin and the exporter only read.
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp

from check_autodiscover.core.model.survey import BaselineFile
from check_autodiscover.named_files import BASELINE, UnusableFile, read_file

__all__ = ["StoreError", "baseline_file", "load_baseline", "save_baseline", "write_whole"]


class StoreError(Exception):
    """A baseline cannot be written; the text is one sentence with the file's name. The old file is as it was."""


def baseline_file(path: str, domain: str) -> Path:
    """The file of a domain (A-labels): `path` itself if it is a file or ends in `.json`, else one in that directory."""
    given = Path(path)
    one_file = given.is_file() or (given.suffix == ".json" and not given.is_dir())
    return given if one_file else given / f"{domain}.json"


def load_baseline(path: str, domain: str) -> BaselineFile:
    """What was accepted of a domain, or why it cannot be had; never raises for what the file is."""
    file = baseline_file(path, domain)
    try:
        return BaselineFile(str(file), read_file(file, BASELINE).decode() or "\n")
    except UnusableFile as error:
        # It stands in the middle of a sentence.
        fault = error.fault[0].lower() + error.fault[1:]
        return BaselineFile(str(file), missing=True) if error.missing else BaselineFile(str(file), fault=fault)
    except UnicodeDecodeError:
        return BaselineFile(str(file), fault="it is no text")


def save_baseline(path: str, domain: str, text: str, *, seen: BaselineFile) -> Path:
    """Put a baseline in its place, and tell where that is. `seen` is what stood there when it was decided.

    Raises:
        StoreError: it cannot be written, another writer is at work, or the file is not what was seen any more.
    """
    # A link into a checkout stays a link.
    file = baseline_file(path, domain).resolve()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _locked(file):
            now = load_baseline(str(file), domain)
            if (now.text, now.missing) != (seen.text, seen.missing):
                raise StoreError(f"{file} was changed by somebody else meanwhile: look at it again (baseline diff)")
            _replace(file, text)
    except OSError as error:
        raise StoreError(f"{file}: {(error.strerror or 'it cannot be written').lower()}") from error
    return file


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """The directory's lock: it leaves no file behind, and goes with the process that holds it."""
    directory = os.open(file.parent, os.O_RDONLY)
    try:
        try:
            fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(f"{file.parent}: another process is accepting a baseline there; try again") from None
        yield
    finally:
        os.close(directory)


def _replace(file: Path, text: str) -> None:
    """The new content in place of the old. Must hold the lock, as it clears away what killed writers left."""
    for left_over in file.parent.glob(f".{file.name}.*.tmp"):
        left_over.unlink(missing_ok=True)
    write_whole(file, text, _mode(file))


def write_whole(file: Path, text: str, mode: int) -> None:
    """A file's new content whole, or what was there: the rename is the moment. Raises OSError."""
    handle, beside = mkstemp(prefix=f".{file.name}.", suffix=".tmp", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            os.fchmod(opened.fileno(), mode)
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(beside, file)
    except BaseException:
        # Whatever stops it, an interruption too, must leave nothing beside.
        with suppress(OSError):
            os.unlink(beside)
        raise
    directory = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _mode(file: Path) -> int:
    """The old file's mode; a new one can be read by the monitoring user, as it holds nothing secret."""
    try:
        return stat.S_IMODE(file.stat().st_mode)
    except FileNotFoundError:
        return 0o644
