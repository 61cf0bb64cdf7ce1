"""The exporter's command line (contract section 2, "Flags").

Called by main. A flag that is not built yet is not here.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from autodiscover_exporter.telemetry import LOG_LEVELS, LogFormat
from autodiscover_exporter.web.listening import DEFAULT_LISTEN_ADDRESS, ListenAddress, UnixAddress, parse_listen_address
from autodiscover_exporter.web.messages import parse_external_url, parse_prefix
from check_autodiscover import __version__

__all__ = ["Arguments", "make_parser", "parse_arguments"]

_T = TypeVar("_T")
DEFAULT_TIMEOUT_OFFSET = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What the command line asks for. A file is empty where none is given.

    `route_prefix` stands before every path that is asked for, `base` before every link; both are empty for none.
    """

    config_file: str
    config_check: bool
    listen: tuple[ListenAddress | UnixAddress, ...]
    systemd_socket: bool
    health: ListenAddress | UnixAddress | None
    route_prefix: str
    base: str
    web_config_file: str
    log_level: str
    log_format: LogFormat
    timeout_offset: float


def parse_arguments(argv: Sequence[str] | None) -> Arguments:
    """The arguments. Raises SystemExit as argparse does: 2 for a usage error, 0 after help and version."""
    given = make_parser().parse_args(argv)
    base = given.external_url or ""
    return Arguments(
        config_file=given.config_file,
        config_check=given.config_check,
        listen=tuple(dict.fromkeys(given.listen or [DEFAULT_LISTEN_ADDRESS])),
        systemd_socket=given.systemd_socket,
        health=given.health,
        route_prefix=base if given.route_prefix is None else given.route_prefix,
        base=base,
        web_config_file=given.web_config_file,
        log_level=given.log_level,
        log_format=LogFormat(given.log_format),
        timeout_offset=given.timeout_offset,
    )


def make_parser() -> argparse.ArgumentParser:
    """The flags, for the command line and for whatever describes it."""
    parser = argparse.ArgumentParser(
        prog="autodiscover_exporter",
        description="Prometheus exporter that finds Autodiscover DNS and certificate drift.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--config.file", dest="config_file", metavar="FILE", default="", help="configuration (YAML)")
    add("--config.check", dest="config_check", action="store_true", help="check the configuration and exit")
    add(
        "--web.listen-address",
        dest="listen",
        metavar="ADDR",
        action="append",
        type=_checked(parse_listen_address),
        help=f"HOST:PORT, [IPv6]:PORT, :PORT or unix:PATH; repeatable (default: {DEFAULT_LISTEN_ADDRESS})",
    )
    add(
        "--web.systemd-socket",
        dest="systemd_socket",
        action="store_true",
        help="listen on the sockets that systemd passes, and on no address",
    )
    add(
        "--web.health-listen-address",
        dest="health",
        metavar="ADDR",
        type=_checked(parse_listen_address),
        help="also tell health there: /-/healthy and /-/ready, without TLS and users",
    )
    add(
        "--web.external-url",
        dest="external_url",
        metavar="URL",
        type=_checked(parse_external_url),
        help="the URL under which people reach this through a proxy",
    )
    add(
        "--web.route-prefix",
        dest="route_prefix",
        metavar="PATH",
        type=_checked(parse_prefix),
        help="answer below this path (default: that of --web.external-url)",
    )
    add(
        "--web.config.file",
        dest="web_config_file",
        metavar="FILE",
        default="",
        help="TLS, users and limits of the server (YAML, as exporter-toolkit's)",
    )
    add("--log.level", dest="log_level", choices=list(LOG_LEVELS), default="info", help="(default: info)")
    add(
        "--log.format",
        dest="log_format",
        choices=[style.value for style in LogFormat],
        default=LogFormat.LOGFMT.value,
        help="(default: logfmt)",
    )
    add(
        "--timeout-offset",
        dest="timeout_offset",
        metavar="SECONDS",
        type=_seconds,
        default=DEFAULT_TIMEOUT_OFFSET,
        help="taken off Prometheus's scrape timeout (default: 0.5)",
    )
    add("--version", action="version", version=f"autodiscover_exporter {__version__}")
    return parser


def _checked(parse: Callable[[str], _T]) -> Callable[[str], _T]:
    def checked(text: str) -> _T:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return checked


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 60:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds between 0 and 60")
    return seconds
