"""The resolver of one view, on UDP and TCP; runs in the lab's event loop, called by `running`.

It answers as a recursive resolver does, from zone data alone, and asks nobody.

What the servers of the lab say over HTTP, as a table; used by `site_server`. What fails is in `faces`.

How the lab's servers end a conversation with a client, whoever ends it; used by `dns_server` and `site_server`.

IIS, proxies and filters as they fail, played: the texts are theirs, the server is ours, and IIS itself it is not.

Used by `answers`. The sources are Microsoft's "The HTTP status codes in IIS" and, for TLS 1.3, the IIS support blog
of August 2025.

The web servers of the lab: many loopback addresses that share one https port and one http port.

Runs in the lab's event loop, called by `running`.

Answers from zone data as a resolver would give them, wildcards included (RFC 1034 section 4.3.2, RFC 4592).

Used by `dns_server`. There are no delegations: a name belongs to the longest origin above it, and a name that
belongs to none does not exist. The root's NS and SOA are known, because they are the control question of a check.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from socket import SO_LINGER, SO_REUSEADDR, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET, socket
from ssl import SSLContext
from struct import pack
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from check_autodiscover.core.model.observations import AUTODISCOVER_PATH
from check_autodiscover.lab.world import SEARCH_PAGE, Behaviour, ResolverKind, Zone

__all__ = [
    "AT_THE_PATH",
    "EVERYWHERE",
    "HTML",
    "LOGIN",
    "TTL",
    "Answer",
    "Reply",
    "ZoneData",
    "answer_to",
    "at_the_path",
    "bind_everywhere",
    "bind_resolver",
    "conversation",
    "refuse",
    "respond",
    "serve",
    "serve_site",
]


@asynccontextmanager
async def conversation(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Close the connection at the end of the block. A client that leaves, and the lab's own end, are no errors."""
    try:
        yield
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
        pass
    except asyncio.CancelledError:
        # Not raised again: some Pythons report a cancelled conversation as an error of the server.
        writer.transport.abort()
    finally:
        writer.close()


TTL = 60
"""The TTL of every record, and of every denial, in seconds."""

MAX_ALIASES = 16
"""Where a chain of aliases that may be a loop is given up; what was found so far is the answer."""

ROOT = Zone(".", ("@ NS a.root.lab.", f"@ SOA a.root.lab. hostmaster.lab. 1 1800 900 604800 {TTL}"))

SOA = f"@ SOA ns hostmaster 1 1800 900 604800 {TTL}"

_Node = dict[dns.rdatatype.RdataType, dns.rrset.RRset]


@dataclass(frozen=True, slots=True)
class Reply:
    """The sections of an answer and its code."""

    rcode: dns.rcode.Rcode
    answer: tuple[dns.rrset.RRset, ...] = ()
    authority: tuple[dns.rrset.RRset, ...] = ()


