"""Where this system keeps the CA certificates that it trusts; for `trust`, and for who needs no more than this."""

import os
import re
import ssl
from contextlib import suppress

from check_autodiscover.named_files import CERTIFICATE, read_file, require_regular

__all__ = ["has_hashed_name", "is_hashed", "require_hashed", "system_anchors"]

_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")

_DIRECTORIES = ("/etc/ssl/certs", "/etc/pki/ca-trust/extracted/pem/directory-hash", "/etc/pki/tls/certs")

_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def is_hashed(directory: str) -> bool:
    """Whether OpenSSL finds certificates in a directory. Raises OSError."""
    with os.scandir(directory) as entries:
        return any(has_hashed_name(entry.name) for entry in entries)


def require_hashed(directory: str) -> bool:
    """Return whether OpenSSL finds certificates in a directory that a user named, whose entries it opens by itself.

    Raises UnusableFile for an entry that is no regular file, or too large; OSError for the directory.
    """
    with os.scandir(directory) as entries:
        found = [entry for entry in entries if has_hashed_name(entry.name)]
    for entry in found:
        # A link to what has gone is passed over by OpenSSL too.
        with suppress(FileNotFoundError):
            status = entry.stat()
            require_regular(entry.path, status.st_mode)
            # Files of the kernel have no size, however much they give.
            if not 0 < status.st_size <= CERTIFICATE.most_bytes:
                read_file(entry.path, CERTIFICATE)
    return bool(found)


def has_hashed_name(path: str) -> bool:
    """Whether OpenSSL would look for a certificate under that name in a directory."""
    return _HASHED.fullmatch(os.path.basename(path)) is not None


def system_anchors() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The system's anchors as (bundle files, hashed directories), one of them where possible.

    A hashed directory is read a certificate at a time when needed, a bundle whole. pyOpenSSL brings an OpenSSL of its
    own that knows neither, so the standard library's is asked, and then the places that distributions use.

    Raises UnusableFile for a directory that the environment names and an entry in it that cannot be used.
    """
    paths = ssl.get_default_verify_paths()
    if paths.cafile and os.environ.get(paths.openssl_cafile_env):
        return (paths.cafile,), ()
    named = os.environ.get(paths.openssl_capath_env)
    for directory in (paths.capath, paths.openssl_capath, *_DIRECTORIES):
        # Those that the system brings need not be looked through by each check.
        has_certificates = require_hashed if directory == named else is_hashed
        if directory and os.path.isdir(directory) and os.access(directory, os.R_OK) and has_certificates(directory):
            return (), (directory,)
    for file in (paths.cafile, paths.openssl_cafile, *_BUNDLES):
        if file and os.access(file, os.R_OK):
            return (file,), ()
    return (), ()
