"""The command line of `autodiscoverctl`: which command, and the exit code.

Exit codes: 0, what the plugin would end with for `diagnose` and `sweep`, and 3 for a usage error or what cannot be
done, in one line. Commands are imported when they are called, so that each needs only what it uses.
"""

import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from check_autodiscover import __version__
from check_autodiscover.cli import HelpRequested, drop, forget_untold, open_closed
from check_autodiscover.ctl.common import CommandError, Parser, warn
from check_autodiscover.output.terminal import sanitize
from check_autodiscover.settings import MissingExtra, install_command

if TYPE_CHECKING:
    from argparse import _SubParsersAction

__all__ = ["main", "make_parser", "run"]

CANNOT = 3

YEAR = 366 * 86_400
"""Seconds."""

MOST_AT_A_TIME = 1000


def run() -> None:
    """The console script. What nobody could be told is no result: the exit code is 3 then."""
    open_closed()
    try:
        exit_code = main()
        sys.stdout.flush()
    except OSError as error:
        drop(sys.stdout)
        if not isinstance(error, BrokenPipeError):
            # A reader that has seen enough, such as `head`, is no fault.
            warn(f"{error.filename or 'standard output'}: {error.strerror or error}")
        exit_code = CANNOT
    forget_untold(sys.stderr)
    sys.exit(exit_code)


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command; the process's exit code."""
    try:
        given, rest = make_parser().parse_known_args(argv)
        if rest and given.command not in (_diagnose, _sweep, _baseline):
            raise CommandError(f"unknown argument {rest[0]}")
        command: Callable[[Namespace, Sequence[str]], int] = given.command
        return command(given, rest)
    except CommandError as refused:
        # A file that is refused may hold anything.
        print(f"autodiscoverctl: {sanitize(str(refused))}")
    except HelpRequested as told:
        # An option of the plugin's that asks for nothing else.
        print(told)
        return 0
    except MissingExtra as error:
        print(f"autodiscoverctl: {error}")
    except ImportError as error:
        print(f"autodiscoverctl: {error.name} is missing, of the extra 'ctl': {install_command('ctl')}")
    except KeyboardInterrupt:
        print("autodiscoverctl: stopped")
    return CANNOT


