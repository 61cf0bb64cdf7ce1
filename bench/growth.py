"""What input from strangers costs over its size: `python -m bench.growth`.

For each parser, and for the judgement and the texts of a check, CPU at a quarter, half and all of what the program lets
in; the last column tells how it grows: 2 is linear, 4 is quadratic. Best of three, of this process alone.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from autodiscover_exporter.results.result import kept
from autodiscover_exporter.web.limits import Limits
from autodiscover_exporter.web.parsing import RequestParser
from check_autodiscover.checker.checker import conduct
from check_autodiscover.checker.loop import Probes
from check_autodiscover.core.analysis.answer_xml import read_xml
from check_autodiscover.core.analysis.plan import plan
from check_autodiscover.core.model.baseline import BaselineFormatError, read_baseline
from check_autodiscover.core.model.certificate import Certificate, read_certificate
from check_autodiscover.core.model.observations import (
    Connect,
    Contact,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    EndpointQuestion,
    Exchange,
    Handshake,
    HttpAnswer,
    RecordType,
    Scheme,
    Srv,
    Tls,
    VerifyError,
)
from check_autodiscover.core.model.policy import Policy, Resolver, View
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.core.model.urls import parse_url
from check_autodiscover.core.verdict.judge import judge
from check_autodiscover.output.report_json import render_json
from check_autodiscover.output.terminal import sanitize
from check_autodiscover.output.text import render_log, render_text
from check_autodiscover.probes.http_exchange import Visitor

DOMAIN = "contoso.com"
NOW = 1_790_000_000.0
URL = EndpointQuestion(DOMAIN, "192.0.2.1", 443, Scheme.HTTPS)
KEY = ec.generate_private_key(ec.SECP256R1())

Row = tuple[str, int, Callable[[int], Callable[[], object]]]
"""What it is, the most of it that is let in, and what makes the work for a size."""


def main() -> None:
    """Measure each row, print a table."""
    print("| input | all of it | a quarter | half | all | growth |")
    print("|---|---|---|---|---|---|")
    for name, most, make in ROWS:
        quarter, half, whole = (_cost(make(size)) for size in (most // 4, most // 2, most))
        growth = f"{whole / half:.1f}" if half > 0.0005 else "-"
        print(
            f"| {name} | {most:,} | {quarter * 1000:.1f} ms | {half * 1000:.1f} ms | {whole * 1000:.1f} ms | {growth} |"
        )


def _cost(work: Callable[[], object]) -> float:
    found = []
    for _ in range(3):
        begun = time.process_time()
        work()
        found.append(time.process_time() - begun)
    return min(found)


def _parsers() -> Iterator[Row]:
    yield "certificate: names", 4_000, lambda size: partial(read_certificate, _der(size))
    yield "certificate: parts of its subject", 6_000, lambda size: partial(read_certificate, _der(1, size))
    yield "XML: elements, bytes", 65_536, lambda size: partial(read_xml, _xml(b"<a/>", size))
    yield "XML: attributes, bytes", 65_536, lambda size: partial(read_xml, _xml_attributes(size))
    yield "XML: pieces of text, bytes", 65_536, lambda size: partial(read_xml, _xml_text(size))
    yield "URL of a redirect, characters", 512, lambda size: partial(parse_url, "https://a/" + "../" * (size // 3), URL)
    yield "text shown, characters", 4_096, lambda size: partial(sanitize, "\x1b[31m\u202e" * (size // 6))
    yield "baseline, bytes", 4 << 20, lambda size: partial(_baseline, size)
    yield "request at the exporter's door, bytes", 32_768, lambda size: partial(_request, size)


def _der(names: int, parts: int = 1) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"n{number}") for number in range(parts)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(KEY.public_key())
    builder = builder.serial_number(1).not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    builder = builder.not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
    alternatives = x509.SubjectAlternativeName([x509.DNSName(f"a{number}.b.example") for number in range(names)])
    return builder.add_extension(alternatives, False).sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


_OPEN = b'<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">'


def _xml(piece: bytes, size: int) -> bytes:
    return _OPEN + piece * (size // len(piece))


def _xml_attributes(size: int) -> bytes:
    return _OPEN + b"<a " + b" ".join(b"a%d=''" % number for number in range(size // 9)) + b"/>"


def _xml_text(size: int) -> bytes:
    return _OPEN + b"<Response><Error><Message>" + b"&#65;" * (size // 5)


def _baseline(size: int) -> object:
    rows = ", ".join(f'"a{number}.example": {{}}' for number in range(size // 20))
    try:
        return read_baseline(f'{{"schema": 1, "domain": "contoso.com", "views": {{{rows}}}}}')
    except BaselineFormatError as error:
        return error


def _request(size: int) -> object:
    parser = RequestParser(Limits())
    lines = b"".join(b"h%d: %s\r\n" % (number, b"x" * (size // 99 - 8)) for number in range(99))
    return parser.feed(b"GET / HTTP/1.1\r\nhost: x\r\n" + lines + b"\r\n")


def _answers() -> Iterator[Row]:
    head = b"HTTP/1.1 200 OK\r\n"
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n"
    yield "HTTP head, bytes", 65_536, lambda size: partial(_converse, head + b"a: b\r\n" * (size // 6) + b"\r\n")
    yield (
        "HTTP chunks of a byte, bytes",
        262_144,
        lambda size: partial(_converse, chunked + b"1\r\na\r\n" * (size // 6)),
    )
    interim = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    yield "HTTP interim answers, bytes", 262_144, lambda size: partial(_converse, interim * (size // len(interim)))
    yield "HTTP head a byte at a time, bytes", 65_536, lambda size: partial(_converse, head + b"a" * size, 1)


class _Told:
    """A stream whose other side says what it was told to say."""

    def __init__(self, said: bytes, piece: int) -> None:
        self._said = said
        self._piece = piece
        self._at = 0

    async def send(self, data: bytes) -> None:
        """Nobody listens."""

    async def receive(self) -> bytes:
        """Return the next piece."""
        piece = self._said[self._at : self._at + self._piece]
        self._at += self._piece
        return piece


def _converse(said: bytes, piece: int = 16_384) -> object:
    async def ask() -> object:
        soon = asyncio.get_running_loop().time() + 100
        return await Visitor(DOMAIN, "bench").converse(_Told(said, piece), URL, soon, 100)

    return asyncio.run(ask())


class _FanOut:
    """A domain whose owner has filled all that may be there: targets, addresses, names, chains, redirects, pages."""

    def __init__(self, names: int, chain: int) -> None:
        first = read_certificate(_der(1))
        assert isinstance(first, Certificate)
        self._first, self._names, self._chain, self._made = first, names, chain, 0

    async def probe_dns(self, question: DnsQuestion, resolver: Resolver, give_up_at: float) -> DnsAnswer:
        """Return as much as an answer may hold."""
        if question.name.startswith("xrandom") or question.name.endswith(".invalid"):
            return DnsAnswer(DnsStatus.NXDOMAIN)
        if question.type is RecordType.SRV:
            services = tuple(Srv(0, 0, 443, f"srv{number}.{DOMAIN}") for number in range(64))
            return DnsAnswer(DnsStatus.ANSWER, services=services)
        if question.type is RecordType.A:
            kind = sum(question.name.encode()) % 250
            return DnsAnswer(DnsStatus.ANSWER, addresses=tuple(f"9.{last}.{kind}.7" for last in range(64)))
        return DnsAnswer(DnsStatus.NODATA)

    async def probe_endpoint(self, question: EndpointQuestion, give_up_at: float) -> Contact:
        """Return a connection with everything that may be wrong with one."""
        self._made += 1
        chain = tuple(self._certificate(place) for place in range(self._chain))
        errors = tuple(VerifyError(code, depth) for code in (10, 18, 19, 20, 21) for depth in range(16))
        tls = Tls(Handshake.ESTABLISHED, "TLSv1.3", chain, errors) if question.scheme is Scheme.HTTPS else None
        headers = (("location", f"http://hop{self._made}.{DOMAIN}/autodiscover/autodiscover.xml"),)
        page = HttpAnswer("GET", Exchange.ANSWERED, 302 if self._made % 2 else 403, headers, "403.7 " * 682)
        return Contact(Connect.CONNECTED, tls, (page,))

    def _certificate(self, place: int) -> Certificate:
        number = self._made * 100 + place
        names = tuple(f"a{each}.x{number}.example" for each in range(self._names))
        return replace(
            self._first,
            dns_names=names,
            fingerprint=f"{number:064x}",
            subject=f"CN=x{number}",
            issuer="CN=Inspecting Machine",
            issuer_key="ab" * 20,
        )


def _survey(size: int) -> Survey:
    views = (View("inside", (Resolver("10.0.0.2"),)), View("outside", (Resolver("192.0.2.53"),)))
    start = Survey(domain=DOMAIN, policy=Policy(views=views), labels=("xrandom",), started=NOW)
    world = _FanOut(size, 4)
    return asyncio.run(conduct(start, Probes(world, world)))


def _judgements() -> Iterator[Row]:
    """Names of each certificate of a check with all its connections, four certificates to a chain."""
    yield "plan, names of each certificate", 1_000, lambda size: partial(plan, _survey(size))
    yield "judgement, names of each certificate", 1_000, lambda size: partial(judge, _survey(size), NOW)
    yield "what the exporter keeps, names of each certificate", 1_000, _keeping
    for name, render in _RENDERINGS:
        yield f"{name}, names of each certificate", 1_000, partial(_rendering, render)


def _keeping(size: int) -> Callable[[], object]:
    return partial(kept, judge(_survey(size), NOW), "default", None)


_RENDERINGS: tuple[tuple[str, Callable[..., str]], ...] = (
    ("text -vv", lambda report: render_text(report, 2)),
    ("log", render_log),
    ("JSON", render_json),
)


def _rendering(render: Callable[..., str], size: int) -> Callable[[], object]:
    return partial(render, judge(_survey(size), NOW))


ROWS: tuple[Row, ...] = (*_parsers(), *_answers(), *_judgements())
"""Every input that is measured."""


if __name__ == "__main__":
    main()
