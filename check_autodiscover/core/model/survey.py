"""The Survey: all observations of one run, with all that is needed to judge them again; `survey_json` has its form.

The Survey as JSON and back: what a user attaches to a bug report, and what is judged again.

Report and `diagnose --save` write it, `diagnose --survey` reads it. A file is read strictly: what is unknown, missing
or of another type is a fault with a place, never a guess.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, is_dataclass, replace
from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Any, get_args, get_origin

from check_autodiscover.core.model.certificate import Certificate, UnreadableCertificate
from check_autodiscover.core.model.observations import (
    Contact,
    DirectoryAnswer,
    DirectoryQuestion,
    DirectoryStatus,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    EndpointQuestion,
    Observation,
    Question,
    RecordType,
)
from check_autodiscover.core.model.policy import Policy

if TYPE_CHECKING:
    from cattrs import Converter

__all__ = ["SCHEMA", "BaselineFile", "Survey", "SurveyFormatError", "survey_from_json", "survey_to_json"]

SCHEMA = 1
"""Version of the Survey's JSON form."""


@dataclass(frozen=True, slots=True)
class BaselineFile:
    """The file of a domain's baseline: its content (`baseline_json`), or why there is none."""

    path: str
    text: str = ""
    fault: str = ""
    missing: bool = False
    """Whether nothing was ever accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """All observations of one run, with everything needed to judge them again.

    `labels` are the random labels used to look for a catch-all; `anchors` names the trust anchors consulted;
    `started` and `ended` are Unix times in seconds; `unfinished` the questions that the deadline cut off unasked.
    """

    domain: str
    policy: Policy
    labels: tuple[str, ...]
    started: float
    ended: float = 0.0
    anchors: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    """The domain's parents below the public suffix, nearest first: where a client that climbs would ask."""
    lookups: Mapping[DnsQuestion, DnsAnswer] = field(default_factory=dict)
    contacts: Mapping[EndpointQuestion, Contact] = field(default_factory=dict)
    directories: Mapping[DirectoryQuestion, DirectoryAnswer] = field(default_factory=dict)
    unfinished: frozenset[Question] = frozenset()
    baseline: BaselineFile | None = None
    """What was accepted, None where nobody asked for it."""
    schema: int = SCHEMA
    rewriting: frozenset[tuple[str, str]] = field(init=False, repr=False, compare=False)
    """The view and label of each resolver that gave addresses to the invalid name; asked for with each answer."""

    def __post_init__(self) -> None:
        invalid = self.invalid_name
        rewriting = (
            (question.view, question.resolver)
            for question, answer in self.lookups.items()
            if question.name == invalid and question.type is RecordType.A and answer.status is DnsStatus.ANSWER
            if answer.addresses and not question.direct and not question.checking_disabled
        )
        object.__setattr__(self, "rewriting", frozenset(rewriting))

    @property
    def invalid_name(self) -> str:
        """A fresh name that cannot exist (RFC 6761 section 6.4), empty for a survey without random labels."""
        return f"{self.labels[0]}.invalid" if self.labels else ""

    @property
    def cut_short(self) -> bool:
        """Whether more time would have shown more: the deadline took an answer, or the patience for one."""
        # How long a resolver is waited for depends on the time that the run has; others have patience of their own.
        return self.hurried or any(answer.status is DnsStatus.TIMEOUT for answer in self.lookups.values())

    @property
    def hurried(self) -> bool:
        """Whether the deadline took an answer; resolvers that were waited for in vain are not meant."""
        return bool(self.unfinished) or any(
            (
                any(answer.status is DnsStatus.CUT_SHORT for answer in self.lookups.values()),
                any(contact.cut_short for contact in self.contacts.values()),
                any(answer.status is DirectoryStatus.CUT_SHORT for answer in self.directories.values()),
            )
        )

    def observed(self, question: Question, observation: Observation) -> "Survey":
        """This survey and one observation more."""
        return self.observed_all({question: observation})

    def observed_all(self, observations: Mapping[Question, Observation]) -> "Survey":
        """This survey and some observations more."""
        lookups, contacts, directories = dict(self.lookups), dict(self.contacts), dict(self.directories)
        for question, observation in observations.items():
            match question, observation:
                case DnsQuestion(), DnsAnswer():
                    lookups[question] = observation
                case EndpointQuestion(), Contact():
                    contacts[question] = observation
                case DirectoryQuestion(), DirectoryAnswer():
                    directories[question] = observation
                case _:
                    raise TypeError(f"{type(observation).__name__} is no answer to {type(question).__name__}")
        return replace(self, lookups=lookups, contacts=contacts, directories=directories)


