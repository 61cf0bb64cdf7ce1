"""The exporter's command: arguments, configuration, sockets, server.

The only place that ends the process. Exit codes: 0 when told to stop, 1 for what the configuration or the machine
does not allow, 2 for a usage error.
"""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from autodiscover_exporter.application import Application
from autodiscover_exporter.commandline import Arguments, parse_arguments
from autodiscover_exporter.live import CannotLoad, LiveConfiguration, load_checked
from autodiscover_exporter.log_format import event, set_up_logging
from autodiscover_exporter.open_files import raise_limit
from autodiscover_exporter.web.gate import Gate
from autodiscover_exporter.web.listening import CannotListen, ListenAddress, UnixAddress, listening
from autodiscover_exporter.web.live_guard import LiveGuard
from autodiscover_exporter.web.messages import Handler
from autodiscover_exporter.web.prefix import under
from autodiscover_exporter.web.server import Door
from autodiscover_exporter.web.serving import serve
from autodiscover_exporter.web.systemd import passed_sockets
from autodiscover_exporter.web.users import Users
from check_autodiscover.config import Configuration, ConfigurationError
from check_autodiscover.effective import summary
from check_autodiscover.outputs import forget_untold
from check_autodiscover.prober import Prober

__all__ = ["main", "run"]

logger = logging.getLogger(__name__)


def run() -> None:
    """The console script."""
    exit_code: int | str | None = 1
    try:
        exit_code = main()
    except SystemExit as end:
        exit_code = end.code
    finally:
        forget_untold(sys.stderr)
    logging.shutdown()
    try:
        sys.stdout.flush()
    except OSError:
        exit_code = 1
    # The interpreter would wait for its threads: for a file server that has gone, or a password's hash.
    os._exit(exit_code if isinstance(exit_code, int) else int(exit_code is not None))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the exporter until it is told to stop; the process's exit code."""
    arguments = parse_arguments(argv)
    set_up_logging(arguments.log_level, arguments.log_format)
    try:
        configuration, guard = _loaded(arguments)
        if arguments.config_check:
            print(f"{arguments.config_file or 'built in'}: {summary(configuration)}")
        else:
            _serve(arguments, configuration, guard)
    except CannotLoad as error:
        for fault in error.faults:
            logger.error("cannot start", extra=event(error=fault))
        return 1
    except CannotListen as error:
        logger.error("cannot start", extra=event(error=str(error)))
        return 1
    return 0


def _loaded(arguments: Arguments) -> tuple[Configuration, LiveGuard | None]:
    """What both files say. Raises CannotLoad with the faults of both."""
    faults: list[str] = []
    guard = None
    try:
        guard = LiveGuard(arguments.web_config_file) if arguments.web_config_file else None
    except ConfigurationError as error:
        faults += map(str, error.faults)
    try:
        configuration = load_checked(arguments.config_file)
    except CannotLoad as error:
        raise CannotLoad(*error.faults, *faults) from error
    if faults:
        raise CannotLoad(*faults)
    return configuration, guard


def _serve(arguments: Arguments, configuration: Configuration, guard: LiveGuard | None) -> None:
    raise_limit()
    live = LiveConfiguration(arguments.config_file, configuration)
    prober = Prober()
    live.follow(lambda _: prober.recheck())
    application = Application(live, prober, arguments.timeout_offset, arguments.base)

    users = Users()

    async def beside() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(live.reload_on_hangup())
            group.create_task(application.schedule.run())
            if guard is not None:
                group.create_task(guard.follow())

    with _listening(arguments) as sockets, listening([arguments.health] if arguments.health else []) as for_health:
        _announce([*sockets, *for_health])
        doors = _doors(sockets, under(arguments.route_prefix, application), guard, users)
        health = under(arguments.route_prefix, application.health)
        doors += [Door(sock, health, apart=True) for sock in for_health]

        def stopping() -> None:
            application.readiness.stop()
            users.close()

        serve(doors, lambda: _grace(live()), beside=beside, stopping=stopping)
    logger.info("stopped")


def _grace(configuration: Configuration) -> float:
    """Seconds in which any scrape that is under way ends."""
    return max(configuration.settled(module=name).policy.timeout for name in configuration.modules) + 1


def _doors(sockets: Sequence[socket.socket], handler: Handler, guard: LiveGuard | None, users: Users) -> list[Door]:
    # Whoever crowds the network's door is no reason to send away who is on this machine.
    local = [sock.family == socket.AF_UNIX for sock in sockets]
    if guard is None:
        return [Door(sock, handler, apart=apart) for sock, apart in zip(sockets, local, strict=True)]
    gate = Gate(guard, handler, users)
    return [Door(sock, gate, guard.context, guard.admits, apart) for sock, apart in zip(sockets, local, strict=True)]


def _listening(arguments: Arguments) -> AbstractContextManager[Sequence[socket.socket]]:
    return nullcontext(passed_sockets()) if arguments.systemd_socket else listening(arguments.listen)


def _announce(sockets: Sequence[socket.socket]) -> None:
    for sock in sockets:
        name = sock.getsockname()
        address = UnixAddress(name) if isinstance(name, str) else ListenAddress(*name[:2])
        logger.info("listening", extra=event(address=str(address)))
