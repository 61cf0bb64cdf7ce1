"""All domains at a glance: gravest first, those with the same cause counted together, a page at a time.

What is listed is taken from the outlines that results keep; no survey is read, so that thousands stay quick.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from math import ceil
from typing import Any
from urllib.parse import urlencode

from autodiscover_exporter.results.result import Failure, Result
from check_autodiscover.config.file import Configuration
from check_autodiscover.core.model.clients import Outcome
from check_autodiscover.core.model.report import Cause
from check_autodiscover.core.model.states import State
from check_autodiscover.core.rules.catalogue import RULES
from check_autodiscover.core.verdict.judge import INTERVALS
from check_autodiscover.output.steps import WORDS

__all__ = ["Choice", "Entry", "Group", "Overview", "Row", "Sort", "Standing", "entries_of", "overview"]

LATE = "check-report-stale"

PAGE = 100
"""Domains on one page."""

MOST_GROUPS = 10
"""Causes of several domains that are named above the list."""


class Standing(Enum):
    """How a domain stands; the value is the parameter and the word, the gravest first."""

    CRITICAL = "critical"
    UNKNOWN = "unknown"
    WARNING = "warning"
    PENDING = "pending"
    """Configured, and not looked at yet."""
    OK = "ok"


class Sort(Enum):
    """The orders there are; the value is the parameter."""

    GRAVITY = "gravity"
    DOMAIN = "domain"
    SINCE = "since"
    AGE = "age"


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the domains is wanted, and in which order. `rule` and `place` choose one cause."""

    standing: Standing | None = None
    text: str = ""
    sort: Sort = Sort.GRAVITY
    rule: str = ""
    place: str = ""
    page: int = 1

    @property
    def query(self) -> str:
        """The query string that asks for it, empty for the default."""
        standing = self.standing.value if self.standing else ""
        sort = "" if self.sort is Sort.GRAVITY else self.sort.value
        page = "" if self.page == 1 else str(self.page)
        given = {
            "state": standing,
            "q": self.text,
            "sort": sort,
            "rule": self.rule,
            "place": self.place,
            "page": page,
        }
        asked = urlencode({name: value for name, value in given.items() if value})
        return f"?{asked}" if asked else ""

    def but(self, **changes: Any) -> "Choice":
        """This choice with something else, from its first page."""
        return replace(self, page=1, **changes)

    def turned(self, pages: int) -> "Choice":
        """This choice so many pages on."""
        return replace(self, page=self.page + pages)


@dataclass(frozen=True, slots=True)
class Entry:
    """A domain and the module it is looked at by, and what came of it; None where nobody has looked.

    `late` is a result so old, by the schedule, that it says nothing of now.
    """

    domain: str
    module: str
    outcome: Result | Failure | None
    late: bool = False

    @property
    def standing(self) -> Standing:
        """How it stands."""
        if self.late:
            return Standing.UNKNOWN
        return Standing.PENDING if self.outcome is None else _STANDINGS[self.outcome.state]

    @property
    def since(self) -> float:
        """When its state began, infinite where it has none."""
        match self.outcome:
            case Result(since=since):
                return since
            case Failure(ended=ended):
                return ended
        return float("inf")

    @property
    def cause(self) -> Cause | None:
        """The gravest cause."""
        if self.late or not isinstance(self.outcome, Result):
            return None
        return next(iter(self.outcome.causes), None)

    @property
    def words(self) -> str:
        """What is to be said of it in one sentence."""
        if self.late:
            return f"{RULES[LATE].title} [{LATE}]"
        match self.outcome:
            case Result(summary=summary):
                return summary
            case Failure(message=message):
                return message
        return "configured, and not looked at yet"


