"""The configuration file (contract section 3): views and modules, each merged into a Policy and its trust settings.

Called by the exporter, and by whatever else takes `--config`. Every key stands in a table below, with the field that
it fills and the parser that options use too; a mistake is named with file, line and key.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from check_autodiscover.core.names import parse_host
from check_autodiscover.core.policy import ClientName, Directory, Expectations, Expected, Policy, Thresholds, View
from check_autodiscover.strict_yaml import ConfigurationError, Value, read_yaml
from check_autodiscover.trust import TrustSettings
from check_autodiscover.values import (
    directory_of,
    parse_address,
    parse_client,
    parse_directory_name,
    parse_duration,
    parse_fingerprint,
    parse_issuer,
    parse_ldap_url,
    parse_life_left,
    parse_method,
    parse_port,
    parse_scp_url,
    parse_srv,
    parse_step,
    thresholds_of,
)
from check_autodiscover.views import DEFAULT_VIEWS, parse_resolver, view_of

__all__ = ["Configuration", "ConfigurationError", "Module", "default_configuration", "load_configuration"]

DEFAULT_MODULE = "default"

Reader = Callable[[Value], Any]
"""Turns a key's value into that of a field. Raises ConfigurationError."""
Fields = Mapping[str, tuple[str, Reader]]
"""By key: the field that it fills, and how its value is read."""


@dataclass(frozen=True, slots=True)
class Module:
    """A named way of looking at domains: what is declared about them, and whom their certificates are trusted by."""

    name: str
    policy: Policy
    trust: TrustSettings


@dataclass(frozen=True, slots=True)
class Configuration:
    """The modules by name; `default` is always one of them."""

    modules: Mapping[str, Module]


def default_configuration() -> Configuration:
    """What holds without a file."""
    return Configuration({DEFAULT_MODULE: _BUILT_IN})


def load_configuration(path: str) -> Configuration:
    """The configuration in a file; file names in it are relative to its folder. Raises ConfigurationError."""
    folder = Path(path).parent
    top = read_yaml(path).section(("views", "modules"))
    base = _with_views(_BUILT_IN, top["views"], folder) if "views" in top else _BUILT_IN
    modules = top["modules"].entries() if "modules" in top else {}
    named = {name: _module(replace(base, name=name), value, folder) for name, value in modules.items()}
    return Configuration({DEFAULT_MODULE: base, **named})


def _one(parse: Callable[[str], Any]) -> Reader:
    return lambda value: value.parsed(parse)


def _each(parse: Callable[[str], Any]) -> Reader:
    return lambda value: value.each(parse)


def _each_expected(parse: Callable[[str], str]) -> Reader:
    return lambda value: tuple(Expected(text) for text in value.each(parse))


