"""From the words of a command line to what is to be checked and how to say it.

The words are read by the table of `options`. What they mean is decided here, view by view, as a value behind `VIEW=`
needs to know all views; what the command line leaves open the configuration file says.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from check_autodiscover import __version__
from check_autodiscover.cli import DOMAIN_MISSING, HelpRequested, RaisingParser, UsageError
from check_autodiscover.config import values
from check_autodiscover.config import values as views
from check_autodiscover.config.levels import Contradiction, Level, merged, policy_of, trust_of
from check_autodiscover.config.options import GROUPS, OPTIONS, Option, ValueKind
from check_autodiscover.config.values import Output, parser_of
from check_autodiscover.core.model.addresses import DEFAULT_DENIED
from check_autodiscover.core.model.policy import Method, Policy, TrustSettings, View

if TYPE_CHECKING:
    from check_autodiscover.config.file import Configuration

__all__ = [
    "Arguments",
    "BadFile",
    "Fleet",
    "UsageError",
    "add_options",
    "arguments_of",
    "make_parser",
    "parse_arguments",
    "parse_fleet",
]


class BadFile(UsageError):
    """A configuration file that cannot be used; the text is one line that names file, line and key."""


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


_BY_DESTINATION = {option.destination: option for option in OPTIONS}


@dataclass(frozen=True, slots=True)
class _Given:
    """The words of a command line, by destination, as values. Every mistake is a UsageError that names the option."""

    words: argparse.Namespace

    def has(self, destination: str) -> bool:
        return bool(getattr(self.words, destination, None)) or isinstance(getattr(self.words, destination, None), str)

    def one(self, destination: str, default: Any = None) -> Any:
        """The value of an option that counts once, the last one given."""
        text = getattr(self.words, destination, None)
        return default if text is None else self._parsed(destination, text, _parser_of(destination))

    def each(self, destination: str) -> tuple[Any, ...]:
        """The values of a repeatable option, each once."""
        texts = getattr(self.words, destination, None) or ()
        parse = _parser_of(destination)
        return tuple(dict.fromkeys(self._parsed(destination, text, parse) for text in texts))

    def by_view(self, destination: str, names: tuple[str, ...]) -> dict[str, tuple[Any, ...]]:
        """The values of an option that may be bound to a view, by that view's name, empty for all."""
        parse = partial(values.parse_prefixed, views=names, parse=_parser_of(destination))
        found: dict[str, tuple[Any, ...]] = {}
        for text in getattr(self.words, destination):
            view, value = self._parsed(destination, text, parse)
            found[view] = tuple(dict.fromkeys((*found.get(view, ()), value)))
        return found

    def _parsed(self, destination: str, text: str, parse: Callable[[str], Any]) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise _usage_error(destination, str(error)) from None


def _parser_of(destination: str) -> Callable[[str], Any]:
    return parser_of(_BY_DESTINATION[destination].kind)


def _usage_error(destination: str, fault: str) -> UsageError:
    return UsageError(f"{'/'.join(_BY_DESTINATION[destination].flags)}: {fault}")


def arguments_of(words: argparse.Namespace) -> Arguments:
    """What the words of a parser with these options ask for, a domain among them. Raises UsageError."""
    given = _Given(words)
    domain = given.one("domain")
    return _arguments(given, domain, _configuration(given.one("config", ""), domain))