class SurveyFormatError(ValueError):
    """What was read is no survey of ours; the message is one line that names the place and the fault."""


def survey_to_json(survey: Survey) -> dict[str, Any]:
    """The survey as dicts, lists, text and numbers, in an order that depends on nothing but its content."""
    document: dict[str, Any] = _converter().unstructure(survey)
    return document


def survey_from_json(document: Mapping[str, Any]) -> Survey:
    """The survey that `survey_to_json` wrote, as `json.loads` gives it. Raises `SurveyFormatError`."""
    if not isinstance(document, Mapping):
        raise SurveyFormatError("$: a survey is an object")
    if fault := _other_kind(document):
        raise SurveyFormatError(fault)
    import cattrs

    try:
        survey = _converter().structure(document, Survey)
    except cattrs.BaseValidationError as error:
        raise SurveyFormatError(_first_fault(cattrs.transform_error(error, format_exception=_say))) from None
    for name, moment in (("started", survey.started), ("ended", survey.ended)):
        if not 0 <= moment < _YEAR_10000:
            raise SurveyFormatError(f"$.{name}: a moment outside the calendar")
    return survey


_YEAR_10000 = 253_402_300_800
"""Unix time of the moment that the calendar lacks first."""


def _other_kind(document: Mapping[str, Any]) -> str:
    """Why a document is no survey that this version reads, by what stands on its top; empty if it may be one."""
    version = document.get("schema")
    if "survey" in document:
        return "$: this is a report; its member `survey` is what can be judged again"
    if type(version) is int and version > SCHEMA:
        return f"$.schema: a newer program wrote version {version!r:.40}; this one reads {SCHEMA}"
    return "" if version == SCHEMA else f"$.schema: this program reads version {SCHEMA}, not {version!r:.40}"


_LONGEST = 200


