"""Reads `--web.config.file`: exporter-toolkit's format (its docs/web-configuration.md), strictly.

What its servers offer and ours does not is refused by name with the reason, and never ignored.
"""

import os
import re
import ssl
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from autodiscover_exporter.web.guard import Guard, RateLimit, TlsSettings
from autodiscover_exporter.web.tls import CIPHERS, CURVES, TlsError, create_context
from check_autodiscover.bad_value import BadValue
from check_autodiscover.durations import parse_span
from check_autodiscover.named_files import CERTIFICATE, WEB_CONFIGURATION, UnusableFile, read_file
from check_autodiscover.strict_yaml import ConfigurationError, Faults, TooManyFaults, Value, read_yaml

__all__ = ["load_guard"]

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


def load_guard(file: str) -> Guard:
    """What the file and the files that it names demand. Raises ConfigurationError with every fault."""
    reading = _Reading(file)
    try:
        sections = reading.known(read_yaml(file, WEB_CONFIGURATION), _SECTIONS)
        settings = reading.tried(lambda: reading.tls(sections.get("tls_server_config")), None)
        context = None
        if settings is not None and not len(reading.faults):
            context = reading.tried(lambda: _context(settings, sections["tls_server_config"]), None)
        guard = Guard(
            context=context,
            allowed_sans=frozenset(settings.client_allowed_sans) if settings else frozenset(),
            users=reading.users(sections.get("basic_auth_users")),
            headers=reading.http(sections.get("http_server_config")),
            rate=reading.rate(sections.get("rate_limit")),
            files=(file, *reading.files),
        )
    except TooManyFaults:
        guard = Guard()
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
