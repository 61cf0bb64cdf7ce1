"""A healthy domain, published in one way or the other, before something happens to its DNS; used by the tests here."""

from tests.stack.bind import DnsView
from tests.stack.certificates import DAYS_LEFT
from tests.stack.world import INSIDE, OUTSIDE, SERVER_INSIDE, SERVER_OUTSIDE, World

__all__ = ["BY_HOST", "BY_SRV", "HOST_OK", "SRV", "SRV_OK", "host_views", "publish_by_host", "publish_by_srv", "views"]

SRV = "_autodiscover._tcp SRV 0 0 443 remote"

BY_SRV = ("-m", "srv", "-S", "remote.contoso.test")
BY_HOST = ("-m", "host", "-S", "mail.contoso.test")

_CONFIGURED = f"4 clients configured inside and outside, certificate valid {DAYS_LEFT} d"

SRV_OK = (0, f"AUTODISCOVER OK - contoso.test: srv to remote.contoso.test, {_CONFIGURED}")
HOST_OK = (0, f"AUTODISCOVER OK - contoso.test: host to autodiscover.contoso.test, {_CONFIGURED}")


def views(*, inside: tuple[str, ...], outside: tuple[str, ...]) -> tuple[DnsView, DnsView]:
    """Both views with these records."""
    return DnsView("inside", INSIDE, inside), DnsView("outside", OUTSIDE, outside)


def host_views(*more: str) -> tuple[DnsView, DnsView]:
    """The server and a host record beside it, in both views, and what else stands in both."""
    return views(
        inside=(f"mail A {SERVER_INSIDE}", f"autodiscover A {SERVER_INSIDE}", *more),
        outside=(f"mail A {SERVER_OUTSIDE}", f"autodiscover A {SERVER_OUTSIDE}", *more),
    )


def publish_by_srv(
    world: World, *more: str, srv: tuple[str, ...] = (SRV,), names: tuple[str, ...] = ("remote.contoso.test",)
) -> None:
    """The server with a certificate for these names, SRV records to it, and what else is in both views."""
    world.serve_exchange(*names)
    inside, outside = (f"remote A {SERVER_INSIDE}", *srv, *more), (f"remote A {SERVER_OUTSIDE}", *srv, *more)
    world.publish(*views(inside=inside, outside=outside))


def publish_by_host(world: World, *more: str) -> None:
    """The server with a certificate for both of its names, a host record, and what else is in both views."""
    world.serve_exchange("mail.contoso.test", "autodiscover.contoso.test")
    world.publish(*host_views(*more))
