"""Worlds in which domain-joined clients ask a directory, and what it holds."""

from collections.abc import Mapping
from dataclasses import replace

from check_autodiscover.core.model.observations import ConnectionPoint, DirectoryAnswer, DirectoryStatus
from check_autodiscover.core.model.policy import Directory
from tests.core.worlds import World

__all__ = ["DC", "PARTNER", "POINTER", "URL", "answer", "asking", "autodiscover_url", "point", "pointer"]

DC = "ldaps://dc1.contoso.com"
PARTNER = "ldap://dc.partner.example"
"""A directory that pointers lead to."""

URL = "77378F46-2C66-4aa9-A6A6-3E7A48B19596"
POINTER = "67661d7F-8FC4-4fa7-BFAC-E1D7794C1F68"


def autodiscover_url(host: str) -> str:
    """The URL of a server, as Exchange writes it."""
    return f"https://{host}/Autodiscover/Autodiscover.xml"


def point(host: str, site: str = "", server: str = "EX1") -> ConnectionPoint:
    """The URL of a host, as the object of an Exchange server."""
    keywords = (URL, f"Site={site}") if site else (URL,)
    return ConnectionPoint(f"CN={server},CN=Autodiscover,CN=Protocols", keywords, (autodiscover_url(host),))


def pointer(ldap_url: str, domain: str = "") -> ConnectionPoint:
    """A pointer to another directory, for one mail domain or for any."""
    keywords = (POINTER, f"Domain={domain}") if domain else (POINTER,)
    return ConnectionPoint("CN=Pointer,CN=Autodiscover", keywords, (ldap_url,))


def answer(*points: ConnectionPoint) -> DirectoryAnswer:
    """A directory that answers."""
    return DirectoryAnswer(DirectoryStatus.ANSWER, points)


def asking(
    world: World, *points: ConnectionPoint, site: str = "", more: Mapping[str, DirectoryAnswer] | None = None
) -> World:
    """The world with a directory that holds these objects and is asked, and maybe more of them, by URL."""
    asked = world.with_policy(directory=Directory(DC, site))
    return replace(asked, directories={DC: answer(*points), **(more or {})})
