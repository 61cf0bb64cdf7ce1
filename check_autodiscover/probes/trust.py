"""The trust anchors that certificates are judged against, found and checked before anything is asked.

Front ends call `load_trust` once per process. One that lives on keeps them in `TrustCache`, which takes them up again
when their files have changed; a hashed directory counts as changed with its entries, as OpenSSL reads it a certificate
at a time and keeps what it has read.
"""

import os
import ssl
import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from check_autodiscover.core.model.policy import TrustSettings
from check_autodiscover.named_files import CA_FILE, CERTIFICATE, UnusableFile, read_file
from check_autodiscover.probes.system_anchors import has_hashed_name, require_hashed, system_anchors
from check_autodiscover.settings import SettingsError

if TYPE_CHECKING:
    from OpenSSL import SSL

__all__ = ["FINITE_FIELDS", "RECHECK", "USUAL_CIPHERS", "Trust", "TrustCache", "TrustError", "load_trust", "watch"]

_LEGACY_SERVER_CONNECT = 0x4
"""SSL_OP_LEGACY_SERVER_CONNECT of OpenSSL's ssl.h, which pyOpenSSL does not name: accept servers without RFC 5746."""

_STATE = 0x1
"""SSL_CB_LOOP: the handshake has come to another state."""


class TrustError(SettingsError):
    """Trust anchors that cannot be used, in one line naming the file and the fault."""


USUAL_CIPHERS = b"ALL:!kDHE:@SECLEVEL=0"
"""All but Diffie-Hellman in finite fields: the server chooses their size, and 10,000 bits take us a second of CPU."""

FINITE_FIELDS = b"kDHE:@SECLEVEL=0"
"""Asked for where a server agrees on none of the usual ones."""


class Trust:
    """Anchors known to be usable. `description` names them for the Survey."""

    def __init__(self, files: tuple[str, ...], directories: tuple[str, ...], description: tuple[str, ...]) -> None:
        self.description = description
        self._files = files
        self._directories = directories

    @property
    def places(self) -> tuple[str, ...]:
        """The files and directories that they are read from."""
        return (*self._files, *self._directories)

    @cached_property
    def context(self) -> "SSL.Context":
        """The usual TLS client context of this process. Raises as `make_context` does."""
        return self.make_context(USUAL_CIPHERS)

    def make_context(self, ciphers: bytes) -> "SSL.Context":
        """Return a TLS client context, permissive in all but the record it keeps: judging comes later.

        Raises TrustError if the anchors became unusable since they were loaded.
        """
        # Imported here because it costs more than all of a plugin's first DNS round; the answers are under way by now.
        from OpenSSL import SSL

        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        # A server stuck at TLS 1.0 with a 1024-bit key must be seen to be diagnosed.
        context.set_min_proto_version(SSL.TLS1_VERSION)
        context.set_cipher_list(ciphers)
        context.set_options(_LEGACY_SERVER_CONNECT)
        # HTTP/2 forbids renegotiation (RFC 8740), which is how a path demands a client certificate.
        context.set_alpn_protos([b"http/1.1"])
        watch(context)
        self._load_anchors(context)
        return context

    def _load_anchors(self, context: "SSL.Context") -> None:
        from OpenSSL import SSL

        for file, directory in self._places():
            try:
                context.load_verify_locations(file, directory)
            except SSL.Error as error:
                raise TrustError(f"cannot load trust anchors from {file or directory}") from error

    def resolver_context(self) -> ssl.SSLContext:
        """A new TLS client context that refuses a server whose chain, or whose name (RFC 9525), does not fit.

        Raises TrustError if the anchors became unusable since they were loaded.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.hostname_checks_common_name = False
        for file, directory in self._places():
            try:
                context.load_verify_locations(file, directory)
            except OSError as error:
                raise TrustError(f"cannot load trust anchors from {file or directory}") from error
        return context

    def pem(self) -> bytes:
        """All anchors as one PEM text, for a library that takes a single file. Raises TrustError."""
        try:
            hashed = [
                entry.path
                for name in self._directories
                for entry in sorted(os.scandir(name), key=lambda entry: entry.name)
            ]
            return b"\n".join(
                (
                    *(read_file(name, CA_FILE) for name in self._files),
                    *(read_file(path, CERTIFICATE) for path in hashed if has_hashed_name(path)),
                )
            )
        except OSError as error:
            raise TrustError(f"cannot load trust anchors from {error.filename}: {error.strerror}") from error
        except UnusableFile as error:
            raise TrustError(f"cannot load trust anchors from {error}") from error

    def _places(self) -> list[tuple[str | None, str | None]]:
        return [(name, None) for name in self._files] + [(None, name) for name in self._directories]


def watch(context: "SSL.Context") -> None:
    """Have each connection of a new context tell its data what happens, and refuse no certificate.

    The data needs the methods `note_objection`, for OpenSSL's code and the depth in the chain, and `note_state`, for a
    state of the handshake in OpenSSL's words, and an attribute `staple` for the OCSP answer that the server staples.
    """
    from OpenSSL import SSL

    # A callback of the context serves all its connections: to make one costs a twentieth of a handshake.
    context.set_verify(SSL.VERIFY_PEER, _tell_objection)
    context.set_info_callback(_tell_progress)
    context.set_ocsp_client_callback(_keep_staple)


def _tell_objection(connection: "SSL.Connection", _: object, code: int, depth: int, _ok: int) -> bool:
    if code:
        connection.get_app_data().note_objection(code, depth)
    return True


def _tell_progress(connection: "SSL.Connection", where: int, _: int) -> None:
    if where & _STATE:
        connection.get_app_data().note_state(connection.get_state_string())


def _keep_staple(connection: "SSL.Connection", staple: bytes, _: object) -> bool:
    connection.get_app_data().staple = staple
    return True


def load_trust(settings: TrustSettings) -> Trust:
    """The anchors that the settings name. Raises TrustError for a file or directory that gives none."""
    for name in settings.ca_files:
        _check_file(name)
    for name in settings.ca_paths:
        _check_directory(name)
    files, directories = _system_anchors() if settings.system else ((), ())
    if not (files or directories or settings.ca_files or settings.ca_paths):
        ours = "has none in a known place" if settings.system else "is not to be trusted"
        raise TrustError(f"no trust anchors: this system {ours}, and no CA file or directory is given")
    own = (*settings.ca_files, *settings.ca_paths)
    return Trust(
        (*settings.ca_files, *files),
        (*settings.ca_paths, *directories),
        (*own, *(f"system ({name})" for name in (*files, *directories))),
    )


def _system_anchors() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The system's anchors, of which the environment may name any file. Raises TrustError."""
    try:
        files, directories = system_anchors()
        for name in files:
            read_file(name, CA_FILE)
    except UnusableFile as error:
        raise TrustError(f"CA file {error}") from error
    return files, directories


