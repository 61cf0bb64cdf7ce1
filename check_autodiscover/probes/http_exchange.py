"""HTTP/1.1 on an open stream: a GET and, where that leaves it open, a POST, as a client's first tries look.

Where a login or a failure leaves doubt who answers, the V2 service is asked on the same connection: it needs no login.

h11 is the codec. The endpoint probe imports this module when it first needs it. No request carries a credential or a
cookie, whoever asks; whatever a server sends, a bounded part of it is read.
"""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import Protocol
from urllib.parse import quote

import h11

from check_autodiscover.core.model.observations import (
    JSON_PATH,
    EndpointQuestion,
    Exchange,
    HttpAnswer,
    Scheme,
    Variant,
)
from check_autodiscover.core.model.urls import is_autodiscover_path
from check_autodiscover.probes.dial import cut_by

__all__ = ["Stream", "Visitor"]

MAX_HEADERS = 64 * 1024

MAX_BODY = 64 * 1024

MAX_RECEIVED = 256 * 1024
"""Bytes of one answer, framing and interim answers included."""

MAX_EVENTS = 1024
"""Pieces of one answer, chunks and interim answers: each costs us far more than the server."""

MAX_TEXT = 4096
"""Characters of a body that are kept."""

MAX_VALUE = 512

MAX_KEPT = 32

_KEPT = frozenset(
    {
        "connection",
        "content-type",
        "location",
        "request-id",
        "retry-after",
        "server",
        "www-authenticate",
        "x-calculatedbetarget",
        "x-diaginfo",
        "x-feserver",
        "x-owa-version",
        "x-powered-by",
        "x-soap-enabled",
    }
)

_EXCHANGE_SIGNS = frozenset({"x-calculatedbetarget", "x-diaginfo", "x-feserver", "x-owa-version", "x-soap-enabled"})

_WINDOWS_LOGIN = re.compile(r"(?:^|,)\s*(?:negotiate|ntlm|bearer)\b", re.IGNORECASE)

_REQUEST = """<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006">\
<Request><EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>\
http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a\
</AcceptableResponseSchema></Request></Autodiscover>"""
"""MS-OXDSCLI 2.2.3; the namespaces are http:// on the wire, whatever newer pages print."""


class Stream(Protocol):
    """A connection that HTTP is spoken on."""

    async def send(self, data: bytes) -> None:
        """Send all of it. Raises OSError."""
        ...

    async def receive(self) -> bytes:
        """Some bytes, none at the end. Raises OSError."""
        ...


class Visitor:
    """Speaks to web servers about one mail domain, without credentials."""

    def __init__(self, domain: str, user_agent: str) -> None:
        address = f"autodiscover-check@{domain}"
        self._json = f"{JSON_PATH}?Email={quote(address, safe='')}&Protocol=AutodiscoverV1&RedirectCount=1"
        address = address.replace("&", "&amp;").replace("<", "&lt;")
        self._body = _REQUEST.format(address=address).encode("ascii", "xmlcharrefreplace")
        self._user_agent = _visible(user_agent, " ")

    async def converse(
        self, stream: Stream, question: EndpointQuestion, give_up_at: float, patience: float
    ) -> tuple[HttpAnswer, ...]:
        """The answers to a GET, perhaps a POST and V2's, each within `patience` seconds and not after `give_up_at`."""
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADERS)
        call = _Call(stream, connection, give_up_at, patience)
        first = await call.request(self._head("GET", question), b"")
        if not _is_service(question) or not _leaves_open(connection) or _is_exchange_login(first):
            return (first,)
        connection.start_next_cycle()
        second = await call.request(self._head("POST", question), self._body)
        if not _leaves_doubt(second) or not _leaves_open(connection):
            return first, second
        connection.start_next_cycle()
        beside = await call.request(self._head("GET", replace(question, path=self._json)), b"")
        return first, second, replace(beside, path=JSON_PATH)

    def _head(self, method: str, question: EndpointQuestion) -> h11.Request:
        host = f"[{question.name}]" if ":" in question.name else question.name
        headers = [("Host", _visible(host)), ("User-Agent", self._user_agent), ("Accept", "*/*")]
        if method == "POST":
            headers += [("Content-Type", "text/xml; charset=utf-8"), ("Content-Length", str(len(self._body)))]
        if question.scheme is Scheme.HTTP:
            headers.append(("Connection", "close"))
        return h11.Request(method=method, target=_target(question.path), headers=headers)


def _is_service(question: EndpointQuestion) -> bool:
    """Whether a POST belongs there: at an Autodiscover path over TLS, on a usual connection."""
    usual = question.scheme is Scheme.HTTPS and question.variant is Variant.USUAL
    return usual and is_autodiscover_path(question.path)