def make_parser() -> Parser:
    """The commands, for the command line and for whatever describes it."""
    parser = Parser(prog="autodiscoverctl", description="Find out how Outlook fares with a domain.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"autodiscoverctl {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    diagnose = commands.add_parser(
        "diagnose",
        allow_abbrev=False,
        usage="%(prog)s DOMAIN [OPTIONS] | --survey FILE",
        help="show what each client does in each view, and why",
        epilog="All options of check_autodiscover but -H are taken too: see check_autodiscover --help.",
    )
    diagnose.add_argument("--save", metavar="FILE", type=_named, help="write the survey, as JSON")
    diagnose.add_argument(
        "--survey", metavar="FILE", type=_named, help="judge a saved survey, for the moment at its end"
    )
    diagnose.add_argument(
        "-o",
        "--output",
        choices=["text", "log", "json"],
        default="",
        help="as the plugin prints it, in place of the tree",
    )
    diagnose.add_argument("--redact", action="store_true", help="put pseudonyms for names and addresses")
    diagnose.add_argument("-v", dest="verbosity", action="count", default=0, help="with -o text: more; repeatable")
    diagnose.add_argument("--no-perfdata", action="store_true", help="with -o text: without performance data")
    diagnose.set_defaults(command=_diagnose)

    _add_sweep(commands)
    _add_baseline(commands)
    _add_config(commands)

    rules = commands.add_parser("rules", allow_abbrev=False, help="list the rules, or explain one")
    rules.add_argument("rule", metavar="RULE", nargs="?", default="", help="the rule's ID")
    rules.set_defaults(command=_rules)

    lab = commands.add_parser("lab", allow_abbrev=False, help="run a small world with a fault, to try things on")
    lab.add_argument("action", nargs="?", choices=["list"], help="list the worlds")
    lab.add_argument("--world", metavar="NAME", default="scenario-1-host-record", help="default: %(default)s")
    lab.add_argument("--hold-seconds", metavar="N", type=_seconds, help="end after N seconds (default: until Ctrl-C)")
    lab.add_argument("--folder", metavar="FOLDER", help="where its configuration and its CA are kept")
    lab.set_defaults(command=_lab)
    return parser


def _add_sweep(commands: "_SubParsersAction[Parser]") -> None:
    sweep = commands.add_parser(
        "sweep",
        allow_abbrev=False,
        usage="%(prog)s FILE|- [OPTIONS] | --config FILE [OPTIONS]",
        help="look at many domains, a line each in a file, and tell their causes",
        epilog="All options of check_autodiscover but -H are taken too: see check_autodiscover --help.",
    )
    sweep.add_argument(
        "-o",
        "--output",
        choices=["table", "jsonl", "csv"],
        default="table",
        help="a table of causes at the end, or a line for each domain as it comes (default: %(default)s)",
    )
    sweep.add_argument("--save", metavar="FILE", type=_named, help="keep each result there as it comes, as JSON lines")
    sweep.add_argument("--resume", action="store_true", help="go on with what --save FILE holds already")
    sweep.add_argument(
        "--jobs",
        metavar="N",
        type=_count,
        default=64,
        help="domains that are looked at together (default: %(default)s)",
    )
    sweep.add_argument(
        "--per-name-server",
        metavar="N",
        type=_count,
        default=8,
        help="of these, domains that share a name server (default: %(default)s)",
    )
    sweep.add_argument(
        "--dask", metavar="URL", type=_named, help="let this Dask cluster look, as in tcp://10.0.0.9:8786"
    )
    sweep.add_argument("-v", dest="verbosity", action="count", default=0, help="in the table: every cause and domain")
    sweep.set_defaults(command=_sweep)


def _named(text: str) -> str:
    """What is named. Raises ArgumentTypeError for an empty name, as an unset variable of a script leaves it."""
    if not text:
        raise ArgumentTypeError("it names nothing")
    return text


def _count(text: str) -> int:
    """How many at a time. Raises ArgumentTypeError."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_AT_A_TIME:
        raise ArgumentTypeError(f"{text!r:.40} is no number from 1 to {MOST_AT_A_TIME}")
    return int(text)


def _seconds(text: str) -> float:
    """How long, at most a year. Raises ArgumentTypeError."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= YEAR:
        raise ArgumentTypeError(f"{text!r:.40} is no number of seconds up to a year")
    return seconds


def _add_baseline(commands: "_SubParsersAction[Parser]") -> None:
    baseline = commands.add_parser(
        "baseline",
        allow_abbrev=False,
        usage="%(prog)s accept|show|diff DOMAIN --baseline PATH [OPTIONS]",
        help="accept what is so about a domain, show what was accepted, or compare the two",
        epilog="All options of check_autodiscover but -H and -o are taken too: see check_autodiscover --help.",
    )
    baseline.add_argument("action", choices=["accept", "show", "diff"], help="what to do")
    baseline.add_argument("--yes", action="store_true", help="accept without asking")
    baseline.add_argument(
        "--network", metavar="CIDR", action="append", default=[], help="accept addresses in it as this network"
    )
    baseline.add_argument(
        "--pool", metavar="NAME", action="append", default=[], help="accept what this name has as parts of a pool"
    )
    baseline.set_defaults(command=_baseline)


def _add_config(commands: "_SubParsersAction[Parser]") -> None:
    config = commands.add_parser("config", allow_abbrev=False, help="check a configuration file, or print its schema")
    actions = config.add_subparsers(metavar="{check,schema}", required=True)
    check = actions.add_parser(
        "check",
        allow_abbrev=False,
        help="tell every mistake with its line, or with --domain what holds for a domain and which level says so",
        epilog="The files that it names are not opened: autodiscover_exporter --config.check does that.",
    )
    check.add_argument("file", metavar="FILE", help="the configuration (YAML)")
    check.add_argument("--domain", metavar="DOMAIN", default="", help="show what holds for this domain")
    check.set_defaults(command=_config_check)
    schema = actions.add_parser("schema", allow_abbrev=False, help="print the JSON Schema of the file")
    schema.set_defaults(command=_config_schema)


def _domain_of(rest: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The DOMAIN and the options after it: not argparse's to read here, so it cannot be told from values behind it."""
    named = rest[:1] if rest and not rest[0].startswith("-") else ()
    return "".join(named), rest[len(named) :]


def _diagnose(given: Namespace, rest: Sequence[str]) -> int:
    from check_autodiscover.ctl.diagnose import Form, diagnose

    domain, options = _domain_of(rest)
    form = Form(given.output, given.verbosity, not given.no_perfdata)
    return diagnose(domain, options, form, save=given.save or "", saved=given.survey or "", redacted=given.redact)


def _sweep(given: Namespace, rest: Sequence[str]) -> int:
    from check_autodiscover.ctl.sweep.command import SweepOptions, sweep
    from check_autodiscover.ctl.sweep.summary import Form
    from check_autodiscover.ctl.sweep.workers import Limits

    listed = rest[:1] if rest and (rest[0] == "-" or not rest[0].startswith("-")) else ()
    wish = SweepOptions(
        form=Form(given.output),
        save=given.save or "",
        resume=given.resume,
        limits=Limits(given.jobs, given.per_name_server),
        dask=given.dask or "",
        whole=given.verbosity > 0,
    )
    return sweep("".join(listed), rest[len(listed) :], wish)


def _baseline(given: Namespace, rest: Sequence[str]) -> int:
    from check_autodiscover.ctl import baseline_command

    domain, options = _domain_of(rest)
    if given.action != "accept" and (given.yes or given.network or given.pool):
        raise CommandError(f"--yes, --network and --pool belong to accept, not to {given.action}")
    match given.action:
        case "show":
            return baseline_command.show_baseline(domain, options)
        case "diff":
            return baseline_command.diff_baseline(domain, options)
        case _:
            return baseline_command.accept_baseline(
                domain, options, yes=given.yes, networks=given.network, pools=given.pool
            )


def _rules(given: Namespace, _: Sequence[str]) -> int:
    from check_autodiscover.ctl.rules_command import explain, overview

    print(explain(given.rule) if given.rule else overview())
    return 0


def _lab(given: Namespace, _: Sequence[str]) -> int:
    from check_autodiscover.ctl.lab_command import hold, overview

    if given.action == "list":
        print(overview())
    else:
        hold(given.world, given.hold_seconds, given.folder)
    return 0


def _config_check(given: Namespace, _: Sequence[str]) -> int:
    from check_autodiscover.ctl.config_command import check

    exit_code, told = check(given.file, given.domain)
    print(told)
    return exit_code


def _config_schema(_given: Namespace, _: Sequence[str]) -> int:
    from check_autodiscover.ctl.config_command import schema_text

    print(schema_text())
    return 0
