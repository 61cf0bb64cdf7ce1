"""What a client meets at one address of a candidate.

A raw Contact becomes the few facts that walks and rules reason about: did it connect, which certificate, what is wrong
with it for this name, what kind of HTTP answer. Whether TLS is inspected on our own way out is told by all of them
together: one authority that nobody knows certifies whatever is asked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import ip_address, ip_network
from itertools import permutations
from typing import NamedTuple

from check_autodiscover.core.analysis.chains import Fault, Verdict, judge_chain, judge_staple
from check_autodiscover.core.analysis.endpoints import Candidate, questions
from check_autodiscover.core.analysis.replies import AnswerClass, Demand, classify, demand_of, redirect_of
from check_autodiscover.core.model.certificate import (
    Certificate,
    UnreadableCertificate,
    covers,
    named_by_common_name_only,
)
from check_autodiscover.core.model.names import is_below
from check_autodiscover.core.model.observations import Connect, Contact, EndpointQuestion, Handshake, Scheme, Tls
from check_autodiscover.core.model.survey import Survey
from check_autodiscover.core.model.urls import RedirectTarget

__all__ = ["EndpointState", "Known", "NameFault", "Reach", "intercepted", "meetings"]


class Reach(Enum):
    """How far a connection got."""

    UNSEEN = "unseen"
    """Not looked at, or the deadline came first: nothing is known."""
    DEAD = "dead"
    """Refused, reset or unreachable: the client moves on at once."""
    SILENT = "silent"
    """Packets are swallowed, or the connection is accepted and nothing is said: the client waits."""
    NO_TLS = "no-tls"
    """A connection, but no TLS session."""
    OPEN = "open"
    """HTTP could be spoken."""


class NameFault(Enum):
    """What is wrong with a certificate's names for the name that is contacted."""

    MISMATCH = "mismatch"
    COMMON_NAME_ONLY = "common-name-only"


_UNTRIED = (Connect.NO_FAMILY, Connect.DENIED, Connect.OVER_BUDGET)


@dataclass(frozen=True, slots=True)
class EndpointState:
    """One address of a candidate, as a client meets it."""

    candidate: Candidate
    address: str
    contact: Contact | None
    reach: Reach
    answer: AnswerClass = AnswerClass.UNSEEN
    certificate: Certificate | None = None
    unreadable: UnreadableCertificate | None = None
    name_fault: NameFault | None = None
    faults: tuple[Fault, ...] = ()
    redirect: RedirectTarget | None = None
    demand: Demand = Demand.NONE
    """Whether a client certificate is demanded."""

    @property
    def connected(self) -> bool:
        """Whether something listens there."""
        return self.reach in (Reach.NO_TLS, Reach.OPEN)

    @property
    def untried(self) -> bool:
        """Whether we cannot or will not connect to the address, so that nothing can be said of it."""
        return self.contact is not None and self.contact.connect in _UNTRIED

    @property
    def waited(self) -> bool:
        """Whether we waited in vain for a connection or a handshake, as long as there was time."""
        handshake = self.contact.tls.handshake if self.contact and self.contact.tls else None
        cut = self.contact is not None and self.contact.connect is Connect.CUT_SHORT
        return self.reach is Reach.SILENT or cut or handshake is Handshake.CUT_SHORT

    @property
    def acceptable(self) -> bool:
        """Whether a client accepts the certificate without a word; true for plain HTTP."""
        if self.candidate.scheme is Scheme.HTTP:
            return True
        return self.certificate is not None and self.name_fault is None and not self.faults

    @property
    def exchange(self) -> bool:
        """Whether an Exchange server answers, whatever its certificate."""
        return self.reach is Reach.OPEN and self.answer is AnswerClass.EXCHANGE


Known = dict[EndpointQuestion, EndpointState]
"""What was met already, by what was asked: most views lead to the same addresses."""


def meetings(survey: Survey, candidate: Candidate, now: float, known: Known) -> tuple[EndpointState, ...]:
    """What a client meets at each address of a candidate, in the order of its addresses.

    `now` is Unix seconds; `known` is of the same survey and moment, and is added to.
    """
    return tuple(_met(survey, candidate, question, now, known) for question in questions(candidate))


def _met(survey: Survey, candidate: Candidate, question: EndpointQuestion, now: float, known: Known) -> EndpointState:
    if question in known:
        return replace(known[question], candidate=candidate)
    known[question] = _meet(survey, candidate, question, now)
    return known[question]


def _meet(survey: Survey, candidate: Candidate, question: EndpointQuestion, now: float) -> EndpointState:
    contact = survey.contacts.get(question)
    address, reach = question.address, _reach(contact)
    if contact is None or reach in (Reach.UNSEEN, Reach.DEAD):
        return EndpointState(candidate, address, contact, reach)
    leaf = contact.tls.chain[0] if contact.tls and contact.tls.chain else None
    name_fault: NameFault | None = None
    faults: tuple[Fault, ...] = ()
    if isinstance(leaf, Certificate) and contact.tls is not None:
        name_fault = _name_fault(leaf, candidate.name)
        faults = _disturbing(_faults(contact.tls, now))
    return EndpointState(
        candidate,
        address,
        contact,
        reach,
        classify(contact.answers, question) if reach is Reach.OPEN else AnswerClass.UNSEEN,
        leaf if isinstance(leaf, Certificate) else None,
        leaf if isinstance(leaf, UnreadableCertificate) else None,
        name_fault,
        faults,
        redirect_of(contact.answers, question),
        demand_of(survey, question),
    )


