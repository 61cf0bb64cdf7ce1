"""The one place that opens files which users name: each is a regular file, opened without waiting, and has a limit.

A name may lead to a FIFO that nobody writes to, to a device, or to a file of the kernel that never ends; whoever just
opens and reads it waits for ever. A file system that does not answer holds up even this: who must not wait reads in a
thread (`reading`).

Passwords, each read from its file when a run begins; they are in no policy, survey or command line.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

from check_autodiscover.settings import SettingsError

__all__ = [
    "BASELINE",
    "CA_FILE",
    "CERTIFICATE",
    "CONFIGURATION",
    "CONFIGURATION_FOR_ONE",
    "DOMAIN_LIST",
    "FILE_KINDS",
    "PASSWORD",
    "RESOLV_CONF",
    "SURVEY",
    "WEB_CONFIGURATION",
    "FileKind",
    "PasswordError",
    "UnusableFile",
    "load_login",
    "load_password",
    "open_file",
    "read_file",
    "require_regular",
]


class UnusableFile(SettingsError):
    """A file that cannot be used: `fault` says why, the text names the file too. `missing` is whether there is none."""

    def __init__(self, path: "str | os.PathLike[str]", fault: str, *, missing: bool = False) -> None:
        super().__init__(f"{os.fspath(path)}: {fault}")
        self.fault = fault
        self.missing = missing


class FileKind(NamedTuple):
    """What users name a file for, and the most bytes that it may have."""

    name: str
    most_bytes: int

    @property
    def limit(self) -> str:
        """The most bytes as people read them."""
        for unit, size in (("MiB", _MIB), ("KiB", _KIB)):
            if self.most_bytes >= size:
                return f"{self.most_bytes / size:g} {unit}"
        return f"{self.most_bytes} bytes"

    @property
    def excess(self) -> str:
        """The fault of a file that is larger."""
        return f"it is larger than {self.limit}, the limit for a {self.name}"


_KIB = 2**10

_MIB = 2**20

CONFIGURATION = FileKind("configuration", 8 * _MIB)

CONFIGURATION_FOR_ONE = FileKind("configuration that is read for one domain", 6 * _MIB)

WEB_CONFIGURATION = FileKind("web configuration", _MIB)

CERTIFICATE = FileKind("certificate or key", _MIB)

CA_FILE = FileKind("CA file", 4 * _MIB)

BASELINE = FileKind("baseline", 4 * _MIB)

SURVEY = FileKind("survey", 32 * _MIB)

DOMAIN_LIST = FileKind("list of domains", 64 * _MIB)

PASSWORD = FileKind("password file", _KIB)

RESOLV_CONF = FileKind("resolv.conf", _MIB)

FILE_KINDS = (
    CONFIGURATION,
    CONFIGURATION_FOR_ONE,
    WEB_CONFIGURATION,
    CERTIFICATE,
    CA_FILE,
    BASELINE,
    SURVEY,
    DOMAIN_LIST,
    PASSWORD,
    RESOLV_CONF,
)
"""All of them."""

_PIECE = 64 * _KIB
"""Bytes that are read at a time."""

_IRREGULAR = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a directory",
}


def read_file(path: "str | os.PathLike[str]", kind: FileKind) -> bytes:
    """Return what the file holds. Raises UnusableFile.

    Who hands the name on, to a library that opens files itself, calls this before, and knows that it can be read.
    """
    handle = _opened(path, kind)
    pieces, left = [], kind.most_bytes + 1
    try:
        with _faults(path):
            # The size that a file of the kernel tells says nothing about what it gives.
            while left and (piece := os.read(handle, min(left, _PIECE))):
                pieces.append(piece)
                left -= len(piece)
    finally:
        os.close(handle)
    if not left:
        raise UnusableFile(path, kind.excess)
    return b"".join(pieces)


def open_file(path: "str | os.PathLike[str]", kind: FileKind) -> IO[bytes]:
    """Open a file that is to be read piece by piece; how much of it is read is the caller's. Raises UnusableFile."""
    return os.fdopen(_opened(path, kind), "rb")


def require_regular(path: "str | os.PathLike[str]", mode: int) -> None:
    """Raise UnusableFile unless this mode (`st_mode`) is a regular file's."""
    if not stat.S_ISREG(mode):
        what = _IRREGULAR.get(stat.S_IFMT(mode), "something else")
        raise UnusableFile(path, f"it is {what}, not a regular file")


def _opened(path: "str | os.PathLike[str]", kind: FileKind) -> int:
    with _faults(path):
        # Some devices act when they are merely opened, so that the name is asked first.
        require_regular(path, os.stat(path).st_mode)
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            # It may have become another since.
            found = os.fstat(handle)
            require_regular(path, found.st_mode)
            if found.st_size > kind.most_bytes:
                raise UnusableFile(path, kind.excess)
        except BaseException:  # a file that is not handed out is closed, whatever ends this
            os.close(handle)
            raise
    return handle


@contextmanager
def _faults(path: "str | os.PathLike[str]") -> Iterator[None]:
    """What the system says as what is wrong with the file."""
    try:
        yield
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        raise UnusableFile(path, error.strerror or "it cannot be read", missing=missing) from error
    except ValueError as error:
        raise UnusableFile(path, "it is not a file name") from error


class PasswordError(SettingsError):
    """A password file that cannot be used, in one line that names it."""


def load_password(file: str) -> str:
    """The directory's password, the one line that a file holds; empty without a file. Raises PasswordError."""
    return _line(file, "the password") if file else ""


def load_login(file: str) -> str:
    """The exporter's `user:password`, the one line that a file holds. Raises PasswordError."""
    login = _line(file, _LOGIN)
    user, colon, _ = login.partition(":")
    if not (user and colon):
        raise PasswordError(f"password file {file}: it holds one line, {_LOGIN}")
    return login


_LOGIN = "user:password"


def _line(file: str, what: str) -> str:
    try:
        line = read_file(file, PASSWORD).decode().removesuffix("\n").removesuffix("\r")
    except UnusableFile as error:
        raise PasswordError(f"password file {error}") from error
    except UnicodeDecodeError as error:
        raise PasswordError(f"password file {file}: not text in UTF-8") from error
    if not line or "\n" in line or "\0" in line:
        raise PasswordError(f"password file {file}: it holds one line, {what}")
    return line
