"""A connection to an exporter, and one request over it.

A login goes over TLS, a UNIX socket or to this host; else it would be everybody's who sees the network.

One HTTP/1.1 answer, read from a stream to its end and no further (RFC 9112 sections 4 to 7).

The standard library's client would import the whole of e-mail for its headers.

Where an exporter is, from the URL of `--from-exporter`.
"""

import re
import socket
from collections.abc import Sequence
from io import BufferedReader
from typing import TYPE_CHECKING

from check_autodiscover.settings import BadValue, quoted

if TYPE_CHECKING:
    import ssl

__all__ = ["MAX_BODY", "Answer", "BadAnswer", "Place", "Unanswered", "fetch", "parse_place", "read_answer"]

MAX_BODY = 8 * 1024 * 1024
"""Bytes: many times the largest report."""

_MAX_LINE = 8192

_MAX_HEADERS = 100


class BadAnswer(Exception):
    """What came is no whole HTTP answer; the text is the end of a sentence about who sent it."""


class Answer:
    """Status, headers by their names in lower case, and body; plain for the reason that `Place` is."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


def read_answer(stream: BufferedReader) -> Answer:
    """The answer in a stream. Raises BadAnswer, and OSError as the stream does."""
    status = re.fullmatch(rb"HTTP/1\.[01] ([0-9]{3})(?: .*)?", _line(stream))
    if status is None:
        raise BadAnswer("does not speak HTTP")
    headers = _headers(stream)
    return Answer(int(status[1]), headers, _body(stream, headers))


def _line(stream: BufferedReader) -> bytes:
    line = stream.readline(_MAX_LINE + 1)
    if not line.endswith(b"\n"):
        raise BadAnswer("sent a line without end" if len(line) > _MAX_LINE else "closed the connection in its answer")
    return line.rstrip(b"\r\n")


def _headers(stream: BufferedReader) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(_MAX_HEADERS):
        line = _line(stream).decode("latin-1")
        if not line:
            return headers
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    raise BadAnswer("sent headers without end")


def _body(stream: BufferedReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return b"".join(_chunks(stream))
    length = headers.get("content-length", "")
    if not re.fullmatch("[0-9]{1,12}", length):
        raise BadAnswer("sent an answer without its length")
    return _exactly(stream, int(length))


def _chunks(stream: BufferedReader) -> list[bytes]:
    """The parts of a body that something on the way has cut into chunks (RFC 9112 section 7.1)."""
    chunks: list[bytes] = []
    left = MAX_BODY
    while True:
        size = re.fullmatch(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?", _line(stream))
        if size is None:
            raise BadAnswer("sent an answer in chunks that are none")
        chunk = _exactly(stream, int(size[1], 16), left)
        left -= len(chunk)
        if not chunk:
            return chunks
        chunks.append(chunk)
        _line(stream)


def _exactly(stream: BufferedReader, length: int, most: int = MAX_BODY) -> bytes:
    if length > most:
        raise BadAnswer(f"sent more than {MAX_BODY // 1024 // 1024} MiB")
    body = stream.read(length)
    if len(body) < length:
        raise BadAnswer(f"broke off after {len(body)} of {length} bytes")
    return body


_UNIX = "unix:"

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?(?P<prefix>/[!-~]*)?",
    re.IGNORECASE,
)

_PORTS = {"http": 80, "https": 443}


class Place:
    """An exporter's address. `socket` is a path, and `host` empty, where it listens on a UNIX socket.

    A plain class: to define a dataclass costs more than all that is done with this one.
    """

    __slots__ = ("host", "port", "prefix", "secure", "socket", "text")

    def __init__(self, text: str, *, secure: bool, host: str, port: int, prefix: str, socket: str = "") -> None:
        self.text = text
        self.secure = secure
        self.host = host
        self.port = port
        self.prefix = prefix
        self.socket = socket

    @property
    def authority(self) -> str:
        """The value of the header `Host` (RFC 9110 section 7.2)."""
        if self.socket:
            return "localhost"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_place(text: str) -> Place:
    """The place that `http(s)://HOST[:PORT][/PREFIX]` or `unix:PATH` names. Raises BadValue."""
    if text.startswith(_UNIX) and len(text) > len(_UNIX):
        return Place(text, secure=False, host="", port=0, prefix="", socket=text.removeprefix(_UNIX))
    if "@" in text:
        # Whatever stands before it would be shown by ps, and here.
        raise BadValue("user and password do not belong into the URL: put them into a file for --exporter-auth-file")
    match = _URL.fullmatch(text)
    port = int((match and match["port"]) or 0)
    if match is None or port > 65535 or set(match["prefix"] or "") & set("?#"):
        raise BadValue(f"{quoted(text)} is no exporter's URL: it is http(s)://HOST[:PORT][/PREFIX], or unix:PATH")
    scheme = match["scheme"].lower()
    return Place(
        text.rstrip("/"),
        secure=scheme == "https",
        host=match["host"].strip("[]"),
        port=port or _PORTS[scheme],
        prefix=(match["prefix"] or "").rstrip("/"),
    )


class Unanswered(Exception):
    """There is no answer to go by; the text is one sentence with what to do, not yet cleaned."""


def fetch(place: Place, path: str, headers: dict[str, str], ca_files: Sequence[str], seconds: float) -> Answer:
    """The answer to a GET of a path below the place's prefix. No step takes more than so many seconds.

    Raises Unanswered, and TimeoutError.
    """
    try:
        with _connected(place, seconds) as plain, _secured(plain, place, ca_files) as connection:
            if "Authorization" in headers and not _private(connection, place):
                raise Unanswered(f"{place.text}: user and password go over TLS (https://), or to this host alone")
            connection.sendall(_request(place, path, headers))
            with connection.makefile("rb") as stream:
                return read_answer(stream)
    except BadAnswer as error:
        raise Unanswered(f"{place.text} {error}: is that the exporter?") from error
    except TimeoutError:
        raise
    except OSError as error:
        raise Unanswered(f"{place.text} closed the connection ({_reason(error)})") from error


def _request(place: Place, path: str, headers: dict[str, str]) -> bytes:
    lines = [f"GET {place.prefix}{path} HTTP/1.1", f"Host: {place.authority}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join((*lines, "", "")).encode("latin-1")


def _connected(place: Place, seconds: float) -> socket.socket:
    try:
        if place.socket:
            return _connected_to_path(place.socket, seconds)
        return socket.create_connection((place.host, place.port), timeout=seconds)
    except TimeoutError:
        raise
    except OSError as error:
        what = f"cannot connect to the exporter at {place.text} ({_reason(error)})"
        raise Unanswered(f"{what}: does it run, and listen there?") from error


def _connected_to_path(path: str, seconds: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect(path)
    except BaseException:
        connection.close()
        raise
    return connection


def _secured(connection: socket.socket, place: Place, ca_files: Sequence[str]) -> socket.socket:
    if not place.secure:
        return connection
    import ssl

    context = _context(ca_files)
    try:
        return context.wrap_socket(connection, server_hostname=place.host)
    except ssl.SSLCertVerificationError as error:
        fault = f"the certificate of {place.text} is not trusted ({error.verify_message.rstrip('.')})"
        raise Unanswered(f"{fault}: give its CA with -r, or the name it is issued for") from error
    except ssl.SSLError as error:
        raise Unanswered(f"no TLS with {place.text} ({_reason(error)}): is it http:// there?") from error


def _context(ca_files: Sequence[str]) -> "ssl.SSLContext":
    import ssl

    from check_autodiscover.named_files import CA_FILE, UnusableFile, read_file
    from check_autodiscover.probes.system_anchors import system_anchors

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        # The default would read the system's bundle whole, which takes longer than the rest of all this.
        files, directories = system_anchors()
        for file in (*files, *ca_files):
            read_file(file, CA_FILE)
    except UnusableFile as error:
        raise Unanswered(f"CA file {error}") from error
    for directory in directories:
        context.load_verify_locations(capath=directory)
    for file in (*files, *ca_files):
        try:
            context.load_verify_locations(cafile=file)
        except OSError as error:
            raise Unanswered(f"CA file {file}: {_reason(error)}") from error
    return context


def _private(connection: socket.socket, place: Place) -> bool:
    """Whether nobody on the way can read along."""
    if place.secure or place.socket:
        return True
    address = str(connection.getpeername()[0]).removeprefix("::ffff:")
    return address == "::1" or address.startswith("127.")


def _reason(error: OSError) -> str:
    """OpenSSL's reason, or the system's."""
    reason = getattr(error, "reason", None)
    return str(reason).lower().replace("_", " ") if reason else error.strerror or type(error).__name__
