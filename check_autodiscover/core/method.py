"""How `auto` finds out the way a domain publishes Autodiscover, decided once over all views.

The customer's rules 1 to 3 read backwards: the certificate says which records are right. Used by `picture`'s
`assemble`; declared methods never come here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from check_autodiscover.core.certificate import Kind, covers, kind
from check_autodiscover.core.clients import Outcome
from check_autodiscover.core.finding import Endpoint
from check_autodiscover.core.http_answer import AnswerClass
from check_autodiscover.core.meeting import Meeting
from check_autodiscover.core.picture import References, Scene
from check_autodiscover.core.policy import Method, Step
from check_autodiscover.core.records import Presence
from check_autodiscover.core.survey import Survey
from check_autodiscover.core.view_walks import walks_of

__all__ = ["Choice", "choose_method"]


@dataclass(frozen=True, slots=True)
class Choice:
    """An effective method and the reason for it, in words."""

    method: Method
    why: str


def choose_method(survey: Survey, scenes: tuple[Scene, ...], references: References) -> Choice:
    """The method that a domain's records and certificates show, UNDETERMINED if there is nothing to go by."""
    for decide in (_cloud, _srv, _host, _redirect):
        for scene in scenes:
            choice = decide(scene, references)
            if choice is not None:
                return choice
    return _by_harm(survey, scenes, references)


def _cloud(scene: Scene, _references: References) -> Choice | None:
    for candidate in scene.candidates:
        if candidate.endpoint is Endpoint.AUTODISCOVER and candidate.cloud and not candidate.hop:
            return Choice(Method.EXCHANGE_ONLINE, f"{candidate.name} is an alias of {candidate.cloud}")
    return None


def _srv(scene: Scene, references: References) -> Choice | None:
    """An SRV record that leads somewhere, unless the certificate there makes a host record right as well."""
    for candidate in scene.candidates:
        if candidate.endpoint is not Endpoint.SRV or candidate.hop:
            continue
        met = scene.met[candidate]
        server = candidate.name in references.names
        nowhere = candidate.resolution.presence is Presence.ABSENT
        if not (server or nowhere or any(meeting.exchange for meeting in met)):
            continue
        walked = Step.AUTODISCOVER not in scene.disabled
        if (
            walked
            and scene.autodiscover.presence is Presence.PRESENT
            and any(meeting.certificate and covers(meeting.certificate, scene.autodiscover.name) for meeting in met)
        ):
            continue
        return Choice(Method.SRV, f"the SRV record leads to {candidate.name}")
    return None


def _host(scene: Scene, references: References) -> Choice | None:
    """A host record that Exchange answers at, or that holds an address of the server: the certificate decides."""
    for meeting in _own(scene, references):
        certificate = meeting.certificate
        name = scene.autodiscover.name
        if certificate is None:
            return Choice(Method.HOST, f"{name} has an address of the server")
        if covers(certificate, name):
            return Choice(Method.HOST, f"{name} has a record and the certificate there covers it")
        if kind(certificate) is Kind.SINGLE_NAME:
            return Choice(Method.SRV, "the certificate is issued to one name only")
        return Choice(Method.HOST, f"{name} has a record and the certificate there is {kind(certificate).value}")
    return None


def _own(scene: Scene, references: References) -> Iterator[Meeting]:
    met = scene.at(Endpoint.AUTODISCOVER)
    yield from (meeting for meeting in met if meeting.exchange or meeting.answer is AnswerClass.SETTINGS)
    yield from (meeting for meeting in met if meeting.address in references.addresses)


def _redirect(scene: Scene, _references: References) -> Choice | None:
    """A redirect from port 80 to Autodiscover, unless it leads round in a circle: nothing is published by that."""
    met = scene.at(Endpoint.REDIRECT)
    hops = [meeting for meeting in met if meeting.candidate.hop]
    if hops and all(meeting.answer is AnswerClass.REDIRECT for meeting in hops):
        return None
    for meeting in met:
        if meeting.candidate.hop == 0 and meeting.answer is AnswerClass.REDIRECT and meeting.redirect:
            return Choice(Method.REDIRECT, f"{meeting.candidate.url} redirects to {meeting.redirect.host}")
    return None


_BY_STEP = {Step.AUTODISCOVER: Method.HOST, Step.REDIRECT: Method.REDIRECT, Step.SRV: Method.SRV}


def _by_harm(survey: Survey, scenes: tuple[Scene, ...], references: References) -> Choice:
    """Nothing serves, but a client is warned or misled: the place where it happens is judged."""
    for scene in scenes:
        for walk in walks_of(survey, scene, Method.UNDETERMINED, references):
            if walk.judged and walk.outcome.harmful and walk.at is not None:
                # Without a reference a stranger would be taken for the host that the method leads to.
                told = walk.outcome is Outcome.WARNED or references.names
                method = _BY_STEP.get(walk.at, Method.UNDETERMINED) if told else Method.UNDETERMINED
                return Choice(method, f"nothing serves Autodiscover, but clients stop at the {walk.at.value} step")
    return Choice(Method.UNDETERMINED, "nothing that serves Autodiscover was found")
