"""The Survey: all observations of one run, with all that is needed to judge them again; `survey_json` has its form."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from check_autodiscover.core.directory_observations import DirectoryAnswer, DirectoryQuestion, DirectoryStatus
from check_autodiscover.core.observations import (
    Contact,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    EndpointQuestion,
    Observation,
    Question,
    RecordType,
)
from check_autodiscover.core.policy import Policy

__all__ = ["SCHEMA", "BaselineFile", "Survey"]

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