class ZoneData:
    """The zones that one resolver knows, indexed by name once, and what it makes of them."""

    def __init__(self, zones: Iterable[Zone], kind: ResolverKind = ResolverKind.HONEST) -> None:
        self._kind = kind
        self._nodes: dict[dns.name.Name, _Node] = {}
        self._origins: set[dns.name.Name] = set()
        self._load(ROOT, ROOT.records)
        for zone in zones:
            self._load(zone, (SOA, *zone.records))

    def answer(self, name: dns.name.Name, type_: dns.rdatatype.RdataType) -> Reply:
        """What the resolver says to a question."""
        if self._kind is ResolverKind.FAILING and self._origin(name) != dns.name.root:
            return Reply(dns.rcode.SERVFAIL)
        reply = self._known(name, type_)
        if self._kind is ResolverKind.REWRITING and reply.rcode is dns.rcode.NXDOMAIN:
            return Reply(dns.rcode.NOERROR, _search_page(name) if type_ is dns.rdatatype.A else ())
        return reply

    def _known(self, name: dns.name.Name, type_: dns.rdatatype.RdataType) -> Reply:
        """What the data say: aliases are followed as far as they go."""
        found: list[dns.rrset.RRset] = []
        while len(found) < MAX_ALIASES:
            node = self._node(name)
            if node is None:
                return Reply(dns.rcode.NXDOMAIN, tuple(found), (self._soa(name),))
            if type_ in node:
                return Reply(dns.rcode.NOERROR, (*found, _at(node[type_], name)))
            alias = node.get(dns.rdatatype.CNAME)
            if alias is None:
                return Reply(dns.rcode.NOERROR, tuple(found), (self._soa(name),))
            found.append(_at(alias, name))
            name = alias[0].target
        return Reply(dns.rcode.NOERROR, tuple(found))

    def _load(self, zone: Zone, records: Iterable[str]) -> None:
        origin = dns.name.from_text(zone.origin)
        self._origins.add(origin)
        for record in records:
            owner, type_name, data = record.split(maxsplit=2)
            self._add(dns.name.from_text(owner, origin), dns.rdatatype.from_text(type_name), data, origin)
            self._add_ancestors(dns.name.from_text(owner, origin), origin)

    def _add(self, name: dns.name.Name, type_: dns.rdatatype.RdataType, data: str, origin: dns.name.Name) -> None:
        rdata = dns.rdata.from_text(dns.rdataclass.IN, type_, data, origin, relativize=False)
        node = self._nodes.setdefault(name, {})
        node.setdefault(type_, dns.rrset.RRset(name, dns.rdataclass.IN, type_)).add(rdata, TTL)

    def _add_ancestors(self, name: dns.name.Name, origin: dns.name.Name) -> None:
        """A name between a record and its origin exists, though it has no records (RFC 4592 section 2.2.2)."""
        while name != origin:
            name = name.parent()
            self._nodes.setdefault(name, {})

    def _origin(self, name: dns.name.Name) -> dns.name.Name:
        return max((origin for origin in self._origins if name.is_subdomain(origin)), key=len)

    def _soa(self, name: dns.name.Name) -> dns.rrset.RRset:
        return self._nodes[self._origin(name)][dns.rdatatype.SOA]

    def _node(self, name: dns.name.Name) -> _Node | None:
        """A name's own records, else those of the wildcard at its closest encloser (RFC 4592 section 3.3.1)."""
        if name in self._nodes:
            return self._nodes[name]
        encloser, origin = name, self._origin(name)
        while encloser not in self._nodes and encloser != origin:
            encloser = encloser.parent()
        return self._nodes.get(dns.name.Name((b"*", *encloser.labels)))


def _search_page(name: dns.name.Name) -> tuple[dns.rrset.RRset]:
    return (dns.rrset.from_text(name, TTL, dns.rdataclass.IN, dns.rdatatype.A, SEARCH_PAGE),)


def _at(rrset: dns.rrset.RRset, name: dns.name.Name) -> dns.rrset.RRset:
    """The same records under the name that was asked for: the synthesis of RFC 4592."""
    return dns.rrset.from_rdata_list(name, TTL, list(rrset))


MAX_UDP_WITHOUT_EDNS = 512
"""Bytes (RFC 1035 section 4.2.1)."""

MAX_TCP = 65_535
"""Bytes (RFC 1035 section 4.2.2)."""

ATTEMPTS = 50


def bind_resolver(host: str) -> tuple[socket, socket]:
    """A UDP and a TCP socket bound to one free port of an address. Raises OSError if there is none."""
    for _ in range(ATTEMPTS):
        tcp, udp = socket(type=SOCK_STREAM), socket(type=SOCK_DGRAM)
        try:
            tcp.bind((host, 0))
            udp.bind((host, tcp.getsockname()[1]))
        except OSError:
            tcp.close()
            udp.close()
        else:
            return udp, tcp
    raise OSError(f"no port of {host} is free for both UDP and TCP")


def refuse(udp: socket) -> None:
    """Make a bound socket refuse what others send, and keep its port: a peer of its own leaves it deaf to them."""
    udp.connect(udp.getsockname())


