"""One domain published by every method at once, each in views of its own; used by the tests that compare methods.

Each method has two addresses at which its views are asked, so that one named and one nginx serve them all.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from tests.stack.bind import DnsView
from tests.stack.nginx import Behaviour, Site
from tests.stack.published import SRV
from tests.stack.world import SERVER_INSIDE, SERVER_OUTSIDE, World

__all__ = [
    "CLOUD",
    "CLOUD_ALIAS",
    "METHODS",
    "REDIRECTOR",
    "Publication",
    "Tell",
    "publish_all",
    "published",
    "serve_all",
    "tell",
]

METHODS = ("srv", "host", "exchange-online", "redirect", "none", "auto")

CLOUD = "127.0.7.10"
"""Where Microsoft's name leads; nothing listens there."""
CLOUD_ALIAS = "autodiscover CNAME autodiscover.outlook.com."
REDIRECTOR = "127.0.4.81"
"""Where the redirect method's name leads in both views: a host of the hosting firm."""
ELSEWHERE = (f"autodiscover.outlook.com. A {CLOUD}", "exchange.hosting.test. A {server}")

_BASES = {
    "srv": ("remote A {server}", SRV),
    "host": ("mail A {server}", "autodiscover A {server}"),
    "exchange-online": (CLOUD_ALIAS,),
    "redirect": (f"autodiscover A {REDIRECTOR}",),
    "none": (),
}
_SERVERS = {"srv": "remote.contoso.test", "host": "mail.contoso.test", "redirect": "exchange.hosting.test"}


@dataclass(frozen=True, slots=True)
class Publication:
    """What stands in both views of a method, and how the plugin is run; `{server}` is the view's server address."""

    method: str
    records: tuple[str, ...]
    servers: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    """What stands inside only."""
    outside: tuple[str, ...] = ()
    beside: tuple[str, ...] = ELSEWHERE
    server_outside: str = SERVER_OUTSIDE
    options: tuple[str, ...] = ()
    signed: bool = False
    """Outside alone."""

    def adding(self, *records: str) -> "Publication":
        """With these records in both views, too."""
        return replace(self, records=(*self.records, *records))

    def lacking(self, *records: str) -> "Publication":
        """Without these records."""
        return replace(self, records=tuple(record for record in self.records if record not in records))

    @property
    def number(self) -> int:
        """Of the method, for addresses of its own."""
        return METHODS.index(self.method)

    @property
    def asked(self) -> tuple[str, str]:
        """The addresses at which the inside and the outside view are asked."""
        return f"127.0.{20 + self.number}.53", f"127.0.{30 + self.number}.53"

    @property
    def views(self) -> tuple[DnsView, DnsView]:
        """Both views, under names of the method's own."""
        places = zip(
            ("inside", "outside"),
            self.asked,
            (SERVER_INSIDE, self.server_outside),
            (self.inside, self.outside),
            strict=True,
        )
        inside, outside = (
            DnsView(
                f"{self.method}-{name}",
                address,
                tuple(record.format(server=server) for record in (*self.records, *own)),
                tuple(record.format(server=server) for record in self.beside),
                self.signed and name == "outside",
            )
            for name, address, server, own in places
        )
        return inside, outside


def published(method: str, base: str = "srv") -> Publication:
    """The domain as a method's administrator would publish it; for `auto` as for `base`."""
    real = base if method == "auto" else method
    servers = (_SERVERS[real],) if real in _SERVERS else ()
    return Publication(method, _BASES[real], servers)


Make = Callable[[str], Publication]


def publish_all(world: World, make: Make, methods: Iterable[str] = METHODS) -> tuple[Publication, ...]:
    """Serve the publications of these methods from one named."""
    publications = tuple(make(method) for method in methods)
    world.publish(*(view for each in publications for view in each.views))
    return publications


NAMES = ("remote.contoso.test", "mail.contoso.test", "exchange.hosting.test")


def serve_all(world: World, *names: str) -> None:
    """The Exchange behind every method's server, with one certificate for these names, and the redirect host."""
    world.serve_exchange(*(names or (*NAMES, "autodiscover.contoso.test")))
    world.serve(Site(REDIRECTOR, Behaviour.REDIRECT))


Tell = tuple[int, frozenset[str]]
"""Exit code, and the rules of all roots that alarm."""


def tell(world: World, publication: Publication, *resolvers: str) -> Tell:
    """The plugin's verdict on a publication, asked at its views, or at other resolvers for inside and outside."""
    inside, outside = resolvers or publication.asked
    views = (f"inside={inside}", f"outside={outside}")
    servers = (option for server in publication.servers for option in ("-S", server))
    options = ("-m", publication.method, *servers, *publication.options, "-o", "json")
    verdict = world.check(*options, views=views)
    report = json.loads(verdict.output)
    alarming = (found for found in report["findings"] if found["role"] == "root" and found["severity"] != "OK")
    return verdict.exit_code, frozenset(found["rule"] for found in alarming)