def _check_file(name: str) -> None:
    try:
        read_file(name, CA_FILE)
        # The standard library's OpenSSL is loaded with asyncio anyway; pyOpenSSL would be imported for this alone.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=name)
    except ssl.SSLError as error:
        fault = "no certificate in it" if error.reason == "NO_CERTIFICATE_OR_CRL_FOUND" else "damaged PEM"
        raise TrustError(f"CA file {name}: {fault}") from error
    except OSError as error:
        raise TrustError(f"CA file {name}: {error.strerror}") from error
    except UnusableFile as error:
        raise TrustError(f"CA file {error}") from error


def _check_directory(name: str) -> None:
    try:
        hashed = require_hashed(name)
    except OSError as error:
        raise TrustError(f"CA directory {name}: {error.strerror}") from error
    except UnusableFile as error:
        raise TrustError(f"CA directory {name}: {error}") from error
    except ValueError as error:
        raise TrustError(f"CA directory {name!r}: it is not a file name") from error
    if not hashed:
        raise TrustError(f"CA directory {name}: no hashed certificates in it; run openssl rehash on it")


RECHECK = 30.0
"""Seconds for which files are taken to be as they were."""

_Look = tuple[tuple[str, int, int, int], ...]


class TrustCache:
    """Anchors by the settings that name them. `clock` is in seconds and runs steadily."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, recheck: float = RECHECK) -> None:
        self._clock = clock
        self._recheck = recheck
        self._kept: dict[TrustSettings, tuple[float, _Look, Trust]] = {}

    def load(self, settings: TrustSettings) -> Trust:
        """The anchors, the same object for as long as their files stay the same.

        Raises TrustError where they cannot be used any more, each time until they can.
        """
        since, look, trust = self._kept.pop(settings, (0.0, (), None))
        now = self._clock()
        if trust is None or now - since >= self._recheck:
            since = now
            # Whoever cannot look any more must be told why, which loading does.
            if trust is None or look != (look := _look(trust)):
                trust = load_trust(settings)
                look = _look(trust)
        self._kept[settings] = since, look, trust
        return trust

    def is_fresh(self, settings: TrustSettings) -> bool:
        """Whether `load` touches no file now."""
        since, _, trust = self._kept.get(settings, (0.0, (), None))
        return trust is not None and self._clock() - since < self._recheck

    def recheck(self) -> None:
        """Look at all files again when they are next wanted."""
        self._kept = {settings: (-self._recheck, look, trust) for settings, (_, look, trust) in self._kept.items()}


def _look(trust: Trust) -> _Look:
    return tuple(sorted(_stat(name) for name in trust.places))


def _stat(name: str) -> tuple[str, int, int, int]:
    try:
        found = os.stat(name)
    except OSError:
        return name, 0, 0, 0
    return name, found.st_ino, found.st_size, found.st_mtime_ns
