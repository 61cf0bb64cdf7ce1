"""What `--web.config.file` demands of who comes in: values alone, as `guard_file` reads them."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Guard", "RateLimit", "TlsSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """How TLS is spoken. `certificate`, `key` and `client_ca` are PEM; empty lists leave it to OpenSSL."""

    certificate: bytes
    key: bytes = field(repr=False)
    client_ca: bytes = b""
    client_certificate: ssl.VerifyMode = ssl.CERT_NONE
    client_allowed_sans: tuple[str, ...] = ()
    minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    maximum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    ciphers: tuple[str, ...] = ()
    curve: str = ""
    prefer_server_ciphers: bool = True


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A token bucket: one request in `interval` seconds, and `burst` at once after a pause."""

    interval: float
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """All of the file. `users` are names with their bcrypt hashes, `headers` what every answer carries."""

    context: ssl.SSLContext | None = None
    allowed_sans: frozenset[str] = frozenset()
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    rate: RateLimit | None = None
    files: tuple[str, ...] = ()
    """The files that it was made of: when one changes, it is to be made anew."""
