"""From a command line to what is to be checked and how to say it; the plugin and `autodiscoverctl diagnose` call it.

argparse reads the words as the table of options has them. What the values mean is decided afterwards, view by view, as
a value behind `VIEW=` needs to know all views.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import Any, NoReturn

from check_autodiscover import __version__, values
from check_autodiscover.core.names import parse_domain, parse_host
from check_autodiscover.core.policy import (
    DEFAULT_THRESHOLDS,
    Expectations,
    Expected,
    Family,
    Method,
    Policy,
    Thresholds,
    View,
)
from check_autodiscover.options import CHOICES, GROUPS, OPTIONS, Option, ValueKind
from check_autodiscover.trust import TrustSettings

__all__ = ["Arguments", "Output", "Told", "UsageError", "add_options", "arguments_of", "parse_arguments"]


class UsageError(Exception):
    """A command line that cannot be used; the text is one sentence that names the option."""


class Told(Exception):
    """The command line asked for help or the version only; the text is that."""


class Output(Enum):
    """The forms that a report is printed in."""

    TEXT = "text"
    JSON = "json"
    LOG = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What the command line asks for. `verbosity` counts the `-v`; `perfdata` is False if it is to be left out."""

    domain: str
    policy: Policy
    trust: TrustSettings
    output: Output
    verbosity: int
    perfdata: bool


_DESCRIPTION = """\
Find Autodiscover DNS and certificate drift: what a user's Outlook sees, from
inside and from outside, at which step, because of which record, and what fixes
it. Exit code 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN."""

_EXAMPLES = """\
examples:
  check_autodiscover -H contoso.com
  check_autodiscover -H contoso.com -S remote.contoso.com \\
      --view inside=10.0.0.2 --view outside=192.0.2.53
  check_autodiscover -H contoso.com -m inside=host -m outside=srv \\
      -a outside=203.0.113.10 -r corp-ca.pem -w 21d -c 7d
  check_autodiscover -H contoso.com -o log"""


class _Parser(argparse.ArgumentParser):
    """A parser that raises where argparse prints and exits: its exit code 2 would be CRITICAL."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # Python 3.14 colours help texts; a monitoring system would show the escapes.
        self.color = False

    def error(self, message: str) -> NoReturn:
        raise UsageError(message.removeprefix("argument "))

    def print_help(self, file: object = None) -> NoReturn:
        raise Told(self.format_help().rstrip())


def parse_arguments(argv: Sequence[str] | None = None) -> Arguments:
    """The arguments of the plugin. Raises UsageError, and Told for `--help` and `--version`."""
    parser = _Parser(
        prog="check_autodiscover",
        usage="check_autodiscover -H DOMAIN [options]",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=partial(argparse.RawDescriptionHelpFormatter, width=79, max_help_position=26),
        add_help=False,
        allow_abbrev=False,
    )
    add_options(parser)
    given = parser.parse_args(argv)
    if given.version:
        raise Told(f"check_autodiscover {__version__}")
    if given.domain is None:
        raise UsageError("-H/--hostname/--domain: the mail domain is missing, as in -H contoso.com")
    return arguments_of(given)


def add_options(parser: argparse.ArgumentParser, leave_out: Sequence[str] = ()) -> None:
    """Add the table's options to a parser, but not those with the destinations to leave out."""
    for title, options in GROUPS:
        group = parser.add_argument_group(title)
        for option in options:
            if option.destination not in leave_out:
                group.add_argument(*option.flags, dest=option.destination, **_behaviour(option))


def _behaviour(option: Option) -> dict[str, Any]:
    """What argparse is to do about an option. Values stay text here, None or an empty list without any."""
    text = option.help.replace("%", "%%")
    match option.kind:
        case ValueKind.SWITCH:
            return {"help": text, "action": "store_true"}
        case ValueKind.COUNT:
            return {"help": text, "action": "count", "default": 0}
        case ValueKind.HELP:
            return {"help": text, "action": "help"}
    action = "append" if option.repeatable or option.prefixed else "store"
    return {"help": text, "action": action, "metavar": option.metavar}


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
    ValueKind.VIEW: values.parse_view,
    ValueKind.VIEW_NAME: values.parse_view_name,
    ValueKind.RESOLVER: values.parse_resolver,
    ValueKind.ADDRESS: values.parse_address,
    ValueKind.HOST_ADDRESS: values.parse_host_address,
    ValueKind.SRV: values.parse_srv,
    ValueKind.FINGERPRINT: values.parse_fingerprint,
    ValueKind.ISSUER: values.parse_issuer,
    ValueKind.LIFE_LEFT: values.parse_life_left,
    ValueKind.PORT: values.parse_port,
    ValueKind.USER_AGENT: values.parse_user_agent,
    ValueKind.SECONDS: values.parse_duration,
    ValueKind.STATE: values.parse_state,
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
        output=given.one("output", Output.TEXT),
        verbosity=int(getattr(words, "verbosity", 0)),
        perfdata=not given.switch("no_perfdata"),
    )


def _policy(given: _Given) -> Policy:
    views = _views(given)
    methods = _methods(given, views)
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
        views=views,
        method=methods.get("", Method.AUTO),
        methods=tuple((view, method) for view, method in methods.items() if view),
        servers=given.each("servers"),
        expect=_expectations(given, views),
        thresholds=_thresholds(given),
        families=_families(given),
        **named,
    )


def _views(given: _Given) -> tuple[View, ...]:
    resolver = given.one("dns_server", None)
    default = () if resolver is None else (View("default", (resolver,)),)
    try:
        views = values.views_of((*default, *given.each("views")))
    except values.BadValue as error:
        raise _usage_error("views", str(error)) from None
    names, apart = [view.name for view in views], given.each("no_connect")
    unknown = next((name for name in apart if name not in names), None)
    if unknown is not None:
        raise _usage_error("no_connect", f"there is no view '{unknown}': there is {', '.join(names)}")
    return tuple(replace(view, connect=view.name not in apart) for view in views)


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
        certificates=given.each("certificates"),
        public_keys=given.each("public_keys"),
        issuers=given.each("issuers"),
    )


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