class _Enough(Exception):
    """The server sends what no answer needs; the connection is of no more use."""


class _Call:
    """One connection's requests."""

    def __init__(self, stream: Stream, connection: h11.Connection, give_up_at: float, patience: float) -> None:
        self._stream = stream
        self._connection = connection
        self._give_up_at = give_up_at
        self._patience = patience

    async def request(self, head: h11.Request, body: bytes) -> HttpAnswer:
        answer = _Answer(head.method.decode("ascii"))
        when, cut = cut_by(self._give_up_at, self._patience)
        try:
            async with asyncio.timeout_at(when):
                await self._stream.send(self._encoded(head, body))
                return await self._read(answer)
        except TimeoutError:
            return answer.end(Exchange.CUT_SHORT if cut else Exchange.SILENT, "no more came in time")
        except (_Enough, h11.RemoteProtocolError) as error:
            return answer.end(Exchange.MALFORMED, str(error))
        except OSError as error:
            return answer.end(Exchange.RESET, error.strerror or str(error))

    def _encoded(self, head: h11.Request, body: bytes) -> bytes:
        events: list[h11.Event] = [head, *([h11.Data(data=body)] if body else []), h11.EndOfMessage()]
        return b"".join([self._connection.send(event) or b"" for event in events])

    async def _read(self, answer: "_Answer") -> HttpAnswer:
        received = 0
        while not answer.complete:
            event = self._connection.next_event()
            if event is not h11.NEED_DATA:
                answer.take(event)
                continue
            data = await self._stream.receive()
            received += len(data)
            if received > MAX_RECEIVED:
                raise _Enough(f"more than {MAX_RECEIVED} bytes")
            if not data and not answer.status:
                return answer.end(Exchange.CLOSED, "closed by the server")
            self._connection.receive_data(data)
        return answer.end(Exchange.ANSWERED, "")


class _Answer:
    """One answer as it grows: what has come counts, even if the rest never does."""

    def __init__(self, method: str) -> None:
        self._method = method
        self.status = 0
        self.complete = False
        self._headers: tuple[tuple[str, str], ...] = ()
        self._body = bytearray()
        self._events = 0

    def take(self, event: object) -> None:
        self._events += 1
        if self._events > MAX_EVENTS:
            raise _Enough(f"more than {MAX_EVENTS} pieces")
        match event:
            case h11.Response():
                self.status = event.status_code
                self._headers = _kept(event.headers)
            case h11.Data():
                self._body += event.data
                if len(self._body) > MAX_BODY:
                    raise _Enough(f"more than {MAX_BODY} bytes of body")
            case h11.EndOfMessage():
                self.complete = True

    def end(self, outcome: Exchange, detail: str) -> HttpAnswer:
        text = self._body[:MAX_TEXT].decode("latin-1")
        return HttpAnswer(
            self._method,
            Exchange.ANSWERED if self.status else outcome,
            self.status,
            self._headers,
            text,
            detail,
        )


def _kept(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    texts = ((name.decode("latin-1").lower(), value[:MAX_VALUE].decode("latin-1")) for name, value in headers)
    return tuple(islice((pair for pair in texts if pair[0] in _KEPT), MAX_KEPT))


def _leaves_open(connection: h11.Connection) -> bool:
    return connection.our_state is h11.DONE and connection.their_state is h11.DONE


def _is_exchange_login(answer: HttpAnswer) -> bool:
    """Whether a POST could tell nothing more: the server asks for a login as Exchange does (MS-OXDISCO 3.1.5)."""
    if answer.status != 401:
        return False
    windows = any(_WINDOWS_LOGIN.search(value) for value in answer.header("www-authenticate"))
    return windows or any(name in _EXCHANGE_SIGNS for name, _ in answer.headers)


def _leaves_doubt(answer: HttpAnswer) -> bool:
    """Whether V2 could tell more: a login that shows no Exchange, and a path that fails where the server may not.

    A web site's pages and 404 are what healthy domains have at their root: asking there would cost each check more.
    """
    login = answer.status == 401 and not _is_exchange_login(answer)
    return login or answer.status == 403 or answer.status >= 500


def _target(path: str) -> str:
    """A request target from a path that may be another server's redirect: nothing but visible ASCII (RFC 9112 3.2)."""
    octets = path.encode("utf-8", "surrogatepass")
    quoted = "".join(chr(octet) if 0x21 <= octet <= 0x7E else f"%{octet:02X}" for octet in octets)
    return quoted if quoted.startswith("/") else f"/{quoted}"


def _visible(text: str, also: str = "") -> str:
    """Text that may stand in a header: what is not visible ASCII becomes a question mark."""
    return "".join(character if "!" <= character <= "~" or character in also else "?" for character in text).strip()
