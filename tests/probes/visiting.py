"""Visits by the endpoint probe to sites on loopback, and what the tests read off them."""

import asyncio
import ssl

from check_autodiscover.core.model.certificate import Certificate
from check_autodiscover.core.model.observations import (
    Contact,
    EndpointQuestion,
    Exchange,
    Handshake,
    Scheme,
    Variant,
    VerifyError,
)
from check_autodiscover.probes.endpoint import ConnectionProbe
from check_autodiscover.probes.trust import Trust
from tests.probes.web import Handler, Site, serve

__all__ = ["LOGIN", "LONG", "NAME", "SHORT", "Visits", "leaf", "outcomes", "probe", "shaken"]

NAME = "autodiscover.example.com"
LONG = 10.0
"""Seconds that nothing here should need."""

SHORT = 0.5
"""Seconds after which a server here is given up; nothing is asserted about how long it took."""

LOGIN = (
    b"HTTP/1.1 401 Unauthorized\r\nServer: Microsoft-IIS/10.0\r\nWWW-Authenticate: Negotiate\r\n"
    b"WWW-Authenticate: NTLM\r\nX-FEServer: EX1\r\nContent-Length: 0\r\n\r\n"
)


class Visits:
    """Visits sites with one trust."""

    def __init__(self, trust: Trust) -> None:
        self.trust = trust

    def visit(
        self,
        handler: Handler,
        context: ssl.SSLContext | None = None,
        *,
        scheme: Scheme = Scheme.HTTPS,
        host: str = "127.0.0.1",
        name: str = NAME,
        path: str = "/autodiscover/autodiscover.xml",
        variant: Variant = Variant.USUAL,
        patience: float = LONG,
        connect_timeout: float = LONG,
        source_address: str = "",
    ) -> tuple[Contact, Site]:
        async def main() -> tuple[Contact, Site]:
            async with serve(handler, context, host) as site:
                prober = ConnectionProbe(
                    self.trust, "example.com", connect_timeout=connect_timeout, source_address=source_address
                )
                await prober.prepare()
                question = EndpointQuestion(name, host, site.port, scheme, path, variant)
                give_up_at = asyncio.get_running_loop().time() + patience
                return await prober.probe_endpoint(question, give_up_at), site

        return asyncio.run(main())


async def probe(trust: Trust, port: int, *, connect_timeout: float = LONG, patience: float = LONG) -> Contact:
    prober = ConnectionProbe(trust, "example.com", connect_timeout=connect_timeout)
    question = EndpointQuestion(NAME, "127.0.0.1", port, Scheme.HTTPS)
    return await prober.probe_endpoint(question, asyncio.get_running_loop().time() + patience)


def shaken(contact: Contact) -> tuple[Handshake, tuple[VerifyError, ...]]:
    assert contact.tls is not None
    return contact.tls.handshake, contact.tls.errors


def leaf(contact: Contact) -> Certificate:
    assert contact.tls is not None
    first = contact.tls.chain[0]
    assert isinstance(first, Certificate)
    return first


def outcomes(contact: Contact) -> list[tuple[str, Exchange, int]]:
    return [(item.method, item.outcome, item.status) for item in contact.answers]
