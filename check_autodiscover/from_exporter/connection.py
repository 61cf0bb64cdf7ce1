"""A connection to an exporter, and one request over it.

A login goes over TLS, a UNIX socket or to this host; else it would be everybody's who sees the network.
"""

import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

from check_autodiscover.from_exporter.answer import Answer, BadAnswer, read_answer
from check_autodiscover.from_exporter.place import Place

if TYPE_CHECKING:
    import ssl

__all__ = ["Unanswered", "fetch"]


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
    from check_autodiscover.system_anchors import system_anchors

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
