"""What a rule says, before policy and causality have looked at it; and the part each candidate plays by method."""

from dataclasses import dataclass
from enum import Enum

from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.model.states import ClosedSet

__all__ = ["CandidateRole", "Endpoint", "Finding", "intended_endpoints", "role_of"]


class Endpoint(ClosedSet):
    """The short names of candidates, in the order in which clients meet them; `ZONE` is about the domain's DNS."""

    ZONE = "zone"
    SCP = "scp"
    ROOT = "root"
    AUTODISCOVER = "autodiscover"
    REDIRECT = "redirect"
    SRV = "srv"
    SERVER = "server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is so: neither graded nor explained nor put into words.

    `view` is empty for a finding about several views. `subject` is the name the finding is about; `addresses`
    those of its addresses that it concerns; `args` fill the rule's sentences, by name.
    """

    rule: str
    view: str
    endpoint: Endpoint
    subject: str
    addresses: tuple[str, ...] = ()
    args: tuple[tuple[str, str], ...] = ()

    def arg(self, name: str) -> str:
        """One argument, empty where the rule did not give it."""
        return dict(self.args).get(name, "")


class CandidateRole(Enum):
    """The part a candidate plays in the walk to the intended endpoint."""

    INTENDED = "intended"
    BEFORE = "before"
    AFTER = "after"
    REFERENCE = "reference"
    DIRECTORY = "directory"
    """What Active Directory gives its clients to use, whatever the method is that DNS publishes."""
    SKIPPED = "skipped"
    """Policy disables the step: what is found there is told, and concerns nobody."""


_I, _B, _A = CandidateRole.INTENDED, CandidateRole.BEFORE, CandidateRole.AFTER

_ORDER = (Endpoint.ROOT, Endpoint.AUTODISCOVER, Endpoint.REDIRECT, Endpoint.SRV)

_BY_METHOD = {
    Method.SRV: (_B, _B, _B, _I),
    Method.HOST: (_B, _I, _A, _A),
    Method.EXCHANGE_ONLINE: (_B, _I, _I, _A),
    Method.REDIRECT: (_B, _B, _I, _A),
    # Without Autodiscover only what the domain itself publishes for it can mislead; the root is a web site.
    Method.NONE: (_A, _B, _B, _B),
    Method.UNDETERMINED: (_B, _B, _B, _B),
}


def role_of(method: Method, endpoint: Endpoint) -> CandidateRole:
    """The role of a candidate's endpoint under an effective method (never AUTO)."""
    return _ROLES[method, endpoint]


_ELSEWHERE = {
    Endpoint.SCP: CandidateRole.DIRECTORY,
    Endpoint.SERVER: CandidateRole.REFERENCE,
    Endpoint.ZONE: CandidateRole.REFERENCE,
}

_ROLES = {
    (method, endpoint): role
    for method, roles in _BY_METHOD.items()
    for endpoint, role in (*zip(_ORDER, roles, strict=True), *_ELSEWHERE.items())
}


def intended_endpoints(method: Method) -> tuple[Endpoint, ...]:
    """The endpoints that a method means clients to use, none where it means none."""
    return tuple(endpoint for endpoint in _ORDER if role_of(method, endpoint) is CandidateRole.INTENDED)
