"""What an administrator accepted about a domain, and what has changed since; data only.

`acceptance` takes it from what was observed, `drift` compares two of it, `baseline_json` writes and reads it. Nothing
in it moves by itself: no TTL, no date of a certificate, nothing behind a foreign alias. What was not looked at is not
in it; a name that was looked at and had no record is, with nothing.
"""

from dataclasses import dataclass
from enum import Enum

from check_autodiscover.core.finding import Endpoint
from check_autodiscover.core.policy import Method

__all__ = [
    "AcceptedCertificate",
    "AcceptedRecord",
    "AcceptedView",
    "Baseline",
    "CatchAllState",
    "Change",
    "Drift",
    "Presented",
    "RecordKind",
    "Walked",
]


class RecordKind(Enum):
    """What a name is asked for; addresses of both families are one set."""

    ADDRESS = "address"
    ALIAS = "alias"
    SRV = "SRV"


@dataclass(frozen=True, slots=True, order=True)
class AcceptedRecord:
    """The records of a name, sorted: addresses, the chain of aliases in its order, or SRV data as in a zone file.

    Where accepted, `values` of addresses may be networks; a `pool` is a set of which every answer shows a part.
    """

    name: str
    kind: RecordKind
    values: tuple[str, ...]
    pool: bool = False


@dataclass(frozen=True, slots=True, order=True)
class CatchAllState:
    """Whether a catch-all answers below a parent."""

    parent: str
    present: bool


@dataclass(frozen=True, slots=True, order=True)
class AcceptedCertificate:
    """The lasting facts of a certificate; `issuer` is the organisation that issued it, its name where it has none."""

    public_key: str
    issuer: str
    kind: str
    key_type: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Presented:
    """The certificates that the addresses of a name presented at an endpoint."""

    endpoint: Endpoint
    name: str
    certificates: tuple[AcceptedCertificate, ...]


@dataclass(frozen=True, slots=True, order=True)
class Walked:
    """How a client's walk ended, and at which step, which is empty where it found nothing."""

    client: str
    outcome: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedView:
    """One view's part; each tuple is sorted."""

    name: str
    method: Method
    name_servers: tuple[str, ...] = ()
    """As this view is told of them; none where the domain has no delegation of its own, or it was not seen."""
    records: tuple[AcceptedRecord, ...] = ()
    catch_alls: tuple[CatchAllState, ...] = ()
    certificates: tuple[Presented, ...] = ()
    walks: tuple[Walked, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The accepted part of a survey. `accepted` is the Unix time of the acceptance, in whole seconds."""

    domain: str
    accepted: int
    views: tuple[AcceptedView, ...] = ()

    def view(self, name: str) -> AcceptedView | None:
        """A view's part, None for a view that was never accepted."""
        return next((view for view in self.views if view.name == name), None)


class Drift(Enum):
    """The kinds of change; the value is the rule's ID without its area, and the label of the metric."""

    DELEGATION = "delegation"
    RECORD = "record"
    WILDCARD_APPEARED = "wildcard-appeared"
    WILDCARD_GONE = "wildcard-gone"
    CERTIFICATE_RENEWED = "certificate-renewed"
    CERTIFICATE_REPLACED = "certificate-replaced"
    CERTIFICATE_NAMES_LOST = "certificate-names-lost"
    WALK_CHANGED = "walk-changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is otherwise than accepted. `old` and `new` are words; empty for what was or is not there.

    `subject` is the name, the wildcard or the client that it is about; `detail` says more where the kind does not.
    """

    kind: Drift
    view: str
    endpoint: Endpoint
    subject: str
    old: str
    new: str
    detail: str = ""