_STANDINGS = {state: Standing(state.value.lower()) for state in State}
_GRAVITY = {standing: place for place, standing in enumerate(Standing)}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list. `views` are names, how clients fare there in words, and whether that is well.

    `same` counts the other domains with the same cause.
    """

    entry: Entry
    views: tuple[tuple[str, str, bool], ...]
    same: int
    shows_module: bool

    @property
    def ended(self) -> float | None:
        """When it was looked at, in Unix seconds."""
        return self.entry.outcome.ended if self.entry.outcome else None


@dataclass(frozen=True, slots=True)
class Group:
    """A cause that several domains have."""

    cause: Cause
    title: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The page of all domains. `found` counts those that fit the choice, `page` and `pages` say which part is shown."""

    choice: Choice
    total: int
    counts: Mapping[Standing, int]
    groups: tuple[Group, ...]
    rows: tuple[Row, ...]
    found: int
    pages: int


def entries_of(
    configuration: Configuration, latest: Mapping[tuple[str, str], Result | Failure], now: float
) -> tuple[Entry, ...]:
    """Every configured domain, looked at or not, and whatever else was asked for. `now` is in Unix seconds."""
    found: dict[tuple[str, str], Result | Failure | None] = {}
    for domain in configuration.domains:
        key = domain, configuration.module_of(domain)
        found[key] = latest.get(key)
    scheduled = found.keys() if configuration.rhythm else ()
    longest = INTERVALS * configuration.rhythm.interval if configuration.rhythm else 0.0
    late = {key for key in scheduled if (outcome := found[key]) is not None and now - outcome.ended > longest}
    found.update(latest)
    return tuple(Entry(*key, outcome, key in late) for key, outcome in found.items())


def overview(entries: Sequence[Entry], choice: Choice, own_module: Callable[[str], str]) -> Overview:
    """What is shown of all entries. `own_module` is the module of a domain that goes without saying."""
    counts = Counter(entry.standing for entry in entries)
    causes = Counter(cause for entry in entries if (cause := entry.cause) is not None)
    fitting = sorted((entry for entry in entries if _fits(entry, choice)), key=_KEYS[choice.sort])
    pages = max(1, ceil(len(fitting) / PAGE))
    page = min(choice.page, pages)
    shown = fitting[(page - 1) * PAGE : page * PAGE]
    return Overview(
        choice=replace(choice, page=page),
        total=len(entries),
        counts={standing: counts[standing] for standing in Standing},
        groups=tuple(_groups(causes)),
        rows=tuple(_row(entry, causes, own_module) for entry in shown),
        found=len(fitting),
        pages=pages,
    )


_KEYS: Mapping[Sort, Callable[[Entry], tuple[object, ...]]] = {
    Sort.GRAVITY: lambda entry: (_GRAVITY[entry.standing], -entry.since, entry.domain),
    Sort.DOMAIN: lambda entry: (entry.domain, entry.module),
    Sort.SINCE: lambda entry: (-entry.since if entry.outcome else float("inf"), entry.domain),
    Sort.AGE: lambda entry: (entry.outcome.ended if entry.outcome else float("-inf"), entry.domain),
}


def _fits(entry: Entry, choice: Choice) -> bool:
    if choice.standing is not None and entry.standing is not choice.standing:
        return False
    cause = entry.cause
    if choice.rule and (cause is None or (cause.rule, cause.place) != (choice.rule, choice.place)):
        return False
    text = choice.text.casefold()
    return not text or text in entry.domain or text in entry.words.casefold()


def _groups(causes: Counter[Cause]) -> Iterator[Group]:
    for cause, count in causes.most_common(MOST_GROUPS):
        if count > 1:
            yield Group(cause, RULES[cause.rule].title, count)


def _row(entry: Entry, causes: Counter[Cause], own_module: Callable[[str], str]) -> Row:
    outcomes: Iterable[tuple[str, Outcome]] = ()
    if isinstance(entry.outcome, Result) and not entry.late:
        outcomes = entry.outcome.outcomes
    views = tuple((view, WORDS[outcome.value].lower(), outcome.good) for view, outcome in outcomes)
    same = causes[entry.cause] - 1 if entry.cause is not None else 0
    return Row(entry, views, same, entry.module != own_module(entry.domain))
