"""From the words of a command line to what is to be checked and how to say it.

What the words mean is decided here, view by view, as a value behind `VIEW=` needs to know all views. `commandline`
reads the words.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import Any

from check_autodiscover import values, views
from check_autodiscover.core.names import parse_domain, parse_host
from check_autodiscover.core.policy import (
    DEFAULT_CLIENTS,
    DEFAULT_THRESHOLDS,
    Directory,
    Expectations,
    Expected,
    Family,
    Method,
    Policy,
    SeverityOverride,
    Thresholds,
    View,
)
from check_autodiscover.option import CHOICES, ValueKind
from check_autodiscover.options import OPTIONS
from check_autodiscover.trust import TrustSettings

__all__ = ["Arguments", "Output", "UsageError", "arguments_of"]


class UsageError(Exception):
    """A command line that cannot be used; the text is one sentence that names the option."""


class Output(Enum):
    """The forms that a report is printed in."""

    TEXT = "text"
    JSON = "json"
    LOG = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What the command line asks for. `verbosity` counts the `-v`; `perfdata` is False if it is to be left out.

    `baseline` is the path of what was accepted, empty without one.
    """

    domain: str
    policy: Policy
    trust: TrustSettings
    baseline: str
    output: Output
    verbosity: int
    perfdata: bool


def _chosen_output(text: str) -> Output:
    try:
        return Output(text)
    except ValueError:
        raise values.BadValue(f"'{text}' is no output: it is one of {', '.join(CHOICES[ValueKind.OUTPUT])}") from None


_PARSERS: Mapping[ValueKind, Callable[[str], Any]] = {
    ValueKind.DOMAIN: parse_domain,
    ValueKind.HOST: parse_host,
    ValueKind.ALIAS: parse_host,
    ValueKind.METHOD: values.parse_method,
    ValueKind.CLIENT: values.parse_client,
    ValueKind.STEP: values.parse_step,
    ValueKind.VIEW: views.parse_view,
    ValueKind.VIEW_NAME: views.parse_view_name,
    ValueKind.RESOLVER: views.parse_resolver,
    ValueKind.ADDRESS: values.parse_address,
    ValueKind.HOST_ADDRESS: values.parse_host_address,
    ValueKind.SRV: values.parse_srv,
    ValueKind.PARENT: values.parse_parent,
    ValueKind.FINGERPRINT: values.parse_fingerprint,
    ValueKind.ISSUER: values.parse_issuer,
    ValueKind.LDAP_URL: values.parse_ldap_url,
    ValueKind.SITE: values.parse_directory_name,
    ValueKind.USER: values.parse_directory_name,
    ValueKind.SCP_URL: values.parse_scp_url,
    ValueKind.LIFE_LEFT: values.parse_life_left,
    ValueKind.PORT: values.parse_port,
    ValueKind.USER_AGENT: values.parse_user_agent,
    ValueKind.SECONDS: values.parse_duration,
    ValueKind.STATE: values.parse_state,
    ValueKind.SEVERITY: values.parse_severity,
    ValueKind.OUTPUT: _chosen_output,
}
"""How a value of each kind is read; files and directories stay as they are, their users say what is wrong with them."""

_BY_DESTINATION = {option.destination: option for option in OPTIONS}


@dataclass(frozen=True, slots=True)
class _Given:
    """The words of a command line, by destination, as values. Every mistake is a UsageError that names the option."""

    words: argparse.Namespace

    def switch(self, destination: str) -> bool:
        return bool(getattr(self.words, destination, False))

    def one(self, destination: str, default: Any) -> Any:
        """The value of an option that counts once, the last one given."""
        text = getattr(self.words, destination, None)
        return default if text is None else self._parsed(destination, text, _parser_of(destination))

    def each(self, destination: str) -> tuple[Any, ...]:
        """The values of a repeatable option, each once."""
        texts = getattr(self.words, destination, None) or ()
        parse = _parser_of(destination)
        return tuple(dict.fromkeys(self._parsed(destination, text, parse) for text in texts))

    def prefixed(self, destination: str, views: tuple[View, ...]) -> tuple[tuple[str, Any], ...]:
        """The values of an option that may be bound to a view, each with that view's name, empty for all."""
        names = tuple(view.name for view in views)
        parse = partial(values.parse_prefixed, views=names, parse=_parser_of(destination))
        texts = getattr(self.words, destination, None) or ()
        return tuple(dict.fromkeys(self._parsed(destination, text, parse) for text in texts))

    def _parsed(self, destination: str, text: str, parse: Callable[[str], Any]) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise _usage_error(destination, str(error)) from None


def _parser_of(destination: str) -> Callable[[str], Any]:
    return _PARSERS.get(_BY_DESTINATION[destination].kind, str)


