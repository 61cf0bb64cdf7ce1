"""`--web.config.file`: the format of exporter-toolkit (docs/web-configuration.md), read strictly and followed.

What its servers offer and ours does not is refused by name with the reason, and never ignored. The files are looked at
once a second and beside the event loop; exporter-toolkit reads them anew for each request.
"""

import asyncio
import ipaddress
import logging
import os
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from ssl import SSLContext
from typing import Any, TypeVar

from autodiscover_exporter.reading import LONGEST, Reading, StillReading
from autodiscover_exporter.telemetry import event
from autodiscover_exporter.web.access import RateLimit, TlsSettings, WebConfig
from check_autodiscover.config.yaml import ConfigurationError, Fault, Faults, TooManyFaults, Value, read_yaml
from check_autodiscover.named_files import CERTIFICATE, WEB_CONFIGURATION, UnusableFile, read_file
from check_autodiscover.settings import BadValue, parse_span

__all__ = ["CIPHERS", "CURVES", "LiveWebConfig", "TlsError", "create_context", "load_web_config", "names_of"]

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


_T = TypeVar("_T")

_SECTIONS = {"tls_server_config", "http_server_config", "basic_auth_users", "rate_limit"}

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}

_CLIENT_AUTH = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}

_UNVERIFIED = "is not offered: Python's TLS verifies every client certificate; there are {}"

_NOT_OFFERED = {name: _UNVERIFIED.format(", ".join(_CLIENT_AUTH)) for name in (
    "RequestClientCert", "RequireAnyClientCert", "RequireClientCert")}  # fmt: skip

_OLD = "is not offered: clients and servers gave it up (RFC 8996); there are TLS12, TLS13"

_HEADERS: Mapping[str, tuple[str, ...]] = {
    "Content-Security-Policy": (),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-Content-Type-Options": ("nosniff",),
    "X-XSS-Protection": (),
    "Strict-Transport-Security": (),
}
"""The headers that may be set, with the values that are allowed if not all are."""

_HASH = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")

_COSTS = range(4, 18)
"""Costs of a hash: each more doubles the time, and 17 takes ten seconds."""


def load_web_config(file: str) -> WebConfig:
    """What the file and the files that it names demand. Raises ConfigurationError with every fault."""
    reading = _Reading(file)
    try:
        sections = reading.known(read_yaml(file, WEB_CONFIGURATION), _SECTIONS)
        settings = reading.tried(lambda: reading.tls(sections.get("tls_server_config")), None)
        context = None
        if settings is not None and not len(reading.faults):
            context = reading.tried(lambda: _context(settings, sections["tls_server_config"]), None)
        guard = WebConfig(
            context=context,
            allowed_sans=frozenset(settings.client_allowed_sans) if settings else frozenset(),
            users=reading.users(sections.get("basic_auth_users")),
            headers=reading.http(sections.get("http_server_config")),
            rate=reading.rate(sections.get("rate_limit")),
            files=(file, *reading.files),
        )
    except TooManyFaults:
        guard = WebConfig()
    reading.faults.tell()
    return guard


def _context(settings: TlsSettings, section: Value) -> ssl.SSLContext:
    try:
        return create_context(settings)
    except TlsError as error:
        raise section.error(str(error)) from error


