"""Passwords, each read from its file when a run begins; they are in no policy, survey or command line."""

from check_autodiscover.named_files import PASSWORD, UnusableFile, read_file
from check_autodiscover.settings import SettingsError

__all__ = ["PasswordError", "load_login", "load_password"]


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
