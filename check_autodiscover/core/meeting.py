"""What a client meets at one address of a candidate.

Turns a raw Contact into the few facts that walks and rules reason about: did it connect, which certificate, what is
wrong with it for this name, what kind of HTTP answer.
"""

from dataclasses import dataclass, replace
from enum import Enum

from check_autodiscover.core.candidates import Candidate, questions
from check_autodiscover.core.certificate import (
    Certificate,
    UnreadableCertificate,
    covers,
    named_by_common_name_only,
)
from check_autodiscover.core.client_certificate import Demand, demand_of
from check_autodiscover.core.http_answer import AnswerClass, classify, redirect_of
from check_autodiscover.core.observations import Connect, Contact, EndpointQuestion, Handshake, Scheme, Tls
from check_autodiscover.core.survey import Survey
from check_autodiscover.core.url import RedirectTarget
from check_autodiscover.core.verification import Fault, Verdict, judge_chain, judge_staple

__all__ = ["Known", "Meeting", "NameFault", "Reach", "meetings"]


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
class Meeting:
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


Known = dict[EndpointQuestion, Meeting]
"""What was met already, by what was asked: most views lead to the same addresses."""


def meetings(survey: Survey, candidate: Candidate, now: float, known: Known) -> tuple[Meeting, ...]:
    """What a client meets at each address of a candidate, in the order of its addresses.

    `now` is Unix seconds; `known` is of the same survey and moment, and is added to.
    """
    return tuple(_met(survey, candidate, question, now, known) for question in questions(candidate))


def _met(survey: Survey, candidate: Candidate, question: EndpointQuestion, now: float, known: Known) -> Meeting:
    if question in known:
        return replace(known[question], candidate=candidate)
    known[question] = _meet(survey, candidate, question, now)
    return known[question]


def _meet(survey: Survey, candidate: Candidate, question: EndpointQuestion, now: float) -> Meeting:
    contact = survey.contacts.get(question)
    address, reach = question.address, _reach(contact)
    if contact is None or reach in (Reach.UNSEEN, Reach.DEAD):
        return Meeting(candidate, address, contact, reach)
    leaf = contact.tls.chain[0] if contact.tls and contact.tls.chain else None
    name_fault: NameFault | None = None
    faults: tuple[Fault, ...] = ()
    if isinstance(leaf, Certificate) and contact.tls is not None:
        name_fault = _name_fault(leaf, candidate.name)
        faults = _disturbing(_faults(contact.tls, now))
    return Meeting(
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