class _Reading:
    """One reading of a file: the faults and the further files found on the way."""

    def __init__(self, file: str) -> None:
        self.faults = Faults()
        self.files: list[str] = []
        self._directory = os.path.dirname(file)

    def tried(self, read: Callable[[], _T], otherwise: _T) -> _T:
        """What is read, or something else with the fault noted. Raises TooManyFaults."""
        try:
            return read()
        except ConfigurationError as error:
            self.faults.note(error)
            return otherwise

    def entries(self, section: Value | None) -> dict[str, Value]:
        """The entries of a section, of which one that is not there has none."""
        nothing: dict[str, Value] = {}
        return nothing if section is None else self.tried(section.entries, nothing)

    def known(self, section: Value | None, names: set[str]) -> dict[str, Value]:
        """The entries of a section, others than these noted as faults."""
        entries = self.entries(section)
        for name, value in entries.items():
            if name not in names:
                self.faults.note(value.error(f"unknown key: there are {', '.join(sorted(names))}"))
        return {name: value for name, value in entries.items() if name in names}

    def tls(self, section: Value | None) -> TlsSettings | None:
        """`tls_server_config`; nothing where nothing is set."""
        names = {"cert", "key", "client_ca", "cert_file", "key_file", "client_ca_file", "client_auth_type"} | {
            "client_allowed_sans", "min_version", "max_version", "cipher_suites", "curve_preferences",
            "prefer_server_cipher_suites",
        }  # fmt: skip
        keys = self.known(section, names)
        if section is None or not keys:
            return None
        read = _Keys(self, keys)
        settings = TlsSettings(
            certificate=self.pem(section, keys, "cert", required=True),
            key=self.pem(section, keys, "key", required=True),
            client_ca=self.pem(section, keys, "client_ca", required=False),
            client_certificate=read.one("client_auth_type", _client_auth, ssl.CERT_NONE),
            client_allowed_sans=read.several("client_allowed_sans", str),
            minimum=read.one("min_version", _version, ssl.TLSVersion.TLSv1_2),
            maximum=read.one("max_version", _version, ssl.TLSVersion.TLSv1_3),
            ciphers=read.several("cipher_suites", _cipher),
            curve=self.tried(lambda: _curve(keys.get("curve_preferences")), ""),
            prefer_server_ciphers=read.one("prefer_server_cipher_suites", _boolean, True),
        )
        self.tried(lambda: _require_consistent(settings, section, keys), None)
        return settings

    def pem(self, section: Value, keys: Mapping[str, Value], name: str, *, required: bool) -> bytes:
        """What stands inline, or in the file that is named."""
        inline, named = keys.get(name), keys.get(f"{name}_file")
        if inline is not None and named is not None:
            self.faults.note(named.error(f"stands beside {name}: one of them"))
        elif named is not None:
            return self.tried(lambda: self._content(named), b"")
        elif inline is not None:
            return self.tried(inline.text, "").encode()
        elif required:
            self.faults.note(section.error(f"{name}_file is missing"))
        return b""

    def _content(self, named: Value) -> bytes:
        file = os.path.join(self._directory, named.text())
        self.files.append(file)
        try:
            return read_file(file, CERTIFICATE)
        except UnusableFile as error:
            raise named.error(str(error)) from error

    def http(self, section: Value | None) -> dict[str, str]:
        """`http_server_config`: the headers, by lower-case name."""
        keys = self.known(section, {"http2", "headers"})
        if _Keys(self, keys).one("http2", _boolean, False):
            self.faults.note(keys["http2"].error("is not offered: HTTP/1.1 is spoken here; false, or leave it out"))
        headers = self.known(keys.get("headers"), set(_HEADERS))
        found = {name.lower(): self.tried(partial(_header, name, value), "") for name, value in headers.items()}
        return {name: value for name, value in found.items() if value}

    def users(self, section: Value | None) -> dict[str, str]:
        """`basic_auth_users`."""
        entries = self.entries(section)
        return {name: self.tried(partial(_hash, name, value), "") for name, value in entries.items()}

    def rate(self, section: Value | None) -> RateLimit | None:
        """`rate_limit`; an interval of 0 is none."""
        keys = _Keys(self, self.known(section, {"interval", "burst"}))
        interval, burst = keys.one("interval", parse_span, 0.0), keys.one("burst", _count, 0)
        if interval and not burst and section is not None:
            self.faults.note(section.error("burst is missing: without one no request is let in"))
        return RateLimit(interval, burst) if interval and burst else None


class _Keys:
    """Keys of one section, whose faults are noted."""

    def __init__(self, reading: _Reading, keys: Mapping[str, Value]) -> None:
        self._reading = reading
        self._keys = keys

    def one(self, name: str, parse: Callable[[str], _T], default: _T) -> _T:
        value = self._keys.get(name)
        return default if value is None else self._reading.tried(lambda: value.parsed(parse), default)

    def several(self, name: str, parse: Callable[[str], _T]) -> tuple[_T, ...]:
        value = self._keys.get(name)
        return () if value is None else self._reading.tried(lambda: value.each(parse), ())


def _require_consistent(settings: TlsSettings, section: Value, keys: Mapping[str, Value]) -> None:
    if settings.minimum > settings.maximum:
        raise section.error("min_version is above max_version")
    verifies = settings.client_certificate is not ssl.CERT_NONE
    named = "client_ca" in keys or "client_ca_file" in keys
    if named and not verifies:
        raise section.error("a client CA is set and client_auth_type is not: RequireAndVerifyClientCert")
    if verifies and not named:
        raise section.error("client_ca_file is missing: without one no client certificate could be verified")
    if "client_allowed_sans" in keys and settings.client_certificate is not ssl.CERT_REQUIRED:
        raise keys["client_allowed_sans"].error("needs client_auth_type RequireAndVerifyClientCert")


def _client_auth(text: str) -> ssl.VerifyMode:
    if text in _NOT_OFFERED:
        raise BadValue(f"{text} {_NOT_OFFERED[text]}")
    return _chosen(text, _CLIENT_AUTH)


def _version(text: str) -> ssl.TLSVersion:
    if text in ("TLS10", "TLS11"):
        raise BadValue(f"{text} {_OLD}")
    return _chosen(text, _VERSIONS)


