"""Whatever a server offers or asks for, a whole run sends it no credential of any kind."""

import asyncio
import base64
import re
import ssl
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import trustme

from check_autodiscover.checker.checker import conduct
from check_autodiscover.checker.loop import Probes
from check_autodiscover.core.model.observations import (
    Contact,
    DnsAnswer,
    DnsQuestion,
    EndpointQuestion,
    RecordType,
    Srv,
)
from check_autodiscover.core.model.policy import Method, Policy, Resolver
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.probes.endpoint import ConnectionProbe
from check_autodiscover.probes.trust import Trust
from tests.core.worlds import AUTODISCOVER, DOMAIN, NOW, SRV_NAME, Zone, views
from tests.probes.visiting import LONG
from tests.probes.web import Site, abort, serve, tls_context

A = RecordType.A
NAMES = {
    DOMAIN: "192.0.2.1",
    AUTODISCOVER: "192.0.2.2",
    "remote.contoso.com": "192.0.2.3",
    "hop.contoso.com": "192.0.2.4",
    "xml.contoso.com": "192.0.2.5",
    "refused.contoso.com": "192.0.2.6",
    "reset.contoso.com": "192.0.2.7",
}
WANTED = (
    "401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM TlRMTVNTUAACAAAA\r\n"
    'WWW-Authenticate: Basic realm="type your password"\r\nWWW-Authenticate: Digest realm="x", nonce="y"\r\n'
    "WWW-Authenticate: Bearer\r\nSet-Cookie: session=stolen; Path=/"
)
BASIC = '401 Unauthorized\r\nWWW-Authenticate: Basic realm="type your password"\r\nSet-Cookie: session=stolen; Path=/'
PROXY = '407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"'
URL = "https://user:secret@{}/autodiscover/autodiscover.xml"
XML = (
    '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"><Response><Account>'
    f"<Action>redirectUrl</Action><RedirectUrl>{URL.format('refused.contoso.com')}</RedirectUrl></Account></Response>"
    "</Autodiscover>"
)
ANSWERS = {
    DOMAIN: (BASIC, ""),
    AUTODISCOVER: (f"302 Found\r\nSet-Cookie: a=b\r\nLocation: {URL.format('hop.contoso.com')}", ""),
    "remote.contoso.com": (PROXY, ""),
    "hop.contoso.com": (f"302 Found\r\nLocation: {URL.format('xml.contoso.com')}", ""),
    "xml.contoso.com": ("200 OK\r\nContent-Type: text/xml", XML),
    "refused.contoso.com": (f"403 Forbidden\r\n{WANTED.partition(chr(13))[2].strip()}", "403.7"),
}


async def tempt(site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Offers every way to log in, asks for a certificate, sets cookies, and leads on to URLs with a password."""
    session = writer.get_extra_info("ssl_object")
    while True:
        request = await site.read_request(reader)
        if session is not None and session.getpeercert(binary_form=True) is not None:
            site.requests.append(b"CLIENT CERTIFICATE")
        host = re.search(rb"\r\n[Hh]ost: (\S+)", request)
        assert host is not None
        if host[1] == b"reset.contoso.com":
            abort(writer)
            return
        head, body = ANSWERS[host[1].decode()]
        if request.startswith(b"GET /owa/"):
            head, body = WANTED, ""
        if request.startswith(b"GET /autodiscover/autodiscover.json"):
            head, body = BASIC, ""
        writer.write(f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        await writer.drain()


@dataclass
class OneServer:
    """DNS by a table, and every connection to the one server of the test."""

    zone: Zone
    endpoint: ConnectionProbe
    ports: dict[int, int]
    asked: list[EndpointQuestion] = field(default_factory=list)

    async def probe_dns(self, question: DnsQuestion, _resolver: Resolver, _give_up_at: float) -> DnsAnswer:
        return self.zone.answer(question.name, question.type)

    async def probe_endpoint(self, question: EndpointQuestion, give_up_at: float) -> Contact:
        self.asked.append(question)
        there = replace(question, address="127.0.0.1", port=self.ports[question.port])
        return await self.endpoint.probe_endpoint(there, give_up_at)


def published() -> Zone:
    """Every place that clients try, the SRV record leading to several targets."""
    zone = Zone({name: {A: (address,)} for name, address in NAMES.items()})
    targets = ("remote.contoso.com", "refused.contoso.com", "reset.contoso.com")
    return zone.with_(SRV_NAME, RecordType.SRV, *(Srv(0, 0, 443, target) for target in targets))


def run(trust: Trust, context: ssl.SSLContext) -> tuple[list[bytes], list[EndpointQuestion]]:
    """All requests that a run made, and what it asked."""

    async def main() -> tuple[list[bytes], list[EndpointQuestion]]:
        async with serve(tempt, context) as over_tls, serve(tempt) as in_clear:
            probe = ConnectionProbe(trust, DOMAIN, connect_timeout=LONG)
            world = OneServer(published(), probe, {443: over_tls.port, 80: in_clear.port})
            policy = Policy(views=views("default"), method=Method.SRV, servers=("remote.contoso.com",), timeout=60)
            start = Survey(domain=DOMAIN, policy=policy, labels=("xrandom",), started=NOW)
            await conduct(start, Probes(world, world))
            return over_tls.requests + in_clear.requests, world.asked

    return asyncio.run(main())


@pytest.fixture
def greedy(authority: trustme.CA) -> ssl.SSLContext:
    """A server's context that asks every client for a certificate, and takes any of this authority."""
    context = tls_context(authority.issue_cert(*NAMES))
    context.verify_mode = ssl.CERT_OPTIONAL
    authority.configure_trust(context)
    return context


ALLOWED = {b"host", b"user-agent", b"accept", b"content-type", b"content-length", b"connection"}


def test_no_server_ever_gets_a_credential(
    trust: Trust, greedy: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("default login somebody password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://user:secret@127.0.0.1:9")
        monkeypatch.setenv(variable.lower(), "http://user:secret@127.0.0.1:9")
    requests, asked = run(trust, greedy)
    paths = {request.split(b" ")[1].partition(b"?")[0] for request in requests}
    assert paths == {b"/autodiscover/autodiscover.xml", b"/autodiscover/autodiscover.json", b"/", b"/owa/"}
    assert {question.name for question in asked} == set(NAMES)
    assert len({question.variant for question in asked}) == 3
    secrets = (b"secret", b"somebody", b"stolen", base64.b64encode(b"user:"), b"CLIENT CERTIFICATE")
    for request in requests:
        head, _, body = request.partition(b"\r\n\r\n")
        assert {line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:]} <= ALLOWED
        assert not [secret for secret in secrets if secret in request]
        addresses = re.findall(rb"[\w.+-]+(?:@|%40)[\w.-]+", head + body)
        assert {address.replace(b"%40", b"@") for address in addresses} <= {b"autodiscover-check@contoso.com"}
