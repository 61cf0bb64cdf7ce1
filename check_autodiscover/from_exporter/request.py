"""What an exporter is asked, and what is made of its answer: its text and exit code, or UNKNOWN with the reason."""

from binascii import b2a_base64
from collections.abc import Sequence
from threading import Thread

from check_autodiscover import __version__
from check_autodiscover.from_exporter.connection import Answer, Place, Unanswered, fetch
from check_autodiscover.named_files import load_login
from check_autodiscover.output.terminal import first_line
from check_autodiscover.settings import SettingsError

__all__ = ["OUTPUTS", "STATES", "Question", "ask"]

STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
"""The states, each at the place of its exit code."""

OUTPUTS = ("text", "json", "log")

MOST_VERBOSE = 3

UNKNOWN = 3

_EXIT_CODE = "x-autodiscover-exit-code"

_REASON = 120
"""Characters of the exporter's own reason that are shown."""

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class Question:
    """What is asked of an exporter, about one domain; plain for the reason that `Place` is."""

    __slots__ = ("ca_files", "domain", "login_file", "output", "perfdata", "place", "verbosity")

    def __init__(
        self,
        domain: str,
        place: Place,
        *,
        login_file: str = "",
        ca_files: Sequence[str] = (),
        output: str = OUTPUTS[0],
        verbosity: int = 0,
        perfdata: bool = True,
    ) -> None:
        self.domain = domain
        self.place = place
        self.login_file = login_file
        self.ca_files = ca_files
        self.output = output
        self.verbosity = verbosity
        self.perfdata = perfdata

    @property
    def path(self) -> str:
        """The request's path and query."""
        words = f"format={self.output}&verbose={min(self.verbosity, MOST_VERBOSE)}"
        perfdata = "" if self.perfdata else "&perfdata=false"
        return f"/api/v1/report?target={_escaped(self.domain)}&{words}{perfdata}"


def ask(question: Question, seconds: float, late: int) -> tuple[int, str]:
    """The exit code and what to print, within so many seconds; `late` is the exit code if they do not do."""
    found: list[tuple[int, str] | Exception] = []

    def look() -> None:
        try:
            found.append(_answered(question, seconds))
        # Whatever it is, the thread that waits is to have it.
        except Exception as error:
            found.append(error)

    # A name server that does not answer can only be waited for, and nothing but another thread can stop waiting.
    thread = Thread(target=look, daemon=True)
    thread.start()
    thread.join(seconds)
    match found[0] if found else TimeoutError():
        case TimeoutError():
            fault = f"no answer from {question.place.text} within {seconds:g} s: is it overloaded? [check-timed-out]"
            return late, first_line(STATES[late], question.domain, fault)
        case Unanswered() | SettingsError() as error:
            return UNKNOWN, first_line(STATES[UNKNOWN], question.domain, str(error))
        case Exception() as error:
            raise error
        case told:
            return told


def _answered(question: Question, seconds: float) -> tuple[int, str]:
    headers = {
        "User-Agent": f"check_autodiscover/{__version__}",
        # As in a scrape: the exporter tells what it has seen by then. What is left of it would be another number each
        # time, and so would be what the report says of its time limit.
        "X-Prometheus-Scrape-Timeout-Seconds": f"{seconds:g}",
    }
    if question.login_file:
        login = b2a_base64(load_login(question.login_file).encode(), newline=False)
        headers["Authorization"] = f"Basic {login.decode()}"
    answer = fetch(question.place, question.path, headers, question.ca_files, seconds)
    return _told(question, answer)


def _told(question: Question, answer: Answer) -> tuple[int, str]:
    """Raises Unanswered where it is no report."""
    if answer.status != 200:
        raise Unanswered(_refusal(question, answer))
    code, text = answer.headers.get(_EXIT_CODE, ""), answer.body.decode("latin-1").removesuffix("\n")
    if code not in ("0", "1", "2", "3"):
        raise Unanswered(f"{question.place.text} is no autodiscover_exporter: its answer has no exit code")
    start = "{" if question.output == "json" else f"AUTODISCOVER {STATES[int(code)]} - "
    if not text.startswith(start) or not text.isascii() or not text.replace("\n", "").isprintable():
        raise Unanswered(f"{question.place.text} is no autodiscover_exporter: its answer is no report")
    return int(code), text


def _refusal(question: Question, answer: Answer) -> str:
    place, reason = question.place.text, _reason(answer)
    match answer.status:
        case 400 | 403 | 503:
            return f"{place} refuses ({answer.status}): {reason or 'it does not say why'}"
        case 401 if question.login_file:
            return f"{place} does not take the user and password of {question.login_file}"
        case 401:
            return f"{place} asks for user and password: name a file that holds them, with --exporter-auth-file"
        case 404:
            return f"{place} has no reports: is that the exporter, with its --web.route-prefix?"
        case 301 | 302 | 303 | 307 | 308:
            return f"{place} redirects to {answer.headers.get('location', '?')}, which is not followed: give that URL"
        case status:
            return f"{place} answers with status {status}: is that the exporter?"


def _reason(answer: Answer) -> str:
    """The first line of what the exporter says; another server's page is of no use to anybody."""
    if not answer.headers.get("content-type", "").startswith("text/plain"):
        return ""
    return answer.body.decode("latin-1").partition("\n")[0][:_REASON]


def _escaped(text: str) -> str:
    """Percent-encoded for a query (RFC 3986 section 2.1)."""
    octets = text.encode("utf-8", "surrogateescape")
    return "".join(chr(octet) if octet in _UNRESERVED else f"%{octet:02X}" for octet in octets)
