"""The password for the directory, read from its file when a run begins; it is in no policy, survey or command line."""

from pathlib import Path

from check_autodiscover.settings import SettingsError

__all__ = ["PasswordError", "load_password"]

LONGEST = 1024
"""Bytes: what is longer is another file."""


class PasswordError(SettingsError):
    """A password file that cannot be used, in one line that names it."""


def load_password(file: str) -> str:
    """The one line that a file holds, without its end; empty without a file. Raises PasswordError."""
    if not file:
        return ""
    try:
        with Path(file).open("rb") as opened:
            text = opened.read(LONGEST + 1)
        password = text.decode().removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise PasswordError(f"password file {file}: {error.strerror}") from error
    except ValueError as error:
        raise PasswordError(f"password file {file}: not text in UTF-8") from error
    if not password or len(text) > LONGEST or "\n" in password or "\0" in password:
        raise PasswordError(f"password file {file}: it holds one line, the password")
    return password
