"""Whether an endpoint demands a client certificate: Scenario 3 of the customer's text, in all its faces.

The question is asked of the usual connection, and where a path alone misbehaves of an experiment: neighbouring paths,
TLS 1.2 where IIS asks by renegotiation, TLS 1.3 with post-handshake authentication. `plan` asks for the experiment,
`meeting` reads it.
"""

from collections.abc import Iterator
from enum import Enum

from check_autodiscover.core.http_answer import AnswerClass, classify
from check_autodiscover.core.observations import (
    AUTODISCOVER_PATH,
    Contact,
    EndpointQuestion,
    Exchange,
    Handshake,
    Scheme,
    Variant,
)
from check_autodiscover.core.survey import Survey

__all__ = ["NEIGHBOURS", "Demand", "demand_of", "experiment", "refused_when_asked"]

NEIGHBOURS = ("/", "/owa/")
"""Paths of the same site that a healthy Exchange answers with a redirect or a login."""


class Demand(Enum):
    """What is known of a demand for a client certificate."""

    NONE = "none"
    SUSPECTED = "suspected"
    """The path alone misbehaves as it does behind such a demand, or all are refused after a request for one."""
    PROVEN = "proven"


_MISBEHAVES = frozenset({AnswerClass.FORBIDDEN, AnswerClass.BROKEN, AnswerClass.FAILING})
_SAYS_SO = frozenset({400, 495, 496})
"""What nginx answers to a request without the certificate it asked for: a status of its own, and 400 to the client."""
_REFUSES = _SAYS_SO | {403}


def experiment(question: EndpointQuestion, contact: Contact | None) -> Iterator[EndpointQuestion]:
    """The further connections that a contact asks for: none unless the Autodiscover path misbehaves over TLS."""
    usual = question.variant is Variant.USUAL and question.path == AUTODISCOVER_PATH
    if not usual or question.scheme is Scheme.HTTP or contact is None or not _misbehaves(question, contact):
        return
    for path in NEIGHBOURS:
        yield EndpointQuestion(question.name, question.address, question.port, question.scheme, path)
    for variant in (Variant.TLS_1_2, Variant.POST_HANDSHAKE):
        yield EndpointQuestion(question.name, question.address, question.port, question.scheme, question.path, variant)


def _misbehaves(question: EndpointQuestion, contact: Contact) -> bool:
    if not _established(contact):
        return False
    return classify(contact.answers, question) in _MISBEHAVES


def demand_of(survey: Survey, question: EndpointQuestion) -> Demand:
    """Whether the site behind a question demands a client certificate, by all connections made to it."""
    contact = survey.contacts.get(question)
    if contact is None or contact.tls is None:
        return Demand.NONE
    further = [(each, survey.contacts.get(each)) for each in experiment(question, contact)]
    own = [seen for each, seen in further if each.path == question.path and seen is not None]
    beside = [(each, seen) for each, seen in further if each.path != question.path and seen is not None]
    alone = any(_behaves(each, seen) for each, seen in beside)
    only_here = any(_established(seen) and not _asks(seen) for _, seen in beside)
    if any(_proven(seen, alone, only_here) for seen in (contact, *own)):
        return Demand.PROVEN
    suspect = alone or refused_when_asked(contact) or _said(contact) is Demand.SUSPECTED
    return Demand.SUSPECTED if suspect else Demand.NONE


def refused_when_asked(contact: Contact) -> bool:
    """Whether 403 follows on a request for a certificate, which a server that lets nobody in without one may answer."""
    return _asks(contact) and any(answer.status == 403 for answer in contact.answers if not answer.path)


def _proven(contact: Contact, alone: bool, only_here: bool) -> bool:
    """By the exchange or its pages. `alone`: a neighbouring path works; `only_here`: there nobody asks."""
    return _asked_and_failed(contact, alone, only_here) or _said(contact) is Demand.PROVEN


def _said(contact: Contact) -> Demand:
    """What the pages of a connection say of client certificates; Apache's say nothing."""
    if not any(answer.status >= 400 and answer.body for answer in contact.answers):
        return Demand.NONE
    # A healthy service shows no error page.
    from check_autodiscover.core.error_pages import sign_of

    sign = sign_of(contact.answers)
    return sign.demand if sign else Demand.NONE


def _asked_and_failed(contact: Contact, alone: bool, only_here: bool) -> bool:
    """Whether the server asked for a certificate, and the exchange failed by that; to ask without need is no fault.

    One that asks everywhere, whatever the path, may refuse this one for another reason.
    """
    if contact.tls is None:
        return False
    alerts = " ".join((contact.tls.detail, *(answer.detail for answer in contact.answers))).lower()
    if "certificate required" in alerts:
        return True
    if not _asks(contact):
        return False
    if not _established(contact):
        return contact.tls.handshake in (Handshake.REJECTED, Handshake.RESET)
    here = tuple(answer for answer in contact.answers if not answer.path)
    broken = any(answer.outcome in (Exchange.RESET, Exchange.CLOSED) for answer in here)
    telling = _REFUSES if only_here else _SAYS_SO
    return (broken and (only_here or not alone)) or any(answer.status in telling for answer in here)


def _asks(contact: Contact) -> bool:
    return contact.tls is not None and contact.tls.client_certificate_requested


def _established(contact: Contact) -> bool:
    return contact.tls is not None and contact.tls.handshake is Handshake.ESTABLISHED


def _behaves(question: EndpointQuestion, contact: Contact) -> bool:
    """Whether a neighbouring path gives an answer at all that is neither refused nor a failure."""
    answered = any(answer.outcome is Exchange.ANSWERED for answer in contact.answers)
    return answered and classify(contact.answers, question) not in _MISBEHAVES
