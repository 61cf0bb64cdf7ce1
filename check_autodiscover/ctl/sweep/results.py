"""What is kept of each domain: the verdict, its causes, and how clients fare; one line of JSON.

The report in full is `autodiscoverctl diagnose` away. Sentences are cleaned; names and addresses are data and stay as
they were observed.

The file that a sweep keeps its results in, a line of JSON each; a later one goes on where it ends.

A line is written with one call, and whole or not at all: a line that a killed writer left unfinished is taken away
when the file is next opened, and its domain is looked at once more. A new file is its owner's alone, as it tells names
and addresses of the inside.
"""

import fcntl
import hashlib
import json
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from check_autodiscover.config.commandline import Arguments
from check_autodiscover.core.model.names import parse_domain
from check_autodiscover.core.model.report import Judgement, Report, outcomes_of, place_of
from check_autodiscover.core.model.states import State, worst
from check_autodiscover.ctl.common import CommandError
from check_autodiscover.named_files import UnusableFile, require_regular
from check_autodiscover.output.terminal import sanitize
from check_autodiscover.output.text import told_by_view

if TYPE_CHECKING:
    from cattrs import Converter

__all__ = [
    "SCHEMA",
    "BadRecord",
    "KeptCause",
    "Record",
    "ResultFile",
    "digest_of",
    "line_of",
    "read_line",
    "record_of",
    "record_of_failure",
]

SCHEMA = 1
"""Version of a record's JSON form."""

_DIGITS = 16


class BadRecord(ValueError):
    """A line is no record of ours; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCause:
    """A root. `place` is the name, or the addresses where the name is the domain's own: what domains may share.

    `accepted` is the policy's reason where policy lowered it to OK.
    """

    rule: str
    severity: State
    place: str
    message: str
    remedy: str = ""
    views: tuple[str, ...] = ()
    endpoint: str = ""
    subject: str = ""
    addresses: tuple[str, ...] = ()
    accepted: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The verdict on one domain. `started` is UTC as in ISO 8601.

    By view, `methods` are what it was judged by, and `outcomes` how the judged client fares that fares worst.
    `asked` is `digest_of` what was asked for, so that results of different questions are not told as one.
    """

    schema: int = SCHEMA
    domain: str
    state: State
    exit_code: int
    summary: str
    started: str
    duration_seconds: float
    methods: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    causes: tuple[KeptCause, ...] = ()
    asked: str = ""


def digest_of(arguments: Arguments) -> str:
    """A short text that is another one where something else is asked for that may change a verdict."""
    asked = repr((arguments.policy, arguments.trust, arguments.baseline))
    return hashlib.sha256(asked.encode("utf-8", "backslashreplace")).hexdigest()[:_DIGITS]


def record_of(report: Report) -> Record:
    """What is kept of a report."""
    survey = report.survey
    return Record(
        domain=report.domain,
        state=report.state,
        exit_code=report.state.exit_code,
        summary=sanitize(report.summary),
        started=_moment(survey.started),
        duration_seconds=round(max(0.0, survey.ended - survey.started), 3),
        methods={choice.view: choice.effective.value for choice in report.methods},
        outcomes={view: outcome.value for view, outcome in outcomes_of(report)},
        causes=tuple(_cause(report.domain, group) for group in report.causes),
    )


def record_of_failure(domain: str, rule: str, message: str, started: float) -> Record:
    """What is kept of a domain on which nothing can be said, for a reason that is not its own; Unix time in seconds."""
    told = sanitize(message)
    cause = KeptCause(rule=rule, severity=State.UNKNOWN, place="", message=told)
    return Record(
        domain=domain,
        state=State.UNKNOWN,
        exit_code=State.UNKNOWN.exit_code,
        summary=told,
        started=_moment(started),
        duration_seconds=0.0,
        causes=(cause,),
    )


def line_of(record: Record) -> str:
    """The record as one line of ASCII, with its line break."""
    return json.dumps(_converter().unstructure(record), allow_nan=False) + "\n"


def read_line(line: str | bytes) -> Record:
    """The record that a line holds. Raises BadRecord."""
    import cattrs

    try:
        document = json.loads(line)
    except RecursionError as error:
        raise BadRecord(_NONE) from error
    # Beside what is no JSON there are numbers that Python does not read.
    except ValueError as error:
        raise BadRecord("it is not JSON") from error
    if not isinstance(document, dict):
        raise BadRecord(_NONE)
    if document.get("schema", SCHEMA) != SCHEMA:
        raise BadRecord(f"it is of schema {document['schema']!r:.40}, and this program reads {SCHEMA}")
    try:
        record = _converter().structure(document, Record)
    except cattrs.BaseValidationError as error:
        raise BadRecord(_NONE) from error
    if not (_agrees(record) and all(text.isascii() and text.isprintable() for text in _sentences(record))):
        raise BadRecord(_NONE)
    return record


_NONE = "it is no result of a sweep"


def _agrees(record: Record) -> bool:
    """Whether a sweep can have written it: its parts fit one another."""
    try:
        named = parse_domain(record.domain) == record.domain
        datetime.fromisoformat(record.started)
    except ValueError:
        return False
    if not named or not math.isfinite(record.duration_seconds) or record.duration_seconds < 0:
        return False
    return record.state is worst(cause.severity for cause in record.causes) and (
        record.exit_code == record.state.exit_code
    )