_CONNECT = {
    Connect.REFUSED: Reach.DEAD,
    Connect.RESET: Reach.DEAD,
    Connect.UNREACHABLE: Reach.DEAD,
    Connect.TIMEOUT: Reach.SILENT,
    Connect.NO_FAMILY: Reach.UNSEEN,
    Connect.CUT_SHORT: Reach.UNSEEN,
    Connect.EXHAUSTED: Reach.UNSEEN,
    Connect.DENIED: Reach.UNSEEN,
    Connect.OVER_BUDGET: Reach.UNSEEN,
}

_HANDSHAKE = {
    Handshake.ESTABLISHED: Reach.OPEN,
    Handshake.SILENT: Reach.SILENT,
    Handshake.CUT_SHORT: Reach.UNSEEN,
}


def _reach(contact: Contact | None) -> Reach:
    if contact is None:
        return Reach.UNSEEN
    if contact.connect is not Connect.CONNECTED:
        return _CONNECT[contact.connect]
    if contact.tls is None:
        return Reach.OPEN
    return _HANDSHAKE.get(contact.tls.handshake, Reach.NO_TLS)


def _faults(tls: Tls, now: float) -> tuple[Fault, ...]:
    return (*judge_chain(tls.chain, tls.errors, now), *judge_staple(tls.chain, tls.staple, now))


def _disturbing(faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """The faults that make a client warn: a weak key alone does not."""
    return tuple(fault for fault in faults if fault.verdict is not Verdict.WEAK)


def _name_fault(certificate: Certificate, name: str) -> NameFault | None:
    if covers(certificate, name):
        return None
    if named_by_common_name_only(certificate, name):
        return NameFault.COMMON_NAME_ONLY
    return NameFault.MISMATCH


def intercepted(survey: Survey, met: Iterable[EndpointState]) -> tuple[EndpointState, ...]:
    """The meetings at which an inspecting machine answered, by its issuer; none where that is not proven.

    Proof is one authority that no anchor knows, with certificates for unrelated names, one of them not the domain's
    own, in unrelated networks that lie outside: no company's authority certifies a stranger's names.
    """
    for group in _by_issuer(met):
        # Made once for each: there are thousands of pairs.
        shown = [_shown(survey, meeting) for meeting in group]
        if any(_proves(one, other) for one, other in permutations(shown, 2)):
            return group
    return ()


_INSIDE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")))
"""Where a company's own authority is at home, and no way out leads by (RFC 1918, RFC 6598, RFC 4193)."""


def _by_issuer(met: Iterable[EndpointState]) -> list[tuple[EndpointState, ...]]:
    """What was met of each unknown authority, by its name and its key: appliances of one make share the name."""
    groups: dict[tuple[str, str], list[EndpointState]] = {}
    for meeting in met:
        certificate = meeting.certificate
        if (
            certificate is not None
            and _made_outside(meeting, certificate)
            and (key := _issuer_key(meeting, certificate))
        ):
            groups.setdefault((certificate.issuer, key), []).append(meeting)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def _made_outside(meeting: EndpointState, certificate: Certificate) -> bool:
    """Whether an authority unknown to us and to the public may have made it on a way out; it did not sign itself."""
    if not any(fault.verdict is Verdict.UNTRUSTED for fault in meeting.faults):
        return False
    outside = not any(ip_address(meeting.address) in network for network in _INSIDE)
    return outside and not certificate.public_marks and certificate.issuer != certificate.subject


def _issuer_key(meeting: EndpointState, certificate: Certificate) -> str:
    """The key that signed it: as it says itself, or of its issuer that was presented along with it."""
    chain = meeting.contact.tls.chain if meeting.contact and meeting.contact.tls else ()
    above = (item.public_key for item in chain if isinstance(item, Certificate) and item.subject == certificate.issuer)
    return certificate.issuer_key or next(above, "")


class _Shown(NamedTuple):
    """What a certificate that was met tells of whose it is."""

    owners: frozenset[tuple[str, ...]]
    """The last two labels of its names; a public suffix of two labels makes too many of one owner."""
    is_own: bool
    network: str


def _shown(survey: Survey, meeting: EndpointState) -> _Shown:
    names = _names(meeting)
    owners = frozenset(tuple(name.split(".")[-2:]) for name in names)
    return _Shown(owners, any(_is_own(survey, name) for name in names), _network(meeting.address))


def _proves(stranger: _Shown, other: _Shown) -> bool:
    return (
        bool(stranger.owners and other.owners)
        and not stranger.is_own
        and stranger.owners.isdisjoint(other.owners)
        and stranger.network != other.network
    )


def _names(meeting: EndpointState) -> Sequence[str]:
    """Names enough to tell whose certificate it is."""
    return meeting.certificate.dns_names[:_LOOKED_AT] if meeting.certificate else ()


_LOOKED_AT = 16


def _is_own(survey: Survey, name: str) -> bool:
    """Whether a name may be the domain's: below what is registered, or of the same label under another suffix."""
    registered = survey.parents[-1] if survey.parents else survey.domain
    return is_below(name, registered) or registered.partition(".")[0] in name.split(".")


def _network(address: str) -> str:
    """The least network that is routed by itself (RFC 4632 and its practice): what has one owner."""
    version = ip_address(address).version
    return str(ip_network(f"{address}/{24 if version == 4 else 48}", strict=False))