async def serve(udp: socket, tcp: socket, data: ZoneData) -> tuple[asyncio.DatagramTransport, asyncio.Server]:
    """Start answering on both sockets, which belong to the transport and the server from now on."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Datagrams(data), sock=udp)

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with conversation(writer):
            while True:
                query = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
                answer = respond(query, data, MAX_TCP)
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()

    return transport, await asyncio.start_server(converse, sock=tcp)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, data: ZoneData) -> None:
        self._data = data
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, for asyncio's own class is no subclass of the one it documents.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = respond(data, self._data)
        if answer and self._transport is not None:
            self._transport.sendto(answer, addr)


def respond(wire: bytes, data: ZoneData, max_size: int = 0) -> bytes:
    """The answer to a query, empty for what is none; truncated to `max_size`, or (0) to what the query allows."""
    try:
        query = dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return b""
    if query.flags & dns.flags.QR:
        return b""
    response = dns.message.make_response(query, recursion_available=True)
    _fill(response, query, data)
    try:
        return response.to_wire(max_size=max_size or query.payload or MAX_UDP_WITHOUT_EDNS)
    except dns.exception.TooBig:
        truncated = dns.message.make_response(query, recursion_available=True)
        truncated.flags |= dns.flags.TC
        return truncated.to_wire()


def _fill(response: dns.message.Message, query: dns.message.Message, data: ZoneData) -> None:
    if query.opcode() is not dns.opcode.QUERY or len(query.question) != 1:
        response.set_rcode(dns.rcode.NOTIMP)
        return
    reply = data.answer(query.question[0].name, query.question[0].rdtype)
    response.set_rcode(reply.rcode)
    response.answer.extend(reply.answer)
    response.authority.extend(reply.authority)


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; `{redirect_to}` in a header stands for the site's own target."""

    status: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""

    @property
    def closes(self) -> bool:
        """Whether the connection ends with it."""
        return ("Connection", "close") in self.headers

    def encode(self, method: str, redirect_to: str) -> bytes:
        """The bytes on the wire, without the body for HEAD."""
        body = self.body.encode()
        headers = (*self.headers, ("Content-Length", str(len(body))))
        lines = (f"{name}: {value.format(redirect_to=redirect_to)}" for name, value in headers)
        head = "\r\n".join((f"HTTP/1.1 {self.status}", *lines, "", ""))
        return head.encode() + (b"" if method == "HEAD" else body)


HTML = ("Content-Type", "text/html; charset=utf-8")

LOGIN = Answer("302 Found", (("Location", "/owa/auth/logon.aspx"),))


def _page(status: str, text: str = "", *headers: tuple[str, str]) -> Answer:
    return Answer(status, (HTML, *headers), f"<!doctype html><title>{status}</title><h2>{text or status}</h2>\n")


_FORBIDDEN = "403 Forbidden"

_ERROR = "500 Internal Server Error"

_DEMANDED = _page(
    _FORBIDDEN, "HTTP Error 403.7 - Forbidden: the page you are attempting to access requires a client certificate"
)

_TLS_1_3 = "TLSv1.3"

AT_THE_PATH: dict[Behaviour, Answer | None] = {
    Behaviour.CERTIFICATE_DEMANDED: _DEMANDED,
    Behaviour.CERTIFICATE_SUSPECTED: _page(_FORBIDDEN, "Access is denied."),
    Behaviour.CERTIFICATE_RESET: None,
    Behaviour.CERTIFICATE_UNASKED: _page(_ERROR, "HTTP Error 500.0: The request is not supported. (0x80070032)"),
    Behaviour.CERTIFICATE_UNTRUSTED: _page(_FORBIDDEN, "HTTP Error 403.16 - Forbidden: certificate is untrusted"),
}
"""What the Autodiscover path alone does under TLS 1.3, None being a reset."""


def at_the_path(behaviour: Behaviour, version: str | None) -> Answer | None:
    """What the Autodiscover path does under a version of TLS: below 1.3 IIS asks by renegotiation, and then says so."""
    asks = behaviour in (Behaviour.CERTIFICATE_RESET, Behaviour.CERTIFICATE_UNASKED)
    return _DEMANDED if asks and version != _TLS_1_3 else AT_THE_PATH[behaviour]


_XML_ERROR = """\
<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response><Error Time="00:00:00.0000000" Id="1"><ErrorCode>603</ErrorCode><Message>The Active Directory user wasn't
  found.</Message><DebugData /></Error></Response>
</Autodiscover>
"""

EVERYWHERE: dict[Behaviour, Answer] = {
    Behaviour.SSL_REQUIRED: _page(_FORBIDDEN, "HTTP Error 403.4 - Forbidden: SSL is required"),
    Behaviour.FORBIDDEN: _page(_FORBIDDEN, "Your country is blocked."),
    Behaviour.FAILING: _page(_ERROR),
    Behaviour.BRIDGE_FAILING: _page(_ERROR, "The target principal name is incorrect. (-2146893022)"),
    Behaviour.GATEWAY_FAILING: _page("502 Bad Gateway"),
    Behaviour.BUSY: _page("503 Service Unavailable", "", ("Retry-After", "30")),
    Behaviour.NO_METHOD: _page("401 Unauthorized"),
    Behaviour.LOGIN_CUT: _page(
        "401 Unauthorized", "", ("WWW-Authenticate", "Negotiate"), ("WWW-Authenticate", "NTLM"), ("Connection", "close")
    ),
    Behaviour.LOGIN_PAGE: Answer("302 Found", (("Location", "https://www.contoso.com/login"),)),
    Behaviour.XML_ERROR: Answer("200 OK", (("Content-Type", "text/xml; charset=utf-8"),), _XML_ERROR),
}
"""What a server does whatever is asked."""