def _sentences(record: Record) -> Iterator[str]:
    """What was cleaned when it was written, and is shown as it stands."""
    yield from (record.domain, record.summary, record.started, record.asked)
    for cause in record.causes:
        yield from (cause.rule, cause.message, cause.remedy, cause.accepted or "")


def _cause(domain: str, group: Sequence[Judgement]) -> KeptCause:
    first = group[0]
    finding = first.finding
    return KeptCause(
        rule=finding.rule,
        severity=first.severity,
        place=place_of(domain, finding),
        message=_told({item.finding.view: item.message for item in group}),
        remedy=_told({item.finding.view: item.remedy for item in group if item.remedy}),
        views=tuple(dict.fromkeys(item.finding.view for item in group)),
        endpoint=finding.endpoint.value,
        subject=finding.subject,
        addresses=tuple(dict.fromkeys(address for item in group for address in item.finding.addresses)),
        accepted=None if first.accepted is None else sanitize(first.accepted),
    )


def _told(texts: dict[str, str]) -> str:
    return sanitize(told_by_view(texts)) if texts else ""


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


@cache
def _converter() -> "Converter":
    from cattrs import Converter

    converter = Converter(forbid_extra_keys=True)
    # Numbers and text as they are: what else stands there was not written by us.
    for kind in (str, int, float):
        converter.register_structure_hook(kind, _exactly)
    return converter


def _exactly(value: object, kind: type) -> object:
    if type(value) is not kind:
        raise TypeError(f"{kind.__name__} expected")
    return value


OWNER_ALONE = 0o600

MOST_BYTES = 1 << 20
"""A line has a few kilobytes; what is longer is none of ours."""

_BEGINNING = f'{{"schema": {SCHEMA}, "domain": "'.encode("ascii")


class ResultFile:
    """Results that are kept. One sweep at a time has it."""

    def __init__(self, path: str, *, resume: bool) -> None:
        """Open it, or make it. Raises CommandError where it holds results already and nobody wants to `resume`."""
        self.path = path
        # Not readable by others from its first moment; a pipe would keep us waiting for ever.
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            self._handle = os.open(path, flags, OWNER_ALONE)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        try:
            self._claim(resume)
        except BaseException:
            os.close(self._handle)
            raise

    def _claim(self, resume: bool) -> None:
        try:
            require_regular(self.path, os.fstat(self._handle).st_mode)
        except UnusableFile as error:
            raise CommandError(str(error)) from error
        try:
            # It goes with the process, however that ends.
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(f"{self.path}: another sweep is writing it") from None
        # What another sweep has written before it let go of the file counts.
        if os.fstat(self._handle).st_size and not resume:
            raise CommandError(
                f"{self.path}: there is something in it; go on with it by --resume, or name another file"
            )

    def earlier(self) -> Iterator[Record]:
        """The results that it holds, before anything is added. Raises CommandError for a file that is none of ours."""
        end, size = 0, os.fstat(self._handle).st_size
        for number, line in enumerate(self._lines(), 1):
            try:
                record = _whole(line)
            except BadRecord as fault:
                if end + len(line) == size and _unfinished(line, first=not end):
                    self._cut(end)
                    return
                raise CommandError(f"{self.path}:{number}: {fault}; the file is left as it is") from fault
            yield record
            end += len(line)

    def append(self, record: Record) -> None:
        """Keep a result. Raises CommandError where there is no room for it; the file is whole then too."""
        end = os.fstat(self._handle).st_size
        rest = line_of(record).encode("ascii")
        try:
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        except OSError as error:
            self._cut(end)
            raise CommandError(f"{self.path}: {error.strerror}; what came before is kept") from error

    def sync(self) -> None:
        """Have the disk hold what was appended. Raises CommandError, also where the file was removed meanwhile."""
        try:
            os.fdatasync(self._handle)
        except OSError as error:
            raise CommandError(f"{self.path}: {error.strerror}") from error
        if not os.fstat(self._handle).st_nlink:
            raise CommandError(f"{self.path}: somebody has removed it, and the results with it")

    def close(self) -> None:
        """Let others have it."""
        os.close(self._handle)

    def _cut(self, end: int) -> None:
        try:
            os.ftruncate(self._handle, end)
        except OSError as error:
            raise CommandError(f"{self.path}: {error.strerror}") from error

    def _lines(self) -> Iterator[bytes]:
        """The lines with their breaks; what stands behind the last break is a line too."""
        with open(os.dup(self._handle), "rb") as opened:
            while line := opened.readline(MOST_BYTES):
                yield line


def _whole(line: bytes) -> Record:
    if not line.endswith(b"\n"):
        raise BadRecord("it is cut off")
    return read_line(line)


def _unfinished(line: bytes, *, first: bool) -> bool:
    """Whether a last line is of a killed writer of ours, or of a machine without power, which leaves zeroes.

    A `first` line of nothing but zeroes may be anybody's.
    """
    if line.endswith(b"\n") and b"\0" not in line:
        return False
    begun = line.rstrip(b"\0\n")
    if not begun:
        return not first
    return begun.startswith(_BEGINNING) or _BEGINNING.startswith(begun)
