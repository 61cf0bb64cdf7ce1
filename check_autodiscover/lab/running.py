"""Brings a world to life on loopback, in this process, without privileges; the lab's front door.

Called by `autodiscoverctl lab`, the demonstration and the tests. The servers run in an event loop of their own, in
a thread, so that a caller may use the world from plain code or from a loop of its own.
"""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from threading import Thread

from check_autodiscover.lab.certificates import Certificates
from check_autodiscover.lab.servers import ZoneData, bind_everywhere, bind_resolver, refuse, serve, serve_site
from check_autodiscover.lab.world import SEARCH_PAGE, ResolverKind, World
from check_autodiscover.store import write_whole

__all__ = ["RESOLVER_HOST", "Lab", "running"]

RESOLVER_HOST = "127.0.0.1"

FOR_ALL = 0o644
"""The mode of what is kept: the exporter that reads it may be another user, and it holds nothing secret."""

_Server = asyncio.DatagramTransport | asyncio.Server


@dataclass(frozen=True, slots=True)
class Lab:
    """A world that runs: where its resolvers and sites are to be found.

    `resolvers` maps views to `ADDR:PORT[,ADDR:PORT...]`; `anchor` is the PEM file to trust, `configuration` the
    exporter's file.
    """

    world: World
    resolvers: dict[str, str]
    https_port: int
    http_port: int
    anchor: Path
    configuration: Path

    @property
    def command(self) -> list[str]:
        """The plugin's arguments that check this world."""
        views = [word for name, addresses in self.resolvers.items() for word in ("--view", f"{name}={addresses}")]
        views += [word for view in self.world.views if not view.connect for word in ("--no-connect", view.name)]
        ports = ["--https-port", str(self.https_port), "--http-port", str(self.http_port)]
        return ["-H", self.world.domain, *views, "-r", str(self.anchor), *ports, *self.world.declared.options]


@contextmanager
def running(world: World, keep: Path | None = None) -> Iterator[Lab]:
    """The world, alive until the block is left; then its sockets, thread and files are gone.

    The configuration and the authority's certificate are kept in `keep` where that is given, which is made if need be.
    Raises OSError where that cannot be, or loopback has not enough free ports.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="autodiscover-lab-")))
        ports = _bind(world, stack)
        certificates = Certificates(folder, time.time())
        stack.enter_context(_served(lambda: _start(world, ports, certificates)))
        resolvers = {
            name: ",".join("{}:{}".format(*udp.getsockname()) for udp, _ in pairs)
            for name, pairs in ports.resolvers.items()
        }
        place = keep or folder
        place.mkdir(parents=True, exist_ok=True)
        anchor, configuration = place / certificates.anchor.name, place / "exporter.yml"
        lab = Lab(world, resolvers, ports.https_port, ports.http_port, anchor, configuration)
        # Whatever stood there under these names, a link or a pipe, is replaced and not written to.
        write_whole(anchor, certificates.anchor.read_text("ascii"), FOR_ALL)
        write_whole(configuration, _configuration(lab), FOR_ALL)
        yield lab


def _configuration(lab: Lab) -> str:
    """Where the world's views are asked and what is declared of it, as the exporter's file says it."""
    declared = lab.world.declared
    clients = {"clients": [client.value for client in declared.clients]} if declared.clients else {}
    module = {
        "method": declared.method.value,
        "servers": declared.servers,
        **clients,
        "skip_steps": [step.value for step in declared.skip_steps],
        "severities": {rule: state.value.lower() for rule, state in declared.severities},
        "https_port": lab.https_port,
        "http_port": lab.http_port,
    }
    views = {
        view.name: {
            "resolvers": lab.resolvers[view.name].split(","),
            "ca_files": [lab.anchor.name],
            "connect": view.connect,
        }
        for view in lab.world.views
    }
    entries = {"views": views, "modules": {"default": module}, "domains": {lab.world.domain: {}}}
    return "".join(f"{line}\n" for line in _block(entries))


def _block(entries: Mapping[str, object], indent: str = "") -> Iterator[str]:
    """A block mapping of YAML, to be edited by hand; values are JSON: YAML holds it, no library is needed."""
    for key, value in entries.items():
        if isinstance(value, dict) and value:
            yield f"{indent}{key}:"
            yield from _block(value, f"{indent}  ")
        else:
            yield f"{indent}{key}: {json.dumps(value)}"


@dataclass(frozen=True, slots=True)
class _Ports:
    """All ports of a world, bound before anything answers: resolvers by view, sites by address."""

    resolvers: dict[str, list[tuple[socket, socket]]]
    https_port: int
    https: dict[str, socket]
    http_port: int
    http: dict[str, socket]


def _bind(world: World, stack: ExitStack) -> _Ports:
    def kept(sockets: Iterable[socket]) -> None:
        for bound in sockets:
            stack.callback(bound.close)

    addresses = _addresses(world)
    resolvers: dict[str, list[tuple[socket, socket]]] = {view.name: [] for view in world.views}
    for view in world.views:
        for _ in view.resolvers:
            pair = bind_resolver(RESOLVER_HOST)
            kept(pair)
            resolvers[view.name].append(pair)
    https_port, https = bind_everywhere(addresses)
    kept(https.values())
    http_port, http = bind_everywhere(addresses)
    kept(http.values())
    return _Ports(resolvers, https_port, https, http_port, http)


def _addresses(world: World) -> tuple[str, ...]:
    """Every address that the world's DNS leads to, for where there is no site the connection must be refused."""
    resolvers = [resolver for view in world.views for resolver in view.resolvers]
    records = (record.split() for resolver in resolvers for zone in resolver.zones for record in zone.records)
    named = (data[0] for _, type_, *data in records if type_ == "A")
    searched = (SEARCH_PAGE for resolver in resolvers if resolver.kind is ResolverKind.REWRITING)
    return tuple(dict.fromkeys((*(site.address for site in world.sites), *named, *searched)))


async def _start(world: World, ports: _Ports, certificates: Certificates) -> list[_Server]:
    servers: list[_Server] = []
    for view in world.views:
        for resolver, (udp, tcp) in zip(view.resolvers, ports.resolvers[view.name], strict=True):
            if resolver.kind is ResolverKind.DEAD:
                refuse(udp)
            else:
                servers.extend(await serve(udp, tcp, ZoneData(resolver.zones, resolver.kind)))
    for site in world.sites:
        context = certificates.context(site.certificate) if site.certificate else None
        https = await serve_site(ports.https[site.address], site.https, context, site.redirect_to)
        http = await serve_site(ports.http[site.address], site.http, None, site.redirect_to)
        servers.extend(server for server in (https, http) if server is not None)
    return servers


@contextmanager
def _served(start: Callable[[], Coroutine[None, None, list[_Server]]]) -> Iterator[None]:
    """Run servers in a thread of their own; an error of their start is raised here."""
    started: Future[Callable[[], object]] = Future()
    thread = Thread(target=lambda: asyncio.run(_serve_until_told(start, started)), name="autodiscover-lab", daemon=True)
    thread.start()
    try:
        stop = started.result()
        try:
            yield
        finally:
            stop()
    finally:
        thread.join()


async def _serve_until_told(
    start: Callable[[], Coroutine[None, None, list[_Server]]], started: Future[Callable[[], object]]
) -> None:
    over = asyncio.Event()
    try:
        servers = await start()
    except Exception as error:
        started.set_exception(error)
        return
    loop = asyncio.get_running_loop()
    started.set_result(lambda: loop.call_soon_threadsafe(over.set))
    await over.wait()
    for server in servers:
        server.close()
