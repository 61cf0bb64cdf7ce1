"""TLS as `--web.config.file` wants it: one context for all connections until the file or a certificate changes."""

import ipaddress
import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from autodiscover_exporter.web.guard import TlsSettings

__all__ = ["CIPHERS", "CURVES", "TlsError", "create_context", "names_of"]

CIPHERS: Mapping[str, str] = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
}
"""Go's names of what its `tls.CipherSuites()` offers up to TLS 1.2, and OpenSSL's."""
CURVES: Mapping[str, str] = {
    "CurveP256": "prime256v1",
    "CurveP384": "secp384r1",
    "CurveP521": "secp521r1",
    "X25519": "X25519",
}


class TlsError(ValueError):
    """Settings that do not fit together; the text is one sentence."""


def create_context(settings: TlsSettings) -> ssl.SSLContext:
    """The server's side of TLS. Raises TlsError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version, context.maximum_version = settings.minimum, settings.maximum
    context.options |= ssl.OP_NO_RENEGOTIATION
    if not settings.prefer_server_ciphers:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    _load_certificate(context, settings.certificate, settings.key)
    if settings.ciphers:
        context.set_ciphers(":".join(settings.ciphers))
    if settings.curve:
        context.set_ecdh_curve(settings.curve)
    if settings.client_ca:
        _load_authorities(context, settings.client_ca)
    context.verify_mode = settings.client_certificate
    return context


def names_of(certificate: Mapping[str, Any]) -> frozenset[str]:
    """The alternative names of a peer's certificate (`getpeercert()`): DNS, IP, e-mail and URI."""
    return frozenset(_name(kind, value) for kind, value in certificate.get("subjectAltName", ()))


def _name(kind: str, value: str) -> str:
    if kind != "IP Address":
        return value
    try:
        return str(ipaddress.ip_address(value.strip()))
    except ValueError:
        return value


def _load_certificate(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    try:
        with _readable(certificate) as first, _readable(key) as second:
            # An encrypted key would have OpenSSL ask at the terminal.
            context.load_cert_chain(first, second, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise TlsError("the key is not the certificate's") from error
        raise TlsError("no certificate with its key in PEM, unencrypted, first the server's own") from error
    except OSError as error:
        raise TlsError(f"certificate and key cannot be read: {error.strerror or error}") from error


def _load_authorities(context: ssl.SSLContext, authorities: bytes) -> None:
    try:
        context.load_verify_locations(cadata=authorities.decode("ascii"))
    except (ssl.SSLError, ValueError) as error:
        raise TlsError("the client CA holds no certificate in PEM") from error


@contextmanager
def _readable(pem: bytes) -> Iterator[str]:
    """A name under which OpenSSL, which takes names only, reads this: what is given inline never touches a disk."""
    with open(os.memfd_create("pem"), "wb") as stream:
        stream.write(pem)
        stream.flush()
        yield f"/dev/fd/{stream.fileno()}"
