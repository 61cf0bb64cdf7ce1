"""The file that a sweep keeps its results in, a line of JSON each; a later one goes on where it ends.

A line is written with one call, and whole or not at all: a line that a killed writer left unfinished is taken away
when the file is next opened, and its domain is looked at once more. A new file is its owner's alone, as it tells names
and addresses of the inside.
"""

import fcntl
import os
from collections.abc import Iterator

from check_autodiscover.ctl.sweep.record import SCHEMA, BadRecord, Record, line_of, read_line
from check_autodiscover.ctl.usage import Refused
from check_autodiscover.named_files import UnusableFile, require_regular

__all__ = ["ResultFile"]

OWNER_ALONE = 0o600

MOST_BYTES = 1 << 20
"""A line has a few kilobytes; what is longer is none of ours."""

_BEGINNING = f'{{"schema": {SCHEMA}, "domain": "'.encode("ascii")


class ResultFile:
    """Results that are kept. One sweep at a time has it."""

    def __init__(self, path: str, *, resume: bool) -> None:
        """Open it, or make it. Raises Refused where it holds results already and nobody wants to `resume`."""
        self.path = path
        # Not readable by others from its first moment; a pipe would keep us waiting for ever.
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            self._handle = os.open(path, flags, OWNER_ALONE)
        except OSError as error:
            raise Refused(f"{path}: {error.strerror}") from error
        try:
            self._claim(resume)
        except BaseException:
            os.close(self._handle)
            raise

    def _claim(self, resume: bool) -> None:
        try:
            require_regular(self.path, os.fstat(self._handle).st_mode)
        except UnusableFile as error:
            raise Refused(str(error)) from error
        try:
            # It goes with the process, however that ends.
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"{self.path}: another sweep is writing it") from None
        # What another sweep has written before it let go of the file counts.
        if os.fstat(self._handle).st_size and not resume:
            raise Refused(f"{self.path}: there is something in it; go on with it by --resume, or name another file")

    def earlier(self) -> Iterator[Record]:
        """The results that it holds, before anything is added. Raises Refused for a file that is none of ours."""
        end, size = 0, os.fstat(self._handle).st_size
        for number, line in enumerate(self._lines(), 1):
            try:
                record = _whole(line)
            except BadRecord as fault:
                if end + len(line) == size and _unfinished(line, first=not end):
                    self._cut(end)
                    return
                raise Refused(f"{self.path}:{number}: {fault}; the file is left as it is") from fault
            yield record
            end += len(line)

    def append(self, record: Record) -> None:
        """Keep a result. Raises Refused where there is no room for it; the file is whole then too."""
        end = os.fstat(self._handle).st_size
        rest = line_of(record).encode("ascii")
        try:
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        except OSError as error:
            self._cut(end)
            raise Refused(f"{self.path}: {error.strerror}; what came before is kept") from error

    def sync(self) -> None:
        """Have the disk hold what was appended. Raises Refused, also where somebody has removed the file meanwhile."""
        try:
            os.fdatasync(self._handle)
        except OSError as error:
            raise Refused(f"{self.path}: {error.strerror}") from error
        if not os.fstat(self._handle).st_nlink:
            raise Refused(f"{self.path}: somebody has removed it, and the results with it")

    def close(self) -> None:
        """Let others have it."""
        os.close(self._handle)

    def _cut(self, end: int) -> None:
        try:
            os.ftruncate(self._handle, end)
        except OSError as error:
            raise Refused(f"{self.path}: {error.strerror}") from error

    def _lines(self) -> Iterator[bytes]:
        """The lines with their breaks; what stands behind the last break is a line too."""
        with open(os.dup(self._handle), "rb") as opened:
            while line := opened.readline(MOST_BYTES):
                yield line


def _whole(line: bytes) -> Record:
    if not line.endswith(b"\n"):
        raise BadRecord("it is cut off")
    return read_line(line)


def _unfinished(line: bytes, *, first: bool) -> bool:
    """Whether a last line is of a killed writer of ours, or of a machine without power, which leaves zeroes.

    A `first` line of nothing but zeroes may be anybody's.
    """
    if line.endswith(b"\n") and b"\0" not in line:
        return False
    begun = line.rstrip(b"\0\n")
    if not begun:
        return not first
    return begun.startswith(_BEGINNING) or _BEGINNING.startswith(begun)