NOT_FOUND = Answer("404 Not Found", (HTML,), "<!doctype html><title>Not found</title>\n")

EXCHANGE = Answer(
    "401 Unauthorized",
    (
        ("Server", "Microsoft-IIS/10.0"),
        ("WWW-Authenticate", "Negotiate"),
        ("WWW-Authenticate", "NTLM"),
        ("WWW-Authenticate", 'Basic realm="exchange"'),
        ("X-FEServer", "EX1"),
    ),
)

SETTINGS = """\
<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
    <Account><AccountType>email</AccountType><Action>settings</Action>
      <Protocol><Type>IMAP</Type><Server>imap.hoster.example</Server><Port>993</Port></Protocol>
    </Account>
  </Response>
</Autodiscover>
"""

_ANSWERS = {
    Behaviour.WEBSITE: Answer("200 OK", (HTML,), "<!doctype html><title>Welcome</title><p>This is a web site.</p>\n"),
    Behaviour.REDIRECT: Answer("302 Found", (("Location", f"https://{{redirect_to}}{AUTODISCOVER_PATH}"),)),
    Behaviour.NOT_FOUND: NOT_FOUND,
    Behaviour.UNAVAILABLE: Answer("503 Service Unavailable", (HTML,), "<!doctype html><title>Unavailable</title>\n"),
    Behaviour.PASSWORD: Answer("401 Unauthorized", (("WWW-Authenticate", 'Basic realm="Customers only"'),)),
    Behaviour.SETTINGS: Answer("200 OK", (("Content-Type", "text/xml; charset=utf-8"),), SETTINGS),
}


def answer_to(behaviour: Behaviour, path: str, version: str | None = None) -> Answer | None:
    """The answer to a request for a path under a version of TLS, None for a reset.

    Raises KeyError for a behaviour that never answers.
    """
    asked = path.lower().startswith("/autodiscover/")
    if behaviour is Behaviour.EXCHANGE:
        return EXCHANGE if asked else NOT_FOUND
    if behaviour in AT_THE_PATH:
        return at_the_path(behaviour, version) if asked else LOGIN
    return _ANSWERS.get(behaviour) or EVERYWHERE[behaviour]


READ_SIZE = 4096


def bind_everywhere(addresses: Sequence[str]) -> tuple[int, dict[str, socket]]:
    """One port that is free on all these addresses, and a socket bound to it on each, not listening.

    An address where nothing listens keeps its bound socket, so that no other program can take the port and answer.
    Raises OSError if there is no such port.
    """
    for _ in range(ATTEMPTS):
        sockets = {address: socket() for address in addresses}
        port = 0
        try:
            for address, bound in sockets.items():
                bound.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
                bound.bind((address, port))
                port = bound.getsockname()[1]
        except OSError:
            for bound in sockets.values():
                bound.close()
        else:
            return port, sockets
    raise OSError(f"no port is free on all of {', '.join(addresses)}")


async def serve_site(
    bound: socket, behaviour: Behaviour, context: SSLContext | None, redirect_to: str
) -> asyncio.Server | None:
    """Start one port of one site; None where it refuses. The socket belongs to the server from now on."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with conversation(writer):
            while request := await _read_request(reader):
                method, path = request
                answer = answer_to(behaviour, path, _version(writer))
                if answer is None:
                    _reset(writer)
                    return
                writer.write(answer.encode(method, redirect_to))
                await writer.drain()
                if answer.closes:
                    return

    async def stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with conversation(writer):
            while await reader.read(READ_SIZE):
                pass

    if behaviour is Behaviour.REFUSED:
        return None
    if behaviour is Behaviour.SILENT:
        return await asyncio.start_server(stay_silent, sock=bound)
    return await asyncio.start_server(converse, sock=bound, ssl=context)


def _version(writer: asyncio.StreamWriter) -> str | None:
    session = writer.get_extra_info("ssl_object")
    return session.version() if session is not None else None


def _reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))
    writer.transport.abort()


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, str] | None:
    """Method and path of the next request, its body read and dropped; None for what is no request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request_line, *headers = head.split("\r\n")
    fields = dict(header.lower().split(":", 1) for header in headers if ":" in header)
    length = fields.get("content-length", "0").strip()
    await reader.readexactly(int(length) if length.isdecimal() else 0)
    words = request_line.split(" ")
    return (words[0], words[1]) if len(words) == 3 else None