def _usage_error(destination: str, fault: str) -> UsageError:
    return UsageError(f"{'/'.join(_BY_DESTINATION[destination].flags)}: {fault}")


def arguments_of(words: argparse.Namespace) -> Arguments:
    """What the words of a parser with these options ask for, a domain among them. Raises UsageError."""
    given = _Given(words)
    return Arguments(
        domain=given.one("domain", None),
        policy=_policy(given),
        trust=TrustSettings(given.each("ca_files"), given.each("ca_paths"), not given.switch("no_system_trust")),
        baseline=given.one("baseline", ""),
        output=given.one("output", Output.TEXT),
        verbosity=int(getattr(words, "verbosity", 0)),
        perfdata=not given.switch("no_perfdata"),
    )


def _policy(given: _Given) -> Policy:
    known = _views(given)
    methods = _methods(given, known)
    # Left to the Policy where they are not given, so that each default stands in one place.
    singles = (
        "https_port",
        "http_port",
        "timeout",
        "timeout_result",
        "connect_timeout",
        "user_agent",
        "source_address",
    )
    named = {name: value for name in singles if (value := given.one(name, None)) is not None}
    return Policy(
        views=known,
        method=methods.get("", Method.AUTO),
        methods=tuple((view, method) for view, method in methods.items() if view),
        servers=given.each("servers"),
        directory=_directory(given),
        expect=_expectations(given, known),
        thresholds=_thresholds(given),
        families=_families(given),
        clients=given.each("clients") or DEFAULT_CLIENTS,
        skip_steps=given.each("skip_steps"),
        severities=_severities(given, known),
        **named,
    )


def _views(given: _Given) -> tuple[View, ...]:
    resolver = given.one("dns_server", None)
    default = () if resolver is None else (View("default", (resolver,)),)
    try:
        known = views.views_of((*default, *given.each("views")))
    except values.BadValue as error:
        raise _usage_error("views", str(error)) from None
    names, apart = [view.name for view in known], given.each("no_connect")
    unknown = next((name for name in apart if name not in names), None)
    if unknown is not None:
        raise _usage_error("no_connect", f"there is no view '{unknown}': there is {', '.join(names)}")
    return tuple(replace(view, connect=view.name not in apart) for view in known)


def _methods(given: _Given, views: tuple[View, ...]) -> dict[str, Method]:
    methods: dict[str, Method] = {}
    for view, method in given.prefixed("methods", views):
        if view in methods:
            where = f"the view '{view}'" if view else "all views"
            raise _usage_error("methods", f"{where} cannot have two methods, {methods[view].value} and {method.value}")
        methods[view] = method
    return methods


def _expectations(given: _Given, views: tuple[View, ...]) -> Expectations:
    def by_view(destination: str) -> tuple[Expected, ...]:
        return tuple(Expected(value, view) for view, value in given.prefixed(destination, views))

    return Expectations(
        addresses=by_view("addresses"),
        srv=by_view("srv"),
        aliases=by_view("aliases"),
        wildcards=by_view("wildcards"),
        certificates=given.each("certificates"),
        public_keys=given.each("public_keys"),
        issuers=given.each("issuers"),
        redirects=given.each("redirects"),
        name_servers=given.each("name_servers"),
        scp=given.each("expected_scp"),
    )


def _severities(given: _Given, views: tuple[View, ...]) -> tuple[SeverityOverride, ...]:
    names, severities = [view.name for view in views], given.each("severities")
    unknown = next((item.view for item in severities if item.view not in ("", *names)), None)
    if unknown is not None:
        raise _usage_error("severities", f"there is no view '{unknown}': there is {', '.join(names)}")
    return severities


def _directory(given: _Given) -> Directory | None:
    parts = (given.one(name, "") for name in ("scp", "scp_site", "scp_user", "scp_password_file"))
    try:
        return values.directory_of(*parts)
    except values.BadValue as error:
        raise _usage_error("scp", str(error)) from None


def _thresholds(given: _Given) -> Thresholds:
    warning = given.one("warning", DEFAULT_THRESHOLDS.warning)
    critical = given.one("critical", DEFAULT_THRESHOLDS.critical)
    try:
        return values.thresholds_of(warning, critical)
    except values.BadValue as error:
        raise _usage_error("warning", str(error)) from None


def _families(given: _Given) -> tuple[Family, ...]:
    only = [
        family for family, switch in ((Family.IPV4, "ipv4_only"), (Family.IPV6, "ipv6_only")) if given.switch(switch)
    ]
    if len(only) > 1:
        raise UsageError("-4, -6: one address family or both; without either option it is both")
    return tuple(only) or tuple(Family)