def _switch(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{text!r} is neither true nor false")
    return text == "true"


def _expectations(value: Value) -> Expectations:
    return replace(Expectations(), **_read(value.section(_EXPECT), _EXPECT))


def _thresholds(value: Value) -> Thresholds:
    limits = replace(_BUILT_IN.policy.thresholds, **_read(value.section(_CERTIFICATE), _CERTIFICATE))
    try:
        return thresholds_of(limits.warning, limits.critical)
    except ValueError as error:
        raise value.error(str(error)) from error


def _directory(value: Value) -> Directory | None:
    given = {"url": "", "site": "", "user": "", "password_file": "", **_read(value.section(_SCP), _SCP)}
    try:
        return directory_of(**given)
    except ValueError as error:
        raise value.error(str(error)) from error


def _clients(value: Value) -> tuple[ClientName, ...]:
    clients = tuple(value.each(parse_client))
    if not clients:
        raise value.error("somebody must be judged: leave the key out, or name a client")
    return clients


_EXPECT: Fields = {
    "addresses": ("addresses", _each_expected(parse_address)),
    "srv": ("srv", _each_expected(parse_srv)),
    "aliases": ("aliases", _each_expected(parse_host)),
    "certificates": ("certificates", _each(parse_fingerprint)),
    "public_keys": ("public_keys", _each(parse_fingerprint)),
    "issuers": ("issuers", _each(parse_issuer)),
    "redirects": ("redirects", _each(parse_host)),
    "nameservers": ("name_servers", _each(parse_host)),
    "scp": ("scp", _each(parse_scp_url)),
}
_SCP: Fields = {
    "url": ("url", _one(parse_ldap_url)),
    "site": ("site", _one(parse_directory_name)),
    "user": ("user", _one(parse_directory_name)),
    "password_file": ("password_file", _one(str)),
}
_CERTIFICATE: Fields = {
    "warning": ("warning", _one(parse_life_left)),
    "critical": ("critical", _one(parse_life_left)),
}
_POLICY: Fields = {
    "method": ("method", _one(parse_method)),
    "timeout": ("timeout", _one(parse_duration)),
    "connect_timeout": ("connect_timeout", _one(parse_duration)),
    "servers": ("servers", _each(parse_host)),
    "https_port": ("https_port", _one(parse_port)),
    "http_port": ("http_port", _one(parse_port)),
    "certificate": ("thresholds", _thresholds),
    "expect": ("expect", _expectations),
    "scp": ("directory", _directory),
    "clients": ("clients", _clients),
    "skip_steps": ("skip_steps", _each(parse_step)),
}
_TRUST: Fields = {
    "ca_files": ("ca_files", _each(str)),
    "system_trust": ("system", _one(_switch)),
}


def _read(entries: Mapping[str, Value], fields: Fields) -> dict[str, Any]:
    return {field: read(entries[key]) for key, (field, read) in fields.items() if key in entries}


def _module(base: Module, value: Value, folder: Path) -> Module:
    entries = value.section((*_POLICY, *_TRUST))
    trust = _read(entries, _TRUST)
    if "ca_files" in trust:
        trust["ca_files"] = base.trust.ca_files + _beside(folder, trust["ca_files"])
    policy = replace(base.policy, **_read(entries, _POLICY))
    return replace(
        base,
        policy=_with_password_beside(folder, policy) if "scp" in entries else policy,
        trust=replace(base.trust, **trust),
    )


def _with_password_beside(folder: Path, policy: Policy) -> Policy:
    directory = policy.directory
    if directory is None or not directory.password_file:
        return policy
    return replace(policy, directory=replace(directory, password_file=str(folder / directory.password_file)))


_VIEW = ("resolvers", "ca_files", "connect", "skip_steps")


def _with_views(base: Module, value: Value, folder: Path) -> Module:
    """The module with the views of the file. Their CA files are added up: trust is the run's, not the view's."""
    sections = {
        name: entry.section(("resolvers", "ca_files", "connect", "skip_steps"))
        for name, entry in value.entries().items()
    }
    views = tuple(_view(name, entry, sections[name]) for name, entry in value.entries().items())
    files = [file for section in sections.values() if "ca_files" in section for file in section["ca_files"].each(str)]
    return replace(
        base,
        policy=replace(base.policy, views=views or base.policy.views),
        trust=replace(base.trust, ca_files=_beside(folder, tuple(dict.fromkeys(files)))),
    )


def _view(name: str, value: Value, entries: Mapping[str, Value]) -> View:
    resolvers = entries["resolvers"].each(parse_resolver) if "resolvers" in entries else ()
    if not resolvers:
        raise value.error("a view needs resolvers: [ADDRESS, ...]")
    connect = entries["connect"].parsed(_switch) if "connect" in entries else True
    skipped = entries["skip_steps"].each(parse_step) if "skip_steps" in entries else ()
    try:
        return view_of(name, resolvers, connect, skipped)
    except ValueError as error:
        raise value.error(str(error)) from error


def _beside(folder: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(folder / name) for name in names)


_BUILT_IN = Module(DEFAULT_MODULE, Policy(views=DEFAULT_VIEWS), TrustSettings())