def _first_fault(faults: list[str]) -> str:
    """The first fault as `place: fault` on one line; cattrs writes `fault @ place`."""
    fault, _, place = faults[0].rpartition(" @ ")
    line = " ".join(f"{place}: {fault}".split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


def _say(fault: BaseException, _: type | None) -> str:
    """A fault in words. Ours and an enum's need none; cattrs has two of its own."""
    if isinstance(fault, KeyError):
        return "it is missing"
    unknown: Iterable[str] | None = getattr(fault, "extra_fields", None)
    return f"unknown: {', '.join(sorted(unknown))}" if unknown else str(fault)


_UNIONS: tuple[tuple[Any, dict[str, type], type], ...] = (
    (Certificate | UnreadableCertificate, {"reason": UnreadableCertificate}, Certificate),
    (Question, {"view": DnsQuestion, "ldap_url": DirectoryQuestion}, EndpointQuestion),
)
"""A union, its members by a key that each alone has, and the member without one."""


@dataclass(frozen=True, slots=True)
class _Lookup:
    question: DnsQuestion
    answer: DnsAnswer


@dataclass(frozen=True, slots=True)
class _Meeting:
    question: EndpointQuestion
    answer: Contact


@dataclass(frozen=True, slots=True)
class _Reading:
    question: DirectoryQuestion
    answer: DirectoryAnswer


_ROWS: tuple[tuple[Any, Callable[[Any, Any], Any]], ...] = (
    (Mapping[DnsQuestion, DnsAnswer], _Lookup),
    (Mapping[EndpointQuestion, Contact], _Meeting),
    (Mapping[DirectoryQuestion, DirectoryAnswer], _Reading),
)
"""A mapping has questions for its keys, which JSON does not allow: it is written as a list of rows."""


@cache
def _converter() -> "Converter":
    # A normal run of the plugin neither saves nor reads a survey, and cattrs takes longer to import than the core.
    from cattrs import Converter

    converter = Converter(unstruct_collection_overrides={tuple: list})
    for type_ in (str, int, float, bool):
        converter.register_structure_hook(type_, _exact)
    converter.register_structure_hook_factory(_is_tuple, lambda type_: _tuple_reader(converter, type_))
    converter.register_structure_hook_factory(is_dataclass, lambda type_: _object_reader(converter, type_))
    for union, members, other in _UNIONS:
        _register_union(converter, union, members, other)
    for mapping, row in _ROWS:
        _register_rows(converter, mapping, row)
    _register_questions(converter)
    return converter


def _is_tuple(type_: Any) -> bool:
    origin: Any = get_origin(type_)
    return origin is tuple


def _exact(value: Any, type_: Any) -> Any:
    """A JSON value that is of the type already: nothing is converted, but an integer may stand for a float."""
    if type(value) is int and abs(value) > _LARGEST:
        raise ValueError("a number out of range")
    if type_ is float and type(value) is int:
        return float(value)
    if type(value) is not type_:
        raise TypeError(f"expected {type_.__name__}")
    if type_ is float and not isfinite(value):
        raise ValueError("not a finite number")
    return value


_LARGEST = 2**63
"""Of integers: what is larger has no place in any time or count, and some arithmetic cannot take it."""


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise TypeError("expected a list")
    return list(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError("expected an object")
    return value


def _object_reader(converter: "Converter", type_: Any) -> Callable[[Any, Any], Any]:
    from cattrs.gen import make_dict_structure_fn

    read = make_dict_structure_fn(type_, converter, _cattrs_forbid_extra_keys=True)
    return lambda value, _: read(_mapping(value), type_)


def _tuple_reader(converter: "Converter", type_: Any) -> Callable[[Any, Any], tuple[Any, ...]]:
    """A reader that takes lists only: cattrs would take a string apart into its letters."""
    items = get_args(type_)
    if items[-1] is Ellipsis:
        return lambda value, _: tuple(converter.structure(_list(value), list[items[0]]))  # type: ignore[valid-type]  # a type that is made as it runs

    def read(value: Any, _: Any) -> tuple[Any, ...]:
        values = _list(value)
        if len(values) != len(items):
            raise ValueError(f"expected {len(items)} items")
        return tuple(converter.structure(one, item) for one, item in zip(values, items, strict=True))

    return read


def _register_union(converter: "Converter", union: Any, members: Mapping[str, type], other: type) -> None:
    def read(value: Any, _: Any) -> Any:
        found = (member for key, member in members.items() if key in _mapping(value))
        return converter.structure(_mapping(value), next(found, other))

    converter.register_structure_hook(union, read)


def _register_rows(converter: "Converter", mapping: Any, row: Callable[[Any, Any], Any]) -> None:
    def write(pairs: Mapping[Any, Any]) -> list[dict[str, Any]]:
        rows = [converter.unstructure(row(question, answer)) for question, answer in pairs.items()]
        return sorted(rows, key=lambda written: _order(written["question"]))

    def read(value: Any, _: Any) -> dict[Any, Any]:
        rows: list[Any] = converter.structure(_list(value), list[row])  # type: ignore[valid-type]  # a type that is made as it runs
        found = {item.question: item.answer for item in rows}
        if len(found) < len(rows):
            raise ValueError("a question stands in it twice")
        return found

    converter.register_unstructure_hook_func(lambda type_: type_ == mapping, write)
    converter.register_structure_hook_func(lambda type_: type_ == mapping, read)


def _register_questions(converter: "Converter") -> None:
    questions = frozenset[Question]

    def write(asked: frozenset[Question]) -> list[dict[str, Any]]:
        return sorted((converter.unstructure(question) for question in asked), key=_order)

    def read(value: Any, _: Any) -> frozenset[Question]:
        return frozenset(converter.structure(_list(value), list[Question]))

    converter.register_unstructure_hook_func(lambda type_: type_ == questions, write)
    converter.register_structure_hook_func(lambda type_: type_ == questions, read)


def _order(question: dict[str, Any]) -> tuple[Any, ...]:
    """A key that sorts questions; those of one kind have as many parts, so that like meets like."""
    return len(question), *question.values()