def _cipher(text: str) -> str:
    if re.fullmatch(r"TLS_(AES|CHACHA20)_\w+", text):
        raise BadValue(f"{text} is one of TLS 1.3, whose suites are all on and cannot be chosen")
    return _chosen(text, CIPHERS)


def _curve(value: Value | None) -> str:
    curves = () if value is None else value.each(lambda text: _chosen(text, CURVES))
    if value is not None and len(curves) > 1:
        raise value.error("several are not offered: Python's TLS sets one curve, or leaves the choice to OpenSSL")
    return curves[0] if curves else ""


def _chosen(text: str, table: Mapping[str, _T]) -> _T:
    if text not in table:
        raise BadValue(f"{text!r} is none of {', '.join(table)}")
    return table[text]


def _boolean(text: str) -> bool:
    return _chosen(text, {"true": True, "false": False})


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise BadValue(f"{text!r} is no number")
    return int(text)


def _header(name: str, value: Value) -> str:
    if value.single and value.node.content == "":
        return ""
    text = value.text()
    if _HEADERS[name] and text not in _HEADERS[name]:
        raise value.error(f"{text!r} is none of {', '.join(_HEADERS[name])}")
    if not (text.isascii() and text.isprintable()):
        raise value.error("holds what no header may")
    return text


def _hash(user: str, value: Value) -> str:
    if ":" in user or not user.isprintable():
        raise value.error("a user's name holds no colon and nothing that cannot be seen (RFC 7617)")
    text = value.text()
    found = _HASH.fullmatch(text)
    if found is None:
        raise value.error("is no bcrypt hash: htpasswd -nBC 10 '' makes one")
    if int(found[1]) not in _COSTS:
        raise value.error(f"a cost of {found[1]} is not offered: from {_COSTS[0]} to {_COSTS[-1]}")
    return text


logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds."""

Stamps = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class _Change:
    """What the files say since they changed; `stamps` are those of `files`, from before the reading."""

    stamps: Stamps
    files: tuple[str, ...]
    found: WebConfig | ConfigurationError


class LiveWebConfig:
    """The guard of `file`. To call it is to ask for it. Raises ConfigurationError at first."""

    def __init__(self, file: str, longest: float = LONGEST) -> None:
        self._file = file
        stamps = _stamps((file,))
        self._guard = load_web_config(file)
        self._files = self._guard.files
        # Those of before the reading: what changed meanwhile is read again.
        self._stamps = (*stamps, *_stamps(self._files[1:]))
        self._reading = Reading(self._read_changed, longest)
        self._hangs = False

    def __call__(self) -> WebConfig:
        """Return the guard that holds now."""
        return self._guard

    async def follow(self) -> None:
        """Look at the files once a second, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.look()

    async def look(self) -> None:
        """Take up what the files say, if they have changed."""
        try:
            change = await self._reading()
        except StillReading as error:
            if not self._hangs:
                logger.error("web configuration not looked at, that of before holds", extra=event(error=str(error)))
            self._hangs = True
            return
        self._hangs = False
        if change is not None:
            self._take(change)

    def context(self) -> SSLContext | None:
        """How the next connection speaks TLS, or None where it does not."""
        return self().context

    def admits(self, certificate: Mapping[str, Any] | None) -> bool:
        """Whether who shows this certificate, whose chain is verified, may come in."""
        allowed = self._guard.allowed_sans
        return not allowed or bool(allowed & names_of(certificate or {}))

    def _read_changed(self) -> _Change | None:
        """Called in a thread."""
        stamps = _stamps(self._files)
        if stamps == self._stamps:
            return None
        try:
            found = load_web_config(self._file)
            self._require_no_less(found)
        except ConfigurationError as error:
            return _Change(stamps, self._files, error)
        return _Change(stamps if found.files == self._files else _stamps(found.files), found.files, found)

    def _take(self, change: _Change) -> None:
        self._stamps, self._files = change.stamps, change.files
        match change.found:
            case ConfigurationError(faults=faults):
                for fault in faults:
                    logger.error("web configuration not taken up, that of before holds", extra=event(error=str(fault)))
            case guard:
                self._guard = guard
                logger.info("web configuration taken up", extra=event(file=self._file))

    def _require_no_less(self, found: WebConfig) -> None:
        """A file that is half written, or emptied by mistake, must not open the door to everybody."""
        for key, before, after in (
            ("tls_server_config", self._guard.context, found.context),
            ("basic_auth_users", self._guard.users, found.users),
        ):
            if before and not after:
                raise ConfigurationError(Fault(self._file, 0, f"{key}: is gone, which takes a restart"))


def _stamps(files: tuple[str, ...]) -> Stamps:
    return tuple([_stamp(file) for file in files])


def _stamp(file: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
