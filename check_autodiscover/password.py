"""Passwords, each read from its file when a run begins; they are in no policy, survey or command line."""

from check_autodiscover.settings import SettingsError

__all__ = ["PasswordError", "load_login", "load_password"]

LONGEST = 1024
"""Bytes: what is longer is another file."""


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
        with open(file, "rb") as opened:
            text = opened.read(LONGEST + 1)
        line = text.decode().removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise PasswordError(f"password file {file}: {error.strerror}") from error
    except ValueError as error:
        raise PasswordError(f"password file {file}: not text in UTF-8") from error
    if not line or len(text) > LONGEST or "\n" in line or "\0" in line:
        raise PasswordError(f"password file {file}: it holds one line, {what}")
    return line