class Fleet:
    """What words without a domain ask for of each of many. Raises UsageError."""

    def __init__(self, words: argparse.Namespace) -> None:
        self._given = _Given(words)
        self._file = _configuration(self._given.one("config", ""))
        self._shared: dict[tuple[str, bool], Arguments] = {}

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains (A-labels) of the configuration file, in its order."""
        return tuple(self._file.domains) if self._file else ()

    def arguments(self, domain: str) -> Arguments:
        """What is asked for of a domain (A-labels). Raises UsageError."""
        entry = self._file.domains.get(domain) if self._file else None
        if entry is not None and entry.level:
            return _arguments(self._given, domain, self._file)
        # The same of most domains of a fleet.
        alike = (self._file.module_of(domain) if self._file else "", entry is None)
        if alike not in self._shared:
            self._shared[alike] = _arguments(self._given, domain, self._file, stranger=entry is None)
        return replace(self._shared[alike], domain=domain)


def _arguments(given: _Given, domain: str, file: "Configuration | None", *, stranger: bool = False) -> Arguments:
    """What holds for a domain; for a `stranger`, of a list and not of the file, some networks are denied."""
    known = _views(given, file.views if file else ())
    levels = file.levels(domain) if file else ()
    found = merged((*levels, _level(given, known)), known)
    try:
        policy = policy_of(found, known)
    except Contradiction as error:
        raise _usage_error(error.destination, str(error)) from None
    if file and domain not in file.domains:
        policy = replace(policy, denied_networks=file.denied)
    elif stranger:
        policy = replace(policy, denied_networks=DEFAULT_DENIED)
    return Arguments(
        domain=domain,
        policy=policy,
        trust=trust_of(found),
        baseline=found.get("baseline", ""),
        output=given.one("output", Output.TEXT),
        verbosity=int(getattr(given.words, "verbosity", 0)),
        perfdata=not given.has("no_perfdata"),
    )


def _configuration(path: str, domain: str = "") -> "Configuration | None":
    if not path:
        return None
    # Most checks have no file, and the parser of YAML takes longer to import than all of this.
    from check_autodiscover.config.file import ConfigurationError, load_configuration

    try:
        return load_configuration(path, only=domain)
    except ConfigurationError as error:
        raise BadFile(str(error)) from None


def _views(given: _Given, declared: tuple[View, ...]) -> tuple[View, ...]:
    """The views of the options, else those of the file; one of the same name keeps what else the file says of it."""
    resolver = given.one("dns_server")
    default = () if resolver is None else (View(views.DEFAULT_VIEW, (resolver,)),)
    try:
        wanted = views.views_of((*default, *given.each("views")))
    except values.BadValue as error:
        raise _usage_error("views", str(error)) from None
    by_name = {view.name: view for view in declared}
    if declared and wanted is views.DEFAULT_VIEWS:
        wanted = declared
    known = tuple(replace(by_name.get(view.name, view), resolvers=view.resolvers) for view in wanted)
    apart = given.each("no_connect")
    _refuse_unknown_view("no_connect", apart, known)
    return tuple(replace(view, connect=view.connect and view.name not in apart) for view in known)


def _refuse_unknown_view(destination: str, named: tuple[str, ...], known: tuple[View, ...]) -> None:
    names = [view.name for view in known]
    unknown = next((name for name in named if name and name not in names), None)
    if unknown is not None:
        raise _usage_error(destination, f"there is no view '{unknown}': there is {', '.join(names)}")


def _level(given: _Given, known: tuple[View, ...]) -> Level:
    """What the words declare about the domain, by destination."""
    level = {each.destination: _value(given, each, known) for each in OPTIONS if given.has(each.destination)}
    _refuse_unknown_view("severities", tuple(item.view for item in level.get("severities", ())), known)
    return level


def _value(given: _Given, option: Option, known: tuple[View, ...]) -> Any:
    if option.prefixed:
        found = given.by_view(option.destination, tuple(view.name for view in known))
        return _methods(found) if option.kind is ValueKind.METHOD else found
    if option.repeatable:
        return given.each(option.destination)
    return True if option.kind is ValueKind.SWITCH else given.one(option.destination)


def _methods(found: Mapping[str, tuple[Method, ...]]) -> dict[str, Method]:
    for view, methods in found.items():
        if len(methods) > 1:
            where = f"the view '{view}'" if view else "all views"
            words = f"{methods[0].value} and {methods[1].value}"
            raise _usage_error("methods", f"{where} cannot have two methods, {words}")
    return {view: methods[0] for view, methods in found.items()}


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


class _Parser(RaisingParser):
    """A parser that raises where argparse prints its help."""

    def print_help(self, file: object = None) -> NoReturn:
        raise HelpRequested(self.format_help().rstrip())


def make_parser() -> argparse.ArgumentParser:
    """The options, for the command line and for whatever describes it."""
    parser = _Parser(
        prog="check_autodiscover",
        usage="check_autodiscover -H DOMAIN [options]",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
    )
    add_options(parser)
    return parser


def parse_arguments(argv: Sequence[str] | None = None) -> Arguments:
    """The arguments of the plugin. Raises UsageError, and HelpRequested for `--help` and `--version`."""
    given = _parsed(argv)
    if given.domain is None:
        raise UsageError(DOMAIN_MISSING)
    return arguments_of(given)


def parse_fleet(argv: Sequence[str]) -> Fleet:
    """What the plugin's options, but for the domain, ask for of many domains. Raises what `parse_arguments` does."""
    given = _parsed(argv)
    if given.domain is not None:
        raise UsageError("-H/--hostname/--domain: the domains are those of the list")
    return Fleet(given)


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    given = make_parser().parse_args(argv)
    if given.version:
        raise HelpRequested(f"check_autodiscover {__version__}")
    # The plugin has gone another way where it is given (`from_exporter`), so this is `autodiscoverctl`.
    if given.from_exporter is not None:
        raise UsageError("--from-exporter: for check_autodiscover alone, as an exporter has looked already")
    if given.exporter_auth_file is not None:
        raise UsageError("--exporter-auth-file: only with --from-exporter, which it logs in to")
    return given


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
